"""Every layout is found by looking, told in one line, and what does not fit is one line too."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from pix2pix import images, labels
from pix2pix.config import Config
from pix2pix.data import generated, layouts
from pix2pix.data.decoded import load_pairs
from pix2pix.data.folder import RECORD
from pix2pix.data.generated import SYNTHETIC_TRAIN, SYNTHETIC_VAL
from pix2pix.data.sources import Unfit, fit_config, open_source
from pix2pix.recipes import RECIPES, TASKS, defaults
from tests.helpers.pairs_on_disk import SIZE, labelled, write, write_ab, write_cmp, write_two_folders

PLAIN = Config.of(size=SIZE, base_channels=2, jitter=False, hflip=False)


def load(data: Path | str, split: str = "train", **changes):
    return load_pairs(str(data), split, PLAIN.replace(**changes))


def two(root: Path, inputs: str, targets: str, names: tuple[str, str] = ("{}.png", "{}.png")) -> None:
    write_two_folders(root / inputs, root / targets, 3, names)


def in_cities(folder: Path, half: int | None, suffix: str = "") -> None:
    """Three pairs in a folder for each city: one half of each, or both side by side."""
    for city, number in (("aachen", 1), ("bonn", 2), ("bonn", 3)):
        pair = labelled(number)
        write(folder / city / f"{city}_{number}{suffix}.png", np.hstack(pair[::-1]) if half is None else pair[half])


LAYOUTS = {
    "halves": lambda root: write_ab(root / "train", 3),
    "flat halves": lambda root: write_ab(root, 3),
    "input and target": lambda root: two(root, "train/input", "train/target"),
    "inputs and targets, flat": lambda root: two(root, "Inputs", "Targets"),
    "labels and photos": lambda root: two(root, "train/labels", "train/photos"),
    "B and A": lambda root: two(root, "train/B", "train/A"),
    "trainB and trainA": lambda root: two(root, "trainB", "trainA"),
    "train_B and train_A": lambda root: two(root, "train_B", "train_A"),
    "train_label and train_img": lambda root: two(root, "train_label", "train_img"),
    "masks and images": lambda root: two(root, "train/masks", "train/images"),
    "sides with splits": lambda root: two(root, "B/train", "A/train"),
    "suffixes": lambda root: two(root, "train", "train", ("{}_B.png", "{}_A.png")),
    "suffixes of results": lambda root: two(root, "", "", ("{}-inputs.png", "{}-targets.png")),
    "case, extension, suffix": lambda root: two(root, "train/input", "train/target", ("Foo{}_label.PNG", "foo{}.bmp")),
    "other separators": lambda root: two(root, "labels", "photos", ("shape_{}_label.png", "Shape-{}.bmp")),
    "cities": lambda root: [in_cities(root / "train" / side, half) for half, side in enumerate(("input", "target"))],
    "halves in cities": lambda root: in_cities(root / "train", None),
    "Cityscapes": lambda root: [
        in_cities(root / folder / "train", half, suffix)
        for half, (folder, suffix) in enumerate((("gtFine", "_gtFine_color"), ("leftImg8bit", "_leftImg8bit")))
    ],
    "letters with marks": lambda root: two(root, "input", "target", ("ä{}.png", "a\u0308{}.png")),
    "extensions of browsers": lambda root: two(root, "input", "target", ("{}.png", "{}.gif")),
    "CMP": lambda root: write_cmp(root / "train", 3),
    "flat CMP": lambda root: write_cmp(root, 3),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_each_layout_is_found_and_told_in_one_line(tmp_path, layout):
    LAYOUTS[layout](tmp_path)
    pairs = load(tmp_path)
    assert len(pairs) == 3
    for number, pair in enumerate(pairs, 1):
        inputs, photo = labelled(number)
        assert (labels.shown(pair.input) == inputs).all()
        assert np.abs(pair.target.astype(int) - photo).mean() < 4  # CMP's photos are JPEG
    assert "\n" not in pairs.about
    assert pairs.about.startswith("3 ")


@pytest.mark.parametrize("name", ["val", "test", "Validation"])
def test_validation_pairs_are_those_of_val_or_else_test(tmp_path, name):
    write_ab(tmp_path / "train", 12)
    write_ab(tmp_path / name, 2, first=50)
    assert len(load(tmp_path)) == 12
    assert [pair.name for pair in load(tmp_path, "val")] == ["50", "51"]


def test_without_a_val_folder_every_tenth_pair_is_held_out(tmp_path):
    write_ab(tmp_path, 25)
    train, val = load(tmp_path), load(tmp_path, "val")
    assert [pair.name for pair in val] == ["10", "20"]
    assert len(train) == 23
    assert "every tenth held out" in train.about


def test_fewer_than_ten_pairs_are_used_for_both_and_it_is_said(tmp_path):
    write_ab(tmp_path / "train", 1)
    assert [pair.name for pair in load(tmp_path)] == [pair.name for pair in load(tmp_path, "val")] == ["1"]
    assert "too few" in load(tmp_path).about


def test_files_come_in_natural_order(tmp_path):
    write_ab(tmp_path / "train", 11)
    write_ab(tmp_path / "val", 1)
    assert [pair.name for pair in load(tmp_path)] == [str(number) for number in range(1, 12)]


def test_names_without_a_partner_are_reported_and_left_out(tmp_path):
    two(tmp_path, "input", "target")
    for number in range(20):
        write(tmp_path / "input" / f"lonely{number}.png", labelled(0)[0])
    about = load(tmp_path).about
    assert about.count("lonely") == 10
    assert "(20 in all)" in about


def test_what_programs_hide_is_no_picture(tmp_path):
    write_ab(tmp_path / "train", 2)
    (tmp_path / "train" / "._1.png").write_bytes(b"resource fork")
    (tmp_path / "train" / "Thumbs.db").write_bytes(b"")
    assert len(load(tmp_path)) == 2


def test_words_follow_the_direction_but_input_and_target_never_do(tmp_path):
    two(tmp_path / "own", "train/label", "train/img")
    assert (load(tmp_path / "own", direction="AtoB", task="photo")[0].target == labelled(1)[0]).all()
    two(tmp_path / "told", "train/input", "train/target")
    assert (load(tmp_path / "told", direction="AtoB", task="photo")[0].input == labelled(1)[0]).all()


def test_ab_images_that_happen_to_be_called_a_and_b_are_no_halves(tmp_path):
    for number in range(6):
        inputs, photo = labelled(number)
        write(tmp_path / "train" / f"house{number // 2}_{'ab'[number % 2]}.png", np.hstack([photo, inputs]))
    assert [pair.name for pair in load(tmp_path)] == [f"house{n}_{side}" for n in range(3) for side in "ab"]


def test_files_of_subfolders_are_found_beside_those_above_and_named_apart(tmp_path):
    for side, half in (("input", 0), ("target", 1)):
        for place in ("1.png", "more/1.png", "more/2.png"):
            write(tmp_path / side / place, labelled(1)[half])
    assert [pair.name for pair in load(tmp_path)] == ["1", "more-1", "more-2"]


def test_what_is_left_out_is_counted_and_named(tmp_path):
    two(tmp_path, "input", "target")
    write(tmp_path / "input" / "lonely.png", labelled(0)[0])
    for name in ("._1.png", "4.heic", "5.heic", "notes.txt"):
        (tmp_path / "target" / name).write_bytes(b"")
    (tmp_path / "target" / "__MACOSX").mkdir()
    assert load(tmp_path).about.endswith("left out: 1 without a partner (lonely.png), 2 .heic, 1 hidden")


def test_single_pictures_taken_for_halves_are_asked_about(tmp_path):
    for number in range(3):
        write(tmp_path / "train" / f"{number}.png", labelled(number)[0])
    assert "3 are no wider than high: are they pairs side by side?" in load(tmp_path).about


def test_cmp_colours_are_recognised_in_any_layout(tmp_path):
    for number in range(1, 4):
        inputs, photo = labelled(number)
        write(tmp_path / "train" / f"{number}.png", np.hstack([photo, labels.CMP_PALETTE[labels.snap(inputs)]]))
    assert (labels.shown(load(tmp_path)[0].input) == labelled(1)[0]).all()


@pytest.mark.parametrize("name", generated.SCENES)
def test_every_drawn_set_needs_no_folder_and_is_the_same_each_time(name):
    task = generated.SCENES[name].tasks[0]
    first, second = load(name, task=task), load(name, task=task)
    assert len(first) == SYNTHETIC_TRAIN
    assert len(load(name, "val", task=task)) == SYNTHETIC_VAL
    assert (first[3].target == second[3].target).all()
    assert (first[3].input != first[4].input).any()
    assert (first[3].input != load(name, "val", task=task)[3].input).any()


def test_colourisation_of_drawn_facades_starts_from_their_photos():
    pair = load("synthetic", task="colors", in_channels=1)[0]
    assert (pair.target == load("synthetic")[0].target).all()
    assert (pair.input == images.to_channels(pair.target, 1)).all()


def test_drawn_pairs_follow_the_direction():
    one, other = load("synthetic-maps", task="photo")[0], load("synthetic-maps", task="photo", direction="AtoB")[0]
    assert (one.input == other.target).all()
    assert (one.target == other.input).all()


@pytest.mark.parametrize(
    ("recipe", "task"), [*((recipe, "facades") for recipe in RECIPES), *(("paper", task) for task in TASKS)]
)
def test_every_recipe_and_task_has_drawn_pairs_that_fit_it(recipe, task):
    config = defaults(recipe, task).replace(size=SIZE)
    name = next(name for name, scene in generated.SCENES.items() if config.task in scene.tasks)
    config = fit_config(config, open_source(name, "train", config))
    pair = load_pairs(name, "train", config)[0]
    assert labels.shown(pair.input).shape[2] == config.architecture.in_channels
    assert pair.target.shape[2] == config.architecture.out_channels
    assert (pair.input.ndim == 2) == (config.task == "facades")


def test_a_synthetic_set_that_is_for_another_task_names_the_one_that_fits():
    with pytest.raises(Unfit) as unfit:
        open_source("synthetic", "train", defaults("perceptual", "edges2photo"))
    assert unfit.value.remedy == "give --data synthetic-edges"


def test_a_recorded_set_names_the_tasks_that_fit_it(tmp_path):
    write_ab(tmp_path / "train", 2)
    (tmp_path / RECORD).write_text('{"tasks": ["edges"]}')
    with pytest.raises(ValueError, match="is for the task edges, not facades"):
        load(tmp_path)


# Bad input: one line that says what and where.


def nothing(root: Path) -> None:
    """An empty folder."""


def no_images(root: Path) -> None:
    (root / "train").mkdir()
    (root / "train" / "notes.txt").write_text("none")


def odd_width(root: Path) -> None:
    write(root / "train" / "7.png", np.zeros((16, 31, 3), np.uint8))


def one_pixel_wide(root: Path) -> None:
    write(root / "input" / "thin.png", np.zeros((16, 1, 3), np.uint8))
    write(root / "target" / "thin.png", np.zeros((16, 1, 3), np.uint8))


def unequal_halves(root: Path) -> None:
    two(root, "input", "target")
    write(root / "target" / "2.png", np.zeros((SIZE, SIZE // 2, 3), np.uint8))


def twice(root: Path) -> None:
    write_ab(root / "train", 3)
    write_ab(root / "train", 3, kind="bmp")


def loosely_twice(root: Path) -> None:
    two(root, "input", "target", ("{}_label.png", "{}.png"))
    write(root / "input" / "1_input.png", labelled(1)[0])


def one_side(root: Path) -> None:
    write(root / "train" / "input" / "1.png", labelled(1)[0])


def others(root: Path) -> None:
    (root / "holiday").mkdir()
    (root / "holiday" / "1.heic").write_bytes(b"")


def no_partner(root: Path) -> None:
    two(root, "input", "target", ("a{}.png", "b{}.png"))


def empty_file(root: Path) -> None:
    write_ab(root / "train", 3)
    (root / "train" / "2.png").write_bytes(b"")


def truncated(root: Path) -> None:
    write_ab(root / "train", 3, size=64)
    content = (root / "train" / "2.png").read_bytes()
    (root / "train" / "2.png").write_bytes(content[: len(content) // 2])


def a_text(root: Path) -> None:
    write_ab(root / "train", 3)
    (root / "train" / "2.jpg").write_text("an error page")


def link_loop(root: Path) -> None:
    write_ab(root / "train", 3)
    (root / "train" / "loop.png").symlink_to(root / "train" / "loop.png")


def dangling_link(root: Path) -> None:
    write_ab(root / "train", 3)
    (root / "train" / "gone.png").symlink_to(root / "nowhere.png")


def mixed_channels(root: Path) -> None:
    for channels in (2, 5):
        for side in ("input", "target"):
            (root / side).mkdir(exist_ok=True)
            np.save(root / side / f"{channels}.npy", np.zeros((16, 16, channels), np.uint8))


@pytest.mark.parametrize(
    ("make", "complaint"),
    [
        (nothing, "no train images in .*; what is understood"),
        (no_images, "no train images in .*; what is understood"),
        (odd_width, r"7\.png is 31 pixels wide; an AB image holds two halves of equal size"),
        (one_pixel_wide, r"thin\.png is 1x16 pixels; the least is 8x8"),
        (unequal_halves, r"2\.png and .*2\.png differ in shape: 32x32 and 16x32 pixels"),
        (twice, r"several images of one name, keep one of each: 1\.bmp and 1\.png"),
        (loosely_twice, r"several images of one name, keep one of each: 1_input\.png and 1_label\.png"),
        (no_partner, r"no names match in .*input \(a1\.png, a2\.png, .* \(b1\.png, b2.*: 3 inputs, 3 targets"),
        (one_side, "has a folder input, and none for the other side"),
        (others, "no train images in .*, which holds holiday/, 1 .heic; what is understood"),
        (empty_file, r"2\.png is not an image file"),
        (truncated, r"2\.png cannot be read as an image"),
        (a_text, r"several images of one name|2\.jpg is not an image"),
        (link_loop, r"loop\.png"),
        (dangling_link, r"gone\.png"),
        (mixed_channels, "have 2, 5 channels; all must have as many"),
    ],
)
def test_bad_folders_are_one_line_that_names_the_offender(tmp_path, make, complaint):
    make(tmp_path)
    with pytest.raises((ValueError, OSError), match=complaint) as caught:
        load(tmp_path, task="photo")
    assert "\n" not in str(caught.value)


def test_at_most_ten_offenders_are_named_and_all_are_counted(tmp_path):
    for number in range(30):
        write(tmp_path / "train" / f"{number}.png", np.zeros((16, 31, 3), np.uint8))
    with pytest.raises(ValueError, match=r"\(27 in all\)$") as caught:  # three are held out for val
        load(tmp_path)
    assert str(caught.value).count("31 pixels wide") == 10


def test_a_loop_of_folders_does_no_harm(tmp_path):
    write_ab(tmp_path / "train", 2)
    (tmp_path / "train" / "again").symlink_to(tmp_path, target_is_directory=True)
    assert len(load(tmp_path)) == 2


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may read everything")
def test_a_file_that_may_not_be_read_is_named(tmp_path):
    write_ab(tmp_path / "train", 2)
    (tmp_path / "train" / "2.png").chmod(0)
    with pytest.raises(ValueError, match=r"2\.png .*Permission denied"):
        load(tmp_path)


@pytest.mark.parametrize("name", ["nowhere", "./nowhere/at/all", "/nowhere"])
def test_a_missing_folder_is_one_line(name):
    with pytest.raises(ValueError, match=r"no data at .*nowhere.*: give a folder"):
        load(name)


def test_the_command_ends_with_one_line_and_exit_code_2(tmp_path):
    odd_width(tmp_path)
    command = [sys.executable, "train.py", "--data", str(tmp_path), "--output", str(tmp_path / "run")]
    done = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parents[2], check=False)
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1
    assert "7.png is 31 pixels wide" in done.stderr
    assert not (tmp_path / "run").exists()


def test_looking_at_a_folder_names_what_is_understood():
    assert all(word in layouts.LAYOUTS for word in ("train", "input", "target", "NAME_A", "CMP", "Hub", "synthetic"))
