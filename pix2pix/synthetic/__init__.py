"""Procedural facades: a label map and its rendered photo from a seed, at any size, with no data to download."""

import zlib

import numpy as np

from pix2pix.synthetic.layout import make_plan
from pix2pix.synthetic.paint import paint
from pix2pix.synthetic.plan import Plan, rasterize

MIN_SIZE, MAX_SIZE = 32, 4096  # pixels per side
_PLAN_STREAM, _PAINT_STREAM = 0, 1  # two random streams, so that a label map does not depend on painting


def label_map(seed: int, height: int = 256, width: int = 256) -> np.ndarray:
    """The label map `(height, width)` uint8 of facade `seed`: class indices 0..11.

    The same seed gives the same building at every size of the same aspect ratio, and the same bytes everywhere.
    Raises ValueError for a negative seed and for sides outside 32..4096.
    """
    _check(seed, height, width)
    return rasterize(_plan(seed, height, width), height, width)


def facade(seed: int, height: int = 256, width: int = 256) -> tuple[np.ndarray, np.ndarray]:
    """`label_map` of the same arguments, and its photo `(height, width, 3)` uint8 RGB, aligned to the pixel."""
    _check(seed, height, width)
    plan = _plan(seed, height, width)
    photo = paint(plan, np.random.default_rng([seed, _PAINT_STREAM]), height, width)
    return rasterize(plan, height, width), photo


def pair_seed(split: str, index: int, seed: int = 0) -> int:
    """The facade seed of sample `index` of a split ("train", "val", …): `facade(pair_seed("train", 7))`.

    Split, seed and index each have 32 bits of their own in it, so that no two samples share a facade.
    Raises ValueError for an index or seed outside 0..2**32 - 1.
    """
    if not (0 <= index < 2**32 and 0 <= seed < 2**32):
        raise ValueError(f"index {index} and seed {seed} of a synthetic pair must be whole numbers of 0 to 2**32 - 1")
    return zlib.crc32(split.encode()) << 64 | seed << 32 | index


def _plan(seed: int, height: int, width: int) -> Plan:
    return make_plan(np.random.default_rng([seed, _PLAN_STREAM]), aspect=width / height)


def _check(seed: int, height: int, width: int) -> None:
    if seed < 0:
        raise ValueError(f"seed is {seed}; give a whole number of 0 or more")
    if not (MIN_SIZE <= height <= MAX_SIZE and MIN_SIZE <= width <= MAX_SIZE):
        raise ValueError(f"a facade of {width}x{height} pixels cannot be drawn; give sides of {MIN_SIZE} to {MAX_SIZE}")
