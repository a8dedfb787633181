"""A site as a static Space, deployed by the real client to a server of our own."""

import pytest
from huggingface_hub import SpaceCard

from pix2pix.commands import deploy as command
from pix2pix.hub.readme import parse
from pix2pix.site import build
from pix2pix.utils import UserError
from pix2pix.web import runtime

SPACE = "anna/static"
FILES = {"index.html": b"one", "README.md": b"---\nsdk: static\n---\n", "site-1/js/main.js": b"code"}


@pytest.fixture
def made(monkeypatch):
    """The files that the next site has: what is in them is for tests/site/test_build.py."""
    files = dict(FILES)
    monkeypatch.setattr(build, "build", lambda models, *_: files)
    monkeypatch.setattr(runtime, "find_runtime", lambda source: None)
    return files


def deployed(the_hub) -> set[str]:
    return set(the_hub.state.files("spaces", SPACE)[1]) - {".gitattributes"}


def test_a_site_is_deployed_and_a_newer_version_takes_the_place_of_the_older_one(the_hub, made, capsys):
    command.deploy(SPACE, static=True)
    assert capsys.readouterr().out.strip() == f"{the_hub.url}/spaces/{SPACE}"
    assert deployed(the_hub) == FILES.keys()
    head = parse(the_hub.state.content("spaces", SPACE, "README.md").decode(), SpaceCard).data.to_dict()
    assert head["sdk"] == "static"
    the_hub.state.commit("spaces", SPACE, "main", [
        {"key": "header", "value": {"summary": "by hand"}},
        {"key": "file", "value": {"path": "notes.txt", "content": ""}},
    ])  # fmt: skip
    made["site-2/js/main.js"] = made.pop("site-1/js/main.js")
    command.deploy(SPACE, static=True)
    assert deployed(the_hub) == made.keys() | {"notes.txt"}
    assert "set_variable" not in the_hub.asked and "hardware" not in the_hub.asked


def test_a_dry_run_lists_a_site_and_sends_nothing(the_hub, made, monkeypatch, capsys):
    monkeypatch.delenv("HF_TOKEN")
    command.deploy(SPACE, static=True, dry_run=True)
    assert "site-1/js/main.js" in capsys.readouterr().out
    assert not the_hub.asked


def test_a_static_space_takes_no_machine_and_an_app_no_runtime(tmp_path):
    with pytest.raises(UserError, match="runs on no machine; leave --hardware out"):
        command.deploy(SPACE, static=True, hardware="cpu-upgrade")
    with pytest.raises(UserError, match="--runtime is for --static"):
        command.deploy(SPACE, runtime=tmp_path)
