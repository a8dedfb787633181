"""The canvas: a Gradio component on which people paint label maps, and the routes that it talks to."""

from pix2pix.canvas.component import LabelCanvas, preloads
from pix2pix.canvas.examples import find_examples
from pix2pix.canvas.routes import Painter

__all__ = ["LabelCanvas", "Painter", "find_examples", "preloads"]
