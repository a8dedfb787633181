"""Damaged files of a checkpoint: it loads all the same, or one line says which file is wrong. Nothing else happens."""

import functools
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pix2pix import inference
from pix2pix.config import from_json, to_json
from pix2pix.inference import checkpoint
from pix2pix.utils import UserError
from tests.helpers.hub_helpers import TINY, make_trained
from tests.helpers.mutations import damaged

pytestmark = pytest.mark.usefixtures("traced_once")
FOLDER = tempfile.TemporaryDirectory()


@functools.cache
def whole() -> Path:
    """One small checkpoint for all examples."""
    return make_trained(Path(FOLDER.name) / "trained")


def assert_loads_or_is_refused(name: str, content: bytes, loads=(checkpoint.load, inference.load)) -> None:
    path = whole() / name
    before = path.read_bytes()
    path.write_bytes(content)
    try:
        for load in loads:
            try:
                load(whole())
            except UserError as error:
                assert len(str(error).splitlines()) == 1 and len(str(error)) < 500
                assert any(part in str(error) for part in (name, "config", "made for other weights"))
    finally:
        path.write_bytes(before)


@given(st.data())
@settings(max_examples=100, deadline=None)
def test_a_damaged_config_is_one_or_is_refused(data):
    """100 damaged configs."""
    text = data.draw(damaged(to_json(TINY).encode())).decode("utf-8", "replace")
    try:
        from_json(text)
    except UserError as error:
        assert len(str(error).splitlines()) == 1


@given(st.data())
@settings(max_examples=40, deadline=None)
def test_a_checkpoint_with_damaged_weights_loads_or_is_refused(data):
    """40 damaged files, half of the damage in the header."""
    content = data.draw(damaged((whole() / "model.safetensors").read_bytes(), head=1000))
    assert_loads_or_is_refused("model.safetensors", content)


@given(st.data())
@settings(max_examples=40, deadline=None)
def test_a_checkpoint_with_a_damaged_graph_loads_or_is_refused(data):
    """40 damaged files. The graph of a stranger's checkpoint is run in a process of its own, see test_isolated."""
    content = data.draw(damaged((whole() / "model.onnx").read_bytes(), head=1000))
    assert_loads_or_is_refused("model.onnx", content, [inference.load])


@pytest.mark.parametrize("content", [b"", b"no graph", b"\x08\x08"])
def test_what_is_told_to_do_about_a_damaged_graph_works_and_nothing_else_is_printed(content, tmp_path, capfd):
    from pix2pix.commands.export import export

    folder = make_trained(tmp_path / "a b")
    (folder / "model.onnx").write_bytes(content)
    with pytest.raises(UserError, match=r"write it anew: python -m pix2pix export '.*a b'"):
        inference.load(folder)
    said = capfd.readouterr()
    assert (said.out, said.err) == ("", "")
    export(folder)
    inference.load(folder)


def test_weights_that_are_cut_short_are_told_of_and_not_the_graph_that_refers_to_them(tmp_path):
    folder = make_trained(tmp_path / "cut")
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(UserError, match=r"model\.safetensors is not a readable safetensors file"):
        inference.load(folder)
