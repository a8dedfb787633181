"""Where a photo ends: rectified photos of facades fill the rest of their frame with flat black or grey.

Five in six of the training photos of the CMP base set have such margins; a third of what their labels call background
is no picture at all. A generator that is not told paints wedges of them into the sky.
"""

import numpy as np

DARKEST = 20  # of 255: what is filled with black, after JPEG
GREY, GREY_REACH, GREY_TINT = 130, 4, 5  # what is filled with grey: brightness, how far from it, how coloured at most
BLEND = 3  # pixels beside a margin that are part photo, part margin
LEAST = 0.002  # of the picture: a few dark pixels at its edge are no margin


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
