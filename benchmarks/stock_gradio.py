"""The peer of our page: the same checkpoint behind Gradio's own parts, as most Spaces are built; others start it.

An image editor whose changes call a function that fills an image, and the same by name for programs. An argument names
another of the bundled checkpoints.
"""

import sys

import gradio as gr
import numpy as np

from benchmarks import measuring
from pix2pix import inference
from pix2pix.labels import INDEX, PALETTE, decode_runs

SIDE = 256  # pixels
CHECKPOINT = measuring.ROOT / "checkpoints" / (sys.argv[1] if sys.argv[1:] else "facades")


def build() -> gr.Blocks:
    translator = inference.load(CHECKPOINT)
    wall = np.full((SIDE, SIDE, 3), PALETTE[INDEX["facade"]])

    def paint(editor: dict) -> np.ndarray:
        return translator(editor["composite"][..., :3])

    def generate(drawing: str) -> np.ndarray:
        return translator(decode_runs(drawing, SIDE, SIDE))

    with gr.Blocks(analytics_enabled=False) as page:
        with gr.Row():
            brush = gr.Brush(colors=[f"rgb{tuple(colour)}" for colour in PALETTE.tolist()], color_mode="fixed")
            editor = gr.ImageEditor(wall, brush=brush, canvas_size=(SIDE, SIDE), fixed_canvas=True)
            photo = gr.Image(format="jpeg", elem_id="photo")
        editor.change(paint, editor, photo, show_progress="hidden")
        drawing, button = gr.Textbox(visible=False), gr.Button(visible=False)
        button.click(generate, drawing, photo, api_name="generate")
    return page


if __name__ == "__main__":
    build().launch()
