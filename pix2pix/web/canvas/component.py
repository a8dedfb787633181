"""LabelCanvas: the page as one Gradio component. Its markup, style and behaviour live in the files beside this one."""

from pathlib import Path

import gradio as gr

from pix2pix import __version__
from pix2pix.labels import CLASSES, INDEX
from pix2pix.utils import package_address
from pix2pix.web.canvas.routes import Painter
from pix2pix.web.examples import SIZE

FOLDER = Path(__file__).parent
KEYS = "1234567890-="  # one for each class, in the order of a keyboard

# `gradio_config.root` is the address that the visitor's browser sees, behind any proxy and below any path.
START = """
(async () => {
  const root = new URL(window.gradio_config.root.replace(/\\/*$/, "/"), location.href);
  const { start } = await import(new URL(props.module, root));
  element.dataset.code = "arrived";
  await start(element, props, root);
})().catch((error) => {
  Object.assign(element.dataset, { code: "failed", reason: error.message });
  throw error;
});
"""
STARTED = "[data-code=arrived]"  # CSS selector


class LabelCanvas(gr.HTML):
    """The canvas with its tools, and the panes input | generated | target; talks to the `painter`'s routes."""

    def __init__(self, painter: Painter, **kwargs):
        models = painter.models
        super().__init__(
            html_template=(FOLDER / "canvas.html").read_text(encoding="utf-8"),
            css_template=(FOLDER / "canvas.css").read_text(encoding="utf-8"),
            js_on_load=START,
            apply_default_css=False,
            module=painter.main_module,
            base=painter.base,
            code=package_address(),
            version=__version__,
            size=SIZE,
            classes=[
                {"index": index, "name": label.shown, "rgb": list(label.rgb), "key": KEYS[index]}
                for index, label in enumerate(CLASSES)
            ],
            wall=INDEX["facade"],
            background=INDEX["background"],
            window=INDEX["window"],
            # Names of files and models are put in place by the JS: Gradio would evaluate what stands in a template.
            examples=painter.examples.listed,
            complete=painter.examples.complete,
            models=models.offered,
            fast_models=models.fast_models,
            others=models.allowed,
            **kwargs,
        )


def preloads(painter: Painter) -> str:
    """Head markup that fetches all modules at once instead of one level of imports after the other."""
    return "\n".join(f'<link rel="modulepreload" href="{module}">' for module in painter.modules)
