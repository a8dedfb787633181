"""Renders a plan as a photo."""

import numpy as np

from pix2pix.synthetic.plan import Plan, to_pixels

_FLAT = {"background": (150, 180, 210), "facade": None, "window": (60, 70, 84), "door": (84, 56, 40)}


def paint(plan: Plan, rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """The photo `(height, width, 3)` uint8 of `plan`."""
    photo = np.full((height, width, 3), _FLAT["background"], dtype=np.uint8)
    wall = plan.style.walls[int(rng.integers(len(plan.style.walls)))]
    trim = plan.style.trims[int(rng.integers(len(plan.style.trims)))]
    for element in plan.elements:
        left, top, right, bottom = to_pixels(element.box, height, width)
        photo[top:bottom, left:right] = wall if element.name == "facade" else _FLAT.get(element.name, trim)
    return photo
