"""A stranger's checkpoint as a Translator: its graph runs in a process of its own, which is ended when it misbehaves.

A graph is a program: it can loop without end, or ask for any memory. Nothing that it does holds up this process.
"""

import json
import logging
import os
import subprocess
import sys
import threading
import weakref
from collections.abc import Sequence
from concurrent.futures import CancelledError, Future
from pathlib import Path

import numpy as np

from pix2pix import config as configs
from pix2pix.config import ModelConfig
from pix2pix.inference import checkpoint
from pix2pix.inference.latents import latent_count
from pix2pix.inference.translator import Translator
from pix2pix.inference.worker import read_array
from pix2pix.utils import UserError

LOADING = 60.0  # seconds
PAINTING = 15.0  # seconds for a picture
GRACE = 5.0  # seconds until a picture that nobody waits for has to end
MAX_LINE = 2**16  # bytes
MAX_CHANNELS = 2**13
KEPT = ("PATH", "LD_LIBRARY_PATH", "SYSTEMROOT", "TMPDIR", "TEMP", "LANG")  # of the environment: no tokens
ROOT = Path(__file__).parents[2]  # where the package is found

log = logging.getLogger(__name__)


class ModelError(Exception):
    """A stranger's model paints no more; the text says why, for people."""


def load(name: str | Path) -> Translator:
    """Open a checkpoint that a stranger named, by a folder or on the Hub, and paint a small picture with it.

    The Hub is asked without a token. Raises UserError for what is no checkpoint, or does not paint as its config says.
    """
    folder = checkpoint.find(name, token=False)
    config = configs.read(folder / checkpoint.CONFIG, name)
    shown = checkpoint.shown_name(name)
    network, styles = IsolatedNetwork(folder, config, shown), checkpoint.read_styles(folder, config)
    translator = Translator(config, network, shown, styles)
    side = 2**config.architecture.depth
    shape = (side, side) if config.task == "facades" else (side, side, config.architecture.in_channels)
    try:
        translator(np.zeros(shape, np.uint8))
    except ModelError as error:
        raise UserError(str(error)) from None
    return translator


class IsolatedNetwork:
    """A network, see `translator.Network`, in another process; one picture at a time."""

    def __init__(self, folder: Path, config: ModelConfig, name: str):
        self.name, self._config = name, config
        self._turn, self._sending = threading.Lock(), threading.Lock()
        self._failed: str | None = None
        self._process = subprocess.Popen(
            [sys.executable, "-m", "pix2pix.inference.worker", str(folder.resolve())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=ROOT,
            env={key: os.environ[key] for key in KEPT if key in os.environ},
        )
        weakref.finalize(self, _end, self._process)
        self._read_facts()

    def _read_facts(self) -> None:
        with _Deadline(self._process, LOADING):
            line = self._process.stdout.readline(MAX_LINE)
        try:
            facts = json.loads(line)
            if "error" in facts:
                raise UserError(facts["error"])
        except json.JSONDecodeError:
            raise UserError(
                f"{self.name} does not load within {LOADING:.0f} s and the memory that it may take"
            ) from None
        self.latent_kind, self.latent_channels = facts["latent_kind"], facts["latent_channels"]
        self.color_basis = [np.float32(each) for each in facts["color_basis"]]
        counts = all(0 < count <= MAX_CHANNELS for count in self.latent_channels)
        shapes = [each.shape for each in self.color_basis] in ([], [(6,), (6, 6)])
        count = latent_count(self._config.architecture)
        if not (counts and len(self.latent_channels) == count and shapes):
            raise UserError(f"{self.name} takes other inputs than its {checkpoint.CONFIG} says")

    def __call__(self, inputs: np.ndarray, latents: Sequence[np.ndarray], cancel: Future | None = None) -> np.ndarray:
        with self._turn:
            if self._failed:
                raise ModelError(self._failed)
            if cancel and cancel.cancelled():
                raise CancelledError
            try:
                with _Deadline(self._process, PAINTING) as deadline:
                    arrays = (inputs, *latents)
                    self._send({"arrays": [(each.dtype.name, each.shape) for each in arrays]}, *arrays)
                    if cancel:
                        cancel.add_done_callback(lambda _: self._cancel(deadline))
                    return self._receive(*inputs.shape[-2:])
            except (OSError, EOFError):
                if cancel and cancel.cancelled():
                    why = "did not stop when it was told to"
                elif deadline.passed:
                    why = f"took longer than {PAINTING:.0f} s for a picture"
                else:
                    why = "ended by itself, perhaps for want of memory"
                self._failed = f"{self.name} {why}; it is not painted with any more"
                raise ModelError(self._failed) from None

    def _receive(self, height: int, width: int) -> np.ndarray:
        answer = self._process.stdout
        status = answer.read(1)
        if status == b"-":
            log.warning("%s: %s", self.name, answer.readline(MAX_LINE).decode("utf-8", "replace").strip())
            raise ModelError(f"{self.name} does not paint as its {checkpoint.CONFIG} says")
        if status != b"+":
            raise EOFError
        return np.nan_to_num(read_array(answer, "float32", [1, self._config.architecture.out_channels, height, width]))

    def _send(self, what: dict, *arrays: np.ndarray) -> None:
        with self._sending:
            self._process.stdin.write(json.dumps(what).encode() + b"\n")
            for array in arrays:
                self._process.stdin.write(array.tobytes())
            self._process.stdin.flush()

    def _cancel(self, deadline: "_Deadline") -> None:
        if deadline.running:
            deadline.shorten(GRACE)
            try:
                self._send({"cancel": True})
            except OSError:
                return  # it has ended already


class _Deadline:
    """Kill a process unless the block ends in time; whoever reads from it then sees the end of its output."""

    def __init__(self, process: subprocess.Popen, seconds: float):
        self._process, self._timer = process, threading.Timer(seconds, self._end)
        self.passed, self.running = False, True

    def _end(self) -> None:
        self.passed = True
        self._process.kill()

    def shorten(self, seconds: float) -> None:
        self._timer.cancel()
        self._timer = threading.Timer(seconds, self._end)
        self._timer.daemon = True
        self._timer.start()
        if not self.running:  # the block ended meanwhile
            self._timer.cancel()

    def __enter__(self) -> "_Deadline":
        self._timer.daemon = True
        self._timer.start()
        return self

    def __exit__(self, *failure) -> None:
        self.running = False
        self._timer.cancel()


def _end(process: subprocess.Popen) -> None:
    process.kill()
    process.wait()
    process.stdin.close()
    process.stdout.close()
