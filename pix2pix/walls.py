"""Walls around windows that are drawn without one, and where the street begins: what a drawing of a house leaves open.

Rectified photos show windows of next houses whose wall nobody labelled, and who paints windows first means a house.
Our generator sees such walls in every label map, at training and at test; `canvas/js/browser/walls.js` does the same.
"""

import numpy as np

from pix2pix import labels

BACKGROUND, WALL = labels.INDEX["background"], labels.INDEX["facade"]
CELLS = 128  # across a picture's shorter side: walls are found in these, not in pixels; distances are in cells
NEAR, OPEN, LITTLE = 5, 0.2, 0.15  # within NEAR of it: share of background at least, wall at most of that
SPECK = 8  # cells of windows within NEAR: fewer are a slip of the brush
RIM, GAP = 4, 20  # of wall around a window; between walls, to the house and to the edge: no more is open
HOUSE, STREET = 0.2, 0.05  # of a row: where one has so much house there is a street, below the last that has some
HALF = 16  # bits of a count: two are added up in one number


def with_walls(drawing: np.ndarray) -> np.ndarray:
    """Label map `(H, W)` -> the same with walls around windows, doors, shops and balconies that have hardly any.

    They reach down to the street, and sideways to what is near. Only background becomes wall.
    """
    height, width = drawing.shape
    step = max(1, min(height, width) // CELLS)
    found = _walls(drawing[::step, ::step])
    if not found.any():
        return drawing
    found = found.repeat(step, axis=0).repeat(step, axis=1)[:height, :width]
    return np.where(found & (drawing == BACKGROUND), np.uint8(WALL), drawing)


def street(drawing: np.ndarray) -> int:
    """Label map `(H, W)` -> its first row of street, up to H; H where there is no house."""
    shares = _is_house(drawing).mean(axis=1)
    return _end(shares > STREET) if shares.max() > HOUSE else len(drawing)


def _walls(drawing: np.ndarray) -> np.ndarray:
    is_open, is_wall, is_element = drawing == BACKGROUND, drawing == WALL, _IN_WALLS[drawing]
    if not is_element.any():
        return is_element
    is_house = _is_house(drawing)
    shares = is_house.mean(axis=1)
    ground = max(_end(is_element.any(axis=1)), _end(shares > STREET))
    if not is_wall.any() and shares.max() > HOUSE:  # a house that is drawn as windows alone
        ground = len(drawing)
    is_open[ground:] = False
    counts = _counts(is_open + (is_wall.astype(np.int32) << HALF))  # both in one pass: most of the time goes there
    around, walled = counts & (1 << HALF) - 1, counts >> HALF
    bare = is_element & (around > OPEN * (2 * NEAR + 1) ** 2) & (walled < LITTLE * around)
    bare &= _counts(bare) >= SPECK
    if not bare.any():
        return bare
    found = np.logical_or.accumulate(_counts(bare, RIM) > 0)
    found[ground:] = False
    return _joined(found, found | is_house)


def _joined(found: np.ndarray, solid: np.ndarray) -> np.ndarray:
    """Walls, and the gaps beside them in each row up to what is solid, the picture's edges among it."""
    found, solid = np.pad(found, ((0, 0), (1, 1))), np.pad(solid, ((0, 0), (1, 1)), constant_values=True)
    columns = np.arange(solid.shape[1])
    before = np.maximum.accumulate(np.where(solid, columns, 0), axis=1)
    behind = np.minimum.accumulate(np.where(solid, columns, columns[-1])[:, ::-1], axis=1)[:, ::-1]
    is_beside = np.take_along_axis(found, before, 1) | np.take_along_axis(found, behind, 1)
    return (found | (is_beside & (behind - before <= GAP + 1)))[:, 1:-1]


def _end(rows: np.ndarray) -> int:
    """The row below the last one that is meant; 0 where none is."""
    places = np.flatnonzero(rows)
    return int(places[-1]) + 1 if len(places) else 0


def _is_house(drawing: np.ndarray) -> np.ndarray:
    return (drawing != BACKGROUND) & (drawing != labels.VOID)


def _counts(mask: np.ndarray, reach: int = NEAR) -> np.ndarray:
    """How many of the mask are within `reach` of each place, across and down; of numbers their sum."""
    counts = mask.astype(np.int32)
    for axis in (0, 1):
        padding = [(reach + 1, reach) if each == axis else (0, 0) for each in range(2)]
        sums = np.moveaxis(np.pad(counts, padding).cumsum(axis), axis, 0)
        counts = np.moveaxis(sums[2 * reach + 1 :] - sums[: -2 * reach - 1], 0, axis)
    return counts


_IN_WALLS = np.isin(np.arange(labels.VOID + 1), [labels.INDEX[name] for name in ("window", "door", "shop", "balcony")])
