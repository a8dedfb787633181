"""The page for checkpoints of every task but facades: a pen for edges, an upload for the others.

Input | generated | target, the latter where it is known; and the same as an API: `/generate`. Only app.py imports it.
"""

import html
import math
import tempfile
import threading
from base64 import b64decode, b64encode
from pathlib import Path
from urllib.parse import unquote_to_bytes

import gradio as gr
import numpy as np
from anyio.to_thread import run_sync as in_thread
from gradio.data_classes import FileData, ImageData

from pix2pix import images
from pix2pix.config import ModelConfig
from pix2pix.data import values
from pix2pix.data.decoded import Pairs
from pix2pix.data.generated import SCENES, GeneratedSource
from pix2pix.data.pairs import Source
from pix2pix.data.sources import open_source
from pix2pix.synthetic import MIN_SIZE
from pix2pix.utils import UserError
from pix2pix.web import gradio_page
from pix2pix.web.gradio_page import MAX_WAITING, Page, describe_parameters, errors_for_people, example_file
from pix2pix.web.pen import Pen
from pix2pix.web.serving import FairQueue, Models

TITLES = {"edges": "Draw lines, get a picture", "colors": "Colour a grey picture", "photo": "Translate a picture"}
LEADS = {
    "edges": "Draw, and the picture follows.",
    "colors": "Give it a picture, grey or not: it is coloured anew.",
    "photo": "Give it a picture of the kind that it was trained on.",
}
SYNTHETIC = {"edges": "synthetic-edges", "colors": "synthetic", "photo": "synthetic-maps"}
MAX_EXAMPLES = 6
SYNTHETIC_SIDE = 256  # pixels: drawing larger examples would take seconds
THUMBNAIL = 128  # pixels
MAX_SIDE = 4  # times the side of training pictures, for uploads that are long and narrow
MAX_SEEDS = 2**31
STARTED = ".pen canvas, .panes > .upload"  # CSS selector: what takes the input is there
CSS = (Path(__file__).parent / "image_page.css").read_text(encoding="utf-8")


# Gradio's pictures are buttons without a name.
NAME_PICTURES = """() => new MutationObserver(() => {
  for (const button of document.querySelectorAll(".panes .image-container > button:not([aria-label])"))
    button.setAttribute("aria-label", button.closest(".block").querySelector("label").textContent.trim());
}).observe(document.querySelector(".panes"), { subtree: true, childList: true })"""


class Upload(gr.Image):
    """An image upload that hands over the file unopened: `images.read_image` alone judges it.

    Gradio's own would open it in any format that Pillow knows, and decode what programs send as a data URL.
    """

    is_template = True  # Gradio: shown as its parent

    def preprocess(self, payload: ImageData | None) -> bytes | Path | None:
        return _unopened(payload)


class Picture(gr.Image):
    """A picture that travels as a data URL: Gradio's cache would rewrite a file while a browser still reads it."""

    is_template = True

    def postprocess(self, value: np.ndarray | None) -> ImageData | None:
        if value is None:
            return None
        return ImageData(url=_as_data_url(images.encode(value, "PNG")))


Shown = tuple[np.ndarray, np.ndarray]  # input and target, as people see them


class Examples:
    """Pairs to start from. Numbers stay: those of a dataset on the Hub come later, behind what was shown till then."""

    def __init__(self, data: str | Path | None, config: ModelConfig):
        self._folder = tempfile.TemporaryDirectory(prefix="pix2pix-")  # vanishes with the page
        self.pairs: list[Shown] = []
        self.first = 0  # the number of the first that is shown
        is_near = not data or str(data) in SCENES or Path(data).exists()
        self._add(find_pairs(data if is_near else None, config))
        if not is_near:
            threading.Thread(target=lambda: self._add(find_pairs(data, config)), daemon=True).start()

    def _add(self, pairs: list[Shown]) -> None:
        for number, pair in enumerate(pairs, len(self.pairs)):
            images.write_png(self.file(number), pair[0])
            images.write_png(self._thumbnail(number), _thumbnail(*pair))
        self.pairs, self.first = self.pairs + pairs, len(self.pairs)

    def file(self, number: int) -> Path:
        """The file of an input: Gradio copies it once, and would write an array anew for each visitor."""
        return Path(self._folder.name) / f"{number}.png"

    @property
    def thumbnails(self) -> list[Path]:
        return [self._thumbnail(number) for number in range(self.first, len(self.pairs))]

    def _thumbnail(self, number: int) -> Path:
        return Path(self._folder.name) / f"{number}-pair.png"


def build(models: Models, config: ModelConfig, data: str | Path | None = None) -> gr.Blocks:
    """The page for models of the task of `config`; its examples are val pairs of `data`, else synthetic ones."""

    def translate(picture: bytes | Path | None, seed: float | None, model: str | None) -> np.ndarray:
        if not picture:
            raise UserError("a picture is needed")
        if seed is not None and not 0 <= seed < MAX_SEEDS:
            raise UserError(f"seed must be a whole number from 0 to {MAX_SEEDS - 1}")
        translator = models.get(model)
        generated = translator(read_input(picture, translator.config), None if seed is None else int(seed))
        return images.to_shown(generated)

    async def in_turn(
        visitor: object, request: gr.Request, picture: bytes | Path | None, seed: float | None, model: str | None
    ) -> np.ndarray:
        with errors_for_people():
            queue = own_queue if models.is_listed(model or None) else others_queue
            async with queue.turn(visitor, gradio_page.address_of_call(request)):
                return await in_thread(translate, picture, seed, model)

    async def follow(
        picture: bytes | Path | None, seed: float | None, model: str | None, request: gr.Request
    ) -> np.ndarray | None:
        return await in_turn(request.session_hash, request, picture, seed or None, model) if picture else None

    async def generate(
        request: gr.Request, image: bytes | Path, seed: float | None = None, model: str | None = None
    ) -> np.ndarray:
        """Turn a picture into the picture that the model makes of it.

        Args:
            image: picture of the kind that the model was trained on, any size.
            seed: picks one of many variations; empty for the most likely picture.
            model: name of the checkpoint; empty for the default one.
        """
        with page.releasing(image):
            return await in_turn(object(), request, image, seed, model)  # a program may wait for several at once

    def given_by(number: int) -> str:
        """The input of an example, as its pane takes it."""
        path = examples.file(number)
        return _as_data_url(path.read_bytes()) if is_drawn else str(path)

    def choose(first: int, event: gr.SelectData):
        number = first + event.index
        return given_by(number), examples.pairs[number][1]

    def open_page():
        """What the page begins with: the examples that there are by now, and the first of them."""
        first = examples.first
        return examples.thumbnails, first, given_by(first), examples.pairs[first][1]

    is_drawn = config.task == "edges"
    examples = Examples(data, config)
    # Models that visitors brought hold up nobody but their own painters. Who waits holds an upload in memory.
    own_queue, others_queue = FairQueue(waiting=MAX_WAITING), FairQueue(waiting=MAX_WAITING)
    turn = {"concurrency_limit": None}  # whose turn it is, these say
    own = {"api_visibility": "private", "show_progress": "hidden"}
    title = f"pix2pix: {TITLES[config.task].lower()}"
    with Page(title, fill_width=True) as page:
        first = gr.State(0)  # the number of the first example that this visitor sees
        with gr.Row(elem_classes="head"):
            several = len(models.offered) > 1 or models.allowed != "bundled"
            named = "" if several or not models.default else f" Model: <b>{html.escape(models.default)}</b>"
            gr.HTML(
                f"<h1>{TITLES[config.task]}</h1><p><span>{LEADS[config.task]}</span>{named}</p>", elem_classes="title"
            )
            model = gr.Dropdown(
                models.offered,
                value=models.default,
                label="Model",
                allow_custom_value=models.allowed != "bundled",
                visible=several,
                min_width=160,
                scale=0,
            )
            seed = gr.Number(0, label="Variation (0: none)", precision=0, minimum=0, min_width=120, scale=0)
        with gr.Row(elem_classes="panes"):
            given = Pen(config, elem_classes="pen", container=True) if is_drawn else _upload()
            generated = Picture(
                label="Generated", interactive=False, buttons=["download", "fullscreen"], elem_classes="generated"
            )
            target = Picture(label="Target", interactive=False, buttons=["fullscreen"], elem_classes="target")
        gr.HTML("<h2>Start from an example</h2>", elem_classes="caption")
        gallery = gr.Gallery(
            label="Examples: input and target",
            show_label=False,
            columns=MAX_EXAMPLES,
            height="auto",
            allow_preview=False,
            interactive=False,
            buttons=[],
            format="png",
            elem_classes="examples",
        )
        with gr.Row(visible=False):
            image = Upload(label="picture")
            api_seed = gr.Number(None, label="seed", precision=0)
            api_model = gr.Textbox(label="model")
            answer = gr.Image(format="png", label="generated")
            button = gr.Button()
        described = {
            "image": (image, example_file("input.png")),
            "seed": (api_seed, 7),
            "model": (api_model, models.default),
        }
        describe_parameters(generate, described)
        gr.on(
            [given.change, seed.change, model.change],
            follow,
            [given, seed, model],
            generated,
            trigger_mode="always_last",
            **turn,
            **own,
        )
        page.load(None, js=NAME_PICTURES)
        page.load(open_page, None, [gallery, first, given, target], **own)
        gallery.select(choose, first, [given, target], **own)
        left = given.clear if is_drawn else given.input  # by a visitor, not by the choice of an example
        left(lambda: None, None, target, **own)
        button.click(generate, [image, api_seed, api_model], answer, api_name="generate", queue=False, **turn)
    return page.queue(max_size=MAX_WAITING)


def read_input(picture: bytes | Path, config: ModelConfig) -> np.ndarray:
    """An image file as the model takes it: grey for colourisation, about as many pixels as in training, its own shape.

    Raises UserError in one line, as `images.read_image`.
    """
    if config.architecture.in_channels not in (1, 3, 4):
        raise UserError(
            f"this model takes arrays of {config.architecture.in_channels} channels, which no image file has; "
            "use python -m pix2pix translate"
        )
    pixels = values.read_input(picture, config, images.MAX_WEB_PIXELS)
    height, width = pixels.shape[:2]
    scale = (math.prod(config.data.shape) / (height * width)) ** 0.5
    longest = MAX_SIDE * max(config.data.shape)
    return values.of_input(config).resize(
        pixels, *(min(max(1, round(side * scale)), longest) for side in (height, width))
    )


def find_pairs(data: str | Path | None, config: ModelConfig) -> list[Shown]:
    """Some (input, target) to start from, as people see them: val pairs of a folder, else synthetic ones."""
    if data:
        try:
            return _read_pairs(open_source(str(data), "val", config), config)
        except UserError as error:
            print(f"No examples of {data}: {error}")
    # Lines are the first of their pairs; colours are those of the photos, which are the second under BtoA.
    direction = {"edges": "AtoB", "colors": "BtoA"}.get(config.task, config.data.direction)
    side = max(min(*config.data.shape, SYNTHETIC_SIDE), MIN_SIZE)
    small = config.replace(size=side, width=side, direction=direction, in_channels=3, out_channels=3)
    return _read_pairs(
        GeneratedSource(SYNTHETIC[config.task], "val", small), config.replace(in_channels=3, out_channels=3)
    )


def _read_pairs(source: Source, config: ModelConfig) -> list[Shown]:
    pairs = Pairs(source, config)[:MAX_EXAMPLES]
    return [(images.to_shown(pair.input), images.to_shown(pair.target)) for pair in pairs]


def _unopened(file: ImageData | FileData | None) -> bytes | Path | None:
    """The file that a browser uploaded, or the content of the data URL that a program sent in its place."""
    head, _, content = ((file and file.url) or "").partition(",")
    if not head.startswith("data:"):
        return Path(file.path) if file and file.path else None
    try:
        return b64decode(content) if head.endswith(";base64") else unquote_to_bytes(content)
    except ValueError:
        raise gr.Error("this data URL is not whole: its base64 cannot be decoded", print_exception=False) from None


def _as_data_url(png: bytes) -> str:
    return f"data:image/png;base64,{b64encode(png).decode()}"


def _upload() -> Upload:
    return Upload(label="Input", sources=["upload", "clipboard"], image_mode=None, buttons=[], elem_classes="upload")


def _thumbnail(given: np.ndarray, target: np.ndarray) -> np.ndarray:
    height = max(1, round(THUMBNAIL * given.shape[0] / given.shape[1]))
    return np.hstack([images.resize(side, height, THUMBNAIL) for side in (given, target)])
