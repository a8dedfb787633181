"""How a checkpoint bears drawings by people: the hand-made ones of `test_drawings`, and small edits of them.

scores = drawing_scores(inference.load("checkpoints/facades"))
print(table(scores))
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from pix2pix import images
from pix2pix.evaluation import test_drawings
from pix2pix.evaluation.artifacts import find_artifacts
from pix2pix.labels import INDEX
from pix2pix.utils import counted
from pix2pix.walls import with_walls

Generate = Callable[[np.ndarray], np.ndarray]  # label map (H, W) -> picture (H, W, 3) uint8: a Translator is one


class Limit(NamedTuple):
    """What a drawing passes with: at most, or at least, `value`."""

    value: float
    at_least: bool = False

    def holds(self, score: float) -> bool:
        return math.isnan(score) or (score >= self.value if self.at_least else score <= self.value)


# Percentiles are of 328 photos of the CMP base set with their labels; `experiments/photo_artifacts.py` prints them.
LIMITS: Mapping[str, Limit] = {
    "edges": Limit(23.8, at_least=True),  # levels a pixel: 19 of 20 photos have more, with labels that are a little off
    "grid": Limit(0.5),  # levels a pixel: 19 of 20 photos have less
    "stripes": Limit(0.62),  # share: 19 of 20 photos have less
    "noise": Limit(2.7),  # levels: 19 of 20 photos have less
    "shading": Limit(33.4),  # levels: as even as the evener quarter of photos, since no shadow is cast on a drawn wall
    "colour_unevenness": Limit(6.8),  # levels: as even as the evener half: a wall has one colour, and shadow has none
    "shift": Limit(0.038),  # half of what it costs to lay the median photo one pixel out of place
    "mirror": Limit(0.1),  # a tenth of the half range: the other side in another light, not of another building
    "rectangle": Limit(0.02),  # 2.5 levels of 255, which nobody sees
    "rectangle_reach": Limit(64),  # pixels: about the window beside it and the storey above
    "dab": Limit(0.01),  # half of what a rectangle may do
    "dab_reach": Limit(32),  # pixels
}
BESIDE = 16  # pixels: so near to an edit the picture may change as it likes, its frames and shadows lie there
SEEN = 0.02  # a mean change beyond this counts as seen
RING = 8  # pixels: the step in which the reach of an edit is told
PLACES = ((72, 61), (171, 158))  # row and column of the middles of the edits, in 256x256
RECTANGLE, DAB = (26, 18), (3, 3)  # pixels: height and width of a window, and of a slip of the brush


def drawing_scores(generate: Generate, names: Sequence[str] = test_drawings.NAMES) -> dict:
    """Every measure of `LIMITS` on every drawing; the same for the same translator. Takes 8 pictures a drawing.

    `drawings`: by drawing and measure, None where a drawing has no place for the measure. `means`: by measure.
    `failed`: by measure, the names of the drawings beyond its limit.
    """
    scores = {name: _scores(generate, test_drawings.load(name)) for name in names}
    valid = {
        measure: [each[measure] for each in scores.values() if not math.isnan(each[measure])] for measure in LIMITS
    }
    return {
        "drawings": {
            name: {measure: None if math.isnan(score) else round(score, 4) for measure, score in each.items()}
            for name, each in scores.items()
        },
        "means": {measure: float(np.mean(values)) if values else None for measure, values in valid.items()},
        "failed": {
            measure: [name for name, each in scores.items() if not limit.holds(each[measure])]
            for measure, limit in LIMITS.items()
        },
    }


def table(scores: dict) -> str:
    """The scores as lines to read: a row for each measure, then the drawings beyond its limit."""
    lines = [f"{counted(len(scores['drawings']), 'drawing')} by hand{'mean':>15}{'limit':>10}  beyond it"]
    for measure, limit in LIMITS.items():
        mean, failed = scores["means"][measure], scores["failed"][measure]
        shown = "-" if mean is None else f"{mean:.3f}"
        bound = f"{'>' if limit.at_least else '<'} {limit.value:g}"
        lines.append(f"  {measure:18}{shown:>14}{bound:>10}  {len(failed):2} {', '.join(failed)}".rstrip())
    return "\n".join(lines)


def edit_scores(generate: Generate, drawing: np.ndarray, picture: np.ndarray) -> dict[str, float]:
    """What small edits do to the picture of a drawing: mean absolute differences on [-1, 1], and reaches in pixels.

    `shift`: drawing moved by one pixel and picture moved back, level and upright. `mirror`: drawing mirrored and
    picture mirrored back. `rectangle`: a window added, at two places, measured further than `BESIDE` from it (and from
    its wall, where it gets one); taking it away again is the same number. `dab`: the same for a slip of 3x3 pixels.
    `…_reach`: how far from the edit the change is still seen.
    """
    before = images.normalize(picture.astype(np.float64))

    def after(edited: np.ndarray) -> np.ndarray:
        return images.normalize(generate(edited).astype(np.float64))

    right, down = after(_moved(drawing, axis=1)), after(_moved(drawing, axis=0))
    level, upright = np.abs(right[:, 2:] - before[:, 1:-1]), np.abs(down[2:] - before[1:-1])
    mirrored = after(np.ascontiguousarray(drawing[:, ::-1]))[:, ::-1]
    scores = {"shift": float((level.mean() + upright.mean()) / 2), "mirror": float(np.abs(mirrored - before).mean())}
    for name, size in (("rectangle", RECTANGLE), ("dab", DAB)):
        changes = []
        for place in PLACES:
            edited, distance = _edited(drawing, place, size)
            changes.append(_change(np.abs(after(edited) - before).mean(axis=2), distance))
        scores[name], scores[f"{name}_reach"] = (float(value) for value in np.mean(changes, axis=0))
    return scores


def _scores(generate: Generate, drawing: np.ndarray) -> dict[str, float]:
    picture = generate(drawing)
    return find_artifacts(drawing, picture) | edit_scores(generate, drawing, picture)


def _moved(drawing: np.ndarray, axis: int) -> np.ndarray:
    """One pixel to the right or down; the first row or column is there twice."""
    return np.insert(drawing, 0, drawing.take(0, axis), axis).take(np.arange(drawing.shape[axis]), axis)


def _edited(drawing: np.ndarray, place: tuple[int, int], size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """The drawing with a window at a place (a blind, where there is a window), and each pixel's distance from that.

    Where the window gets a wall of its own, that is part of the edit.
    """
    top, left = (middle - extent // 2 for middle, extent in zip(place, size, strict=True))
    edited = drawing.copy()
    edited[top : top + size[0], left : left + size[1]] = INDEX["window"]
    if np.array_equal(edited, drawing):
        edited[top : top + size[0], left : left + size[1]] = INDEX["blind"]
    changed = with_walls(edited) != with_walls(drawing)
    above, beside = (_distances(changed.any(axis=axis)) for axis in (1, 0))
    return edited, np.maximum.outer(above, beside)


def _distances(is_changed: np.ndarray) -> np.ndarray:
    """How far each of a row of pixels is from the span of those that changed."""
    first, last = np.flatnonzero(is_changed)[[0, -1]]
    places = np.arange(len(is_changed))
    return np.maximum(np.maximum(first - places, places - last), 0)


def _change(change: np.ndarray, distance: np.ndarray) -> tuple[float, float]:
    """The mean change beyond `BESIDE`, and the outer side of the last ring in which it is seen."""
    rings = distance // RING
    means = np.bincount(rings.ravel(), change.ravel()) / np.bincount(rings.ravel())
    seen = np.flatnonzero(means > SEEN)
    return change[distance > BESIDE].mean(), (seen[-1] + 1) * RING if seen.size else 0.0
