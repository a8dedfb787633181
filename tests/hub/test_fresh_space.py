"""What was deployed, cloned into an empty folder, installed from its requirements alone, and started as a Space is.

It needs the package index, and takes minutes: pytest -m slow tests/hub/test_fresh_space.py
"""

import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from pix2pix.commands.deploy import ROOT, deploy
from pix2pix.commands.push import push
from tests.helpers.canvas_page import CanvasPage
from tests.helpers.hub_helpers import make_trained
from tests.helpers.running_app import free_port

pytestmark = [pytest.mark.slow, pytest.mark.browser]
SPACE, REPO = "anna/paint", "anna/facades"
PYTHON = os.environ.get("SPACE_PYTHON", sys.executable)  # the README's python_version, where it is another
NO_INDEX = ("NewConnectionError", "Temporary failure in name resolution", "No matching distribution found")


@pytest.fixture(scope="module")
def environment(tmp_path_factory) -> Path:
    """The Python of a new environment with requirements.txt in it and nothing else."""
    folder = tmp_path_factory.mktemp("environment")
    subprocess.run([PYTHON, "-m", "venv", folder], check=True)
    python = folder / "bin" / "python"
    wanted = ROOT / "requirements.txt"
    done = subprocess.run([python, "-m", "pip", "install", "-q", "-r", wanted], capture_output=True, text=True)
    if done.returncode and any(sign in done.stderr for sign in NO_INDEX):
        pytest.skip(f"no package index to install from: {done.stderr.strip().splitlines()[-1]}")
    assert done.returncode == 0, done.stderr
    return python


@pytest.fixture
def clone(the_hub, tmp_path) -> Path:
    """The files of the Space."""
    push(str(make_trained(tmp_path / "step-000000100")), REPO)
    deploy(SPACE, model=REPO)
    folder = tmp_path / "clone"
    for name in the_hub.state.files("spaces", SPACE)[1]:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(the_hub.state.content("spaces", SPACE, name))
    return folder


@pytest.fixture
def address(the_hub, environment, clone, tmp_path) -> Iterator[str]:
    """Of the running app: no flags, the variables of a Space, and a home of its own."""
    port = free_port()
    variables = {
        "PATH": f"{environment.parent}:{os.environ['PATH']}", "HOME": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1",
        "SYSTEM": "spaces", "SPACE_ID": SPACE, "SPACE_HOST": "anna-paint.hf.space", "GRADIO_SERVER_NAME": "0.0.0.0",
        "GRADIO_SERVER_PORT": str(port), "GRADIO_NUM_PORTS": "1", "GRADIO_SSR_MODE": "True", "HF_ENDPOINT": the_hub.url,
        "HF_HUB_DISABLE_XET": "1", **the_hub.state.read("spaces", SPACE)["variables"],
    }  # fmt: skip
    with (tmp_path / "log").open("w") as log:
        app = subprocess.Popen([environment, "app.py"], cwd=clone, env=variables, stdout=log, stderr=log)
    try:
        for _ in range(600):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5)
                break
            except OSError:
                assert app.poll() is None, (tmp_path / "log").read_text()
                time.sleep(0.1)
        yield f"http://127.0.0.1:{port}/"
        assert app.poll() is None, (tmp_path / "log").read_text()
    finally:
        app.terminate()
        app.wait(10)


def test_a_clone_of_the_space_paints_with_the_model_that_was_named(chromium, the_hub, address, clone):
    before = {path: path.read_bytes() for path in clone.rglob("*") if path.is_file()}
    context = chromium.new_context(viewport={"width": 1280, "height": 860})
    canvas = CanvasPage(context.new_page(), address).open()
    canvas.empty_wall()
    canvas.settle()
    empty = canvas.generated().astype(int)
    canvas.choose("window")
    canvas.drag(60.5, 60.5, 150.5, 180.5)
    canvas.settle()
    assert np.abs(canvas.generated() - empty)[60:180, 60:150].mean() > 0.1
    assert canvas.errors == []
    context.close()
    assert the_hub.asked["get_file"], "the model was not fetched from the Hub"
    assert {path: path.read_bytes() for path in clone.rglob("*") if path.is_file()} == before
