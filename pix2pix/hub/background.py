"""Pushing beside the training: the newest checkpoint, by a process of its own, which can neither block nor kill it."""

import contextlib
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pix2pix.utils import UserError

MAX_PUSH = 3600.0  # seconds until a push counts as stuck and is ended
ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Push:
    """One checkpoint on its way to USER/REPO."""

    checkpoint: Path
    repo: str
    private: bool = False
    licence: str | None = None
    run: Path | None = None
    """The run folder, where its state goes along."""
    frozen: Path | None = None
    """The copy of that state which stays as it is, while the training goes on."""

    def arguments(self, run: Path | None) -> list[str]:
        flags = (["--private"] if self.private else []) + (["--license", self.licence] if self.licence else [])
        flags += ["--run", str(run)] if run else []
        return ["-m", "pix2pix", "push", str(self.checkpoint), self.repo, *flags]

    @property
    def command(self) -> str:
        """What a person types to push the same."""
        return shlex.join(["python", *self.arguments(self.run)])


def push_apart(push: Push, stop: threading.Event) -> str:
    """Push in another process; the address. Raises UserError with its last words, or where it was stopped."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}
    process = subprocess.Popen(
        [sys.executable, *push.arguments(push.frozen)],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,  # Ctrl-C is for the training
    )
    deadline = time.monotonic() + MAX_PUSH
    while True:
        try:
            output, errors = process.communicate(timeout=0.2)
            break
        except subprocess.TimeoutExpired:
            if stop.is_set() or time.monotonic() > deadline:
                process.kill()
                process.communicate()
                raise UserError("it was stopped" if stop.is_set() else "it took longer than an hour") from None
    if process.returncode:
        raise UserError((errors.strip().splitlines() or ["it ended without a word"])[-1].removeprefix("error: "))
    return output.strip().splitlines()[-1]


class Pusher:
    """Pushes what is submitted, one after the other; what waits is replaced by what is newer."""

    def __init__(
        self,
        repo: str,
        private: bool = False,
        every: int = 0,
        state: Callable[[Path], Sequence[str]] | None = None,
        licence: str | None = None,
        say: Callable[[str], None] = print,
        push: Callable[[Push, threading.Event], str] = push_apart,
    ):
        """`every`: epochs between pushes, 0 for the end alone; `state`: what of a run folder is pushed too, to be
        resumed from.

        `say` prints a line; `push` does the work and returns the address, or raises, soon once its event is set.
        """
        self.repo, self.private, self.every, self.state, self.licence = repo, private, every, state, licence
        self._say, self._push = say, push
        self._waiting: Push | None = None
        self._failed: tuple[Push, str] | None = None  # where the newest push failed: it, and why
        self._ending, self._stop, self._done = False, threading.Event(), threading.Event()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def submit(self, checkpoint: Path, run: Path) -> None:
        """Have a checkpoint of a run folder pushed soon. Returns at once, and raises nothing."""
        try:
            if self._thread is None:
                for left in run.glob(".pushing-*"):  # by a run that was killed
                    shutil.rmtree(left, ignore_errors=True)
            frozen = _freeze(run, self.state(run)) if self.state else None
        except OSError as error:
            self._say(f"{checkpoint.name} is not pushed: {error}")
            return
        run = run.resolve() if self.state else None
        push = Push(checkpoint.resolve(), self.repo, self.private, self.licence, run, frozen)
        with self._changed:
            if self._waiting is not None:
                _discard(self._waiting)
            self._waiting = push
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, daemon=True)
                self._thread.start()
            self._changed.notify()

    def close(self, patience: float | None = None) -> None:
        """Wait until all is pushed, at most `patience` seconds or until Ctrl-C; then say what was not, and how to."""
        with self._changed:
            self._ending = True
            self._changed.notify()
        if self._thread is not None:
            with contextlib.suppress(KeyboardInterrupt):
                if not self._done.is_set():
                    self._say(f"pushing to {self.repo}; Ctrl-C leaves that undone")
                self._done.wait(patience)
            self._stop.set()
            self._done.wait(5)
        push, why = self._failed or (None, "")
        if push is not None:
            self._say(f"{push.checkpoint.name} is not on the Hub: {why}; to push it:\n{push.command}")

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._ending)
                push, self._waiting = self._waiting, None
            if push is None:
                self._done.set()
                return
            self._failed = self._try(push)

    def _try(self, push: Push) -> tuple[Push, str] | None:
        try:
            self._say(f"{push.checkpoint.name} is on the Hub: {self._push(push, self._stop)}")
            return None
        except Exception as error:  # whatever it is, the training goes on
            self._say(f"{push.checkpoint.name} was not pushed: {error}")
            return push, str(error)
        finally:
            _discard(push)


def _freeze(run: Path, files: Sequence[str]) -> Path:
    """A copy of what a run is resumed from, as of now: the training replaces and extends its files meanwhile."""
    folder = Path(tempfile.mkdtemp(dir=run, prefix=".pushing-")).resolve()
    for name in files:
        copy = _link if name.endswith((".pt", ".safetensors")) else shutil.copyfile
        (folder / name).parent.mkdir(exist_ok=True)
        copy(run / name, folder / name)
    return folder


def _link(source: Path, target: Path) -> None:
    """Link a file, which is replaced as a whole and never written into; copy it where there are no links."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def _discard(push: Push) -> None:
    if push.frozen is not None:
        shutil.rmtree(push.frozen, ignore_errors=True)
