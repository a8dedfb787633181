"""The canvas: a Gradio component on which people paint label maps, and the routes that it talks to."""

from pix2pix.canvas.component import STARTED, LabelCanvas, preloads
from pix2pix.canvas.examples import SIZE, find_examples
from pix2pix.canvas.routes import Painter
from pix2pix.canvas.uploads import read_labels

__all__ = ["SIZE", "STARTED", "LabelCanvas", "Painter", "find_examples", "preloads", "read_labels"]
