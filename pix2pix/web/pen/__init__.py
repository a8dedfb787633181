"""The pen of pages for edges as one Gradio component; its markup, style and behaviour live in the files beside."""

from base64 import b64decode
from pathlib import Path

import gradio as gr

from pix2pix.config import ModelConfig

HERE = Path(__file__).parent
PNG = "data:image/png;base64,"


class Pen(gr.HTML):
    """A black pen and an eraser on white paper of the model's size; hands over the PNG of what was drawn."""

    def __init__(self, config: ModelConfig, **kwargs):
        height, width = config.data.shape
        super().__init__(
            html_template=_read("pen.html"),
            css_template=_read("pen.css"),
            js_on_load=_read("pen.js") + "startPen(element, props, watch, trigger);",
            apply_default_css=False,
            width=width,
            height=height,
            pen=max(1, config.data.size // 256),
            eraser=max(4, config.data.size // 16),
            widest=max(8, config.data.size // 8),
            **kwargs,
        )

    def preprocess(self, payload: str | None) -> bytes | None:
        if not payload:
            return None
        if not payload.startswith(PNG):
            raise gr.Error("a drawing is a PNG as a data URL", print_exception=False)
        try:
            return b64decode(payload.removeprefix(PNG))
        except ValueError:
            raise gr.Error("this drawing did not come whole", print_exception=False) from None

    def postprocess(self, value: str | None) -> str | None:
        return value


def _read(name: str) -> str:
    return (HERE / name).read_text(encoding="utf-8")
