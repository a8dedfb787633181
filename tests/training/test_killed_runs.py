"""Fifty moments at which a training is killed, most of them amid a save: nothing is lost, doubled or left behind."""

import multiprocessing
import os
import signal
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.helpers.pairs_on_disk import write_ab

KILLS, MAX_EVENTS = 50, 30  # events: files touched, 16 in a step with its save, 6 at a start
TINY = ["--recipe", "paper", "--size", "32", "--depth", "3", "--base-channels", "2", "--discriminator-channels", "2"]
RUN = [*TINY, "--epochs", "6", "--decay-epochs", "3", "--ema-decay", "0.9", "--log-every", "1", "--save-every", "1"]
EVENTS = {"open", "os.rename", "os.mkdir", "os.remove", "os.rmdir", "os.chmod"}
processes = multiprocessing.get_context("forkserver")
processes.set_forkserver_preload(["pix2pix.training.launch", "pix2pix.export.onnx_graph", __name__])


def run_train(arguments: list[str], folder: Path, killed_at: int | None) -> None:
    """Run train.py; this process is killed when it is about to touch a file of `folder` for the so manieth time."""
    import torch

    import train

    torch.set_num_threads(1)
    touched = 0

    def count(event: str, details: tuple) -> None:
        nonlocal touched
        if event in EVENTS and str(details[0]).startswith(str(folder)):
            touched += 1
            if touched == killed_at:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(count)
    train.main(arguments)


def start(folder: Path, data: Path, killed_at: int | None = None) -> int | None:
    """Start the run, or go on with it; the exit code."""
    begun = (folder / "run.json").exists()
    arguments = ["--resume", str(folder)] if begun else ["--data", str(data), "--output", str(folder), *RUN]
    child = processes.Process(target=run_train, args=(arguments, folder, killed_at))
    child.start()
    child.join()
    return child.exitcode


def assert_same(run: Path, whole: Path) -> None:
    newest = [sorted((folder / "checkpoints").iterdir())[-1] / "model.safetensors" for folder in (run, whole)]
    assert newest[0].read_bytes() == newest[1].read_bytes()
    assert (run / "log.jsonl").read_text() == (whole / "log.jsonl").read_text()
    assert "finished" in (run / "results" / "index.html").read_text()
    assert {path.relative_to(run) for path in run.rglob("*")} == {path.relative_to(whole) for path in whole.rglob("*")}


@pytest.mark.slow
def test_a_run_that_is_killed_fifty_times_ends_as_one_that_never_was(tmp_path):
    data, whole = tmp_path / "data", tmp_path / "whole"
    write_ab(data / "train", 3)
    write_ab(data / "val", 1, first=4)
    assert start(whole, data) == 0
    stream, kills, runs = np.random.default_rng(0), 0, 0
    while kills < KILLS:
        runs += 1
        run = tmp_path / f"run-{runs}"
        while (code := start(run, data, int(stream.integers(1, MAX_EVENTS)) if kills < KILLS else None)) != 0:
            assert code == -signal.SIGKILL
            kills += 1
        assert_same(run, whole)
