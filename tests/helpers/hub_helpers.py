"""What the tests of the Hub share: tiny checkpoints, other processes in the same cache, and a faster clock."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import torch

from pix2pix.config import Config
from pix2pix.export import onnx_graph
from pix2pix.inference import card, checkpoint
from pix2pix.networks import build_generator
from tests.helpers.graphs import traced_once

ROOT = Path(__file__).parents[2]
TINY = Config.of(base_channels=2, depth=3, size=64, jitter=False)
METADATA = {
    "data": "synthetic", "train_pairs": 8, "val_pairs": 2, "processes": 1, "command": "python train.py",
    "commit": "abc", "hardware": "1 x cpu", "torch": "2",
}  # fmt: skip


def make_checkpoint(folder: Path, seed: int) -> Path:
    """A checkpoint without ONNX graph, of random weights."""
    torch.manual_seed(seed)
    scores = {"l1": 0.25, "psnr": 12.5, "ssim": 0.125}
    checkpoint.save(folder, TINY, build_generator(TINY.architecture), card.write(TINY, METADATA, 100, scores))
    return folder


def make_trained(folder: Path) -> Path:
    """A checkpoint with its ONNX graph, as a training run ends with."""
    make_checkpoint(folder, seed=1)
    with traced_once():
        onnx_graph.add_onnx(folder, *checkpoint.load(folder))
    return folder


def weights(name: str | Path) -> dict[str, torch.Tensor]:
    return checkpoint.load(name)[1].state_dict()


def same(one: str | Path, other: str | Path) -> bool:
    """Whether two checkpoints have the same weights, bit for bit."""
    ours, theirs = weights(one), weights(other)
    return ours.keys() == theirs.keys() and all(torch.equal(ours[name], theirs[name]) for name in ours)


def forget_cache() -> None:
    from huggingface_hub.constants import HF_HUB_CACHE

    shutil.rmtree(HF_HUB_CACHE, ignore_errors=True)


def run_python(*arguments: str, **environment: str) -> subprocess.CompletedProcess:
    """Another process in the same cache, with other settings of the Hub's client."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
