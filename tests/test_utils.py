"""Files and folders that are written wholly or not at all, and what killed saves leave."""

import os
import re
import time
from pathlib import Path

import pytest

from pix2pix.utils import IN_THE_MAKING, counted, remove_leftovers, write_atomically, written_together


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


def test_what_fails_leaves_no_folder_that_was_made_for_it(tmp_path):
    (tmp_path / "there").mkdir()
    for folder in (tmp_path / "new" / "inner" / "set", tmp_path / "there" / "set"):
        with pytest.raises(ZeroDivisionError), written_together(folder):
            raise ZeroDivisionError
    assert [path.name for path in tmp_path.rglob("*")] == ["there"]


def test_one_is_told_without_an_s():
    assert [counted(count, "pair") for count in (0, 1, 2000)] == ["0 pairs", "1 pair", "2,000 pairs"]
    assert [counted(count, "process", "processes") for count in (1, 2)] == ["1 process", "2 processes"]


def test_no_count_that_may_be_one_stands_before_a_fixed_plural():
    """Where a number is fitted into words for people, `counted` picks the form."""
    counts = re.compile(
        r"\{len\([^{}]*\)(:,)?\} (\w+ )?(pictures|pairs|drawings|files|steps|epochs|threads|checkpoints)\b"
    )
    root = Path(__file__).parents[1]
    files = [root / "app.py", root / "train.py", *(root / "pix2pix").rglob("*.py")]
    found = [f"{path.name}: {line.strip()}" for path in files for line in path.read_text(encoding="utf-8").splitlines()
             if counts.search(line)]  # fmt: skip
    assert found == []
