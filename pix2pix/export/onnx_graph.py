"""A generator as an ONNX graph, `model.onnx`, beside the weights of its checkpoint.

The graph holds no weights: it refers to those in `model.safetensors`, so that a checkpoint stores them once.
What can be computed from weights alone (unit lengths, resize kernels, float16 to float32) ONNX Runtime folds
when it loads the graph. Only in int8 it has its own, a quarter of the size.
"""

import contextlib
import io
import json
import shutil
import tempfile
from pathlib import Path

import numpy as np
import onnx
import torch
from torch import Tensor, nn

from pix2pix import labels
from pix2pix.config import ModelConfig
from pix2pix.data.decoded import load_pairs
from pix2pix.export.int8 import quantized
from pix2pix.export.layers import for_onnx
from pix2pix.inference import TorchNetwork, Translator, checkpoint, draw, latent_shapes
from pix2pix.inference.onnx_session import HEADER_KEY, OnnxNetwork, header_digest, read_header
from pix2pix.utils import UserError, counted, write_atomically

CALIBRATED_PAIRS, COMPARED_PAIRS = 16, 8  # of int8: the first ones of the training and of the validation pairs
MAX_LEVELS = 3.0  # of 255, between int8 and torch on average: twice what JPEG changes of a live picture
CHECKED_SIZES = ((1, 1), (2, 1), (1, 3))  # height and width, in multiples of what the network takes
CHECKED_VARIATIONS = (None, 1, 2)
TOLERANCE = 2e-3  # greatest difference from torch, in [-1, 1]: a quarter of one of 255 grey levels


def add_onnx(folder: Path, config: ModelConfig, generator: nn.Module) -> None:
    """Write `model.onnx`, wholly or not at all. The generator is on the CPU and has the weights of the folder."""
    graph = _trace(generator, config)
    _refer_to_weights(graph, folder / checkpoint.WEIGHTS)
    write_atomically(folder / checkpoint.ONNX, graph.SerializeToString())


def add_int8_onnx(folder: Path, config: ModelConfig, generator: nn.Module, data: str) -> str:
    """Write a `model.onnx` that multiplies in int8, its weights inside; says how far its pictures are from torch's.

    Ranges are measured on training pairs of `data`, pictures compared on validation pairs. UserError, and nothing
    written, where they differ by more than `MAX_LEVELS`.
    """
    pairs, unseen = (load_pairs(data, split, config) for split in ("train", "val"))
    exact = Translator(config, TorchNetwork(generator))
    graph = _trace(generator, config)
    names = [each.name for each in graph.graph.input]
    given = (exact.network_inputs(pair.input, seed) for seed, pair in enumerate(pairs[:CALIBRATED_PAIRS]))
    graph = quantized(graph, (dict(zip(names, (inputs, *latents), strict=True)) for inputs, latents in given))
    graph.metadata_props.add(key=HEADER_KEY, value=header_digest(read_header(folder / checkpoint.WEIGHTS)))
    written = graph.SerializeToString()
    with tempfile.TemporaryDirectory() as trial:
        (Path(trial) / checkpoint.ONNX).write_bytes(written)
        shutil.copyfile(folder / checkpoint.WEIGHTS, Path(trial) / checkpoint.WEIGHTS)
        quick = Translator(config, OnnxNetwork(Path(trial)))
        differences = [
            np.abs(quick(pair.input, seed).astype(int) - exact(pair.input, seed))
            for seed, pair in enumerate(unseen[:COMPARED_PAIRS])
        ]
    mean, high, most = np.mean(differences), np.percentile(differences, 99.9), np.max(differences)
    summary = (
        f"int8, {mean:.2f} grey levels of 255 from torch on average, {high:.0f} at the 99.9th percentile, {most} at "
        f"most, on {counted(len(differences), 'validation pair')} of {data}"
    )
    if not mean <= MAX_LEVELS:
        raise UserError(f"{summary}: more than {MAX_LEVELS} on average, so nothing was written; leave --int8 out")
    write_atomically(folder / checkpoint.ONNX, written)
    return summary


def greatest_difference(folder: Path, config: ModelConfig, generator: nn.Module) -> float:
    """Of ONNX Runtime from torch on inputs of noise, in [-1, 1]; UserError where it exceeds `TOLERANCE`."""
    exported, reference, net = OnnxNetwork(folder), TorchNetwork(generator), config.architecture
    stream, worst = np.random.default_rng(0), 0.0
    for height, width in CHECKED_SIZES:
        for variation in CHECKED_VARIATIONS:
            sides = (height << net.depth, width << net.depth)
            if config.task == "facades":
                inputs = stream.choice(np.uint8([*range(len(labels.CLASSES)), labels.VOID]), (1, *sides))
            else:
                inputs = stream.choice(np.float32([-1, 1]), (1, net.in_channels, *sides))
            shapes = latent_shapes(net, reference.latent_channels, *sides)
            latents = draw(reference.latent_kind, shapes, variation)
            worst = max(worst, float(np.abs(exported(inputs, latents) - reference(inputs, latents)).max()))
    if not worst <= TOLERANCE:
        raise UserError(f"{folder / checkpoint.ONNX} differs from torch by {worst:.1e}, more than {TOLERANCE:.0e}")
    return worst


class _WithLatents(nn.Module):
    """A generator with one argument for each mask or plane of noise, as ONNX wants them."""

    def __init__(self, generator: nn.Module):
        super().__init__()
        self.generator = generator

    def forward(self, inputs: Tensor, *latents: Tensor) -> Tensor:
        return self.generator(inputs, latents)


def _trace(generator: nn.Module, config: ModelConfig) -> onnx.ModelProto:
    """The ONNX graph of a generator at batch 1 and any size, its weights inside."""
    multiple = 2**config.architecture.depth
    height, width = 2 * multiple, multiple  # unlike each other, so that neither is taken for the other
    shapes = latent_shapes(config.architecture, generator.latent_channels, height, width)
    if is_labelled := config.task == "facades":
        inputs = torch.zeros(1, height, width, dtype=torch.uint8)
    else:
        inputs = torch.zeros(1, config.architecture.in_channels, height, width)
    arguments = [inputs, *map(torch.ones, shapes)]
    names = ["inputs", *(f"{generator.latent_kind}_{i}" for i in range(len(shapes)))]
    free = {2: torch.export.Dim.DYNAMIC, 3: torch.export.Dim.DYNAMIC}
    dynamic = tuple(free if shape[2] > 1 else {} for shape in shapes)  # a color code is 1x1 for any picture
    of_inputs = {1: torch.export.Dim.DYNAMIC, 2: torch.export.Dim.DYNAMIC} if is_labelled else free
    module = _WithLatents(for_onnx(generator)).eval()
    with contextlib.redirect_stdout(io.StringIO()):
        program = torch.onnx.export(
            module, tuple(arguments), input_names=names, output_names=["generated"],
            dynamic_shapes=(of_inputs, dynamic), dynamo=True, optimize=False, verbose=False,
        )  # fmt: skip
    model = program.model_proto
    given = {tensor.name for tensor in model.graph.initializer}
    for node in model.graph.node:
        del node.metadata_props[:]  # the exporter notes its own stack there, with the paths of this machine
        if node.op_type == "Conv" and len(node.input) == 3 and node.input[2] not in given:
            del node.input[2]  # zeros that the exporter computes: with them the fast kernels are not taken
    return model


def _refer_to_weights(model: onnx.ModelProto, weights: Path) -> None:
    """Replace each weight in the graph by its place in the safetensors file; half precision is cast in the graph."""
    header = read_header(weights)
    places = _places(header)
    model.metadata_props.add(key=HEADER_KEY, value=header_digest(header))
    graph, casts = model.graph, []
    for tensor in graph.initializer:
        name = tensor.name.removeprefix("generator.")
        if name not in places:
            continue  # a constant of the architecture
        kind, offset, length = places[name]
        tensor.ClearField("raw_data")
        tensor.data_location = onnx.TensorProto.EXTERNAL
        for key, value in (("location", weights.name), ("offset", offset), ("length", length)):
            tensor.external_data.add(key=key, value=str(value))
        if kind == "F16":
            casts.append(onnx.helper.make_node("Cast", [f"{tensor.name}.half"], [tensor.name], to=tensor.data_type))
            tensor.name, tensor.data_type = f"{tensor.name}.half", onnx.TensorProto.FLOAT16
        elif kind != "F32":
            raise UserError(f"{weights}: {name} is stored as {kind}; export knows F32 and F16")
    computed = list(graph.node)
    del graph.node[:]
    graph.node.extend(casts + computed)
    del graph.value_info[:]


def _places(header: bytes) -> dict[str, tuple[str, int, int]]:
    """Type, offset in the file and length in bytes of each tensor, from a safetensors header."""
    entries = json.loads(header)
    entries.pop("__metadata__", None)
    start = 8 + len(header)  # the header's length comes first, in 8 bytes
    return {
        name: (entry["dtype"], start + entry["data_offsets"][0], entry["data_offsets"][1] - entry["data_offsets"][0])
        for name, entry in entries.items()
    }
