"""What a generator takes from chance: dropout masks, or noise and a color code; how many, what shapes, by a seed."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from pix2pix.config import Architecture


def latent_shapes(
    architecture: Architecture, channels: Sequence[int], height: int, width: int
) -> tuple[tuple[int, ...], ...]:
    """The shapes of what decoders take from chance, for inputs of `height` by `width`, from the innermost that does."""
    # Halvings between the result of the innermost and the picture.
    innermost = architecture.depth - 1 - architecture.unet.first_dropout_decoder
    planes, color_code = (channels[:-1], channels[-1:]) if architecture.color_code else (channels, ())
    shapes = [(1, count, height >> innermost - i, width >> innermost - i) for i, count in enumerate(planes)]
    return tuple(shapes + [(1, count, 1, 1) for count in color_code])


def latent_count(architecture: Architecture) -> int:
    """How many arrays a generator takes from chance."""
    if architecture.generator == "noise":
        return architecture.depth - 1 + bool(architecture.detail_channels) + architecture.color_code
    first = architecture.unet.first_dropout_decoder
    return len(range(architecture.depth - 1)[first : first + architecture.dropout_decoders])


@lru_cache(maxsize=16)  # a painter keeps to one size and variation for many pictures
def draw(kind: str, shapes: tuple[tuple[int, ...], ...], variation: int | None) -> tuple[np.ndarray, ...]:
    """What a seed gives: masks of 0 and 2 at even odds, or noise and color code N(0, 1).

    Where it is None: masks of ones, or the noise of seed 0 and a color code of zeros, the mean.
    """
    if kind == "mask" and variation is None:
        return tuple(np.ones(shape, dtype=np.float32) for shape in shapes)
    stream = np.random.default_rng(variation or 0)
    if kind == "mask":
        return tuple(2 * stream.integers(0, 2, shape).astype(np.float32) for shape in shapes)
    latents = [stream.standard_normal(shape, dtype=np.float32) for shape in shapes]
    if variation is None and latents[-1].shape[2:] == (1, 1):
        latents[-1] = np.zeros_like(latents[-1])
    return tuple(latents)
