"""Scores that cost little, for while training runs: how near the pictures are, and whether they differ at all.

They are those of `evaluation`, on the device, and how much the pictures differ from each other.
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from pix2pix import images
from pix2pix.data.pairs import Pair
from pix2pix.evaluation.metrics import tensor_scores
from pix2pix.inference import Translator

SCORED_PAIRS = 16
SCORED_STEPS = 400  # between scores, at least: 16 pictures cost about 1% of as many steps on a CPU
MAX_DECIBELS = 100.0  # of equal pictures, which otherwise have infinitely many


def epochs_between_scores(score_every: int, steps_per_epoch: int) -> int:
    """What a config's `score_every` means: itself, or for 0 as many epochs as have `SCORED_STEPS` steps."""
    return score_every or math.ceil(SCORED_STEPS / steps_per_epoch)


def quick_scores(translator: Translator, pairs: Sequence[Pair], device: torch.device) -> dict[str, float]:
    """Means over the pairs, as `image_scores` defines them, and how much the pictures differ from each other.

    `val_l1` on [-1, 1], `psnr` in dB, `ssim`, and `variety`: the standard deviation of a pixel over the generated
    pictures, averaged over all pixels and divided by that of the targets. 1: as varied as the targets; 0: the same
    picture for every input. A score that these pictures do not allow (SSIM of tiny ones, the variety of one) is
    left out.
    """
    rows, made, wanted = [], _Spread(), _Spread()
    for pair in pairs:
        both = [images.planes(picture) for picture in (translator(pair.input), pair.target)]
        pictures = [torch.from_numpy(planes).to(device) for planes in both]
        made.add(pictures[0])
        wanted.add(pictures[1])
        rows.append(tensor_scores(*pictures).clamp(max=MAX_DECIBELS))
    scores = dict(zip(("val_l1", "psnr", "ssim"), torch.stack(rows).mean(dim=0).tolist(), strict=True))
    scores["variety"] = (made.mean() / wanted.mean()).item() if len(pairs) > 1 else math.nan
    return {name: score for name, score in scores.items() if math.isfinite(score)}


class _Spread:
    """The standard deviation of each pixel over pictures that are seen one by one: in whole numbers, so that equal
    pictures have none."""

    def __init__(self):
        self.count, self.sum, self.squares = 0, 0, 0

    def add(self, picture: Tensor) -> None:
        levels = picture.long()
        self.count, self.sum, self.squares = self.count + 1, self.sum + levels, self.squares + levels.square()

    def mean(self) -> Tensor:
        return (self.count * self.squares - self.sum.square()).sqrt().mean() / self.count
