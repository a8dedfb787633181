"""How far a score would move with other pictures: 95 % intervals by the bootstrap (Efron 1979), over images.

The pictures are drawn anew with replacement, `RESAMPLES` times from one seed, and scored each time. Two checkpoints are
scored on the same draws, so that what makes a picture hard for both cancels out of their difference.
"""

import numpy as np

RESAMPLES = 1000
SEED = 2017
PERCENT = (2.5, 97.5)


def draws(count: int) -> np.ndarray:
    """`(RESAMPLES, count)`: places of pictures, each row one set of as many pictures as there are."""
    return np.random.default_rng(SEED).integers(0, count, (RESAMPLES, count))


def interval(value: float, resampled: np.ndarray) -> tuple[float, float]:
    """The 2.5th and 97.5th percentile of a score over the draws, moved so that their mean lies on the score itself.

    For means over pictures that moves next to nothing. Distances between sets are larger for every draw than for the
    whole, since a draw repeats pictures; unmoved, their interval need not hold the score. NaN where no draw has one.
    """
    resampled = resampled[np.isfinite(resampled)]
    if not (len(resampled) and np.isfinite(value)):
        return float("nan"), float("nan")
    low, high = np.percentile(resampled, PERCENT) + (value - resampled.mean())
    return float(low), float(high)


def verdict(low: float, high: float, better: str) -> str:
    """Of a difference A - B in a score of which `better` is "lower", "higher" or "", with A as the subject.

    "undecided" where the interval holds 0, and where there is none.
    """
    if not (low > 0 or high < 0):
        return "undecided"
    side = "higher" if low > 0 else "lower"
    return side if not better else "better" if side == better else "worse"
