"""The app, served from a thread of the test process, and the stand-in model that it paints with."""

import asyncio
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import numpy as np

import app
from pix2pix.inference import Translator
from pix2pix.labels import colorize
from pix2pix.utils import UserError
from pix2pix.web.canvas import Painter, find_examples
from pix2pix.web.serving import FairQueue, Models


class StandIn:
    """A model of the shape that the app expects: each class becomes a grey, a variation makes it brighter.

    Where it takes colours, the upper half has the colour of the sky, and the lower half that of the wall. Where it has
    styles, each makes the picture darker by as much as it says.
    """

    def __init__(self, name: str = "facades", takes_colours: bool = False, styles: dict[str, int] | None = None):
        self.name = name
        self.takes_colours = takes_colours
        self.styles = styles or {}
        self.delay = 0.0  # seconds
        self.failures = 0  # how many of the next pictures fail
        self.painted = 0
        self.stopped = 0  # pictures that nobody waited for any more
        self.painting = self.max_at_once = 0

    check_style = Translator.check_style

    def nearest_style(self, wall, sky) -> str | None:
        return next(iter(self.styles), None)

    def __call__(
        self,
        labels: np.ndarray,
        variation: int | None = None,
        cancel: Future | None = None,
        wall=None,
        sky=None,
        style: str | None = None,
    ) -> np.ndarray:
        self.painting += 1
        self.max_at_once = max(self.max_at_once, self.painting)
        try:
            self._work(cancel or Future())
        finally:
            self.painting -= 1
        self.painted += 1
        if self.failures:
            self.failures -= 1
            raise RuntimeError("out of paint")
        grey = colorize(labels).astype(np.uint16).sum(axis=-1, keepdims=True) // 4 + (variation or 0)
        grey = np.maximum(grey.astype(int) - (self.styles[style] if style else 0), 0)
        photo = np.repeat(grey, 3, axis=-1).clip(0, 255).astype(np.uint8)
        for half, colour in ((slice(128), sky), (slice(128, None), wall)):
            if self.takes_colours and colour:
                photo[half] = colour
        return photo

    def _work(self, cancel: Future) -> None:
        left = threading.Event()
        cancel.add_done_callback(lambda _: left.set())
        if left.wait(self.delay):
            self.stopped += 1
            raise RuntimeError("stopped half-way")


def grey_of(rgb: tuple[int, int, int], variation: int = 0) -> int:
    """What the stand-in paints for a class of this colour."""
    return sum(rgb) // 4 + variation


class RunningApp:
    """A served app, in a thread of this process."""

    def __init__(self, painter: Painter, port: int | None = None, **options):
        self.painter = painter
        self.port = port or free_port()
        self.page = app.build(painter)
        app.launch(self.page, painter, server_port=self.port, prevent_thread_lock=True, quiet=True, **options)
        self.url = f"http://127.0.0.1:{self.port}/"

    def close(self) -> None:
        self.page.close(verbose=False)


class StandInApp(RunningApp):
    """The app with stand-in models, by name in `models` to steer them."""

    def __init__(self, examples: Path, port: int | None = None, **options):
        self.models = {name: StandIn(name) for name in ("facades", "nobody/model", "nobody/slow")}
        self.models["other"] = StandIn("other", takes_colours=True, styles={"plaster": 0, "brick": 20})
        listed = {name: name for name in ("facades", "other", "broken")}
        super().__init__(
            Painter(Models(self._load, listed, "hub"), find_examples(examples), FairQueue()), port, **options
        )

    def _load(self, source: str | Path) -> StandIn:
        if source == "nobody/slow":
            time.sleep(1)
        if source not in self.models:
            raise UserError(f"{source} is not a checkpoint")
        return self.models[source]


@contextmanager
def app_process(*flags: str | Path, folder: Path = app.ROOT, **variables: str) -> Iterator[str]:
    """The address of `python app.py FLAGS` in a folder, a process of its own with these environment variables."""
    port = free_port()
    environment = os.environ | {"GRADIO_SERVER_PORT": str(port)} | variables
    with tempfile.TemporaryFile() as log:
        command = [sys.executable, "app.py", *map(str, flags)]
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)
        try:
            url = f"http://127.0.0.1:{port}/"
            _wait_for(url, process, log)
            yield url
        finally:
            process.terminate()
            process.wait(20)


def _wait_for(url: str, process: subprocess.Popen, log) -> None:
    for _ in range(1200):
        try:
            httpx.get(url, timeout=60)
            return
        except httpx.TransportError:
            if process.poll() is not None:
                break
            time.sleep(0.1)
    log.seek(0)
    raise AssertionError(f"the app does not answer:\n{log.read().decode()}")


def run(coroutine):
    """Run a coroutine to its end, in a thread of its own: Playwright keeps a loop running in the main one."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        return pool.submit(asyncio.run, coroutine).result()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
