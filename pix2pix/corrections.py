"""Labels of facades corrected by their photos, for training: what is sky is no wall, and where nothing is, nothing.

Rectified photos fill the rest of their frame with flat black or grey. Four in five of the training photos of the CMP
base set have such margins: three tenths of what their labels call background, and 7 % of wall, are no picture at all.
And 41 % of the wall in the uppermost 20 of 256 rows is sky, where roofs were outlined roughly. A generator that is not
told paints wedges into the sky, and sky into plain walls.
"""

import numpy as np

from pix2pix import labels

DARKEST = 20  # of 255: what is filled with black, after JPEG
GREY, GREY_REACH, GREY_TINT = 130, 4, 5  # what is filled with grey: brightness, how far from it, how coloured at most
BLEND = 3  # pixels beside a margin that are part photo, part margin
WHITE, BLUE, BLUER = 200, 130, 15  # sky: overcast is at least so light; or blue at least so light, and bluer than red
LEAST = 0.002  # of the picture: a few dark pixels at its edge are no margin


def corrected(inputs: np.ndarray, photo: np.ndarray) -> np.ndarray:
    """Label image `(H, W, 3)` in palette colours and its photo -> the image corrected, `labels.BLANK` in margins."""
    beyond = margins(photo)
    is_wall = (inputs == labels.PALETTE[labels.INDEX["facade"]]).all(axis=2)
    inputs = inputs.copy()
    inputs[is_wall & sky(photo, beyond)] = labels.PALETTE[labels.INDEX["background"]]
    inputs[beyond] = labels.BLANK
    return inputs


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
    return _grown(found) if found.mean() > LEAST else np.zeros_like(found)


def _reached(flat: np.ndarray, axis: int) -> np.ndarray:
    """What is flat all the way from one of the two edges across `axis`."""
    backwards = np.flip(np.logical_and.accumulate(np.flip(flat, axis), axis), axis)
    return np.logical_and.accumulate(flat, axis) | backwards


def _grown(mask: np.ndarray) -> np.ndarray:
    padded = np.pad(mask, BLEND)
    return np.lib.stride_tricks.sliding_window_view(padded, (2 * BLEND + 1, 2 * BLEND + 1)).any(axis=(2, 3))
