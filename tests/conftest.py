"""What several test files share: the running app, a real Chromium and a Hub, each started once for all tests."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests import HUB_HOME, HUB_PORT
from tests.helpers.canvas_page import CanvasPage
from tests.helpers.hub_server import WRITER, HubServer

if TYPE_CHECKING:
    from tests.helpers.running_app import StandInApp

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DESKTOP = {"viewport": {"width": 1280, "height": 860}}
PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True, "device_scale_factor": 2}


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
def served(example_pairs) -> Iterator["StandInApp"]:
    from tests.helpers.running_app import StandInApp  # here, since tests of other things need not wait for Gradio

    served = StandInApp(example_pairs)
    yield served
    served.close()


@pytest.fixture
def running_app(served) -> "StandInApp":
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
def browser_runtime() -> Path:
    """The folder of npm's package onnxruntime-web, with which browsers paint."""
    folder = Path(__file__).parents[1] / "node_modules" / "onnxruntime-web"
    if not folder.is_dir():
        pytest.skip("onnxruntime-web is not here; npm ci installs it")
    return folder


@pytest.fixture(scope="module")
def traced_once() -> Iterator[None]:
    """For files that make many graphs and are about something else."""
    from tests.helpers import graphs  # here, since it needs torch

    with graphs.traced_once():
        yield


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
