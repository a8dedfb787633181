"""Drawings from masks: what a segmenter sees of a facade, as the clean rectangles that people and CMP draw.

A mask has ragged edges, holes and specks. Here each connected area of a class becomes one rectangle, or a few: always
the one that holds the most of the class and the least of others. Then widths and heights of a class that are nearly
equal become equal, and middles that nearly align become aligned. The rectangles are drawn back to front.
"""

from collections.abc import Callable, Iterator
from functools import cache
from typing import NamedTuple

import numpy as np

from pix2pix.labels import DRAWING_ORDER, INDEX

OWN, OTHER, HIDDEN = 10, -10, -3  # what a pixel counts: of the class; of another; of one in front that will cover it
MIN_GAIN = 0.00025  # of the picture: pixels that a rectangle must hold more of its class than of others
MIN_SHARE = (0.08, 0.03)  # of an area of a class, of background: what a further rectangle must still explain of it
MAX_RECTANGLES = 12  # of one area
MIN_SIDE = 0.008  # of the picture's: thinner rectangles are slivers
COARSE = 40  # cells: larger areas are searched in cells of several pixels first
STRICT = (16, 2)  # times what other pixels count at first, around stripes: what is joined by a thin bridge becomes two
NEAR = 0.012  # of the picture's side: middles so near are one
NEAR_SIZE = 0.15  # of a side: sides so near are one
BASE = (INDEX["background"], INDEX["facade"])
STRIPES = [INDEX[name] for name in ("background", "molding", "pillar")]  # they go on behind what crosses them
_RANK = np.argsort([INDEX[name] for name in DRAWING_ORDER])
_FRONT = (_RANK[None] > _RANK[:, None]) & ~np.isin(np.arange(len(_RANK)), BASE)[:, None]  # [a, b]: b is drawn over a


class Rectangle(NamedTuple):
    """Pixels from (left, top) up to, not with, (right, bottom), of the class of index `label`."""

    label: int
    left: int
    top: int
    right: int
    bottom: int


def tidied(labels: np.ndarray) -> np.ndarray:
    """Label map `(H, W)` as a segmenter gives it -> the same size, as a person would have drawn it."""
    return drawn(find_rectangles(labels), *labels.shape)


def drawn(rectangles: list[Rectangle], height: int, width: int) -> np.ndarray:
    """Draw rectangles back to front onto wall."""
    labels = np.full((height, width), INDEX["facade"], np.uint8)
    for label, left, top, right, bottom in sorted(rectangles, key=lambda each: _RANK[each.label]):
        labels[max(top, 0) : bottom, max(left, 0) : right] = label
    return labels


def find_rectangles(labels: np.ndarray) -> list[Rectangle]:
    """The rectangles of a label map `(H, W)`, aligned; what is in none of them is wall."""
    found = [
        [rectangle for area in some for rectangle in _cover(labels, label, area)]
        for label, some in areas(labels).items()
        if label != INDEX["facade"]
    ]
    return [each for some in found for each in align(some, labels.shape)]


def _cover(labels: np.ndarray, label: int, place: "Area") -> Iterator[Rectangle]:
    """The rectangles of one connected area."""
    part = labels[place.top : place.bottom, place.left : place.right]
    others = np.where(_FRONT[label][part], HIDDEN, OTHER)
    weights = np.where(place.mask, OWN, np.where(part == label, 0, others)).astype(np.float32)  # whole: sums are exact
    strict = np.where(weights < 0, STRICT[label in STRIPES] * weights, weights)
    least, thin = OWN * MIN_GAIN * labels.size, MIN_SIDE * min(labels.shape)
    for _ in range(MAX_RECTANGLES):
        box, reach = best_rectangle(strict)
        gain, (top, left, bottom, right) = _refine(weights, box, reach)
        if gain < least or min(bottom - top, right - left) < thin:
            return
        yield Rectangle(label, place.left + left, place.top + top, place.left + right, place.top + bottom)
        weights[top:bottom, left:right] = strict[top:bottom, left:right] = 0
        least = max(least, OWN * MIN_SHARE[label in BASE] * place.mask.sum())


def best_rectangle(weights: np.ndarray) -> tuple[list[int], int]:
    """Weights `(H, W)` -> [top, left, bottom, right] of the greatest sum, and how far its edges may be off."""
    step = -(-max(weights.shape) // COARSE)
    if step > 1:
        sides = [(0, -side % step) for side in weights.shape]
        height, width = (-(-side // step) for side in weights.shape)
        weights = np.pad(weights, sides).reshape(height, step, width, step).sum(axis=(1, 3))
    return [step * each for each in _search(weights)], step + 1


def _refine(weights: np.ndarray, box: list[int], reach: int) -> tuple[float, list[int]]:
    """The greatest sum where each edge may move by up to `reach` pixels, and its box."""
    height, width = weights.shape
    sums = np.zeros((height + 1, width + 1), np.float32)
    weights.cumsum(axis=0).cumsum(axis=1, out=sums[1:, 1:])
    top, left, bottom, right = np.minimum(box, (height, width, height, width)).tolist()
    for _ in range(2):
        across = sums[:, right] - sums[:, left]  # of each row: the sum of what is above it
        top = _best(-across, top - reach, min(top + reach, bottom - 1))
        bottom = _best(across, max(bottom - reach, top + 1), bottom + reach)
        down = sums[bottom] - sums[top]
        left = _best(-down, left - reach, min(left + reach, right - 1))
        right = _best(down, max(right - reach, left + 1), right + reach)
    gain = sums[bottom, right] - sums[top, right] - sums[bottom, left] + sums[top, left]
    return float(gain), [top, left, bottom, right]


def _best(values: np.ndarray, first: int, last: int) -> int:
    """The place of the greatest value from `first` to `last`."""
    first = max(first, 0)
    return first + int(values[first : last + 1].argmax())


def _search(weights: np.ndarray) -> tuple[int, int, int, int]:
    """The rectangle of the greatest sum: Kadane's, for all pairs of rows at once."""
    height, width = weights.shape
    rows = np.zeros((height + 1, width), np.float32)
    weights.cumsum(axis=0, out=rows[1:])
    tops, bottoms = _row_pairs(height)
    sums = np.zeros((len(tops), width + 1), np.float32)
    (rows[bottoms] - rows[tops]).cumsum(axis=1, out=sums[:, 1:])
    gains = sums[:, 1:] - np.minimum.accumulate(sums[:, :-1], axis=1)
    pair, right = np.unravel_index(gains.argmax(), gains.shape)
    left = int(sums[pair, : right + 1].argmin())
    return int(tops[pair]), left, int(bottoms[pair]), int(right) + 1


@cache
def _row_pairs(height: int) -> tuple[np.ndarray, ...]:
    """Of `height` rows all first and last edges."""
    return np.triu_indices(height + 1, 1)


def align(rectangles: list[Rectangle], shape: tuple[int, ...]) -> list[Rectangle]:
    """Rectangles of one class, with nearly equal sides made equal and nearly aligned middles aligned."""
    boxes = np.array([each[1:] for each in rectangles], np.float64).reshape(-1, 2, 2)  # first and last corner; x and y
    sizes, middles = boxes[:, 1] - boxes[:, 0], boxes.mean(axis=1)
    for axis, side in enumerate((shape[1], shape[0])):
        sizes[:, axis] = _levelled(sizes[:, axis], lambda size: max(2.0, NEAR_SIZE * size))
        middles[:, axis] = _levelled(middles[:, axis], lambda _, side=side: NEAR * side)
    firsts = np.rint(middles - sizes / 2).astype(int)
    lasts = firsts + np.rint(sizes).astype(int)
    limits = (shape[1], shape[0])
    return [
        Rectangle(each.label, *np.clip(first, 0, limits), *np.clip(last, 0, limits))
        for each, first, last in zip(rectangles, firsts.tolist(), lasts.tolist(), strict=True)
    ]


def _levelled(values: np.ndarray, reach: Callable[[float], float]) -> np.ndarray:
    """Values with those that lie within `reach` of the least of them replaced by their median, group by group."""
    order = np.argsort(values, kind="stable")
    levelled, start = values.copy(), 0
    for at in range(1, len(order) + 1):
        if at == len(order) or values[order[at]] > values[order[start]] + reach(values[order[start]]):
            if at - start > 1:
                levelled[order[start:at]] = np.median(values[order[start:at]])
            start = at
    return levelled


class Area(NamedTuple):
    """A connected area: where it is, and which pixels there are its own."""

    left: int
    top: int
    right: int
    bottom: int
    mask: np.ndarray


def areas(labels: np.ndarray) -> dict[int, list[Area]]:
    """The connected areas of a label map `(H, W)` by class; those of a few pixels are left out."""
    height, width = labels.shape
    flat = labels.ravel().astype(np.int16)
    breaks = np.diff(flat, prepend=-1) != 0
    breaks[::width] = True  # runs end with their row
    starts = np.flatnonzero(breaks)
    ends = np.append(starts[1:], flat.size)
    rows, lefts, rights = starts // width, starts % width, (ends - 1) % width + 1
    number = np.cumsum(breaks).reshape(height, width) - 1  # of the run at each pixel
    touching = labels[1:] == labels[:-1]
    pairs = np.unique(number[:-1][touching] * len(starts) + number[1:][touching])
    roots = _joined(len(starts), np.stack(np.divmod(pairs, len(starts)), axis=1))
    order, area_of = np.argsort(roots, kind="stable"), roots[number]
    found: dict[int, list[Area]] = {}
    for runs in np.split(order, np.flatnonzero(np.diff(roots[order])) + 1):
        if (rights[runs] - lefts[runs]).sum() < MIN_GAIN * labels.size:
            continue
        left, right, top, bottom = (
            int(edge) for edge in (lefts[runs].min(), rights[runs].max(), rows[runs].min(), rows[runs].max() + 1)
        )
        mask = area_of[top:bottom, left:right] == roots[runs[0]]
        found.setdefault(int(flat[starts[runs[0]]]), []).append(Area(left, top, right, bottom, mask))
    return found


def _joined(count: int, pairs: np.ndarray) -> np.ndarray:
    """The least number among all that each number is connected with through pairs, `(count,)`."""
    roots = np.arange(count)
    while len(pairs):
        both = roots[pairs]
        least = both.min(axis=1)
        before = roots.copy()
        np.minimum.at(roots, both[:, 0], least)
        np.minimum.at(roots, both[:, 1], least)
        roots = roots[roots]
        if (roots == before).all():
            break
    return roots
