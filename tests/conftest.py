"""The running app and a real Chromium, each started once for all tests, and the stand-in model that they paint with."""

import asyncio
import shutil
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from tests import HUB_HOME, HUB_PORT
from tests.canvas_page import CanvasPage
from tests.hub_server import WRITER, HubServer

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DESKTOP = {"viewport": {"width": 1280, "height": 860}}
PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True, "device_scale_factor": 2}


class StandIn:
    """A model of the shape that the app expects: each class becomes a grey, a variation makes it brighter."""

    def __init__(self, name: str = "facades"):
        self.name = name
        self.delay = 0.0  # seconds
        self.failures = 0  # how many of the next pictures fail
        self.painted = 0

    def __call__(self, image: np.ndarray, variation: int | None = None) -> np.ndarray:
        time.sleep(self.delay)
        self.painted += 1
        if self.failures:
            self.failures -= 1
            raise RuntimeError("out of paint")
        grey = image.astype(np.uint16).sum(axis=-1, keepdims=True) // 4 + (variation or 0)
        return np.repeat(grey, 3, axis=-1).clip(0, 255).astype(np.uint8)


def grey_of(rgb: tuple[int, int, int], variation: int = 0) -> int:
    """What the stand-in paints for a class of this colour."""
    return sum(rgb) // 4 + variation


class RunningApp:
    """A served app: its address, and the stand-in models by name to steer them."""

    def __init__(self, examples: Path, visitors: str = "hub"):
        import app
        from pix2pix.canvas import Painter, find_examples
        from pix2pix.serving import Line, Models

        self.models = {name: StandIn(name) for name in ("facades", "other", "nobody/model", "nobody/slow")}
        listed = {name: name for name in ("facades", "other", "broken")}
        self.painter = Painter(Models(self._load, listed, visitors), find_examples(examples), Line())
        self.port = free_port()
        self.page = app.build(self.painter)
        app.launch(self.page, self.painter, server_port=self.port, prevent_thread_lock=True, quiet=True)
        self.url = f"http://127.0.0.1:{self.port}/"

    def _load(self, source: str | Path) -> StandIn:
        if source == "nobody/slow":
            time.sleep(1)
        if source not in self.models:
            raise ValueError(f"{source} is not a checkpoint")
        return self.models[source]

    def close(self) -> None:
        self.page.close(verbose=False)


def run(coroutine):
    """Run a coroutine to its end, in a thread of its own: Playwright keeps a loop running in the main one."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        return pool.submit(asyncio.run, coroutine).result()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="session")
def example_pairs(tmp_path_factory) -> Path:
    """A dataset of three pairs in the published layout, stored without loss."""
    from PIL import Image

    from pix2pix.labels import colorize
    from pix2pix.synthetic import facade

    folder = tmp_path_factory.mktemp("dataset") / "val"
    folder.mkdir()
    for seed in range(3):
        labels, photo = facade(seed, 256, 256)
        Image.fromarray(np.hstack([photo, colorize(labels)])).save(folder / f"{seed + 1}.png")
    return folder.parent


@pytest.fixture(scope="session")
def served(example_pairs) -> Iterator[RunningApp]:
    app = RunningApp(example_pairs)
    yield app
    app.close()


@pytest.fixture
def running_app(served) -> RunningApp:
    """The app with its stand-ins as at the start: quick and without failures."""
    for model in served.models.values():
        model.delay, model.failures = 0.0, 0
    return served


@pytest.fixture(scope="session")
def chromium():
    """A headless Chromium from the PATH, or the one that Playwright installed."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as driver:
        try:
            browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        except playwright.Error as error:
            pytest.skip(f"no Chromium to test with: {error}")
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def desktop_page(chromium, served):
    """One visitor at a desktop, shared by tests that start from an empty wall."""
    context = chromium.new_context(**DESKTOP)
    yield CanvasPage(context.new_page(), served.url).open()
    context.close()


@pytest.fixture
def canvas(desktop_page, running_app):
    """The page at a desktop, on an empty wall, with the settings of a first visit."""
    desktop_page.reset()
    yield desktop_page
    assert desktop_page.errors == []


@pytest.fixture
def visit(chromium, running_app):
    """Open the page as a new visitor; takes the options of a browser context."""
    contexts = []

    def open_page(fragment: str = "", **options) -> CanvasPage:
        contexts.append(chromium.new_context(**{**DESKTOP, **options}))
        return CanvasPage(contexts[-1].new_page(), running_app.url).open(fragment)

    yield open_page
    for context in contexts:
        context.close()


@pytest.fixture(scope="session")
def hub_process(tmp_path_factory) -> Iterator[HubServer]:
    server = HubServer(tmp_path_factory.mktemp("hub"), HUB_PORT)
    yield server
    server.close()


@pytest.fixture
def the_hub(hub_process, tmp_path, monkeypatch) -> Iterator[HubServer]:
    """An empty Hub, an empty cache, and a login as anna, who may write."""
    hub_process.reset(tmp_path / "hub")
    shutil.rmtree(Path(HUB_HOME) / "hub", ignore_errors=True)
    monkeypatch.setenv("HF_TOKEN", WRITER)
    yield hub_process
    assert hub_process.strange == [], "the client asked for what the test server does not know"
