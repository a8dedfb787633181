"""From photos to drawings: rectangles, corners, colours, doubt, and the command `segment`."""

import json
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from pix2pix import images, inference, labels
from pix2pix.__main__ import main
from pix2pix.inference.perspective import front_of, read_corners, rectified
from pix2pix.inference.rectangles import Rectangle, align, areas, find_rectangles, tidied
from pix2pix.labels import INDEX
from pix2pix.synthetic import facade
from pix2pix.utils import UserError

WINDOW, WALL, BACKGROUND = INDEX["window"], INDEX["facade"], INDEX["background"]


@pytest.fixture(scope="module")
def house() -> np.ndarray:
    """A rendered house, on which nobody has rights."""
    return facade(12)[1]


def ragged(stream: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Nine windows on a wall with a sky, and the same as a network sees it: with noise at the edges, and specks."""
    clean = np.full((256, 256), WALL, np.uint8)
    clean[:40] = BACKGROUND
    for top in (60, 120, 180):
        for left in (30, 110, 190):
            clean[top : top + 36, left : left + 24] = WINDOW
    rough = clean.copy()
    edge = np.zeros(clean.shape, bool)
    edge[1:-1, 1:-1] = (clean[1:-1, 1:-1] != clean[:-2, 1:-1]) | (clean[1:-1, 1:-1] != clean[1:-1, 2:])
    rough[edge & (stream.random(clean.shape) < 0.5)] = WALL
    rough[stream.random(clean.shape) < 0.01] = INDEX["deco"]
    return clean, rough


def test_ragged_windows_become_equal_rectangles_in_line():
    clean, rough = ragged(np.random.default_rng(0))
    windows = [each for each in find_rectangles(rough) if each.label == WINDOW]
    assert len(windows) == 9
    assert len({(each.right - each.left, each.bottom - each.top) for each in windows}) == 1
    assert len({each.left for each in windows}) == len({each.top for each in windows}) == 3
    assert (tidied(rough) == clean).mean() > 0.98


def test_a_clean_drawing_stays_as_it_is():
    clean, _ = ragged(np.random.default_rng(0))
    assert (tidied(clean) == clean).all()


def test_windows_joined_by_a_thin_bridge_are_two():
    drawing = np.full((256, 256), WALL, np.uint8)
    drawing[100:140, 50:80] = drawing[100:140, 120:150] = drawing[118:121, 80:120] = WINDOW
    assert len([each for each in find_rectangles(drawing) if each.right - each.left == 30]) == 2


def test_windows_that_grew_together_in_a_column_are_parted_and_a_molding_behind_them_is_not():
    drawing = np.full((256, 256), WALL, np.uint8)
    for top in (40, 64, 88):
        drawing[top : top + 20, 60:80] = WINDOW
    drawing[60:64, 68:72] = drawing[84:88, 68:72] = WINDOW  # bridges
    drawing[200:212, 20:236] = INDEX["molding"]
    drawing[200:204, 100:108] = WALL
    found = find_rectangles(drawing)
    assert len([each for each in found if each.label == WINDOW and each.right - each.left == 20]) == 3
    assert [each.right - each.left for each in found if each.label == INDEX["molding"]] == [216]


@pytest.mark.parametrize("shape", [(32, 32), (256, 256), (64, 512)])
def test_any_mask_becomes_a_drawing_of_its_size(shape):
    noise = np.random.default_rng(1).integers(0, 12, shape).astype(np.uint8)
    drawing = tidied(noise)
    assert drawing.shape == shape and drawing.max() < 12


def test_areas_hold_each_pixel_of_their_class_once():
    clean, _ = ragged(np.random.default_rng(0))
    found = areas(clean)
    for label in (WINDOW, WALL, BACKGROUND):
        assert sum(area.mask.sum() for area in found[label]) == (clean == label).sum()
    assert len(found[WINDOW]) == 9


def test_unlike_rectangles_are_not_made_alike():
    two = [Rectangle(WINDOW, 10, 10, 30, 40), Rectangle(WINDOW, 100, 100, 160, 200)]
    assert align(two, (256, 256)) == two


def test_corners_bring_back_what_perspective_took(house):
    upright = house
    corners = [(60, 40), (230, 70), (220, 210), (40, 240)]
    askew = Image.new("RGB", (256, 256), "grey")
    inverse = _homography_of(corners)
    askew = np.asarray(
        Image.fromarray(upright).transform((256, 256), Image.Transform.PERSPECTIVE, inverse, Image.BILINEAR)
    )
    back = rectified(askew, corners, 256, 256)
    inner = np.s_[16:-16, 16:-16]
    assert (
        np.abs(back[inner].astype(int) - upright[inner]).mean()
        < np.abs(askew[inner].astype(int) - upright[inner]).mean() / 3
    )


def _homography_of(corners: list[tuple[float, float]]) -> list[float]:
    """Where in the upright picture each place of the askew one comes from."""
    rows, values = [], []
    for (x, y), (u, v) in zip(corners, [(0, 0), (256, 0), (256, 256), (0, 256)], strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        values += [u, v]
    return np.linalg.solve(np.array(rows, float), np.array(values, float)).tolist()


def test_the_corners_of_a_front_are_those_of_what_is_house_in_a_photo():
    rows, columns = np.mgrid[:256, :256] + 0.5
    top, bottom = 40 + 0.2 * columns, 230 - 0.1 * columns
    mask = (rows > top) & (rows < bottom) & (columns > 60) & (columns < 200)
    mask[:30, 90:110] = mask[120:160, 5:40] = True  # a tower behind, a kiosk
    mask[60:80, 120:140] = False  # a hole
    corners = np.array(front_of(mask)) * 256
    assert np.abs(corners - [(60, 52), (200, 80), (200, 210), (60, 224)]).max() < 3
    assert front_of(np.zeros((256, 256), bool)) is None


def test_the_corners_of_a_house_in_a_photo_are_guessed(house):
    photo = np.full((300, 500, 3), (176, 205, 232), np.uint8)
    photo[22:278, 120:376] = house
    guess = np.array(inference.guess_corners(photo))
    assert np.abs(guess - [(120, 22), (376, 22), (376, 278), (120, 278)]).max() < 25
    assert inference.guess_corners(np.full((64, 64, 3), 255, np.uint8)) is None
    read, whole = (inference.segment(photo, corners=corners).photo for corners in (read_corners("guess"), None))
    assert (read == photo[0, 0]).all(axis=2).mean() < 0.2 < (whole == photo[0, 0]).all(axis=2).mean()
    assert inference.segment(np.zeros((64, 64, 3), np.uint8), corners="guess").labels.shape == (256, 256)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("0,0 256,0 256,256", "four corners"),
        ("0,0 0,256 256,256 256,0", "cross"),  # the other way round
        ("0,0 256,256 256,0 0,256", "cross"),
        ("0,0 300,0 256,256 0,256", "outside of the photo, which has 256x256"),
        ("0,0 256,0 256,3 0,3", "16 pixels"),
        ("0,0 a,0 256,256 0,256", "written x,y"),
    ],
)
def test_corners_that_are_none_are_told(house, text, reason):
    with pytest.raises(UserError, match=reason):
        inference.segment(house, corners=read_corners(text))


def test_a_house_is_read_with_its_colours(house):
    found = inference.segment(house)
    assert found.labels.shape == (256, 256) and found.labels.max() < 12 and not found.doubt
    assert (found.labels == WINDOW).mean() > 0.02
    true = house[facade(12)[0] == WALL].mean(axis=0)
    assert np.abs(np.array(found.wall) - true).max() < 40
    assert found.style is None


@pytest.mark.parametrize("side", [0, 100, 2048])
def test_sizes_that_the_network_does_not_take_are_told(house, side):
    with pytest.raises(UserError, match="multiple of 32"):
        inference.segment(house, height=side)


def test_a_larger_drawing_is_read_as_well(house):
    assert inference.segment(house, height=320, width=384).labels.shape == (320, 384)


@pytest.mark.parametrize(
    ("photo", "reason"),
    [
        (np.random.default_rng(0).integers(0, 256, (256, 256, 3)).astype(np.uint8), "front of a house"),
        (np.zeros((40, 900, 3), np.uint8), "too dark"),
        (np.full((1, 1, 3), 200, np.uint8), "too plain"),
        (labels.colorize(facade(3)[0]), "drawing, not a photo: open it, or translate it"),
    ],
)
def test_a_photo_of_no_house_is_read_with_a_doubt(photo, reason):
    found = inference.segment(photo)
    assert reason in found.doubt and found.labels.shape == (256, 256)


def test_a_style_is_the_one_whose_colours_are_nearest():
    translator = inference.load("facades-live")
    mean, spread = translator.network.color_basis
    translator.styles = {}
    assert translator.nearest_style((200, 100, 90), None) is None
    code = inference.color_code_of(np.zeros(6, np.float32), mean, spread, (160, 90, 70), (110, 160, 220))
    translator.styles = {"plain": np.zeros(6, np.float32), "brick": code}
    assert translator.nearest_style((160, 90, 70), (110, 160, 220)) == "brick"


def test_the_command_writes_drawings_and_colours(house, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    photo = Image.fromarray(house)
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    photo.transpose(Image.Transpose.ROTATE_90).save("turned.jpg", exif=exif, quality=95)
    photo.save("house.png")
    main(["segment", "house.png", "turned.jpg", "--output", "out", "--corners", "guess"])
    one, other = (labels.snap(images.read_image(tmp_path / "out" / f"{name}.png")) for name in ("house", "turned"))
    assert (one == other).mean() > 0.9
    facts = json.loads((tmp_path / "out" / "house.json").read_text())
    assert facts["wall"].startswith("#") and facts["style"] is None and facts["doubt"] == ""
    with pytest.raises(UserError, match="exists already"):
        main(["segment", "house.png", "--output", "out"])


def test_the_command_names_what_it_cannot_read_and_goes_on(house, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Image.fromarray(house).save("house.png")
    (tmp_path / "broken.png").write_bytes(b"none")
    images.write_png(tmp_path / "noise.png", np.random.default_rng(0).integers(0, 256, (99, 99, 3)).astype(np.uint8))
    (tmp_path / "empty").mkdir()
    with pytest.raises(SystemExit) as ended:
        main(["segment", "house.png", "empty", "broken.png", "nowhere.png", "noise.png", "--output", "out"])
    printed = capsys.readouterr()
    assert ended.value.code == 1 and "broken.png is not an image" in printed.err
    assert "no images in empty" in printed.err and "nowhere.png does not exist" in printed.err
    assert "2 drawings" in printed.out and "noise.png: this does not look like the front of a house" in printed.out


@pytest.mark.parametrize("flags", [["--size", "100"], ["--corners", "0,0", "9,9"], ["--corners", "here"]])
def test_a_flag_that_fits_no_photo_is_told_once_and_writes_nothing(house, flags, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Image.fromarray(house).save("house.png")
    with pytest.raises(UserError, match=r"multiple of 32|four corners|written x,y"):
        main(["segment", "house.png", "--output", "out", *flags])
    assert not (tmp_path / "out").exists()


def test_a_training_of_no_epochs_is_refused_before_pairs_are_read():
    with pytest.raises(UserError, match="--epochs is 0"):
        main(["segmenter", "--data", "nowhere", "--output", "nowhere", "--epochs", "0"])


def test_reading_needs_no_torch():
    code = "import sys; from pix2pix import inference; import numpy as np; "
    code += "inference.segment(np.zeros((32, 32, 3), np.uint8)); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], timeout=120).returncode == 0
