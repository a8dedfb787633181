"""The canvas: a Gradio component on which people paint label maps, and the routes that it talks to."""

from pix2pix.web.canvas.component import STARTED, LabelCanvas, preloads
from pix2pix.web.canvas.routes import MAX_SEEDS, Painter
from pix2pix.web.canvas.uploads import read_labels
from pix2pix.web.examples import SIZE, find_examples

__all__ = ["MAX_SEEDS", "SIZE", "STARTED", "LabelCanvas", "Painter", "find_examples", "preloads", "read_labels"]
