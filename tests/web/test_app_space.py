"""The app as a process in the environment of a Space, which asks Gradio for rendering on a Node server."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from pix2pix.config import Config
from pix2pix.inference import checkpoint
from pix2pix.networks import build_generator
from tests.conftest import DESKTOP
from tests.helpers.canvas_page import CanvasPage
from tests.helpers.running_app import app_process

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not shutil.which("node"), reason="without node Gradio renders in the browser anyway"),
]
SPACE = {"GRADIO_SSR_MODE": "True", "SYSTEM": "spaces", "SPACE_ID": "anna/paint"}


def make_checkpoint(folder: Path, task: str) -> Path:
    """A tiny one of random weights."""
    torch.manual_seed(1)
    config = Config.of(task=task, direction="AtoB" if task == "edges" else "BtoA", base_channels=2, depth=6, size=64)
    checkpoint.save(folder / task, config, build_generator(config.architecture), "card")
    return folder / task


@pytest.fixture
def page(chromium) -> Iterator:
    context = chromium.new_context(**DESKTOP)
    yield context.new_page()
    context.close()


def test_facades_are_painted_on_a_space(page):
    with app_process("--model", "facades-live", **SPACE) as url:
        canvas = CanvasPage(page, url).open()
        canvas.empty_wall()
        canvas.settle()
        empty = canvas.generated().astype(int)
        canvas.choose("window")
        canvas.drag(60.5, 60.5, 150.5, 180.5)
        canvas.settle()
        assert np.abs(canvas.generated() - empty)[60:180, 60:150].mean() > 0.1
        assert page.locator("[data-example]").count() > 0
        assert canvas.errors == []


@pytest.mark.parametrize("task", ["edges", "photo"])
def test_pictures_of_other_tasks_are_translated_on_a_space(page, tmp_path, task):
    with app_process("--model", make_checkpoint(tmp_path, task), **SPACE) as url:
        page.goto(url)
        page.locator(".examples .thumbnail-item").nth(1).click()
        for pane in ("Generated", "Target"):
            picture = page.locator(".panes > .block", has=page.get_by_text(pane, exact=True)).locator("img")
            source = picture.get_attribute("src", timeout=90_000)  # the first picture waits for torch
            assert source.startswith("data:image/png;base64,")
