"""The card on the Hub, read and followed as the stranger does who finds it there."""

import contextlib
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from pix2pix import images, utils
from pix2pix.commands import push
from pix2pix.hub.readme import parse
from pix2pix.inference import card, checkpoint
from pix2pix.networks import build_generator
from pix2pix.synthetic import facade
from tests.helpers.hub_helpers import METADATA, ROOT, TINY, make_checkpoint

REPO = "anna/model"


@pytest.fixture(autouse=True)
def no_graph(monkeypatch):
    """Pushed without ONNX graph: exporting one takes seconds, and says nothing of a card."""
    monkeypatch.setattr(push, "_export", lambda *_: None)


def make(folder: Path, data: str = "path/to/pairs", **fields) -> Path:
    """A checkpoint as a run keeps it, of random weights."""
    config = TINY.replace(**fields)
    torch.manual_seed(0)
    text = card.write(config, METADATA | {"data": data}, 100)
    checkpoint.save(folder / "checkpoints" / "step-000000100", config, build_generator(config.architecture), text)
    (folder / "run.json").write_text(f'{{"data": "{data}"}}')
    return folder


def pushed(the_hub) -> tuple[str, set[str]]:
    """The card, and the names of all files."""
    names = set(the_hub.state.files("models", REPO)[1])
    return the_hub.state.content("models", REPO, "README.md").decode(), names


def snippet_of(text: str) -> str:
    (snippet,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    return snippet


def run_snippet(text: str, folder: Path) -> None:
    """Do what the card says, in another folder."""
    with contextlib.chdir(folder):
        exec(snippet_of(text), {})


def run_snippet_apart(text: str, folder: Path) -> None:
    """Do it in a process of its own, with the package installed."""
    done = subprocess.run(
        [sys.executable, "-c", snippet_of(text)],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


def picture(path: Path) -> Path:
    images.write_png(path, facade(1, 64, 64)[1])
    return path


@pytest.mark.parametrize(
    ("fields", "data", "file"),
    [
        ({}, "path/to/pairs", "labels.png"),
        ({"task": "edges"}, "synthetic-edges", "edges.png"),
        ({"task": "colors", "in_channels": 1}, "synthetic", "grey.png"),
        ({"task": "photo"}, "synthetic-maps", "input.png"),
    ],
)
def test_the_snippet_of_a_pushed_card_runs_as_it_stands(the_hub, tmp_path, fields, data, file):
    push.push(str(make(tmp_path / "run", data, **fields)), REPO)
    text, names = pushed(the_hub)
    assert {file, card.SAMPLES} <= names
    (tmp_path / "elsewhere").mkdir()
    run_snippet(text, tmp_path / "elsewhere")
    generated = images.read_image(tmp_path / "elsewhere" / "generated.png")
    sheet = images.read_image(the_hub.state.content("models", REPO, card.SAMPLES))
    assert (generated == sheet[64:, :64]).all()


def test_the_snippet_of_a_local_card_runs_in_its_folder(tmp_path):
    folder = make(tmp_path / "run", task="photo") / "checkpoints" / "step-000000100"
    picture(folder / "input.png")
    run_snippet_apart((folder / "README.md").read_text(), folder)
    assert images.read_image(folder / "generated.png").shape == (64, 64, 3)


def test_links_of_a_pushed_card_lead_to_its_files_or_to_the_web(the_hub, tmp_path):
    push.push(str(make(tmp_path / "run")), REPO)
    text, names = pushed(the_hub)
    links = re.findall(r"\]\(([^)]+)\)", text)
    assert card.SAMPLES in links
    assert [link for link in links if not link.startswith("https://") and link not in names] == []
    assert "path/to/this" not in text


def test_pictures_of_training_pairs_are_published_only_where_they_are_named(the_hub, tmp_path, capsys):
    run = make(tmp_path / "run", task="photo")
    push.push(str(run), REPO)
    text, names = pushed(the_hub)
    assert not [name for name in names if name.endswith(".png")] and "![" not in text
    assert "--samples FILE... shows what becomes of inputs of yours" in capsys.readouterr().err

    push.push(str(run), REPO, samples=[picture(tmp_path / "mine.png")])
    text, names = pushed(the_hub)
    assert {"input.png", card.SAMPLES} <= names
    (tmp_path / "elsewhere").mkdir()
    run_snippet(text, tmp_path / "elsewhere")

    push.push(str(run), REPO)
    text, names = pushed(the_hub)
    assert not [name for name in names if name.endswith(".png")] and "![" not in text


def test_arrays_of_many_channels_have_an_example_too(the_hub, tmp_path):
    run = make(tmp_path / "run", task="photo", in_channels=5)
    np.save(tmp_path / "mine.npy", np.full((64, 64, 5), 100, np.uint8))
    push.push(str(run), REPO, samples=[tmp_path / "mine.npy"])
    (tmp_path / "elsewhere").mkdir()
    run_snippet(pushed(the_hub)[0], tmp_path / "elsewhere")


def test_the_licence_is_what_its_owner_says_and_none_otherwise(the_hub, tmp_path, capsys):
    run = make(tmp_path / "run")
    push.push(str(run), REPO)
    text, _ = pushed(the_hub)
    assert "license" not in parse(text).data.to_dict()
    assert "Licence of these weights: none was given; ask whoever published them." in text
    assert "--license NAME" in capsys.readouterr().err
    push.push(str(run), REPO, licence="cc-by-4.0")
    text, _ = pushed(the_hub)
    assert parse(text).data.license == "cc-by-4.0"
    assert "Licence of these weights: cc-by-4.0." in text
    assert "--license NAME" not in capsys.readouterr().err


def test_a_card_is_written_anew_with_each_push_and_keeps_what_its_owner_wrote(the_hub, tmp_path):
    folder = make(tmp_path / "run") / "checkpoints" / "step-000000100"
    (folder / "README.md").write_text((folder / "README.md").read_text() + "\n## Mine\n\nOf my street.\n")
    for _ in range(2):
        push.push(str(folder), REPO)
        (folder / "README.md").write_text(pushed(the_hub)[0])
    text, _ = pushed(the_hub)
    assert text.count("Of my street.") == text.count("```python") == text.count("Licence of") == 1


def test_the_commit_on_the_card_is_a_link_where_the_program_is_published(tmp_path):
    published = card.write(TINY, METADATA | {"code": "https://github.com/anna/pix2pix"}, 100)
    assert "[abc](https://github.com/anna/pix2pix/commit/abc)" in published
    assert "| commit | abc |" in card.write(TINY, METADATA, 100)
    assert "commit/unknown" not in card.write(TINY, METADATA | {"commit": "unknown", "code": "https://a.b/c"}, 100)


@pytest.mark.parametrize(
    ("remote", "address"),
    [
        ("https://github.com/anna/pix2pix.git", "https://github.com/anna/pix2pix"),
        ("https://anna:ghp_secret@github.com/anna/pix2pix", "https://github.com/anna/pix2pix"),
        ("git@github.com:anna/pix2pix.git", "https://github.com/anna/pix2pix"),
        ("ssh://git@codeberg.org/anna/pix2pix", "https://codeberg.org/anna/pix2pix"),
        ("/home/anna/pix2pix", ""),
        ("", ""),
    ],
)
def test_the_address_of_the_program_holds_no_secret_and_no_path(monkeypatch, remote, address):
    monkeypatch.setattr(utils, "_git", lambda *_: remote)
    assert utils.package_address() == address


def test_the_bundled_cards_have_no_link_that_leads_nowhere():
    for path in (ROOT / "checkpoints").glob("*/README.md"):
        links = re.findall(r"\]\(([^)]+)\)", path.read_text(encoding="utf-8"))
        assert links
        assert [link for link in links if not link.startswith("https://")] == []


def test_what_is_not_trained_here_gets_a_whole_card(the_hub, tmp_path):
    folder = make_checkpoint(tmp_path / "bare", seed=1)
    (folder / "README.md").unlink()
    push.push(str(folder), REPO)
    text, _ = pushed(the_hub)
    assert text.count(f"# {REPO}") == 1 and parse(text).data.library_name == "pix2pix"
