"""A run folder: what a training run was started with, what it said, and what it needs to go on.

run.json           data, config and command; written once
log.jsonl          one line of losses every `log_every` steps, with scores at the end of an epoch
samples/           sheets of input | generated | target
checkpoints/       step-000005000, …: folders that everything else loads
state.pt           the newest resume state, replaced as a whole
teacher/           where one was given: a copy of it, so that the run goes on wherever it is taken
results/           a page that follows the training, and after the last step pictures of all validation pairs
"""

import io
import json
import shlex
import shutil
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import torch

from pix2pix import config as configs
from pix2pix import images
from pix2pix.config import Config
from pix2pix.inference import card, checkpoint
from pix2pix.utils import write_atomically, written_together

FACTS, LOG, STATE = "run.json", "log.jsonl", "state.pt"


def check_new(folder: Path) -> None:
    """Raises ValueError where `folder` exists and is not an empty folder."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ValueError(f"{folder} exists already: name another with --output, or continue it with --resume")


class Run:
    """A run folder, new (`create`) or there already (`open`)."""

    def __init__(self, folder: Path, config: Config, facts: dict[str, str | int]):
        """`facts`: data, command, train_pairs, val_pairs, processes, commit, hardware, torch, started."""
        self.folder, self.config, self.facts = folder, config, facts

    @classmethod
    def create(cls, folder: Path, config: Config, facts: dict[str, str | int]) -> "Run":
        """Raises ValueError where the folder exists and is not empty: no run overwrites another."""
        check_new(folder)
        run = cls(folder, config, {**facts, "started": datetime.now(UTC).isoformat(timespec="seconds")})
        folder.mkdir(parents=True, exist_ok=True)
        run._write(FACTS, json.dumps({**run.facts, "config": asdict(config)}, indent=2) + "\n")
        return run

    @classmethod
    def open(cls, folder: Path) -> "Run":
        """Raises ValueError, in one line, for a folder that no run can be continued from."""
        if not (folder / FACTS).is_file():
            raise ValueError(f"{folder} is not a run folder: it has no {FACTS}; --output names the run to resume")
        try:
            facts = json.loads((folder / FACTS).read_text(encoding="utf-8"))
            config = configs.from_json(json.dumps({"model_type": configs.MODEL_TYPE, **facts.pop("config")}))
            return cls(folder, config, facts)
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"{folder / FACTS} cannot be read: {error}") from None

    def keep_teacher(self, folder: Path) -> None:
        with written_together(self.folder / checkpoint.TEACHER) as building:
            for file in (checkpoint.CONFIG, checkpoint.WEIGHTS):
                shutil.copyfile(folder / file, building / file)

    @property
    def teacher(self) -> Path | str:
        """Its copy of the teacher; what the config names in a run from before there were copies."""
        kept = self.folder / checkpoint.TEACHER
        return kept if kept.is_dir() else self.config.teacher

    @property
    def resume_command(self) -> str:
        return f"python train.py --resume --output {shlex.quote(str(self.folder))}"

    def log(self, entry: dict) -> None:
        with (self.folder / LOG).open("a", encoding="utf-8") as file:
            file.write(json.dumps(entry) + "\n")

    def read_log(self) -> list[dict]:
        path = self.folder / LOG
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []

    def save_samples(self, step: int, sheet: np.ndarray) -> None:
        (self.folder / "samples").mkdir(exist_ok=True)
        images.write_png(self.folder / "samples" / f"step-{step:09d}.png", sheet)

    def save_checkpoint(self, generator, step: int, scores: dict[str, float] | None = None) -> Path:
        """Keep a generator; a step that was reached before an interruption is not written twice."""
        folder = self.folder / "checkpoints" / f"step-{step:09d}"
        if not folder.exists():
            checkpoint.save(folder, self.config, generator, card.write(self.config, self.facts, step, scores))
        return folder

    def finish(self, generator, step: int, scores: dict[str, float]) -> Path:
        """Keep the generator that training ends with: the only one with scores on its card and an ONNX graph."""
        from pix2pix.export import onnx_graph  # onnx takes long to import, and only this needs it

        folder = self.save_checkpoint(generator, step, scores)
        onnx_graph.add_onnx(folder, *checkpoint.load(folder))
        return folder

    def save_state(self, state: dict, step: int) -> None:
        """Replace the resume state; the one before stays whole until the new one is on the disk."""
        buffer = io.BytesIO()
        torch.save(state | {"step": step}, buffer)
        write_atomically(self.folder / STATE, buffer.getbuffer())

    def load_state(self) -> tuple[dict, int]:
        """The resume state and its step; lines that were logged after it are dropped, since they will come again."""
        try:
            state = torch.load(self.folder / STATE, map_location="cpu", weights_only=True)
            step = state.pop("step")
        except FileNotFoundError:
            return {}, 0
        except Exception as error:  # torch raises many kinds for a broken file
            raise ValueError(f"{self.folder / STATE} cannot be read: {str(error).splitlines()[0]}") from None
        self._drop_log_after(step)
        return state, step

    def _drop_log_after(self, step: int) -> None:
        path = self.folder / LOG
        if path.exists():
            lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
            whole = [line for line in lines if line.endswith("\n")]
            self._write(LOG, "".join(line for line in whole if json.loads(line)["step"] <= step))

    def _write(self, name: str, text: str) -> None:
        write_atomically(self.folder / name, text.encode())
