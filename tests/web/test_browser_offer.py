"""What the app offers to visitors' browsers to paint with, when, and what it says where it cannot."""

import hashlib
import shutil
import time

import httpx
import pytest

from pix2pix.inference import browser_form, checkpoint
from pix2pix.utils import UserError
from pix2pix.web import browser
from pix2pix.web.browser import BrowserPainting
from pix2pix.web.canvas import Painter, find_examples
from pix2pix.web.options import parse
from pix2pix.web.runtime import Runtime
from pix2pix.web.serving import FairQueue, Models
from tests.helpers.running_app import RunningApp, StandIn

LIVE = checkpoint.bundled().get("facades-live")
pytestmark = pytest.mark.skipif(LIVE is None, reason="no checkpoint is bundled")


@pytest.fixture
def live(tmp_path):
    return shutil.copytree(LIVE, tmp_path / "mine-live")


@pytest.fixture
def runtimes(monkeypatch) -> list:
    """A runtime at hand; the list has each time that one was asked for."""
    asked = []
    monkeypatch.setattr(browser, "find_runtime", lambda source: asked.append(source) or Runtime(b"code", b"wasm"))
    return asked


def final(painting: BrowserPainting) -> dict:
    """What is offered once nothing is under way."""
    for _ in range(200):
        if not (offered := painting.offer())["again"]:
            return offered
        time.sleep(0.02)
    raise AssertionError("it is never ready")


def test_the_bundled_fast_model_has_a_form_of_its_present_weights_and_styles():
    form = browser_form.read(LIVE)
    assert 0 < len(form.weights) < browser_form.MAX_BYTES
    expected = checkpoint.read_styles(LIVE, checkpoint.configs.read(LIVE / checkpoint.CONFIG))
    assert form.styles == list(expected)


@pytest.mark.parametrize(
    "name", [checkpoint.WEIGHTS, checkpoint.STYLES, checkpoint.BROWSER_WEIGHTS, checkpoint.BROWSER_FORM]
)
def test_a_form_of_other_weights_or_styles_or_a_damaged_one_is_refused_with_the_remedy(name, live):
    (live / name).write_bytes(b"[]")
    with pytest.raises(UserError, match=r"write it anew: python -m pix2pix export .*mine-live"):
        browser_form.read(live)


def test_files_come_when_the_first_page_asks_each_with_its_hash(live, runtimes):
    painting = BrowserPainting({"mine": live.parent, "mine-live": live})
    assert painting.names == ["mine-live"] and runtimes == []
    offered = final(painting)
    assert len(runtimes) == 1 and final(painting) == offered
    model = offered["site"]["models"]["mine-live"]
    for file in (offered["site"]["wasm"], model["weights"], model["form"]):
        content = painting.files[f"{offered['folder']}/{file['path']}"]
        pieces = [content[start : start + 2**20] for start in range(0, len(content), 2**20)]
        assert file["sha256"] == [hashlib.sha256(piece).hexdigest() for piece in pieces]
        assert file["bytes"] == len(content)


def test_without_a_network_the_terminal_has_one_line_and_the_page_is_told_once(live, monkeypatch, capsys):
    def fail(source) -> None:
        raise UserError("npm could not be reached")

    monkeypatch.setattr(browser, "find_runtime", fail)
    painting = BrowserPainting({"mine-live": live})
    for _ in range(3):
        assert final(painting) == {"site": None, "again": False}
    said = capsys.readouterr().out
    assert said == "Visitors' browsers do not paint; the server paints for all: npm could not be reached\n"
    monkeypatch.setattr(browser, "find_runtime", lambda source: Runtime(b"code", b"wasm"))
    painting._retry_at = 0.0
    assert final(painting)["site"]


def test_the_routes_serve_what_is_offered_and_nothing_else(live, runtimes):
    painting = BrowserPainting({"mine-live": live})
    models = Models(lambda name: StandIn(), {"mine-live": live})
    app = RunningApp(Painter(models, find_examples(None), FairQueue(), browser=painting))
    try:
        with httpx.Client(base_url=f"{app.url}canvas", trust_env=False) as client:
            while (offered := client.get("/browser").json())["again"]:
                time.sleep(0.02)
            weights = offered["site"]["models"]["mine-live"]["weights"]
            answer = client.get(f"/browser/{offered['folder']}/{weights['path']}")
            assert answer.content == (live / checkpoint.BROWSER_WEIGHTS).read_bytes()
            assert "immutable" in answer.headers["Cache-Control"]
            code = client.get(f"/browser/{offered['folder']}/{offered['site']['runtime']}")
            assert code.headers["Content-Type"].startswith("text/javascript")
            for wrong in ("config.json", f"{offered['folder']}/../config.json", f"{offered['folder']}/models"):
                assert client.get(f"/browser/{wrong}").status_code == 404
    finally:
        app.close()


def test_a_flag_turns_it_off_and_a_runtime_that_is_not_there_is_told(monkeypatch, capsys, tmp_path):
    assert parse([]).paint_in_browser == "auto"
    monkeypatch.setenv("PIX2PIX_PAINT_IN_BROWSER", "off")
    assert parse([]).paint_in_browser == "off"
    monkeypatch.setenv("PIX2PIX_PAINT_IN_BROWSER", "perhaps")
    with pytest.raises(SystemExit):
        parse([])
    assert "it can be auto, off" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        parse(["--paint-in-browser", "off", "--runtime", str(tmp_path / "none.tgz")])
    assert "no file at" in capsys.readouterr().err
