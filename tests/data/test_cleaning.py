"""Labels corrected by their photos: where rectified photos end, where the sky is."""

import numpy as np
import pytest
from PIL import Image

from pix2pix import images, labels, synthetic
from pix2pix.data.cleaning import corrected, margins, training_labels
from pix2pix.data.dataset import PairDataset
from pix2pix.data.decoded import load_pairs
from pix2pix.data.pairs import Pair
from pix2pix.recipes import RECIPES


def with_wedge(photo: np.ndarray, level: int) -> tuple[np.ndarray, np.ndarray]:
    """The photo with its left fifth cut off on a slope, as rectifying leaves it, and where."""
    rows, columns = np.indices(photo.shape[:2])
    is_margin = columns < photo.shape[1] // 5 - rows // 8
    photo = photo.copy()
    photo[is_margin] = level
    return photo, is_margin


@pytest.mark.parametrize("level", [0, 130])
def test_margins_are_found_after_jpeg_and_little_else(level, tmp_path):
    photo, is_margin = with_wedge(synthetic.facade(3, 256, 256)[1], level)
    Image.fromarray(photo).save(tmp_path / "photo.jpg", quality=90)
    found = margins(images.read_image(tmp_path / "photo.jpg"))
    assert found[is_margin].mean() > 0.98
    assert found[~is_margin].mean() < 0.06  # the pixels that JPEG blends


def test_a_whole_photo_has_no_margins():
    for seed in range(8):
        assert not margins(synthetic.facade(seed, 256, 256)[1]).any()


def test_a_dark_or_grey_house_in_the_middle_is_no_margin():
    photo = np.full((64, 64, 3), 200, dtype=np.uint8)
    photo[8:-8, 8:-8] = 128
    photo[20:-20, 20:-20] = 0
    assert not margins(photo).any()


@pytest.mark.parametrize("colour", [(235, 235, 238), (120, 160, 210)])
def test_wall_that_is_sky_in_the_photo_becomes_background_and_no_other_wall(colour):
    classes = np.full((64, 64), labels.INDEX["facade"], dtype=np.uint8)
    classes[30:40, 20:30] = labels.INDEX["window"]
    photo = np.full((64, 64, 3), (150, 110, 90), dtype=np.uint8)
    photo[:12] = colour
    photo[30:40, 20:30] = colour  # glass that mirrors it
    photo[50:60, :10] = colour  # a shop sign: no sky above it
    found = corrected(classes, photo)
    assert (found[:12] == labels.INDEX["background"]).all()
    assert np.array_equal(found[14:], classes[14:])  # beneath the sky, colours are levelled over 5 pixels


def test_wall_of_another_colour_at_the_foot_or_the_top_of_the_house_is_of_no_class_and_shades_are_wall():
    classes = np.full((64, 64), labels.INDEX["facade"], dtype=np.uint8)
    classes[:6] = classes[-2:] = labels.INDEX["background"]
    classes[30:40, 20:30] = labels.INDEX["window"]
    photo = np.full((64, 64, 3), (150, 110, 90), dtype=np.uint8)
    photo[:, ::7] += 20  # texture
    photo[:6] = 230  # sky
    photo[6:12] = (90, 30, 20)  # a roof
    photo[50:, :10] = (30, 60, 20)  # a bush
    photo[44:48, 50:] = (30, 60, 20)  # a flower box: wall below it
    found = corrected(classes, photo)
    is_void = found == labels.VOID
    assert is_void[7:11, 3:-3].all()
    assert is_void[52:61, :8].all()
    elsewhere = np.ones((64, 64), dtype=bool)
    elsewhere[4:14] = elsewhere[48:64, :12] = False  # colours are levelled over 5 pixels
    assert np.array_equal(found[elsewhere], classes[elsewhere])


def test_wall_behind_leaves_is_of_no_class_and_a_wall_that_is_painted_green_is_wall():
    classes = np.full((64, 64), labels.INDEX["facade"], dtype=np.uint8)
    photo = np.full((64, 64, 3), (150, 110, 90), dtype=np.uint8)
    leaves = np.random.default_rng(0).integers(0, 2, (20, 20, 1)) * np.uint8([50, 70, 40]) + np.uint8([20, 40, 10])
    photo[20:40, 20:40] = leaves
    found = corrected(classes, photo) == labels.VOID
    assert found[22:38, 22:38].all()
    assert not found[:12].any() and not found[48:].any() and not found[:, :12].any() and not found[:, 48:].any()
    photo[14:50, 14:50] = (60, 90, 50)  # painted
    photo[14:50:4] -= 5  # with joints
    assert not (corrected(classes, photo)[24:40, 24:40] == labels.VOID).any()


def test_dark_restless_spots_of_a_wall_are_of_no_class_and_the_shade_beside_windows_is_wall():
    classes = np.full((64, 64), labels.INDEX["facade"], dtype=np.uint8)
    classes[40:50, 40:50] = labels.INDEX["window"]
    photo = np.full((64, 64, 3), (170, 160, 150), dtype=np.uint8)
    branches = np.random.default_rng(0).integers(0, 2, (16, 16, 1), np.uint8)
    photo[8:24, 8:24] = 60 + 60 * branches
    photo[40:50, 50:52] = 60  # the window's shade
    photo[28:60, 4:36] = 100  # dark and even, as a wall in two colours
    found = training_labels(classes, photo) == labels.VOID
    assert found[10:22, 10:22].all()
    assert not found[:, 40:].any() and not found[40:50, 14:26].any()


def test_windows_of_a_next_house_stand_on_its_wall_and_not_on_its_sky():
    classes = np.full((256, 256), labels.INDEX["background"], dtype=np.uint8)
    classes[40:240, 120:] = labels.INDEX["facade"]
    classes[80:100, 160:180] = classes[100:120, 20:40] = labels.INDEX["window"]
    photo = np.full((256, 256, 3), (150, 110, 90), dtype=np.uint8)
    photo[:40] = photo[:96, :120] = 230
    found = training_labels(classes, photo)
    assert (found[122:238, 12:48] == labels.INDEX["facade"]).all()
    assert (found[:94, :110] == labels.INDEX["background"]).all()
    assert (found[120:230, 70:110] == labels.VOID).all()  # too far from its windows to be known


def test_background_is_sky_or_street_or_a_slit_in_the_house_and_the_next_house_is_of_no_class():
    classes = np.full((64, 64), labels.INDEX["background"], dtype=np.uint8)
    classes[20:56, 16:48] = labels.INDEX["facade"]
    photo = np.full((64, 64, 3), 230, dtype=np.uint8)
    photo[20:56, 16:48] = (150, 110, 90)
    photo[30:56, 48:] = (180, 170, 90)  # the next house
    photo[56:] = 90  # the street
    classes[24, 16:48] = labels.INDEX["background"]  # a slit between the rectangles of the house
    photo[24, 16:48] = (150, 110, 90)
    found = corrected(classes, photo)
    is_void = found == labels.VOID
    expected = np.zeros((64, 64), dtype=bool)
    expected[30:56, 48:] = True
    inside = np.ones((64, 64), dtype=bool)
    inside[18:58, 14:50] = False  # where the wall's colour is levelled with others over 5 pixels
    inside[24:50, 22:42] = True
    assert np.array_equal(is_void[inside], expected[inside])
    assert np.array_equal(found[inside & ~is_void], classes[inside & ~is_void])


def test_training_labels_are_void_in_margins_and_those_of_validation_are_not(tmp_path):
    label_map, photo = synthetic.facade(22, 64, 64)  # no background, where it is corrected too
    photo, is_margin = with_wedge(photo, 0)
    for split in ("train", "val"):
        (tmp_path / split).mkdir()
        pair = np.hstack([photo, labels.colorize(label_map)])
        Image.fromarray(pair).save(tmp_path / split / "1.png")
    config = RECIPES["perceptual"].replace(size=64, jitter=False, hflip=False, shift=False)
    inner = is_margin & np.roll(is_margin, -1, axis=1)
    for split, is_void in (("train", True), ("val", False)):
        pairs = load_pairs(str(tmp_path), split, config, is_void and config.corrects_labels)
        assert (pairs[0].input[is_margin] == labels.VOID).all() == is_void
        seen = PairDataset(pairs, config)[0, 0][0].numpy()
        assert (seen[inner] == labels.VOID).all() == is_void
        assert (seen[seen != labels.VOID] < len(labels.CLASSES)).all()
    for other in (RECIPES["paper"].replace(size=64), config.replace(teacher="somewhere")):
        pairs = load_pairs(str(tmp_path), "train", other, other.corrects_labels)
        assert (pairs[0].input < len(labels.CLASSES)).all()


def test_every_other_pair_is_shifted_and_void_where_nothing_is_left():
    pair = Pair("1", np.ones((64, 64), np.uint8), np.full((64, 64, 3), 200, np.uint8))
    config = RECIPES["perceptual"].replace(size=64, jitter=False, hflip=False)
    dataset = PairDataset([pair], config)
    void = []
    for seed in range(40):
        inputs, targets = dataset[0, seed]
        is_void = (inputs == labels.VOID).numpy()
        assert (inputs.numpy()[~is_void] == 1).all()
        assert (targets.numpy()[:, is_void] == 0).all()
        assert (targets.numpy()[:, ~is_void] == 200).all()
        void.append(is_void.mean())
    assert 10 < sum(share > 0 for share in void) < 30
    assert max(void) < 1 - (2 / 3) ** 2 + 0.02
    student = PairDataset([pair], config.replace(teacher="somewhere"))
    assert not any((student[0, seed][0] == labels.VOID).any() for seed in range(40))
