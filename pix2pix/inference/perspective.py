"""A facade seen askew in a photo, made upright: its four corners become those of the picture."""

import re
from collections.abc import Sequence

import numpy as np
from PIL import Image

from pix2pix.utils import UserError

Point = tuple[float, float]
ORDER = "top left, top right, bottom right, bottom left"
MIN_SIDE = 16  # pixels of the photo: a facade further away shows no windows
FINER = 2  # times: so fine is it sampled before it is averaged


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
    if len(corners) != 4:
        raise UserError(f"a facade has four corners, {ORDER}; {len(corners)} were given")
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


def read_corners(text: str) -> list[Point] | None:
    """Corners from text, "x,y x,y x,y x,y"; None where there is none. Raises UserError for other text."""
    if not text.strip():
        return None
    points = [re.fullmatch(r"(-?\d+(?:\.\d+)?),(-?\d+(?:\.\d+)?)", each) for each in text.split()]
    if not all(points):
        raise UserError(f"corners are written x,y x,y x,y x,y, {ORDER}; not {text[:80]!r}")
    return [(float(point[1]), float(point[2])) for point in points if point]


def homography(corners: np.ndarray, width: int, height: int) -> list[float]:
    """Pillow's eight coefficients: where in the photo each place of a picture of that size comes from."""
    rows, values = [], []
    for (x, y), (left, top) in zip([(0, 0), (width, 0), (width, height), (0, height)], corners, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -left * x, -left * y], [0, 0, 0, x, y, 1, -top * x, -top * y]]
        values += [left, top]
    return np.linalg.solve(np.array(rows, np.float64), np.array(values)).tolist()
