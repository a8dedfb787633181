"""Graphs in int8: near torch, alike on every CPU, and written only where they are near enough."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from pix2pix import inference, synthetic
from pix2pix.commands import export as export_command
from pix2pix.export import onnx_graph
from pix2pix.inference import checkpoint
from pix2pix.networks import build_generator
from pix2pix.recipes import RECIPES

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
PAPER = RECIPES["paper"].replace(base_channels=32, depth=5, size=64)


def new_checkpoint(folder: Path, config=PAPER) -> Path:
    torch.manual_seed(0)
    checkpoint.save(folder, config, build_generator(config.architecture), "card")
    return folder


@pytest.fixture(scope="module")
def quantized(tmp_path_factory):
    folder = new_checkpoint(tmp_path_factory.mktemp("int8") / "paper")
    export_command.export(folder, int8="synthetic")
    return folder


def constants(folder: Path) -> dict[str, np.ndarray]:
    graph = onnx.load(folder / checkpoint.ONNX).graph
    return {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in graph.initializer}


def test_its_pictures_are_near_those_of_torch_at_other_sizes_and_variations_too(quantized):
    quick, exact = inference.load(quantized), inference.load_torch(quantized)
    for seed, (height, width) in enumerate(((64, 64), (96, 40))):
        drawing = synthetic.label_map(100 + seed, height, width)
        apart = np.abs(quick(drawing, seed).astype(int) - exact(drawing, seed))
        assert 0 < apart.mean() < onnx_graph.MAX_LEVELS


def test_weights_are_int8_in_seven_bits_so_that_no_cpu_overflows(quantized):
    kernels = [value for value in constants(quantized).values() if value.ndim == 4 and value.dtype == np.int8]
    assert sum(kernel.size for kernel in kernels) > 0.9 * sum(
        weight.numel() for weight in build_generator(PAPER.architecture).parameters()
    )
    assert max(int(np.abs(kernel.astype(int)).max()) for kernel in kernels) == 64


def test_the_layers_beside_the_pictures_stay_in_float(quantized):
    floats = [value.shape for value in constants(quantized).values() if value.ndim == 4 and value.dtype == np.float32]
    assert (32, 3, 4, 4) in floats  # from the drawing
    assert (64, 3, 4, 4) in floats  # to the photo


def test_a_generator_that_sees_classes_apart_keeps_them_apart(tmp_path):
    """A class's plane is there or not: in int8 it would be nearly there."""
    config = RECIPES["perceptual"].replace(base_channels=16, depth=5, size=64)
    folder = new_checkpoint(tmp_path / "ours", config)
    export_command.export(folder, int8="synthetic")
    quick, exact = inference.load(folder), inference.load_torch(folder)
    drawings = [synthetic.label_map(seed, 64, 64) for seed in range(4)]
    levels = [np.abs(quick(drawing, 3).astype(int) - exact(drawing, 3)).mean() for drawing in drawings]
    assert np.mean(levels) < onnx_graph.MAX_LEVELS


def test_what_would_be_too_far_is_not_written_and_the_graph_before_stays(tmp_path, monkeypatch):
    folder = new_checkpoint(tmp_path / "paper")
    export_command.export(folder)
    before = (folder / checkpoint.ONNX).read_bytes()
    monkeypatch.setattr(onnx_graph, "MAX_LEVELS", 0.01)
    with pytest.raises(ValueError, match=r"more than 0\.01 on average, so nothing was written"):
        export_command.export(folder, int8="synthetic")
    assert (folder / checkpoint.ONNX).read_bytes() == before
    assert sorted(path.name for path in folder.iterdir()) == [
        "README.md",
        "config.json",
        "model.onnx",
        "model.safetensors",
    ]


def test_at_half_the_size_too_and_where_it_is_refused_a_float_graph_for_the_new_weights_stays(tmp_path, monkeypatch):
    folder = new_checkpoint(tmp_path / "paper")
    export_command.export(folder, half=True, int8="synthetic")
    assert np.int8 in {value.dtype.type for value in constants(folder).values()}
    monkeypatch.setattr(onnx_graph, "MAX_LEVELS", 0.01)
    with pytest.raises(ValueError, match="nothing was written"):
        export_command.export(folder, half=True, int8="synthetic")
    drawing = synthetic.label_map(1, 64, 64)
    apart = np.abs(inference.load(folder)(drawing).astype(int) - inference.load_torch(folder)(drawing))
    assert apart.max() <= 1


def test_a_graph_for_other_weights_is_refused(quantized, tmp_path):
    other = new_checkpoint(tmp_path / "other", PAPER.replace(base_channels=16))
    (other / checkpoint.ONNX).write_bytes((quantized / checkpoint.ONNX).read_bytes())
    with pytest.raises(ValueError, match="was made for other weights"):
        inference.load(other)


@pytest.mark.parametrize(
    ("width", "data", "said"),
    [(2, "synthetic", "int8 would gain nothing"), (32, "no/such/folder", "no/such/folder")],
)
def test_on_the_command_line_what_cannot_be_done_is_one_line(width, data, said, tmp_path):
    folder = new_checkpoint(tmp_path / "one", PAPER.replace(base_channels=width, depth=2, size=32))
    command = [sys.executable, "-m", "pix2pix", "export", folder, "--int8", data]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2 and not done.stdout
    assert done.stderr.startswith("error: ") and done.stderr.count("\n") == 1 and said in done.stderr
    assert not (folder / checkpoint.ONNX).exists()
