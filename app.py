"""Paint facades and watch them become photos: the web app, also a Hugging Face Space.

A checkpoint for another task opens a page of its own: a pen for edges, an image upload for the rest.

python app.py [--model FOLDER|NAME|USER/REPO] [--data WHERE] [--port NUMBER]; --help tells the rest
"""

import argparse

from pix2pix.utils import UserError
from pix2pix.web.options import parse

OPTIONS = parse() if __name__ == "__main__" else None  # --help need not wait for Gradio, seconds of imports

import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from pathlib import Path

import gradio as gr
import numpy as np
from gradio.utils import get_upload_folder
from starlette.middleware import Middleware

from pix2pix import config as configs
from pix2pix import inference
from pix2pix.hub.proxies import reach_own_address
from pix2pix.inference import checkpoint, isolated
from pix2pix.inference.perspective import read_corners
from pix2pix.labels import colorize
from pix2pix.utils import available_cores
from pix2pix.web import image_page
from pix2pix.web.browser import BrowserPainting
from pix2pix.web.canvas import MAX_SEEDS, SIZE, STARTED, LabelCanvas, Painter, find_examples, preloads, read_labels
from pix2pix.web.canvas.uploads import segment_upload
from pix2pix.web.examples import data_of_run
from pix2pix.web.fallback import Fallback
from pix2pix.web.gradio_page import (
    MAX_WAITING,
    Page,
    address_of_call,
    describe_parameters,
    errors_for_people,
    example_file,
    read_upload,
    served_options,
)
from pix2pix.web.limits import Bounds
from pix2pix.web.link_preview import LinkPreview
from pix2pix.web.page_props import DARK_PAGE, DESCRIPTION, PAGE
from pix2pix.web.serving import FairQueue, Models, listed_models

ROOT = Path(__file__).parent
TITLE = "Paint a facade"
THEME = gr.themes.Base(font=["system-ui", "sans-serif"], font_mono=["ui-monospace", "monospace"]).set(
    body_background_fill=PAGE, body_background_fill_dark=DARK_PAGE
)
CSS = ".gradio-container .main, .gradio-container .html-container { padding: 0 !important; }"  # the canvas has its own
# Rendered in the browser whatever GRADIO_SSR_MODE says: Spaces set it, and the Node server that Gradio would then put
# in front answers /canvas/* itself. An argument wins over the variable.
LAUNCH = {"theme": THEME, "footer_links": [], "run_history": False, "ssr_mode": False}


def build(painter: Painter) -> gr.Blocks:
    """The page, and the same as an API: `/generate` takes a label image and returns a photo."""

    async def generate(
        request: gr.Request,
        image: bytes | Path,
        seed: float | None = None,
        model: str | None = None,
        wall: str | None = None,
        sky: str | None = None,
        style: str | None = None,
    ) -> np.ndarray:
        """Turn a facade label image into a photo of 256x256 pixels.

        Args:
            image: label image in the colours of the 12 CMP facade classes, any size.
            seed: picks one of many variations; empty for the same photo each time.
            model: name of the checkpoint; empty for the default one.
            wall: colour of the wall, as #rrggbb, #rgb or a name such as peru; empty for that of the style, or with a
                seed that of the variation.
            sky: colour of the sky, likewise.
            style: name of one of the model's styles; empty for its first one, or with a seed one near any of them.
        """
        with page.releasing(image), errors_for_people():
            if not image:
                raise UserError("a label image is needed")
            if seed is not None and not 0 <= seed < MAX_SEEDS:
                raise UserError(f"seed must be a whole number from 0 to {MAX_SEEDS - 1}")
            address = address_of_call(request)
            turn = {"model": model or None, "visitor": object(), "address": address}  # a program may wait for several
            async with calls.turn(object(), address):
                translator = painter.models.loaded(model)
                # Loaded in a turn of its own: it may take longer than a picture.
                translator = translator or await painter.in_turn(lambda _: painter.models.get(model), **turn)
                chosen = {**inference.read_colours(translator, wall, sky), "style": style or None}
                translator.check_style(chosen["style"])

                def paint(cancel: Future) -> np.ndarray:
                    labels = read_labels(read_upload(image), SIZE, SIZE).labels
                    return translator(labels, None if seed is None else int(seed), cancel, **chosen)

                return await painter.in_turn(paint, **turn)

    async def segment(request: gr.Request, photo: bytes | Path, corners: str | None = None, model: str | None = None):
        """Read the drawing off a photo of a house, for `generate` to paint again.

        Args:
            photo: photo of a facade from the front, any size; the upload is deleted with the answer.
            corners: of the facade, as shares of the photo's width and height, "x,y x,y x,y x,y": top left, top right,
                bottom right, bottom left; "guess" to have them found; empty where the whole photo is the facade.
            model: name of the checkpoint that will paint it, whose nearest style is told; empty for the default one.

        Returns:
            The label image of 256x256 pixels, and its colours: wall, sky, style, and in doubt why it may be no house.
        """
        with page.releasing(photo), errors_for_people():
            if not photo:
                raise UserError("a photo is needed")
            quadrilateral, address = read_corners(corners or ""), address_of_call(request)
            async with calls.turn(object(), address):

                def read(_: Future) -> tuple[np.ndarray, dict]:
                    found = segment_upload(read_upload(photo), quadrilateral, painter.models.loaded(model or None))
                    return colorize(found.labels), found.facts

                return await painter.in_turn(read, None, object(), address=address)

    # Without Gradio's queue MCP would else upload what it was sent once more, and forget it on disk.
    direct = {"concurrency_limit": None, "queue": False}
    calls = FairQueue(running=4, waiting=MAX_WAITING, each=2)  # each holds its upload in memory meanwhile
    with Page("pix2pix: paint a facade", fill_width=True) as page:
        LabelCanvas(painter)
        with gr.Row(visible=False):
            image = image_page.Upload(label="label image")
            seed = gr.Number(None, label="seed", precision=0, minimum=0)
            model = gr.Textbox(label="model")
            wall, sky, style = (gr.Textbox(label=label) for label in ("wall", "sky", "style"))
            photo = gr.Image(format="png", label="photo")
            button = gr.Button()
        inputs = [image, seed, model, wall, sky, style]
        examples = [
            example_file("facade-input.png"),
            7,
            painter.models.default,
            "#c99a54",
            "skyblue",
            painter.models.first_style,
        ]
        names = ("image", "seed", "model", "wall", "sky", "style")
        describe_parameters(generate, dict(zip(names, zip(inputs, examples, strict=True), strict=True)))
        button.click(generate, inputs, photo, api_name="generate", **direct)
        with gr.Row(visible=False):
            house, place = image_page.Upload(label="photo of a house"), gr.Textbox(label="corners")
            painting_model, drawing, facts = (
                gr.Textbox(label="model"),
                gr.Image(format="png", label="drawing"),
                gr.JSON(),
            )
            reader = gr.Button()
        inputs = [house, place, painting_model]
        examples = [example_file("house.jpg"), "0.1,0.1 0.9,0.2 0.9,0.9 0.1,0.9", None]
        names = ("photo", "corners", "model")
        describe_parameters(segment, dict(zip(names, zip(inputs, examples, strict=True), strict=True)))
        reader.click(segment, inputs, [drawing, facts], api_name="segment", **direct)
    return page.queue(max_size=MAX_WAITING)


def main() -> None:
    options = OPTIONS or parse()
    try:
        serve(options, mcp_server=options.mcp, server_port=options.port)
    except OSError as error:
        if "empty port" not in str(error):  # what Gradio says where GRADIO_SERVER_PORT and those after it are taken
            raise
        sys.exit("error: no port is free where this app looked for one: give another with --port")


def serve(options: argparse.Namespace, **further) -> gr.Blocks:
    """The page for the task of the default model, served; `further` options are those of `gr.Blocks.launch`."""
    reach_own_address()
    listed = listed_models(checkpoint.bundle(), options.model)
    config = read_config(next(iter(listed.values()), None))
    task = config.task if config else "facades"
    strangers = partial(load, task=task, open_checkpoint=isolated.load)
    models = Models(partial(load, task=task), of_task(listed, task), options.allow_models, strangers)
    proxy = "any" if options.behind_proxy else "space" if os.environ.get("SPACE_ID") else "none"
    bounds = Bounds(proxy, Path(get_upload_folder()))
    data = options.data or data_of_run(options.model)
    threading.Thread(target=warm_up, args=[models], daemon=True).start()
    if task == "facades":
        queue = FairQueue(running=available_cores())  # one picture on two cores takes nearly as long as two on one each
        direction = config.data.direction if config else "BtoA"
        own = ROOT / "data" / "facades"
        examples = find_examples(data or (own if own.is_dir() else None), direction)
        browser = BrowserPainting(models.listed, options.runtime) if options.paint_in_browser == "auto" else None
        painter = Painter(models, examples, queue, bounds, browser)
        page = build(painter)
        launch(page, painter, **further)
    else:
        page = image_page.build(models, config, data)
        words = Middleware(Fallback, started=image_page.STARTED)
        title = image_page.TITLES[task]
        preview = link_preview(title, f"{title}: a pix2pix model, in the browser.", has_picture=False)
        page.launch(css=image_page.CSS, **served_options(bounds.of_gradio(), words, preview), **LAUNCH, **further)
    return page


def read_config(name: str | Path | None) -> configs.Config | None:
    """The config of a checkpoint, without loading it; None where there is none that can be read."""
    try:
        return name and configs.read(checkpoint.find(name) / checkpoint.CONFIG, name)
    except UserError:
        return None  # loading it says what is wrong, in the page and in the terminal


def of_task(listed: dict[str, str | Path], task: str) -> dict[str, str | Path]:
    """The models that the page for a task offers; the terminal says which it does not."""
    tasks = {name: config.task for name, source in listed.items() if (config := read_config(source))}
    others = [name for name, of in tasks.items() if of != task]
    if others:
        print(f"Not offered, since this page is for {task}: {', '.join(others)}")
    return {name: source for name, source in listed.items() if name not in others}


def launch(page: gr.Blocks, painter: Painter, **options):
    """Serve the page and the painter's routes; further options are those of `gr.Blocks.launch`."""
    words, preview = Middleware(Fallback, started=STARTED), link_preview(TITLE, DESCRIPTION, has_picture=True)
    return page.launch(
        css=CSS,
        head=preloads(painter),
        **served_options(painter.bounds.of_gradio(), words, preview, routes=painter.routes()),
        **LAUNCH,
        **options,
    )


def link_preview(title: str, description: str, has_picture: bool) -> Middleware:
    return Middleware(LinkPreview, title=title, description=description, has_picture=has_picture)


def load(name: str | Path, task: str = "facades", open_checkpoint: Callable | None = None):
    """Open a checkpoint; UserError for one of another task."""
    translator = (open_checkpoint or inference.load)(name)
    if translator.config.task != task:
        wanted = "on facade labels, which this page paints" if task == "facades" else f"for {task}, as this page is"
        raise UserError(f"{translator.name} was not trained {wanted}")
    return translator


def warm_up(models: Models) -> None:
    """Load the default model while the first visitor's page opens, and say so in the terminal if that fails.

    Its fast model comes before it: that one loads sooner, and paints the first picture.
    """
    if fast := models.fast_models.get(models.default):
        try:
            models.get(fast)
        except UserError as error:
            print(f"No fast model, so {models.default} paints everything: {error}")
    try:
        models.get()
    except UserError as error:
        print(f"No model yet: {error}")


if __name__ == "__main__":
    main()
