"""Uploaded label images: either palette or class numbers, any size, told apart from photos."""

from typing import NamedTuple

import numpy as np

from pix2pix.data.values import read_label_image
from pix2pix.images import MAX_WEB_PIXELS, resize_labels
from pix2pix.labels import CMP_PALETTE, NEAR, PALETTE, off_palette, snap
from pix2pix.utils import UserError

MAX_SIDE = 1024  # pixels: larger images are shrunk by nearest neighbour before they are compared to 12 colours


class Upload(NamedTuple):
    labels: np.ndarray  # (height, width) uint8
    original_size: tuple[int, int]  # (width, height) of the file, or of the part at which a large JPEG is read
    off: int  # pixels of the file's label image that were no palette colour
    pixels: int  # pixels that were looked at
    palette: str  # "published" or "CMP", or "numbers"


def read_labels(data: bytes, height: int, width: int) -> Upload:
    """A label image file -> label map of this size. Raises ValueError, in one line for people, for anything else."""
    found = read_label_image(data, most_pixels=MAX_WEB_PIXELS)
    if found is None:
        raise UserError(
            "this looks like a photo, not a label image: its colours are not those of the 12 classes, and it holds no "
            "numbers of classes either, 0 to 11 or 1 to 12"
        )
    image, first = found
    original = (image.shape[1], image.shape[0])
    image = _shrunk(image)
    name, palette = min(
        (("published", PALETTE), ("CMP", CMP_PALETTE)), key=lambda each: off_palette(image, each[1], NEAR / 4).sum()
    )
    labels = resize_labels(snap(image, palette), height, width)
    return Upload(
        labels,
        original,
        int(off_palette(image, palette, 0.5).sum()),
        image[..., 0].size,
        name if first is None else "numbers",
    )


def _shrunk(image: np.ndarray) -> np.ndarray:
    step = -(-max(image.shape[:2]) // MAX_SIDE)
    return image[::step, ::step]
