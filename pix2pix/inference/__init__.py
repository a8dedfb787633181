"""From one picture to one picture, as samples, evaluation, the command line and the app do it; torch is optional."""

from pix2pix.inference.latents import draw, latent_shapes
from pix2pix.inference.segmenter import Segmentation, guess_corners, segment
from pix2pix.inference.translator import (
    MAX_COLOR_CODE,
    Colour,
    TorchNetwork,
    Translator,
    color_code_of,
    load,
    load_torch,
    read_colour,
    read_colours,
)

__all__ = [
    "MAX_COLOR_CODE",
    "Colour",
    "Segmentation",
    "TorchNetwork",
    "Translator",
    "color_code_of",
    "draw",
    "guess_corners",
    "latent_shapes",
    "load",
    "load_torch",
    "read_colour",
    "read_colours",
    "segment",
]
