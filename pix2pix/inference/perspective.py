"""A facade seen askew in a photo, made upright: its four corners become those of the picture."""

import re
from collections.abc import Sequence
from typing import Literal

import numpy as np
from PIL import Image

from pix2pix.utils import UserError

Point = tuple[float, float]
Corners = Sequence[Point] | Literal["guess"]
GUESS = "guess"  # instead of corners
ORDER = "top left, top right, bottom right, bottom left"
MIN_SIDE = 16  # pixels of the photo: a facade further away shows no windows
FINER = 2  # times: so fine is it sampled before it is averaged
MIN_HOUSE = 0.05  # of a photo: less of a house is none
MIN_COLUMN = 0.5  # of the house in its fullest columns: what has less is not the front
MAX_BREAK = 3  # columns
FITS, MIN_FITTING, NEAR_LINE = 3, 0.7, 4  # rounds, share of the columns, pixels


def rectified(photo: np.ndarray, corners: Sequence[Point] | None, height: int, width: int) -> np.ndarray:
    """The quadrilateral between `corners` of a photo `(H, W, 3)` uint8, as a picture `(height, width, 3)`.

    Corners are (x, y) in pixels, `ORDER`; None for those of the whole photo. Raises UserError for other than four
    corners, and for those that lie outside of the photo, cross, or leave next to nothing between them.
    """
    image = Image.fromarray(photo)
    if corners is None:
        return np.asarray(image.resize((width, height), Image.Resampling.BOX))
    check_corners(corners, image.width, image.height)
    points = np.array(corners, np.float64)
    sides = np.linalg.norm(points - np.roll(points, 1, axis=0), axis=1)
    coarser = max(1, int(sides.min() / (FINER * max(height, width))))
    image = image.reduce(coarser)
    fine = FINER * width, FINER * height
    found = image.transform(fine, Image.Transform.PERSPECTIVE, homography(points / coarser, *fine), Image.BILINEAR)
    return np.asarray(found.resize((width, height), Image.Resampling.BOX))


def check_corners(corners: Sequence[Point], width: int, height: int) -> None:
    """Raise UserError for what are no four corners of a facade in a photo of that size."""
    _check_count(corners)
    points = np.array(corners, np.float64)
    outside = ~((points >= 0) & (points <= (width, height))).all(axis=1)
    if outside.any():
        x, y = corners[int(outside.argmax())]
        raise UserError(f"the corner {x:g},{y:g} lies outside of the photo, which has {width}x{height} pixels")
    along = np.roll(points, -1, axis=0) - points
    turns = along[:, 0] * np.roll(along[:, 1], -1) - along[:, 1] * np.roll(along[:, 0], -1)
    if not (turns > 0).all():
        raise UserError(f"the sides between the corners cross, or one lies inside of the others: give {ORDER}")
    if np.linalg.norm(along, axis=1).min() < MIN_SIDE:
        raise UserError(f"the corners leave less than {MIN_SIDE} pixels between them: too few to see a facade in")


def _check_count(corners: Sequence) -> None:
    if len(corners) != 4:
        raise UserError(f"a facade has four corners, {ORDER}, not {len(corners)}")


def front_of(mask: np.ndarray) -> list[Point] | None:
    """The corners of a house front, as shares of the photo, by the mask `(H, W)` of what is house there.

    Its sides are upright; its upper and its lower edge are the straight lines that most columns agree on. None where
    there is too little of a house.
    """
    height, width = mask.shape
    filled = mask.mean(axis=0)
    columns = np.flatnonzero(filled > MIN_COLUMN * np.quantile(filled, 0.9))
    if mask.mean() < MIN_HOUSE or not len(columns):
        return None
    columns = max(np.split(columns, np.flatnonzero(np.diff(columns) > MAX_BREAK) + 1), key=len)
    house = mask[:, columns]
    edges = house.argmax(axis=0), height - np.flip(house, axis=0).argmax(axis=0)
    left, right = int(columns[0]), int(columns[-1]) + 1
    (top_left, top_right), (bottom_left, bottom_right) = (_line(columns + 0.5, edge, left, right) for edge in edges)
    corners = [(left, top_left), (right, top_right), (right, bottom_right), (left, bottom_left)]
    return [(min(max(x / width, 0.0), 1.0), min(max(y / height, 0.0), 1.0)) for x, y in corners]


def _line(x: np.ndarray, y: np.ndarray, first: float, last: float) -> tuple[float, float]:
    """The height at `first` and at `last` of the line through most of the points: those far off do not count."""
    fits = np.ones(len(x), bool)
    for _ in range(FITS):
        line = np.polynomial.Polynomial.fit(x[fits], y[fits], 1)
        off = np.abs(line(x) - y)
        fits = off <= max(NEAR_LINE, np.quantile(off, MIN_FITTING))
    return float(line(first)), float(line(last))


def read_corners(text: str) -> Corners | None:
    """Corners from text, "x,y x,y x,y x,y" or "guess"; None where there is none. Raises UserError for other text."""
    if text.strip() in ("", GUESS):
        return GUESS if text.strip() else None
    points = [re.fullmatch(r"(-?\d+(?:\.\d+)?),(-?\d+(?:\.\d+)?)", each) for each in text.split()]
    if not all(points):
        raise UserError(f"corners are written x,y x,y x,y x,y, {ORDER}, or {GUESS}; not {text[:80]!r}")
    _check_count(points)
    return [(float(point[1]), float(point[2])) for point in points if point]


def homography(corners: np.ndarray, width: int, height: int) -> list[float]:
    """Pillow's eight coefficients: where in the photo each place of a picture of that size comes from."""
    rows, values = [], []
    for (x, y), (left, top) in zip([(0, 0), (width, 0), (width, height), (0, height)], corners, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -left * x, -left * y], [0, 0, 0, x, y, 1, -top * x, -top * y]]
        values += [left, top]
    return np.linalg.solve(np.array(rows, np.float64), np.array(values)).tolist()
