"""The app with checkpoints for tasks other than facades: the page follows the default model's task."""

import base64
import io
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import app
from pix2pix import images, inference
from pix2pix.config import Config
from pix2pix.inference import checkpoint
from pix2pix.networks import build_generator
from pix2pix.web import image_page
from pix2pix.web.serving import Models
from tests.conftest import DESKTOP, PHONE
from tests.helpers.running_app import free_port

SIZE = 64
TASKS = {
    "edges": Config.of(task="edges", direction="AtoB", base_channels=2, depth=6, size=SIZE),
    "colors": Config.of(task="colors", in_channels=1, base_channels=2, depth=6, size=SIZE),
    "photo": Config.of(task="photo", base_channels=2, depth=6, size=SIZE),
    "facades": Config.of(base_channels=2, depth=6, size=SIZE),
    "five": Config.of(task="photo", in_channels=5, base_channels=2, depth=6, size=SIZE),
}


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory) -> Path:
    """Of random weights, without ONNX graph, one for each task."""
    folder = tmp_path_factory.mktemp("checkpoints")
    for task, config in TASKS.items():
        torch.manual_seed(1)
        checkpoint.save(folder / task, config, build_generator(config.architecture), "card")
    return folder


@pytest.fixture(scope="module")
def serve(checkpoints) -> Iterator[Callable[[str], str]]:
    """The address of the app with a checkpoint of a task as its default; each is started once."""
    pages, addresses = [], {}

    def start(task: str) -> str:
        if task not in addresses:
            options, port = app.parse(["--model", str(checkpoints / task)]), free_port()
            pages.append(app.serve(options, server_port=port, prevent_thread_lock=True, quiet=True))
            addresses[task] = f"http://127.0.0.1:{port}/"
        return addresses[task]

    yield start
    for page in pages:
        page.close(verbose=False)


@pytest.fixture
def visit(chromium, serve):
    contexts = []

    def open_page(task: str, **options):
        contexts.append(chromium.new_context(**{**DESKTOP, **options}))
        page = contexts[-1].new_page()
        page.goto(serve(task))
        return page

    yield open_page
    for context in contexts:
        context.close()


def shown(page, name: str, other_than: str | None = None) -> str:
    """The address of the picture in a pane, once it is there and is another one."""
    pane = page.locator(".panes > .block", has=page.get_by_text(name, exact=True)).locator("img")
    for _ in range(100):
        address = pane.first.get_attribute("src") if pane.count() else None
        if address and address != other_than:
            return address
        page.wait_for_timeout(100)
    raise AssertionError(f"no new picture in the pane {name}")


def pixels(address: str) -> np.ndarray:
    return images.read_image(base64.b64decode(address.removeprefix("data:image/png;base64,")))


def choose(page, number: int) -> None:
    page.locator(".examples .thumbnail-item").nth(number).click()


def picture(seed: int, height: int = SIZE, width: int = SIZE) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def png(pixels: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


# --- The pages


def drag(page, *points: tuple[float, float]) -> None:
    """Across the pen's sheet, in parts of its sides."""
    box = page.locator(".pen canvas").bounding_box()
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in points]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=5)
    page.mouse.up()


@pytest.mark.browser
def test_an_edges_checkpoint_opens_a_pen_that_the_generated_picture_follows(visit, checkpoints):
    page, translator = visit("edges"), inference.load(checkpoints / "edges")
    page.locator(".head", has_text="Model: edges").wait_for()
    (lines, target), (others, other_target), *_ = image_page.find_pairs(None, TASKS["edges"])
    first = shown(page, "Generated")
    assert (pixels(first) == translator(lines)).all()
    assert (pixels(shown(page, "Target")) == target).all()
    choose(page, 1)
    example = shown(page, "Generated", other_than=first)
    assert (pixels(example) == translator(others)).all()
    assert (pixels(shown(page, "Target")) == other_target).all()
    drag(page, (0.3, 0.3), (0.7, 0.4), (0.3, 0.5), (0.7, 0.6))
    drawn = translator(sheet(page))
    painted(page, drawn)
    assert shown(page, "Target")  # stays what the lines began as

    page.get_by_title("An empty sheet").click()
    blank = np.full((SIZE, SIZE, 3), 255, np.uint8)
    painted(page, translator(blank))
    assert page.locator(".panes > .target").is_hidden()  # its place is the others' now
    page.locator(".pen canvas").focus()
    for key in ("Shift+ArrowLeft", "Space", "Shift+ArrowDown", "Space"):
        page.keyboard.press(key)
    given = sheet(page)
    assert 0 < (given[..., 0] < 128).sum() < 40 and (given[34:38, 23:25] < 200).any()
    painted(page, translator(given))
    page.keyboard.press("Control+z")
    painted(page, translator(np.full((SIZE, SIZE, 3), 255, np.uint8)))
    page.keyboard.press("Control+z")
    painted(page, drawn)


def painted(page, wanted: np.ndarray) -> None:
    """Wait until this is the generated picture."""
    address = None
    for _ in range(20):
        address = shown(page, "Generated", other_than=address)
        if (pixels(address) == wanted).all():
            return
    raise AssertionError("another picture was generated")


def sheet(page) -> np.ndarray:
    return pixels(page.locator(".pen canvas").evaluate("canvas => canvas.toDataURL()"))


@pytest.mark.browser
def test_a_photo_checkpoint_takes_an_upload_and_says_in_one_line_what_it_cannot_read(visit, checkpoints, tmp_path):
    page = visit("photo")
    opened = shown(page, "Generated")
    choose(page, 1)
    assert shown(page, "Target")
    first = shown(page, "Generated", other_than=opened)
    uploaded = picture(7)
    (tmp_path / "upload.png").write_bytes(png(uploaded))
    (tmp_path / "broken.png").write_bytes(b"no picture")
    page.get_by_label("Remove Image").click()
    page.locator(".upload input[type=file]").first.set_input_files(tmp_path / "upload.png")
    second = shown(page, "Generated", other_than=first)
    assert (pixels(second) == inference.load(checkpoints / "photo")(uploaded)).all()
    assert page.locator(".panes > .target").is_hidden()  # nobody knows it
    page.get_by_label("Remove Image").click()
    page.locator(".upload input[type=file]").first.set_input_files(tmp_path / "broken.png")
    toast = page.locator(".toast-body")
    toast.wait_for()
    assert "broken.png is not an image file that can be read" in toast.inner_text()


@pytest.mark.browser
@pytest.mark.parametrize("task", ["edges", "colors"])
def test_a_phone_shows_the_picture_above_what_it_is_made_of_and_both_on_one_screen(visit, task):
    page = visit(task, **PHONE, color_scheme="dark")
    assert shown(page, "Generated")
    assert shown(page, "Target")
    given, generated, target = (pane.bounding_box() for pane in page.locator(".panes > .block").all())
    for box in (given, generated, target):
        assert box["x"] >= 0 and box["x"] + box["width"] <= 360
    assert generated["y"] + generated["height"] <= given["y"]
    assert given["y"] + given["height"] <= 740 and given["y"] + given["height"] <= target["y"]
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")
    found = axe.Axe().run(page).response["violations"]
    assert [(each["id"], [node["html"][:200] for node in each["nodes"]]) for each in found] == []


@pytest.mark.browser
def test_a_facades_checkpoint_still_opens_the_label_painter(visit):
    page = visit("facades")
    page.wait_for_selector(".studio[data-ready=true], [data-ready=true]")
    assert page.locator(".panes > .block.upload, .pen").count() == 0


# --- The API


def test_the_api_gives_what_the_model_makes_of_a_picture(serve, checkpoints, tmp_path):
    from gradio_client import Client, handle_file

    client = Client(serve("photo"), verbose=False, download_files=str(tmp_path))
    assert list(client.view_api(return_format="dict")["named_endpoints"]) == ["/generate"]
    given = picture(3)
    (tmp_path / "given.png").write_bytes(png(given))
    translator = inference.load(checkpoints / "photo")
    for seed in (None, 0, 7):
        answer = client.predict(handle_file(tmp_path / "given.png"), seed=seed, api_name="/generate")
        assert (images.read_image(answer) == translator(given, seed)).all()
    (tmp_path / "broken.png").write_bytes(b"no picture")
    for file, seed, words in (("broken.png", None, "not an image file"), ("given.png", -1, "whole number from 0")):
        with pytest.raises(Exception, match=words) as refusal:
            client.predict(handle_file(tmp_path / file), seed=seed, api_name="/generate")
        assert "\n" not in str(refusal.value)


class Held:
    """A model that paints when it is told to."""

    def __init__(self, free: bool):
        self.config, self.free, self.begun = TASKS["photo"], threading.Event(), threading.Event()
        if free:
            self.free.set()

    def __call__(self, image: np.ndarray, variation: int | None = None) -> np.ndarray:
        self.begun.set()
        assert self.free.wait(60)
        return image


def test_a_slow_model_that_one_visitor_brought_holds_up_nobody_else(tmp_path):
    from gradio_client import Client, handle_file

    own, slow, port = Held(free=True), Held(free=False), free_port()
    models = Models(lambda name: own, {"own": "own"}, "hub", lambda name: slow)
    page = image_page.build(models, TASKS["photo"])
    page.launch(server_port=port, prevent_thread_lock=True, quiet=True, ssr_mode=False)
    try:
        (tmp_path / "given.png").write_bytes(png(picture(3)))
        client = Client(f"http://127.0.0.1:{port}/", verbose=False, download_files=str(tmp_path))
        given = handle_file(tmp_path / "given.png")
        waiting = [client.submit(given, model="anna/slow", api_name="/generate") for _ in range(3)]
        assert slow.begun.wait(60)
        assert images.read_image(client.predict(given, api_name="/generate")).shape == (SIZE, SIZE, 3)
        slow.free.set()
        assert all(images.read_image(job.result(60)).shape == (SIZE, SIZE, 3) for job in waiting)
    finally:
        slow.free.set()
        page.close(verbose=False)


# --- Which page, which models, which pictures


def test_a_page_offers_the_models_of_its_task_alone(checkpoints, capsys):
    listed = {task: checkpoints / task for task in TASKS} | {"gone": checkpoints / "gone"}
    assert list(app.of_task(listed, "photo")) == ["photo", "five", "gone"]
    assert capsys.readouterr().out == "Not offered, since this page is for photo: edges, colors, facades\n"
    with pytest.raises(ValueError, match="edges was not trained for photo"):
        app.load(checkpoints / "edges", "photo")


def test_without_a_readable_checkpoint_the_page_is_that_for_facades(tmp_path):
    assert app.read_config(None) is None
    assert app.read_config(tmp_path) is None


@pytest.mark.parametrize(
    ("sides", "read"),
    [((64, 64), (64, 64)), ((32, 32), (64, 64)), ((400, 100), (128, 32)), ((1, 3000), (1, 256))],
)
def test_uploads_keep_their_shape_within_bounds_and_have_about_as_many_pixels_as_in_training(sides, read):
    assert image_page.read_input(png(picture(0, *sides)), TASKS["photo"]).shape == (*read, 3)


def test_uploads_for_colourisation_are_read_as_grey():
    assert image_page.read_input(png(picture(0)), TASKS["colors"]).shape == (SIZE, SIZE, 1)


def test_a_model_of_arrays_refuses_uploads_in_one_line():
    with pytest.raises(ValueError, match="arrays of 5 channels"):
        image_page.read_input(png(picture(0)), TASKS["five"])


@pytest.mark.parametrize("task", ["edges", "colors", "photo", "five"])
def test_examples_are_drawn_where_there_is_no_data(task):
    assert image_page.find_pairs(None, TASKS[task].replace(size=16, depth=2))  # smaller than a facade can be drawn
    pairs = image_page.find_pairs(None, TASKS[task])
    assert len(pairs) == image_page.MAX_EXAMPLES
    assert all(side.shape == (SIZE, SIZE, 3) for pair in pairs for side in pair)


def test_examples_of_a_set_on_the_hub_come_behind_drawn_ones(monkeypatch):
    drawn, asked = [(picture(1), picture(2))], threading.Event()

    def find(data, config):
        assert data is None or asked.wait(60)
        return [(picture(3), picture(4))] * 2 if data else drawn

    monkeypatch.setattr(image_page, "find_pairs", find)
    examples = image_page.Examples("anna/maps", TASKS["photo"])
    assert (len(examples.pairs), examples.first, len(examples.thumbnails)) == (1, 0, 1)
    asked.set()
    for _ in range(100):
        if examples.first:
            break
        threading.Event().wait(0.05)
    assert (len(examples.pairs), examples.first, len(examples.thumbnails)) == (3, 1, 2)
    assert (images.read_image(examples.file(0)) == drawn[0][0]).all()


def test_examples_are_val_pairs_of_the_data_where_they_fit(example_pairs, tmp_path, capsys):
    (given, target), *_ = image_page.find_pairs(example_pairs, TASKS["photo"])
    pair = images.read_image(example_pairs / "val" / "1.png")
    assert (target == images.resize(pair[:, :256], SIZE, SIZE)).all()
    assert (given == images.resize(pair[:, 256:], SIZE, SIZE)).all()
    (tmp_path / "val").mkdir()
    (tmp_path / "val" / "1.png").write_bytes(b"no picture")
    assert len(image_page.find_pairs(tmp_path, TASKS["photo"])) == image_page.MAX_EXAMPLES
    assert capsys.readouterr().out.startswith(f"No examples of {tmp_path}: ")
