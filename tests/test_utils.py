"""Files and folders that are written wholly or not at all, and what killed saves leave."""

import os
import time

import pytest

from pix2pix.utils import IN_THE_MAKING, remove_leftovers, write_atomically, written_together


def test_what_a_killed_save_left_goes_with_the_next_one_and_nothing_else_does(tmp_path):
    old, new = time.time() - IN_THE_MAKING - 60, time.time()
    made = {".set.abcd1234.tmp": old, ".set.new_5678.tmp": new, ".other.abcd1234.tmp": old, ".set.tmp": old}
    for name, touched in made.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "1.png").write_bytes(b"")
        os.utime(tmp_path / name, (touched, touched))
    with written_together(tmp_path / "set") as building:
        (building / "1.png").write_bytes(b"whole")
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {"set", ".set.new_5678.tmp", ".other.abcd1234.tmp", ".set.tmp"}


def test_what_is_named_as_saves_name_it_is_found(tmp_path, monkeypatch):
    """A save that is killed: nothing of its own runs any more."""
    monkeypatch.setattr("pathlib.Path.unlink", lambda *_, **__: None)
    monkeypatch.setattr("os.fsync", lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        write_atomically(tmp_path / "a picture.png", b"half")
    monkeypatch.undo()
    (left,) = tmp_path.iterdir()
    os.utime(left, (0, 0))
    remove_leftovers(tmp_path, ["a picture.png"])
    assert list(tmp_path.iterdir()) == []
