"""data check, pair and split: what they say of a set, and that they make sets the loader reads."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from pix2pix import images, labels
from pix2pix.commands import data
from pix2pix.config import Config
from pix2pix.data import inspection
from pix2pix.data.decoded import load_pairs
from pix2pix.utils import UserError
from tests.helpers.pairs_on_disk import SIZE, labelled, write, write_ab, write_cmp, write_two_folders

PLAIN = Config.of(size=SIZE, base_channels=2, jitter=False, hflip=False)


def run(*arguments: object, cwd: Path) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "pix2pix", "data", *map(str, arguments)]
    environment = {"PYTHONPATH": str(Path(__file__).parents[2]), "PATH": "/usr/bin"}
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, env=environment, check=False)


def test_a_good_set_has_nothing_to_change_and_a_sheet_to_look_at(tmp_path):
    write_ab(tmp_path / "set" / "train", 12)
    write_ab(tmp_path / "set" / "val", 2, first=13)
    done = run("check", tmp_path / "set", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "train: 12 images" in done.stdout
    assert "sizes: 64x32 (12)" in done.stdout
    assert "channels: colour (12)" in done.stdout
    assert "facade labels in the published palette, 0% of their pixels beside it" in done.stdout
    assert "Nothing to change." in done.stdout
    assert not done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["set"]
    run("check", tmp_path / "set", "--sheet", tmp_path / "sheet.png", cwd=tmp_path)
    assert images.read_image(tmp_path / "sheet.png").shape == (4 * 128, 3 * 256, 3)


def test_what_is_to_change_is_listed_and_the_exit_code_says_so(tmp_path):
    write_ab(tmp_path / "set" / "train", 3)
    write(tmp_path / "set" / "train" / "odd.png", np.zeros((32, 33, 3), np.uint8))
    (tmp_path / "set" / "train" / "text.jpg").write_text("not a picture")
    done = run("check", tmp_path / "set", "--sheet", tmp_path / "sheet.png", cwd=tmp_path)
    assert done.returncode == 1
    assert "odd.png is 33 pixels wide" in done.stdout
    assert "text.jpg is not an image" in done.stdout
    assert "no folder is for val" in done.stdout
    assert (tmp_path / "sheet.png").is_file()


@pytest.mark.parametrize(("sheet", "said"), [("no/a.png", "make it first"), ("a.jpg", "end it in .png")])
def test_a_sheet_that_cannot_be_written_is_refused_before_the_set_is_looked_at(sheet, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match=said):
        data.check(tmp_path, sheet=Path(sheet))


def test_pictures_in_train_and_val_alike_are_found_even_compressed_anew(tmp_path):
    write_ab(tmp_path / "train", 12)
    write_ab(tmp_path / "val", 1, kind="jpg", first=5)
    write_ab(tmp_path / "val", 1, first=40)
    report = inspection.inspect(tmp_path, "BtoA")
    assert "in val and in train alike: 1" in report.lines
    assert report.changes == ["take these out of train or val: 5.jpg is 5.png"]


def test_pictures_that_are_in_train_twice_are_found(tmp_path):
    write_ab(tmp_path / "train", 12)
    write(tmp_path / "train" / "again.jpg", np.hstack(labelled(7)[::-1]))
    write_ab(tmp_path / "val", 1, first=40)
    report = inspection.inspect(tmp_path, "BtoA")
    assert "twice in train: 1" in report.lines
    assert len(report.changes) == 1
    assert set(report.changes[0].removeprefix("keep one of each in train: ").split(" is ")) == {"7.png", "again.jpg"}


def test_pictures_that_differ_in_little_are_no_duplicates(tmp_path):
    for split, numbers in (("train", range(12)), ("val", range(12, 14))):
        for number in numbers:
            paper = np.full((128, 256, 3), 255, np.uint8)
            paper[40:44, 9 * number : 9 * number + 4] = 0
            write(tmp_path / split / f"{number}.png", paper)
    report = inspection.inspect(tmp_path, "BtoA")
    assert "in val and in train alike: 0" in report.lines
    assert not report.changes


def test_single_pictures_taken_for_pairs_are_to_change(tmp_path):
    for number in range(3):
        write(tmp_path / "train" / f"{number}.png", labelled(number)[0])
    report = inspection.inspect(tmp_path, "BtoA")
    assert any("3 of 3 are no wider than high" in change for change in report.changes)


def test_a_file_that_is_broken_inside_does_not_end_the_look_at_the_others(tmp_path):
    write_ab(tmp_path / "train", 3)
    content = (tmp_path / "train" / "1.png").read_bytes()
    (tmp_path / "train" / "1.png").write_bytes(content[:50] + bytes(20) + content[70:])
    write_ab(tmp_path / "val", 1, first=9)
    report = inspection.inspect(tmp_path, "BtoA")
    assert [change for change in report.changes if "1.png cannot be read" in change]
    assert len(report.shown) == 2


def test_names_without_a_partner_are_to_change(tmp_path):
    write_two_folders(tmp_path / "train" / "input", tmp_path / "train" / "target", 3)
    write(tmp_path / "train" / "input" / "lonely.png", labelled(0)[0])
    write_two_folders(tmp_path / "val" / "input", tmp_path / "val" / "target", 0)
    report = inspection.inspect(tmp_path, "BtoA")
    assert any("lonely.png" in change for change in report.changes)


def test_the_palette_and_the_kind_of_inputs_are_told(tmp_path):
    write_cmp(tmp_path / "cmp", 3)
    assert any("in the CMP palette" in line for line in inspection.inspect(tmp_path / "cmp", "BtoA").lines)
    write_ab(tmp_path / "ab", 3)
    assert any("no facade labels" in line for line in inspection.inspect(tmp_path / "ab", "AtoB").lines)


def test_arrays_of_many_channels_can_be_checked(tmp_path):
    for side in ("input", "target"):
        (tmp_path / side).mkdir()
        np.save(tmp_path / side / "1.npy", np.zeros((16, 16, 5), np.uint8))
    report = inspection.inspect(tmp_path, "BtoA")
    assert "  channels: 5 channels (2)" in report.lines
    assert inspection.contact_sheet(report.shown).shape == (128, 3 * 256, 3)


def test_pairing_makes_what_the_loader_reads(tmp_path, capsys):
    names = ("Photo{}_label.png", "photo{}.bmp")
    write_two_folders(tmp_path / "labels", tmp_path / "photos", 3, names)
    write(tmp_path / "photos" / "alone.png", labelled(0)[1])
    data.pair(tmp_path / "labels", tmp_path / "photos", tmp_path / "set")
    assert "left out: 1 without a partner (alone.png)" in capsys.readouterr().out
    loaded = load_pairs(str(tmp_path / "set"), "train", PLAIN)
    assert len(loaded) == 3
    assert (labels.shown(loaded[1].input) == labelled(2)[0]).all()
    assert (loaded[1].target == labelled(2)[1]).all()


@pytest.mark.parametrize(
    ("make", "complaint"),
    [
        (lambda root: write(root / "photos" / "2.png", np.zeros((9, 9, 3), np.uint8)), "differ in size: 32x32 and 9x9"),
        (lambda root: write(root / "photos" / "2.bmp", labelled(2)[1]), "several images of one name"),
        (lambda root: (root / "photos" / "2.png").write_bytes(b""), r"2\.png is not an image"),
        (lambda root: (root / "set" / "train").mkdir(parents=True), "exists already"),
    ],
)
def test_pairs_that_do_not_fit_are_one_line_and_nothing_is_written(tmp_path, make, complaint):
    write_two_folders(tmp_path / "labels", tmp_path / "photos", 3)
    make(tmp_path)
    with pytest.raises(ValueError, match=complaint):
        data.pair(tmp_path / "labels", tmp_path / "photos", tmp_path / "set")
    assert not list((tmp_path / "set").rglob("*.png"))


def test_pairing_goes_on_without_broken_files_where_it_is_told_to(tmp_path, capsys):
    write_two_folders(tmp_path / "labels", tmp_path / "photos", 3)
    (tmp_path / "photos" / "2.png").write_bytes(b"")
    with pytest.raises(ValueError, match="leave them out with --skip-broken"):
        data.pair(tmp_path / "labels", tmp_path / "photos", tmp_path / "set")
    data.pair(tmp_path / "labels", tmp_path / "photos", tmp_path / "set", skip_broken=True)
    assert sorted(path.name for path in (tmp_path / "set" / "train").iterdir()) == ["1.png", "3.png"]
    assert "2.png is not an image file" in capsys.readouterr().out


@pytest.mark.parametrize("layout", ["halves", "two folders", "cmp"])
def test_splitting_keeps_every_pair_once_and_is_the_same_each_time(tmp_path, layout):
    if layout == "halves":
        write_ab(tmp_path / "all", 20)
    elif layout == "cmp":
        write_cmp(tmp_path / "all", 20)
    else:
        write_two_folders(tmp_path / "all" / "B", tmp_path / "all" / "A", 20)
    for name in ("one", "two"):
        data.split(tmp_path / "all", tmp_path / name, val=0.2, test=0.1)
    data.split(tmp_path / "all", tmp_path / "other", val=0.2, seed=1)
    names = {
        (name, split): [pair.name for pair in load_pairs(str(tmp_path / name), split, PLAIN)]
        for name in ("one", "two", "other")
        for split in ("train", "val")
    }
    assert names["one", "train"] == names["two", "train"]
    assert names["one", "val"] == names["two", "val"] != names["other", "val"]
    assert [len(names["one", split]) for split in ("train", "val")] == [14, 4]
    assert not set(names["one", "train"]) & set(names["one", "val"])
    assert len(load_pairs(str(tmp_path / "one"), "test", PLAIN)) == 2


def test_most_pairs_keep_their_place_when_some_are_added(tmp_path):
    write_ab(tmp_path / "all", 40)
    data.split(tmp_path / "all", tmp_path / "before")
    write_ab(tmp_path / "all", 4, first=41)
    data.split(tmp_path / "all", tmp_path / "after")
    before, after = ({path.name for path in (tmp_path / name / "val").iterdir()} for name in ("before", "after"))
    assert len(before & after) >= 3


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"val": 1.0}, "something must be left to train on"),
        ({"val": 0.6, "test": 0.5}, "something must be left to train on"),
        ({"val": 0.5, "test": 0.4}, "too few to divide: 2 pairs"),
    ],
)
def test_shares_that_leave_nothing_are_refused(tmp_path, options, complaint):
    write_ab(tmp_path / "all", 2)
    with pytest.raises(ValueError, match=complaint):
        data.split(tmp_path / "all", tmp_path / "out", **options)
    assert not (tmp_path / "out").exists()


def test_a_divided_set_is_not_divided_again(tmp_path):
    write_ab(tmp_path / "all" / "train", 3)
    write_ab(tmp_path / "all" / "val", 3)
    with pytest.raises(ValueError, match="has a folder for val already"):
        data.split(tmp_path / "all", tmp_path / "out")


def test_joined_and_split_sets_train_with_the_other_direction_too(tmp_path):
    write_two_folders(tmp_path / "A", tmp_path / "B", 3)
    data.pair(tmp_path / "A", tmp_path / "B", tmp_path / "set")
    config = PLAIN.replace(task="photo", direction="AtoB")
    assert (load_pairs(str(tmp_path / "set"), "train", config)[0].target == labelled(1)[0]).all()
