"""The cheap scores against the final ones and against arithmetic."""

import numpy as np
import pytest
import torch

from pix2pix import synthetic
from pix2pix.data.pairs import Pair
from pix2pix.evaluation.metrics import image_scores
from pix2pix.training.validation import epochs_between_scores, quick_scores

CPU = torch.device("cpu")
PHOTOS = [synthetic.facade(seed, 32, 32)[1] for seed in range(4)]


def pairs(targets: list[np.ndarray]) -> list[Pair]:
    """A pair's input stands for what is generated of it; the translator below hands it on."""
    return [Pair(str(place), PHOTOS[place], target) for place, target in enumerate(targets)]


def handed_on(picture: np.ndarray) -> np.ndarray:
    return picture


def test_they_are_the_final_scores():
    targets = PHOTOS[1:] + PHOTOS[:1]
    quick = quick_scores(handed_on, pairs(targets), CPU)
    final = image_scores(PHOTOS, targets)
    assert quick["val_l1"] == pytest.approx(final["l1"], abs=1e-5)
    assert quick["psnr"] == pytest.approx(final["psnr"], abs=1e-3)
    assert quick["ssim"] == pytest.approx(final["ssim"], abs=1e-4)


def test_perfect_pictures_have_finite_scores_and_the_variety_of_the_targets():
    scores = quick_scores(handed_on, pairs(PHOTOS), CPU)
    assert scores == pytest.approx({"val_l1": 0, "psnr": 100, "ssim": 1, "variety": 1}, abs=1e-4)


def test_variety_is_the_ratio_of_the_spreads_over_pictures():
    halved = [Pair(pair.name, pair.input // 2, pair.target) for pair in pairs(PHOTOS)]
    assert quick_scores(handed_on, halved, CPU)["variety"] == pytest.approx(0.5, abs=0.01)
    same = [Pair(pair.name, PHOTOS[0], pair.target) for pair in pairs(PHOTOS)]
    assert quick_scores(handed_on, same, CPU)["variety"] == pytest.approx(0, abs=1e-3)


def test_what_cannot_be_scored_is_left_out():
    assert "variety" not in quick_scores(handed_on, pairs(PHOTOS[:1]), CPU)
    assert "variety" not in quick_scores(handed_on, pairs([PHOTOS[0]] * 3), CPU), "targets that are all the same"
    tiny = [Pair("tiny", photo[:4, :4], photo[:4, :4]) for photo in PHOTOS]
    assert sorted(quick_scores(handed_on, tiny, CPU)) == ["psnr", "val_l1", "variety"]


def test_pictures_of_one_and_of_many_channels_are_scored():
    for channels in (1, 5):
        many = [Pair("", photo[..., [0] * channels], photo[..., [1] * channels]) for photo in PHOTOS]
        assert sorted(quick_scores(handed_on, many, CPU)) == ["psnr", "ssim", "val_l1", "variety"]


@pytest.mark.parametrize(
    ("asked", "steps", "epochs"), [(0, 400, 1), (0, 288, 2), (0, 10, 40), (0, 50_000, 1), (3, 10, 3)]
)
def test_short_epochs_are_not_all_scored_unless_that_was_asked_for(asked, steps, epochs):
    assert epochs_between_scores(asked, steps) == epochs
