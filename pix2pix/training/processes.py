"""The processes that torchrun or accelerate started, and whether they have found each other."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pix2pix.utils import UserError


def count() -> int:
    """How many were started, this one among them."""
    return int(os.environ.get("WORLD_SIZE", "1"))


@contextmanager
def main_first() -> Iterator[bool]:
    """Whether this is the main process; the others wait until it has left the block."""
    if count() == 1:
        yield True
        return
    from accelerate import PartialState

    state = PartialState(cpu=_on_cpus())
    with state.main_process_first():
        yield state.is_main_process


def join(precision: str, log_with: str | None = None, folder: Path | None = None):
    """Return the accelerator of all processes, logging into `folder`; UserError where they do not find each other."""
    from accelerate import Accelerator
    from accelerate.utils import ProjectConfiguration

    project = ProjectConfiguration(logging_dir=str(folder / log_with)) if log_with and folder else None
    accelerator = Accelerator(mixed_precision=precision, cpu=_on_cpus(), log_with=log_with, project_config=project)
    if accelerator.num_processes != count():
        raise UserError(
            f"{count()} processes were started and do not find each other: each counts {accelerator.num_processes}; "
            "start one, with python train.py"
        )
    return accelerator


def _on_cpus() -> bool:
    """Whether several processes share CPUs, which accelerate has to be told; it finds everything else by itself."""
    import torch

    found = torch.accelerator.current_accelerator(check_available=True)
    return count() > 1 and (found is None or found.type == "mps")
