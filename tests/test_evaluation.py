"""The scores against arithmetic."""

import math

import numpy as np
import pytest

from pix2pix.evaluation import image_scores


def grey(level: int) -> np.ndarray:
    return np.full((64, 64, 3), level, np.uint8)


def test_equal_pictures_score_perfectly():
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    scores = image_scores([noise], [noise])
    assert scores["l1"] == 0
    assert scores["ssim"] == pytest.approx(1)
    assert scores["psnr"] == math.inf


def test_l1_is_on_the_scale_of_the_loss_and_psnr_in_decibels():
    scores = image_scores([grey(0)], [grey(51)])  # a fifth of the range
    assert scores["l1"] == pytest.approx(2 / 5)
    assert scores["psnr"] == pytest.approx(-20 * math.log10(1 / 5), rel=1e-5)


def test_scores_are_means_over_pairs():
    scores = image_scores([grey(0), grey(0)], [grey(51), grey(0)])
    assert scores["l1"] == pytest.approx(1 / 5)
