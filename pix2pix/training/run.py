"""A run folder: what a training run was started with, what it said, and what it needs to go on.

run.json           config, data and command; written anew only when it goes on to more epochs, or its data has moved
log.jsonl          one line of losses every `log_every` steps, with scores at the end of an epoch
samples/           grids of input | generated | target
checkpoints/       step-000005000, …: folders that everything else loads
state.pt           the newest resume state, replaced as a whole
.lock              held while a training writes here
teacher/           where one was given: a copy of it, so that the run goes on wherever it is taken
results/           a page that follows the training, and after the last step pictures of all validation pairs
"""

import contextlib
import io
import json
import shlex
import shutil
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from filelock import FileLock, Timeout

from pix2pix import __version__, images
from pix2pix import config as configs
from pix2pix.config import Config
from pix2pix.inference import card, checkpoint
from pix2pix.utils import TEMPORARY, UserError, counted, write_atomically, written_together

METADATA, LOG, STATE, LOCK = "run.json", "log.jsonl", "state.pt", ".lock"


class UnreadableState(UserError):
    """The resume state of a run is no whole file."""


def check_new(folder: Path) -> None:
    """Raise UserError where `folder` exists and is not empty, but for what a run left that never began."""
    if not folder.exists() or (folder.is_dir() and all(is_leftover(path) for path in folder.iterdir())):
        return
    if not (folder / METADATA).is_file():
        raise UserError(f"{folder} exists already, and is no run: name another with --output")
    goes_on = f"or continue it with --resume {shlex.quote(str(folder))}"
    raise UserError(f"{folder} exists already: name another with --output, {goes_on}")


def is_leftover(path: Path) -> bool:
    """Whether this is a lock, or a file or folder in the making, which a run that was killed left behind."""
    return path.name == LOCK or (path.name.startswith(".") and path.name.endswith(TEMPORARY))


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Let no other training into a run folder; raises UserError where one is there.

    The lock is the system's own: it goes with the process that holds it, however that ends.
    """
    is_new = not folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / LOCK, timeout=0)
    with contextlib.ExitStack() as held:
        held.callback(_remove_unused, folder, is_new)  # once the lock is free
        try:
            held.enter_context(lock)
        except Timeout:
            raise UserError(f"another training is writing into {folder}: let it end first") from None
        except NotImplementedError:  # the disk knows no locks, as some in networks do not
            pass
        yield


def _remove_unused(folder: Path, is_new: bool) -> None:
    """Remove a new folder in which nothing came but the lock: the training was refused before it began."""
    if is_new and all(path.name == LOCK for path in folder.iterdir()):
        shutil.rmtree(folder, ignore_errors=True)


def _old_run(folder: Path) -> str:
    """Say what can become of a run whose settings are those of an older version."""
    said = f"{folder} was begun by pix2pix 0.1 or earlier, and its training cannot go on in {__version__}"
    if not any((folder / "checkpoints").glob("step-*")):
        return f"{said}; it has no checkpoint yet: start another run, with --data instead of --resume"
    command = f"python -m pix2pix convert {shlex.quote(str(folder))} NEW"
    return f"{said}; {command} makes a checkpoint of its newest one, which --init-from NEW starts another run with"


class Run:
    """A run folder, new (`create`) or there already (`open`)."""

    def __init__(self, folder: Path, config: Config, metadata: dict[str, str | int]):
        """`metadata`: data, command, train_pairs, val_pairs, processes, version, commit, hardware, torch, started."""
        self.folder, self.config, self.metadata = folder, config, metadata

    @classmethod
    def create(cls, folder: Path, config: Config, metadata: dict[str, str | int]) -> "Run":
        """Begin a run in a new folder; UserError where it is not empty: no run overwrites another."""
        check_new(folder)
        run = cls(folder, config, {**metadata, "started": datetime.now(UTC).isoformat(timespec="seconds")})
        folder.mkdir(parents=True, exist_ok=True)
        run._write_facts()
        return run

    @classmethod
    def open(cls, folder: Path) -> "Run":
        """Open the run in a folder; UserError, in one line, where none can be continued from it."""
        if not folder.exists():
            raise UserError(f"there is no run at {folder}: --resume names a run folder, or USER/REPO on the Hub")
        if not (folder / METADATA).is_file():
            begun = folder.is_dir() and all(is_leftover(path) for path in folder.iterdir())
            todo = "; start it with --data instead of --resume" if begun else ""
            raise UserError(f"{folder} is not a run folder: it has no {METADATA}{todo}")
        try:
            metadata = json.loads((folder / METADATA).read_text(encoding="utf-8"))
            settings = metadata.pop("config")
            if "generator" in settings:
                raise configs.OldFormat(_old_run(folder))
            return cls(folder, configs.from_values(Config, settings), metadata)
        except configs.OldFormat:
            raise
        except (KeyError, TypeError, ValueError) as error:
            raise UserError(f"{folder / METADATA} cannot be read: {error}") from None

    def change(self, config: Config, **metadata: str | int) -> None:
        """Go on with another config, or with other metadata."""
        if (config, self.metadata | metadata) != (self.config, self.metadata):
            self.config, self.metadata = config, self.metadata | metadata
            self._write_facts()

    def keep_teacher(self, folder: Path) -> None:
        """Copy it, unless that was done before."""
        if (self.folder / checkpoint.TEACHER).is_dir():
            return
        with written_together(self.folder / checkpoint.TEACHER) as building:
            for file in (checkpoint.CONFIG, checkpoint.WEIGHTS, checkpoint.STYLES):
                if (folder / file).exists():
                    shutil.copyfile(folder / file, building / file)

    @property
    def teacher(self) -> Path | str:
        """Its copy of the teacher; what the config names in a run from before there were copies."""
        kept = self.folder / checkpoint.TEACHER
        return kept if kept.is_dir() else self.config.training.teacher

    @property
    def resume_command(self) -> str:
        processes = self.metadata.get("processes", 1)
        program = "python" if processes == 1 else f"torchrun --nproc-per-node {processes}"
        return f"{program} train.py --resume {shlex.quote(str(self.folder))}"

    @property
    def is_at_start(self) -> bool:
        """Whether nothing of its training has been saved."""
        return not (self.folder / STATE).exists() and self.newest_checkpoint() is None

    def log(self, entry: dict) -> None:
        with (self.folder / LOG).open("a", encoding="utf-8") as file:
            file.write(json.dumps(entry) + "\n")

    def read_log(self) -> list[dict]:
        return list(self._logged()) if (self.folder / LOG).exists() else []

    def save_samples(self, step: int, grid: np.ndarray) -> None:
        (self.folder / "samples").mkdir(exist_ok=True)
        images.write_png(self.folder / "samples" / f"step-{step:09d}.png", grid)

    def save_checkpoint(
        self, generator, step: int, styles: dict[str, list[float]], scores: dict[str, float] | None = None
    ) -> Path:
        """Keep a generator; a step that was reached before an interruption is not written twice."""
        folder = self.folder / "checkpoints" / f"step-{step:09d}"
        if not folder.exists():
            text = card.write(self.config, self.metadata, step, scores)
            checkpoint.save(folder, self.config, generator, text, styles=styles)
        return folder

    def finish(self, generator, step: int, styles: dict[str, list[float]], scores: dict[str, float]) -> Path:
        """Keep the generator that training ends with: the only one with scores on its card and an ONNX graph."""
        from pix2pix.export import onnx_graph  # onnx takes long to import, and only this needs it

        folder = self.save_checkpoint(generator, step, styles, scores)
        if not (folder / checkpoint.ONNX).is_file():
            onnx_graph.add_onnx(folder, *checkpoint.load(folder))
        return folder

    def save_state(self, state: dict, step: int) -> None:
        """Replace the resume state; the one before stays whole until the new one is on the disk."""
        import torch

        buffer = io.BytesIO()
        torch.save(state | {"step": step}, buffer)
        write_atomically(self.folder / STATE, buffer.getbuffer())

    def load_state(self) -> tuple[dict, int]:
        """The resume state and its step: none, and 0, before the first; raises UnreadableState."""
        import torch  # here, since a run is opened before torch is needed

        try:
            state = torch.load(self.folder / STATE, map_location="cpu", weights_only=True)
            step = state.pop("step")
        except FileNotFoundError:
            return {}, 0
        except Exception as error:  # torch raises many kinds for a broken file
            size = (self.folder / STATE).stat().st_size
            why = "it is empty" if not size else f"{type(error).__name__} after {counted(size, 'byte')}"
            raise UnreadableState(f"{self.folder / STATE} is damaged ({why})") from None
        return state, step

    @property
    def step(self) -> int:
        """The step that it goes on from: of its state, or where that is damaged of its newest checkpoint."""
        try:
            return self.load_state()[1]
        except UnreadableState:
            newest = self.newest_checkpoint()
            return newest[1] if newest else 0

    def newest_checkpoint(self) -> tuple[Path, int] | None:
        """The folder of the newest one, and its step."""
        kept = sorted((self.folder / "checkpoints").glob("step-*"))
        return (kept[-1], int(kept[-1].name.removeprefix("step-"))) if kept else None

    def go_on_from(self, step: int) -> None:
        """Take away what a killed run left: files in the making, and lines of steps that will come again."""
        for path in list(self.folder.rglob(".*")):
            if (is_leftover(path) and path.name != LOCK) or path.name.startswith(".pushing-"):
                shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        lines = {entry["step"]: entry for entry in self.read_log() if entry["step"] <= step}
        if (self.folder / LOG).exists():
            self._write(LOG, "".join(json.dumps(lines[step]) + "\n" for step in sorted(lines)))

    def _logged(self) -> Iterator[dict]:
        """The lines of the log that are whole."""
        for line in (self.folder / LOG).read_text(encoding="utf-8").splitlines():
            with contextlib.suppress(ValueError):
                yield json.loads(line)

    def _write_facts(self) -> None:
        self._write(METADATA, json.dumps({**self.metadata, "config": asdict(self.config)}, indent=2) + "\n")

    def _write(self, name: str, text: str) -> None:
        write_atomically(self.folder / name, text.encode())
