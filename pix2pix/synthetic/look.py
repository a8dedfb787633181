"""What one building's parts have in common, and the small geometry and colour helpers they are drawn with."""

from dataclasses import dataclass

import numpy as np

from pix2pix.synthetic.styles import Colour, Style
from pix2pix.synthetic.surface import Pixels


@dataclass(frozen=True)
class Look:
    """What one building's parts have in common."""

    style: Style
    wall: Colour
    trim: Colour
    frame: Colour  # window frames
    shutter: Colour
    door: Colour
    metal: Colour  # railings
    awning: Colour
    sash: str
    transom: float  # where the cross bar of a window sits, from its top
    ornate: bool
    rusticated: bool  # the ground floor is of rough blocks


def mix(first, second, share: float) -> np.ndarray:
    """Colour `(3,)` float32: `share` of the second in the first."""
    first, second = np.asarray(first, dtype=np.float32), np.asarray(second, dtype=np.float32)
    return first + (second - first) * np.float32(share)


def inset(box: Pixels, by: float) -> Pixels:
    return box[0] + by, box[1] + by, box[2] - by, box[3] - by


def part(box: Pixels, left: float, top: float, right: float, bottom: float) -> Pixels:
    """A part of the box, its edges as fractions of the box."""
    width, height = box[2] - box[0], box[3] - box[1]
    return box[0] + left * width, box[1] + top * height, box[0] + right * width, box[1] + bottom * height


def arch(across, down):
    """A round top on upright sides, for `Surface.cut`."""
    return (down > -0.4) | (across**2 + ((down + 0.4) / 0.6) ** 2 <= 1)
