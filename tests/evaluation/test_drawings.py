"""The drawings by hand as files, and the sheet that shows them."""

from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pix2pix import images, labels
from pix2pix.__main__ import main
from pix2pix.commands.gallery import compose
from pix2pix.evaluation import test_drawings

FOLDER = Path(test_drawings.__file__).parent


def test_there_are_at_least_24_and_every_file_is_named():
    assert len(test_drawings.NAMES) >= 24
    assert sorted(path.stem for path in FOLDER.glob("*.png")) == sorted(test_drawings.NAMES)


@pytest.mark.parametrize("name", test_drawings.NAMES)
def test_a_drawing_is_what_the_canvas_saves(name):
    picture = images.read_image(FOLDER / f"{name}.png")
    assert picture.shape == (256, 256, 3)
    assert not labels.off_palette(picture, tolerance=0).any()
    np.testing.assert_array_equal(labels.colorize(test_drawings.load(name)), picture)


def test_no_two_are_alike_and_together_they_use_every_class():
    loaded = [test_drawings.load(name) for name in test_drawings.NAMES]
    assert min((one != other).mean() for one, other in combinations(loaded, 2)) > 0.01
    assert set(np.unique(loaded)) == set(range(12))


def test_a_drawing_of_another_name_is_refused():
    with pytest.raises(ValueError, match="no drawing is called 'castle'; there are: empty_wall"):
        test_drawings.load("castle")


@pytest.mark.parametrize(("suffix", "kind"), [(".png", "PNG"), (".webp", "WEBP"), (".jpg", "JPEG")])
def test_sheet_shows_drawings_beside_pictures(suffix, kind, tmp_path, capsys):
    page = tmp_path / f"sheet{suffix}"
    main(["gallery", "checkpoints/facades", "--only", "one_window", "face", "--output", str(page), "--width", "900"])
    assert "2 drawings by 1 checkpoint in" in capsys.readouterr().out
    with Image.open(page) as image:
        assert image.format == kind
        assert 800 < image.width <= 900


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["checkpoints/facades", "--output", "gallery.gif"], "end it in .png, .webp, .jpg"),
        (["checkpoints/facades", "--output", "nowhere/gallery.png"], "nowhere is no folder"),
        (["checkpoints/facades", "--output", "gallery.png", "--only", "castle"], "no drawing is called 'castle'"),
        (["checkpoints/facades", "--output", "gallery.png", "--styles", "gold"], "has no style 'gold'; it has"),
        (["--output", "gallery.png"], "name a checkpoint"),
    ],
)
def test_sheet_says_what_is_wrong_and_writes_nothing(arguments, told, tmp_path, monkeypatch):
    arguments = [str(Path(each).resolve()) if each.startswith("checkpoints") else each for each in arguments]
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match=told):
        main(["gallery", *arguments])
    assert not list(tmp_path.iterdir())


def test_a_sheet_has_every_picture_whole_and_one_width():
    """Five groups of two in three colours: each colour covers as many squares as there are pictures of it."""
    red, blue = (np.full((64, 64, 3), colour, np.uint8) for colour in ((255, 0, 0), (0, 0, 255)))
    page = compose([[red, blue]] * 5, [""] * 5, [""], width=600)
    reds, blues = ((page == colour).all(axis=2).sum() for colour in ((255, 0, 0), (0, 0, 255)))
    assert reds == blues
    assert reds % 5 == 0 and (reds // 5) ** 0.5 == int((reds // 5) ** 0.5)
    assert page.shape[1] <= 600


def test_a_sheet_too_narrow_for_its_pictures_is_refused():
    with pytest.raises(ValueError, match="larger --width"):
        compose([[np.zeros((8, 8, 3), np.uint8)] * 2], [""], [""], width=100)
