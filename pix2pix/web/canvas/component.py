"""LabelCanvas: the page as one Gradio component. Its markup, style and behaviour live in the files beside this one."""

import gradio as gr

from pix2pix.web.canvas.routes import Painter
from pix2pix.web.page_props import CANVAS, page_props

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
            html_template=(CANVAS / "canvas.html").read_text(encoding="utf-8"),
            css_template=(CANVAS / "canvas.css").read_text(encoding="utf-8"),
            js_on_load=START,
            apply_default_css=False,
            module=painter.main_module,
            base=painter.base,
            browser=painter.browser.names,
            # Names of files and models are put in place by the JS: Gradio would evaluate what stands in a template.
            **page_props(
                painter.examples, models.offered, models.fast_models, models.allowed, bool(models.first_style)
            ),
            **kwargs,
        )


def preloads(painter: Painter) -> str:
    """Head markup that fetches all modules at once instead of one level of imports after the other."""
    return "\n".join(f'<link rel="modulepreload" href="{module}">' for module in painter.modules)
