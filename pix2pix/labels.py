"""The 12 facade label classes, their two palettes, and the compact text form of a label map.

A label map is a `(H, W)` uint8 array of class indices 0..11, and `VOID` where there is none. From a file to the loss,
and from the canvas to the network, it stays one: colours are for reading pictures, for showing them, and for the
networks of the paper. This is the only home of the palette: the browser gets it from here.
"""

import base64
import binascii
from typing import NamedTuple

import numpy as np

from pix2pix.utils import UserError, counted


class LabelClass(NamedTuple):
    """One class: `name` in files and JSON, `shown` to people, colours as (R, G, B) in 0..255."""

    name: str
    shown: str
    rgb: tuple[int, int, int]  # published pix2pix facades set: canonical, what we paint and train on
    cmp_rgb: tuple[int, int, int]  # the indexed .png files of the CMP facade database


# Order of the CMP facade database; its .png files hold index + 1.
CLASSES = (
    LabelClass("background", "sky", (0, 0, 222), (0, 0, 170)),
    LabelClass("facade", "wall", (0, 48, 255), (0, 0, 255)),
    LabelClass("window", "window", (0, 128, 255), (0, 85, 255)),
    LabelClass("door", "door", (0, 207, 255), (0, 170, 255)),
    LabelClass("cornice", "cornice", (32, 255, 224), (0, 255, 255)),
    LabelClass("sill", "sill", (112, 254, 142), (85, 255, 170)),
    LabelClass("balcony", "balcony", (192, 255, 63), (170, 255, 85)),
    LabelClass("blind", "blind", (255, 239, 0), (255, 255, 0)),
    LabelClass("deco", "deco", (255, 159, 0), (255, 170, 0)),
    LabelClass("molding", "molding", (255, 80, 0), (255, 85, 0)),
    LabelClass("pillar", "pillar", (254, 0, 0), (255, 0, 0)),
    LabelClass("shop", "shop", (174, 0, 0), (170, 0, 0)),
)
NAMES = tuple(label.name for label in CLASSES)
INDEX = {name: index for index, name in enumerate(NAMES)}
PALETTE = np.array([label.rgb for label in CLASSES], dtype=np.uint8)  # (12, 3)
CMP_PALETTE = np.array([label.cmp_rgb for label in CLASSES], dtype=np.uint8)  # (12, 3)
_SHOWN = np.vstack([PALETTE, np.zeros((1, 3), np.uint8)])  # the last for `VOID`
PALETTES = {"published": PALETTE, "CMP": CMP_PALETTE}
# A colour for each number of foreign classes, 0 to 255: that of the Pascal VOC sets. Its bits are spread over the three
# channels, so that near numbers have unlike colours; 0 is black.
NUMBER_COLORS = np.array(
    [
        [sum(((number >> (3 * bit + channel)) & 1) << (7 - bit) for bit in range(3)) for channel in range(3)]
        for number in range(256)
    ],
    dtype=np.uint8,
)
VOID = 255  # in label maps: no class, where a training photo shows nothing

# Back to front: where elements overlap, CMP draws the later one over the earlier one.
DRAWING_ORDER = (
    "background", "facade", "sill", "balcony", "door", "blind",
    "molding", "deco", "shop", "window", "cornice", "pillar",
)  # fmt: skip

# A published label image went through JPEG and still has four fifths of its pixels near the palette within this
# distance; of the pixels of a photo of a house, only blue sky and shadows come as near.
NEAR = 48
MIN_NEAR = 0.6

_RUN = np.dtype([("label", "u1"), ("length", "<u2")])
_MAX_RUN = 0xFFFF


def colorize(labels: np.ndarray) -> np.ndarray:
    """Label map `(H, W)` -> image `(H, W, 3)` uint8 in the canonical palette; `VOID` is black."""
    return _SHOWN.take(labels, axis=0, mode="clip")  # four times as fast as an index, and laid out by rows


def shown(side: np.ndarray) -> np.ndarray:
    """One side of a pair as a picture: a label map in its colours, a picture as it is."""
    return colorize(side) if side.ndim == 2 else side


def color_numbers(numbers: np.ndarray) -> np.ndarray:
    """Numbers `(H, W)` of foreign classes -> image `(H, W, 3)` uint8; UserError for any that is not in 0..255."""
    if numbers.dtype.kind not in "ui" or numbers.min() < 0 or numbers.max() > 255:
        raise UserError(f"holds numbers from {numbers.min():g} to {numbers.max():g}; those of classes are 0 to 255")
    return NUMBER_COLORS[numbers]


def find_first_number(numbers: np.ndarray) -> int | None:
    """Say whether a map holds class numbers from 0 to 11, or from 1 to 12 as CMP does; None for any other numbers."""
    least, most = int(numbers.min()), int(numbers.max())
    first = int(least > 0)
    return first if least >= 0 and most < len(CLASSES) + first else None


def snap(image: np.ndarray, palette: np.ndarray = PALETTE) -> np.ndarray:
    """Image `(H, W, 3)` uint8 -> label map `(H, W)` uint8: each pixel's nearest palette colour.

    The published label images went through JPEG, so most of their pixels lie beside the palette.
    """
    # Squared distance is |pixel|^2 - 2 pixel.colour + |colour|^2: as one matrix product, exact in float32.
    colours = palette.astype(np.float32)
    closeness = image.astype(np.float32) @ (2 * colours.T) - np.square(colours).sum(axis=1)
    return closeness.argmax(axis=-1).astype(np.uint8)


def distances(image: np.ndarray, labels: np.ndarray, palette: np.ndarray = PALETTE) -> np.ndarray:
    """Euclidean distances `(H, W)`, in units of 0..255, of the pixels of an image from the colours of its labels."""
    return np.sqrt(np.square(image - palette[labels].astype(np.int32)).sum(axis=-1))


def off_palette(image: np.ndarray, palette: np.ndarray = PALETTE, tolerance: float = 6) -> np.ndarray:
    """Mask `(H, W)` of the pixels further than `tolerance` from every colour."""
    return distances(image, snap(image, palette), palette) > tolerance


def is_label_image(image: np.ndarray) -> bool:
    """Whether an image `(H, W, 3)` uint8 has the colours of one of the palettes, as photos have not."""
    return any((distances(image, snap(image, each), each) <= NEAR).mean() >= MIN_NEAR for each in PALETTES.values())


def shares(labels: np.ndarray) -> np.ndarray:
    """The share of the area that each class covers: `(12,)` float64, sums to 1."""
    return np.bincount(labels.ravel(), minlength=len(CLASSES)) / labels.size


def encode_runs(labels: np.ndarray) -> str:
    """Label map `(H, W)` -> text: base64 of (class u8, run length u16 little-endian) in reading order.

    A drawing of rectangles takes a few hundred characters; links, files and the wire all use it.
    """
    flat = labels.ravel()
    starts = np.flatnonzero(np.diff(flat, prepend=-1))  # prepend: the first pixel always starts a run
    lengths = np.diff(starts, append=flat.size)
    pieces = -(-lengths // _MAX_RUN)  # runs longer than a u16 are cut into several
    runs = np.empty(pieces.sum(), dtype=_RUN)
    runs["label"] = np.repeat(flat[starts], pieces)
    runs["length"] = _MAX_RUN
    runs["length"][np.cumsum(pieces) - 1] = lengths - (pieces - 1) * _MAX_RUN
    return base64.b64encode(runs.tobytes()).decode("ascii")


def decode_runs(text: str, height: int, width: int) -> np.ndarray:
    """The inverse of `encode_runs` for a map of known size; raises UserError for anything else."""
    if len(text) > 4 * height * width + 4:  # the longest honest message: one run a pixel
        raise UserError(f"drawing data is too long for {width}x{height} pixels")
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise UserError("drawing data is not valid base64") from None
    if len(data) % _RUN.itemsize:
        raise UserError("drawing data ends in the middle of a run")
    runs = np.frombuffer(data, dtype=_RUN)
    if runs.size and runs["label"].max() >= len(CLASSES):
        raise UserError(f"drawing data names class {runs['label'].max()}; classes are 0 to {len(CLASSES) - 1}")
    total = int(runs["length"].sum(dtype=np.int64))
    if total != height * width:
        raise UserError(f"drawing data holds {counted(total, 'pixel')}; {width}x{height} takes {height * width}")
    return np.repeat(runs["label"], runs["length"]).reshape(height, width)
