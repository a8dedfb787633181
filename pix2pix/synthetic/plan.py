"""A planned facade: labelled rectangles in fractions of the picture, and how they become a label map."""

from dataclasses import dataclass, field

import numpy as np

from pix2pix.labels import DRAWING_ORDER, INDEX
from pix2pix.synthetic.styles import Style

Box = tuple[float, float, float, float]  # (left, top, right, bottom): x right, y down, the picture is 0..1
_RANK = {name: rank for rank, name in enumerate(DRAWING_ORDER)}


@dataclass(frozen=True)
class Element:
    """One rectangle: its class (a name of `labels.NAMES`), where it is, and which shape it is drawn in.

    `hidden`: how much further down the part goes on, behind the balcony in front of it.
    """

    name: str
    box: Box
    shape: str = ""
    hidden: float = 0.0


@dataclass
class Plan:
    """`front` is the facade's own part of the picture, the rest is background; it may reach beyond the picture."""

    style: Style
    front: Box
    storey_height: float  # of an ordinary storey
    ground_top: float  # where the ground floor begins; 1 or more where it is not in the picture
    roof: str  # "flat" | "tiles" | "mansard"
    roof_height: float = 0.0
    projection: Box | None = None  # the middle part that stands forward, where there is one
    elements: list[Element] = field(default_factory=list)


def rasterize(plan: Plan, height: int, width: int) -> np.ndarray:
    """The plan's label map `(height, width)` uint8, elements painted back to front."""
    labels = np.full((height, width), INDEX["background"], dtype=np.uint8)
    for element in sorted(plan.elements, key=lambda element: _RANK[element.name]):
        left, top, right, bottom = (max(edge, 0) for edge in to_pixels(element.box, height, width))
        labels[top:bottom, left:right] = INDEX[element.name]
    return labels


def to_pixels(box: Box, height: int, width: int) -> tuple[int, int, int, int]:
    """Fractions -> whole pixels (left, top, right, bottom), at least one wide and high, perhaps outside the picture."""
    left, top = round(box[0] * width), round(box[1] * height)
    return left, top, max(round(box[2] * width), left + 1), max(round(box[3] * height), top + 1)
