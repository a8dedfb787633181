"""Drawings made by hand, unlike any facade of the training sets: what people paint on the canvas.

Each PNG here is what "Save drawing" saves, 256x256 in the exact colours of the 12 classes; the canvas and `translate`
open them. They were composed stroke by stroke, with the canvas's rectangle and round brush. Rows and grids stand at
odd steps, so that a pattern of the decoders' strides cannot be the drawing's own.
"""

from functools import lru_cache
from pathlib import Path

import numpy as np

from pix2pix import images, labels
from pix2pix.utils import UserError

# From nothing to much: the order of sheets and tables.
NAMES = (
    "empty_wall", "background_only", "windows_only", "one_window", "one_door", "huge_window", "odd_windows",
    "half_empty", "no_wall", "balconies_only", "pillars", "stripes", "tower", "shop_street",
    "palazzo", "asymmetric", "upside_down", "dense_grid", "checkerboard", "patches", "cottage",
    "outline", "face", "letters", "diagonals", "scribbles", "dabs",
)  # fmt: skip


@lru_cache(maxsize=len(NAMES))
def load(name: str) -> np.ndarray:
    """The label map `(256, 256)` uint8 of class indices 0..11, not to be written to; UserError for another name."""
    if name not in NAMES:
        raise UserError(f"no drawing is called {name!r}; there are: {', '.join(NAMES)}")
    drawing = labels.snap(images.read_image(Path(__file__).with_name(f"{name}.png")))
    drawing.setflags(write=False)
    return drawing
