"""The processes that torchrun or accelerate started, and whether they have found each other."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

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


def join(precision: str):
    """The accelerator of all processes; ValueError where they do not find each other."""
    from accelerate import Accelerator

    accelerator = Accelerator(mixed_precision=precision, cpu=_on_cpus())
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
