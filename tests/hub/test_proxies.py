"""A proxy in the environment that cannot be used, or that nobody answers at: one line, from whatever goes out."""

import subprocess
import sys
import urllib.request

import huggingface_hub
import pytest

from pix2pix.data.fetch import fetch
from pix2pix.hub import proxies
from pix2pix.hub.proxies import check_proxies, describe_proxies
from pix2pix.inference import checkpoint
from tests.helpers.hub_helpers import ROOT

NOBODY = "http://anna:secret@127.0.0.1:1"
UNUSABLE = {
    "http://": "'http://', no address of a proxy",
    "http://[::1": "no address of a proxy",
    "127.0.0.1:99999": "no address of a proxy",
    "http://a b:1": "no address of a proxy",
    "ftp://proxy:21": "a proxy's address begins with http, https, socks5, socks5h",
    "socks5://anna:secret@127.0.0.1:1": "'socks5://127.0.0.1:1', for which one more package is needed: pip install",
}


@pytest.fixture(autouse=True)
def without_socks(monkeypatch):
    """As installed from requirements.txt, and without proxies of the machine's own."""
    monkeypatch.setattr(proxies, "find_spec", lambda name: None)
    forget_proxies()
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    yield
    forget_proxies()


def forget_proxies() -> None:
    """Close the clients that this process has, which know the proxies of when they were made."""
    huggingface_hub.close_session()
    urllib.request.install_opener(None)


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "all_proxy"])
@pytest.mark.parametrize("address", UNUSABLE)
def test_what_is_no_proxy_is_told_with_the_variable_that_names_it(monkeypatch, name, address):
    monkeypatch.setenv(name, address)
    for asks in (lambda: checkpoint.find("anna/facades"), check_proxies):
        with pytest.raises(ValueError) as refused:
            asks()
        assert f"{name.upper()} is " in str(refused.value) and UNUSABLE[address] in str(refused.value)
        assert "secret" not in str(refused.value)


def test_the_advice_works(monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "socks5://127.0.0.1:1")
    monkeypatch.setattr(proxies, "find_spec", lambda name: name == "socksio")
    check_proxies()
    for address in ("http://proxy:3128", "proxy:3128", "proxy", "https://anna:pa%20ss@[::1]:3128/"):
        monkeypatch.setenv("HTTPS_PROXY", address)
        check_proxies()
        check_proxies(urllib=True)
    monkeypatch.setenv("HTTPS_PROXY", "nonsense://")
    monkeypatch.setenv("NO_PROXY", "*")
    check_proxies()


def test_a_model_of_the_hub_behind_a_proxy_that_nobody_answers_at(the_hub, monkeypatch):
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    monkeypatch.setenv("HTTP_PROXY", NOBODY)
    with pytest.raises(
        ValueError, match=r"the Hub cannot be reached .*, through the proxy http://127\.0\.0\.1:1 \(HTTP"
    ):
        checkpoint.find("anna/facades")


def test_a_download_behind_a_proxy_that_nobody_answers_at(monkeypatch, tmp_path):
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    monkeypatch.setenv("HTTP_PROXY", NOBODY)
    with pytest.raises(ValueError) as refused:
        fetch(["http://example.invalid/set.zip"], tmp_path / "set.zip", 100)
    assert "through the proxy http://127.0.0.1:1 (HTTP_PROXY)" in str(refused.value)
    assert "secret" not in str(refused.value) and "\n" not in str(refused.value)


def test_a_download_knows_http_proxies_alone(monkeypatch, tmp_path):
    monkeypatch.setenv("HTTPS_PROXY", "socks5h://127.0.0.1:1")
    with pytest.raises(ValueError, match=r"HTTPS_PROXY is .*through http proxies alone: name one, or unset it"):
        fetch(["https://example.invalid/set.zip"], tmp_path / "set.zip", 100)


def test_nothing_is_said_of_proxies_where_there_are_none():
    assert describe_proxies() == ""


def test_the_app_tells_it_as_it_tells_a_wrong_flag(monkeypatch):
    monkeypatch.setenv("ALL_PROXY", "ftp://proxy:21")
    done = subprocess.run([sys.executable, "app.py"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith("error: ALL_PROXY is 'ftp://proxy:21'; a proxy's address")


def test_the_app_does_not_look_for_itself_behind_a_proxy(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "example.org")
    monkeypatch.setenv("no_proxy", "example.org")
    proxies.reach_own_address()
    import httpx

    monkeypatch.setenv("HTTP_PROXY", NOBODY)
    with httpx.Client() as client:
        kept = {pattern.pattern for pattern, transport in client._mounts.items() if transport is None}
    assert {"all://127.0.0.1", "all://localhost", "all://*example.org"} <= kept
