"""From one picture to one picture, as samples, evaluation, the command line and the app do it; torch is optional."""

from pix2pix.inference.translator import (
    FURTHEST_TONE,
    Colour,
    TorchNetwork,
    Translator,
    draw,
    latent_shapes,
    load,
    load_torch,
    read_colour,
    read_colours,
    tone_of,
)

__all__ = [
    "FURTHEST_TONE",
    "Colour",
    "TorchNetwork",
    "Translator",
    "draw",
    "latent_shapes",
    "load",
    "load_torch",
    "read_colour",
    "read_colours",
    "tone_of",
]
