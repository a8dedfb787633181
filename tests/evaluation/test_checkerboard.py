"""The checkerboard measure: it answers to what upsampling leaves, at its period, and to nothing else."""

import numpy as np
import pytest
from PIL import Image, ImageFilter

from pix2pix import synthetic
from pix2pix.evaluation.checkerboard import PERIODS, contrasts, ratios

SIDE = 128


@pytest.fixture(scope="module")
def photos() -> list[np.ndarray]:
    return [synthetic.facade(seed, SIDE, SIDE)[1] for seed in range(6)]


def against_photos(change, photos) -> np.ndarray:
    return ratios(np.array([contrasts(change(photo)) - contrasts(photo) for photo in photos]))


def laid_over(pattern: np.ndarray):
    """The photo with a pattern that goes on over all of it."""
    tiled = np.tile(pattern, (SIDE // pattern.shape[0], SIDE // pattern.shape[1]))[..., None]
    return lambda photo: np.clip(np.rint(photo + tiled), 0, 255).astype(np.uint8)


def in_blocks(side: int):
    """The photo as nearest-neighbour upsampling gives it: one colour for each block of pixels."""

    def change(photo: np.ndarray) -> np.ndarray:
        small = photo.reshape(SIDE // side, side, SIDE // side, side, 3).mean(axis=(1, 3))
        return np.rint(small).astype(np.uint8).repeat(side, axis=0).repeat(side, axis=1)

    return change


def test_photos_themselves_are_the_measure(photos):
    assert np.array_equal(against_photos(lambda photo: photo, photos), np.ones(len(PERIODS)))


@pytest.mark.parametrize("period", PERIODS)
def test_a_pattern_of_transposed_convolution_raises_its_period_and_no_longer_one(photos, period):
    pattern = np.random.default_rng(period).normal(0, 6, (period, period))
    found = dict(zip(PERIODS, against_photos(laid_over(pattern), photos), strict=True))
    assert found[period] > 1.3
    assert all(found[p] == pytest.approx(1, abs=0.1) for p in PERIODS if p > period)


def test_the_finest_checkerboard_of_two_levels_is_found(photos):
    assert against_photos(laid_over(np.array([[2, -2], [-2, 2]])), photos)[0] > 2


@pytest.mark.parametrize("side", [2, 4, 8])
def test_pixels_repeated_in_blocks_raise_the_period_of_the_blocks(photos, side):
    assert against_photos(in_blocks(side), photos)[PERIODS.index(side)] > 3


@pytest.mark.parametrize("level", [2, 8])
def test_noise_is_no_checkerboard(photos, level):
    def change(photo):
        noise = np.random.default_rng(0).normal(0, level, (SIDE, SIDE, 1))
        return np.clip(np.rint(photo + noise), 0, 255).astype(np.uint8)

    assert against_photos(change, photos).max() < 1.2


def test_moving_a_photo_changes_next_to_nothing(photos):
    assert against_photos(lambda photo: np.roll(photo, 3, axis=1), photos) == pytest.approx(1, abs=0.1)


def test_a_stronger_pattern_scores_higher(photos):
    pattern = np.array([[1, -1], [-1, 1]])
    found = [against_photos(laid_over(level * pattern), photos)[0] for level in (1, 2, 4)]
    assert found == sorted(found)


def test_plain_pictures_have_no_contrast_and_small_ones_none_to_tell():
    assert contrasts(np.full((96, 80, 3), 90, np.uint8)) == pytest.approx(0)
    assert np.isnan(contrasts(np.zeros((64, 128, 3), np.uint8))).all()


def test_blur_is_no_checkerboard_at_the_periods_that_survive_it(photos):
    def change(photo):
        return np.asarray(Image.fromarray(photo).filter(ImageFilter.GaussianBlur(1)))

    assert against_photos(change, photos)[1:].max() < 1.3
