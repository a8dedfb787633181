"""Labels of facades corrected by their photos, for training: sky and street are no wall, the next house is no sky.

Rectified photos fill the rest of their frame with flat black or grey. Four in five of the training photos of the CMP
base set have such margins: three tenths of what their labels call background, and 7 % of wall, are no picture at all.
And 41 % of the wall in the uppermost 20 of 256 rows is sky, where roofs were outlined roughly; 15 % of what is left of
wall are roofs, bushes, cars and street, and 2 % of the rest is behind trees and ivy. 44 % of what is left of background
are the walls and roofs of next houses (`experiments/label_errors.py`). A generator that is not told paints wedges into
the sky, sky into the top of plain walls, hedges at their foot, leaves and dark spots all over them, and a sky that
turns to the colour of a house. Where windows of a next house are labelled and its wall is not, background shows wall.
"""

import numpy as np

from pix2pix.labels import INDEX, VOID
from pix2pix.walls import with_walls

DARKEST = 20  # of 255: what is filled with black, after JPEG
GREY, GREY_REACH, GREY_TINT = 130, 4, 5  # what is filled with grey: brightness, how far from it, how coloured at most
BLEND = 3  # pixels beside a margin that are part photo, part margin
WHITE, BLUE, BLUER = 200, 130, 15  # sky: overcast is at least so light; or blue at least so light, and bluer than red
APART = 60  # from a wall's colour, in levels: another thing; its texture and its shades are closer
TEXTURE = 5  # pixels over which that is levelled
HOUSE = 0.2  # of a row: below the last row that has so much house there is street
LEAF_GREEN, LEAF_REST, LEAF_LIGHT = 8, 15, 130  # of foliage: greener than the wall by; unrest at least; light at most
LEAF_REACH = 4  # pixels over which that is told
DARKER, SPOT_REST = 40, 13  # of dark spots: darker than most of the wall by; unrest at least
BESIDE = 5  # pixels beside an element in which wall may be dark: its shade
MIN_MARGIN = 0.002  # of the picture: a few dark pixels at its edge are no margin


def corrected(inputs: np.ndarray, photo: np.ndarray) -> np.ndarray:
    """Label map `(H, W)` and its photo `(H, W, C)` -> corrected, `VOID` where no class is."""
    beyond = margins(photo)
    return _corrected(inputs, photo, beyond, sky(photo, beyond) & ~beyond)


def _corrected(inputs: np.ndarray, photo: np.ndarray, beyond: np.ndarray, shows_sky: np.ndarray) -> np.ndarray:
    is_wall, is_background = ((inputs == INDEX[name]) & ~beyond for name in ("facade", "background"))
    is_sky = is_wall & shows_sky
    around = is_background | is_sky | beyond
    inputs = inputs.copy()
    inputs[is_sky] = INDEX["background"]
    is_wall &= ~is_sky
    is_other = astray(photo, is_wall, around) | foliage(photo, is_wall) | next_houses(is_background, shows_sky, beyond)
    inputs[beyond | is_other] = VOID
    return inputs


def training_labels(inputs: np.ndarray, photo: np.ndarray) -> np.ndarray:
    """Label map `(H, W)` and its photo `(H, W, C)` -> what to train on: corrected, no wall where it has dark spots.

    And walls around windows that have none, as the generator sees them: of next houses, which the photo shows.
    """
    beyond = margins(photo)
    shows_sky = sky(photo, beyond) & ~beyond
    found = _corrected(inputs, photo, beyond, shows_sky)
    found[(with_walls(inputs) != inputs) & ~beyond & ~shows_sky] = INDEX["facade"]
    found[dark_spots(photo, found)] = VOID
    return found


def next_houses(is_background: np.ndarray, shows_sky: np.ndarray, beyond: np.ndarray) -> np.ndarray:
    """Masks `(H, W)` of background, sky and margins -> mask of background that is neither sky nor street.

    Slits between the rectangles of a house stay: they show its wall, in drawings too.
    """
    is_house = ~is_background & ~beyond
    is_street = is_background & ~np.flip(np.logical_or.accumulate(np.flip(is_house.mean(axis=1) > HOUSE)))[:, None]
    is_other = is_background & ~shows_sky & ~is_street
    is_open = np.logical_and.accumulate(is_background | beyond, axis=0)
    is_wide = _grown(~_grown(~is_other))
    return is_other & (is_open | is_wide)


def astray(photo: np.ndarray, is_wall: np.ndarray, around: np.ndarray) -> np.ndarray:
    """Photo `(H, W, 3)` uint8, masks `(H, W)` of its wall and of what is around the house -> mask of wall that is none.

    That is what reaches in from above or below and has another colour than most of the wall.
    """
    if not is_wall.any():
        return is_wall
    distances = np.linalg.norm(photo - np.median(photo[is_wall], axis=0), axis=2)
    distances = _levelled(distances, TEXTURE // 2)
    return is_wall & _reached(around | (is_wall & (distances > APART)), axis=0)


def foliage(photo: np.ndarray, is_wall: np.ndarray) -> np.ndarray:
    """Photo `(H, W, 3)` uint8 and mask `(H, W)` of its wall -> mask of wall behind trees and ivy: greener than the rest
    of it, dark, and restless. A wall that is painted green is not.
    """
    if not is_wall.any() or photo.shape[2] != 3:
        return np.zeros_like(is_wall)
    levels = photo.astype(np.float32)
    red, green, blue = np.moveaxis(levels, 2, 0)
    tint, brightness = 2 * green - red - blue, levels.mean(axis=2)
    is_green = is_wall & (tint > LEAF_GREEN + max(0, np.median(tint[is_wall]))) & (green >= red - LEAF_GREEN / 2)
    mean, unrest = _within(is_green, brightness)
    is_leaf = is_wall & (_levelled(is_green) > 0.3 * _levelled(is_wall)) & (unrest > LEAF_REST) & (mean < LEAF_LIGHT)
    return is_wall & (_levelled(is_leaf) > 0.1)


def dark_spots(photo: np.ndarray, inputs: np.ndarray) -> np.ndarray:
    """Photo `(H, W, 3)` uint8 and label map `(H, W)` -> mask of wall that is much darker than most of it, and restless.

    Bare trees, shutters that nobody labelled, roofs, cast shadows, and the seam where a wall turns dark. Beside
    elements a wall may be in their shade.
    """
    is_wall = inputs == INDEX["facade"]
    if not is_wall.any():
        return is_wall
    brightness = photo.mean(axis=2, dtype=np.float32)
    mean, unrest = _within(is_wall, brightness)
    is_element = ~is_wall & (inputs != INDEX["background"]) & (inputs != VOID)
    is_spot = is_wall & ~_grown(is_element, BESIDE) & (unrest > SPOT_REST)
    is_spot &= mean < np.median(brightness[is_wall]) - DARKER
    return is_wall & (_levelled(is_spot) > 0.1)


def sky(photo: np.ndarray, beyond: np.ndarray) -> np.ndarray:
    """Photo `(H, W, 3)` uint8 and its margins -> mask `(H, W)` of the white or blue that reaches down from its top."""
    levels = photo.astype(np.int16)
    is_blue = (levels[..., -1] >= BLUE) & (levels[..., -1] > levels[..., 0] + BLUER)
    return np.logical_and.accumulate((levels.min(axis=2) >= WHITE) | is_blue | beyond, axis=0)


def margins(photo: np.ndarray) -> np.ndarray:
    """Photo `(H, W, 3)` uint8 -> mask `(H, W)` of the flat black or grey that reaches in from its edges."""
    levels = photo.astype(np.int16)
    lightest, tint = levels.max(axis=2), np.ptp(levels, axis=2)
    is_grey = (np.abs(levels.mean(axis=2) - GREY) <= GREY_REACH) & (tint <= GREY_TINT)
    flat = (lightest <= DARKEST) | is_grey
    found = _reached(flat, 0) | _reached(flat, 1)
    return _grown(found) if found.mean() > MIN_MARGIN else np.zeros_like(found)


def _reached(flat: np.ndarray, axis: int) -> np.ndarray:
    """What is flat all the way from one of the two edges across `axis`."""
    backwards = np.flip(np.logical_and.accumulate(np.flip(flat, axis), axis), axis)
    return np.logical_and.accumulate(flat, axis) | backwards


def _levelled(values: np.ndarray, reach: int = LEAF_REACH) -> np.ndarray:
    """The mean of each place and its neighbours, `(H, W)`."""
    for axis in (0, 1):
        values = _neighbours(values, reach, axis, mode="edge").mean(axis=0, dtype=np.float32)
    return values


def _within(mask: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation, `(H, W)` each, of the values of a mask's pixels around each place."""
    share = _levelled(mask) + 1e-6
    mean, square = (_levelled(np.where(mask, each, 0)) / share for each in (values, values**2))
    return mean, np.sqrt(np.maximum(square - mean**2, 0))


def _grown(mask: np.ndarray, reach: int = BLEND) -> np.ndarray:
    for axis in (0, 1):
        mask = _neighbours(mask, reach, axis).any(axis=0)
    return mask


def _neighbours(values: np.ndarray, reach: int, axis: int, mode: str = "constant") -> np.ndarray:
    """`(H, W)` -> `(2 * reach + 1, H, W)`: at each place those from `reach` before it to `reach` behind it."""
    padded = np.pad(values, [(reach, reach) if each == axis else (0, 0) for each in range(2)], mode=mode)
    return np.moveaxis(np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1, axis=axis), -1, 0)
