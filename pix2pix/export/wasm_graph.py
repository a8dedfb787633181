"""Our generator in the form that a visitor's browser computes: a graph for WebAssembly, and what goes with it.

The graph is for pictures of `SIZE` pixels. It has no blocks of channels, for which the forms of `layers` are made.
What sees labels stays outside: with one class a pixel, a convolution of class planes is a sum of filters picked from a
table, a tenth of the work. The convolution after the first is inside, for each patch of labels once.
`canvas/js/browser/network.js` and `patches.js` do the former in the browser, `WasmNetwork` here, for the check against
torch.
"""

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import onnxruntime
import torch
from numpy.lib.stride_tricks import sliding_window_view
from torch import Tensor, nn

from pix2pix import images, labels
from pix2pix.config import ModelConfig
from pix2pix.export import browser_graph, wasm_layers
from pix2pix.export.wasm_layers import GraphBuilder
from pix2pix.inference import TorchNetwork, Translator, browser_form, checkpoint
from pix2pix.networks.layers import LEAK, Sharpen
from pix2pix.networks.noise_unet import NoiseUNet
from pix2pix.synthetic import label_map
from pix2pix.utils import UserError, write_atomically
from pix2pix.walls import street

SIZE = 256  # pixels: the side of a drawing
CHECKED = ((12, None, {}), (3, 7, {}), (9, 1, {"wall": (160, 95, 75), "sky": (110, 160, 220)}))  # facade, seed, colours
NEAR, MIN_NEAR = 1, 0.99  # grey levels of 255, and the share of values that have to be so near to torch's


class Table(NamedTuple):
    """A convolution of class planes, by class: `taps[i, j, c]` is what class `c` at tap (i, j) adds to all channels."""

    taps: np.ndarray  # (kernel, kernel, 12, channels) float32
    bias: np.ndarray  # (channels,) float32
    stride: int
    leak: float = 1.0  # slope of the LeakyReLU that follows; 1: none does

    def convolve(self, drawing: np.ndarray) -> np.ndarray:
        """Label map `(H, W)` -> `(1, channels, H / stride, W / stride)`; beyond the edges is no class."""
        outside = np.zeros_like(self.taps[:, :, :1])
        taps, padded = (
            np.concatenate([self.taps, outside], axis=2),
            np.pad(drawing, 1, constant_values=len(labels.NAMES)),
        )
        height, width = drawing.shape
        total = np.broadcast_to(self.bias, (height // self.stride, width // self.stride, len(self.bias))).copy()
        for row, column in np.ndindex(taps.shape[:2]):
            seen = padded[row : row + height : self.stride, column : column + width : self.stride]
            total += taps[row, column][seen]
        return np.maximum(total, np.float32(self.leak) * total).transpose(2, 0, 1)[None]

    def to_dict(self) -> dict:
        """What JSON can hold, the numbers as base64 of float32."""
        facts = {"kernel": len(self.taps), "stride": self.stride, "leak": self.leak}
        return {**facts, "taps": _text(self.taps), "bias": _text(self.bias)}


class WasmForm(NamedTuple):
    """What a browser needs to paint with a checkpoint."""

    graph: bytes  # ONNX, optimized, without weights
    weights: bytes  # float16
    tables: Mapping[str, Table]  # by the input of the graph that each one computes
    sky: int  # squares a side whose share of sky is an input; 0: none
    noise: Sequence[int]  # sides of the planes of noise
    code: int  # numbers that tell colours and style
    colors: Mapping[str, list] | None  # mean and spread of the colours that the code's first numbers stand for
    styles: Mapping[str, list[float]]

    def to_json(self, **further: str) -> str:
        """Write all but the weights, as the worker reads it, and what `further` tells of where it comes from."""
        tables = {name: table.to_dict() for name, table in self.tables.items()}
        return json.dumps({"size": SIZE, **self._asdict(), "tables": tables, **further, "weights": None,
                           "graph": base64.b64encode(self.graph).decode("ascii"), "optimized": True})  # fmt: skip


class WasmNetwork:
    """A `WasmForm` on ONNX Runtime here: label map `(SIZE, SIZE)` and latents -> `(1, 3, SIZE, SIZE)` in [-1, 1]."""

    def __init__(self, form: WasmForm):
        self.form = form
        graph = browser_graph.joined(form.graph, form.weights)
        self.session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])

    def __call__(self, drawing: np.ndarray, latents: Sequence[np.ndarray]) -> np.ndarray:
        form = self.form
        given = {name: table.convolve(drawing) for name, table in form.tables.items()}
        given |= distinct_patches(drawing, given["encoded"])
        given |= {f"noise_{level}": plane for level, plane in enumerate(latents[: len(form.noise)])}
        if form.sky:
            side = SIZE // form.sky
            is_sky = drawing == labels.INDEX["background"]
            is_sky[street(drawing) :] = False
            is_sky = is_sky.reshape(form.sky, side, form.sky, side)
            given["sky"] = is_sky.mean(axis=(1, 3), dtype=np.float32)[None, None]
        if form.code:
            given["code"] = latents[-1]
        return self.session.run(None, given)[0]


def distinct_patches(drawing: np.ndarray, encoded: np.ndarray) -> dict[str, np.ndarray]:
    """Inputs of `wasm_layers.conv_patches`: what its places see of `encoded`, once for each 10x10 labels behind it."""
    places = SIZE // 4
    beyond = np.pad(drawing, 3, constant_values=len(labels.NAMES))
    seen = sliding_window_view(beyond, (10, 10))[::4, ::4].reshape(places**2, -1)
    _, first, kinds = np.unique(seen, axis=0, return_index=True, return_inverse=True)
    around = np.pad(encoded[0], ((0, 0), (1, 1), (1, 1)))
    patches = sliding_window_view(around, (4, 4), axis=(1, 2))[:, ::2, ::2]  # (channels, places, places, 4, 4)
    rows = patches.transpose(1, 2, 0, 3, 4).reshape(places**2, -1)[first]
    return {"patches": rows, "kinds": kinds.reshape(-1).astype(np.int32)}


def check_convertible(name: str, config: ModelConfig) -> None:
    """Raise UserError, in one line, where a checkpoint has no form for the browser."""
    if config.task != "facades":
        raise UserError(f"{name} is for {config.task}; the painter in the browser paints facades")
    if config.architecture.generator != "noise":
        raise UserError(f"{name} is the paper's U-Net; the painter in the browser runs our generator alone")
    if config.data.shape != (SIZE, SIZE):
        raise UserError(
            f"{name} is for pictures of {config.data.size} pixels; the painter in the browser paints {SIZE}"
        )


def build(config: ModelConfig, generator: NoiseUNet, styles: Mapping[str, list[float]] | None = None) -> WasmForm:
    """The form of a generator that `check_convertible` let pass."""
    builder = GraphBuilder()
    with torch.no_grad():
        tables = _write(builder, generator)
        buffers = {name.removeprefix("tone_"): buffer.tolist() for name, buffer in generator.named_buffers()
                   if name in ("tone_mean", "tone_spread")}  # fmt: skip
    planes = len(generator.latent_channels) - bool(generator.code_size)
    return WasmForm(
        *browser_graph.split(browser_graph.optimized(builder.model(SIZE))),
        tables,
        sky=SIZE // generator.sky.side if generator.sky else 0,
        noise=[SIZE >> halvings for halvings in reversed(range(len(generator.encoders)))][:planes],
        code=generator.code_size,
        colors=buffers or None,
        styles=dict(styles or {}),
    )


def add_form(folder: Path, config: ModelConfig, generator: NoiseUNet) -> int:
    """Write a checkpoint's form for the app's visitors beside its weights; returns its bytes, 0 where it has none.

    A larger one than `browser_form.MAX_BYTES` is none; an older one goes. Raises UserError as `check` does.
    """
    for name in (checkpoint.BROWSER_FORM, checkpoint.BROWSER_WEIGHTS):
        (folder / name).unlink(missing_ok=True)
    try:
        check_convertible(folder.name, config)
    except UserError:
        return 0
    styles = checkpoint.read_styles(folder, config)
    form = build(config, generator, styles)
    if len(form.weights) > browser_form.MAX_BYTES:
        return 0
    check(form, reference(config, generator, folder.name, styles))
    made_of, weights = browser_form.digest(folder), hashlib.sha256(form.weights).hexdigest()
    text = form.to_json(**{browser_form.MADE_OF: made_of, browser_form.WEIGHTS_SHA256: weights}).encode()
    write_atomically(folder / checkpoint.BROWSER_WEIGHTS, form.weights)
    write_atomically(folder / checkpoint.BROWSER_FORM, text)
    return len(form.weights) + len(text)


def check(form: WasmForm, translator: Translator, maps: Sequence[np.ndarray] = ()) -> tuple[float, int]:
    """How far a form's pictures are from those of `translator`, on torch: the share within `NEAR`, and the worst.

    Of drawn facades, in grey levels, and of `maps`, label maps, likewise. UserError where too many values are farther.
    """
    network, near, worst, pictures = WasmNetwork(form), 0.0, 0, 0
    checked = [(label_map(facade, SIZE, SIZE), variation, colours) for facade, variation, colours in CHECKED]
    for at, (drawing, variation, colours) in enumerate([*checked, *((each, at, {}) for at, each in enumerate(maps))]):
        style = list(form.styles)[at % len(form.styles)] if form.styles and at % 2 else None
        options = {"variation": variation, "style": style, **colours}
        (seen,), latents = translator.network_inputs(drawing, **options)
        picture = images.denormalize(network(seen, latents)[0]).astype(int)
        difference = np.abs(picture - translator(drawing, **options))
        near, worst, pictures = (
            near + float((difference <= NEAR).mean()),
            max(worst, int(difference.max())),
            pictures + 1,
        )
    if not near >= MIN_NEAR * pictures:
        share = f"{near / pictures:.1%} of values within {NEAR} of 255 grey levels, {worst} at most"
        raise UserError(f"the form of {translator.name} for browsers differs from torch: {share}")
    return near / pictures, worst


def reference(config: ModelConfig, generator: nn.Module, name: str, styles: Mapping[str, list[float]]) -> Translator:
    """What a form is checked against."""
    return Translator(config, TorchNetwork(generator), name, styles)


def _write(graph: GraphBuilder, generator: NoiseUNet) -> dict[str, Table]:
    """Write the layers of a generator; returns the tables of those that see labels."""
    height = generator.planes.height
    filters = [_filters(conv) for conv in generator.encoders]
    tables = {"encoded": _table(filters[0] * height, generator.encoders[0].bias, stride=2, leak=LEAK)}
    x = graph.maps("encoded", filters[0].shape[0], SIZE // 2)
    skips = []
    for level, conv in enumerate(generator.encoders):
        if level == 1:
            x = wasm_layers.conv_patches(graph, filters[level], conv.bias, SIZE >> level)
        elif level:
            x = wasm_layers.conv_down(graph, x, filters[level], conv.bias, SIZE >> level)
        skips.append(x)
    x, (shifts, biases) = skips.pop(), _shifts(graph, generator)
    for level, (conv, strength) in enumerate(zip(generator.decoders[:-1], generator.strengths, strict=True)):
        x = _upsample(graph, x, conv, (SIZE >> len(generator.encoders)) << level)
        for each in shifts[level]:
            x = graph.op("Add", [x, each])
        noise = graph.maps(f"noise_{level}", 1, (SIZE >> len(generator.encoders)) << level + 1)
        x = _with_noise(graph, x, noise, generator.noise_scale * strength, biases[level])
        x = graph.op("Concat", [x, skips.pop()], axis=1)
    picture = _upsample(graph, x, generator.decoders[-1], SIZE // 2, generator.decoders[-1].bias)
    if generator.detail:
        head = generator.detail
        tables["detail"] = _table(_filters(head.of_planes) * height, None, stride=1)
        picture = _detail(graph, x, head, f"noise_{len(generator.strengths)}", picture)
    graph.op("Tanh", [_sharpened(graph, picture, generator.sharpen)], name="generated")
    return tables


def _shifts(graph: GraphBuilder, generator: NoiseUNet) -> tuple[list[list[str]], list[str]]:
    """What is added to each decoder but the last: colours to the inner ones; and a bias, with the style in it."""
    shifts, biases = [[] for _ in generator.strengths], [conv.bias for conv in generator.decoders[:-1]]
    if not generator.code_size:
        return shifts, [graph.constant(bias) for bias in biases]
    code = graph.maps("code", generator.code_size, 1)
    walls, colors = generator.decoders[-1].weight.shape[1], len(generator.tones[0][0])
    share = graph.maps("sky", 1, SIZE // generator.sky.side) if generator.sky else None
    for level in reversed(range(len(generator.tones))):
        weights = generator.tones[level]
        shifts[level].append(_of_code(graph, code, weights[:, : walls if share else colors], 0, generator.code_size))
        if share:
            sky = _of_code(graph, code, weights[:, walls:], walls, generator.code_size)
            shifts[level].append(graph.op("Mul", [share, sky]))
            share = graph.op("AveragePool", [share], kernel_shape=[2, 2], strides=[2, 2]) if level else share
    if not generator.styles:
        return shifts, [graph.constant(bias) for bias in biases]
    styles = [
        _of_code(graph, code, weights, colors, generator.code_size, bias)
        for weights, bias in zip(generator.styles, biases, strict=True)
    ]
    flat = graph.integers([-1])
    return shifts, [graph.op("Reshape", [style, flat]) for style in styles]


def _with_noise(graph: GraphBuilder, x: str, noise: str, strength: Tensor, bias: str) -> str:
    """Noise and bias added to `x`, then LeakyReLU: a convolution of the noise, with which ONNX Runtime fuses both."""
    scaled = graph.op("Conv", [noise, graph.constant(strength.view(-1, 1, 1, 1)), bias], kernel_shape=[1, 1])
    return graph.op("LeakyRelu", [graph.op("Add", [scaled, x])], alpha=LEAK)


def _of_code(graph: GraphBuilder, code: str, weights: Tensor, first: int, size: int, bias: Tensor | None = None) -> str:
    """A linear layer of the numbers of the code from `first` on: `(1, size, 1, 1) -> (1, channels, 1, 1)`."""
    whole = torch.zeros(len(weights), size)
    whole[:, first : first + weights.shape[1]] = weights
    return graph.conv(code, whole[:, :, None, None], bias)


def _upsample(
    graph: GraphBuilder, x: str, conv: nn.Module, side: int, bias: Tensor | None = None, added: str | None = None
) -> str:
    """`UpsampleConv` of a map of `side` places, as `layers.MixThenInterpolate` does it; its bias only if given."""
    length = torch.linalg.vector_norm(conv.weight, dim=(0, 2, 3))
    kernels = (conv.weight * (conv.gain / length)[:, None, None]).permute(1, 2, 3, 0)  # (out, 2, 2, in)
    mixed = wasm_layers.mix(graph, x, kernels.flatten(0, 2), side)
    return wasm_layers.interpolate(graph, mixed, len(length), bias, added)


def _detail(graph: GraphBuilder, x: str, head: nn.Module, noise: str, picture: str) -> str:
    """`DetailHead`, whose convolution of labels is an input, and the picture that it refines."""
    of_labels = graph.maps("detail", len(head.strength), SIZE)
    x = _upsample(graph, x, head.enlarge, SIZE // 2, added=of_labels)
    x = _with_noise(
        graph, x, graph.maps(noise, 1, SIZE), head.noise_scale * head.strength, graph.constant(head.enlarge.bias)
    )
    x = graph.conv(x, _filters(head.inner), head.inner.bias, pads=[1] * 4)
    x = graph.op("LeakyRelu", [x], alpha=LEAK)
    return graph.conv(x, _filters(head.outer), head.outer.bias, added=picture, pads=[1] * 4)


def _sharpened(graph: GraphBuilder, picture: str, sharpen: nn.Module) -> str:
    if not isinstance(sharpen, Sharpen):
        return picture
    padded = graph.op("Pad", [picture, graph.integers([0, 0, 1, 1, 0, 0, 1, 1])], mode="edge")
    difference = sharpen.kernel[:1].clone()  # what is added is the same for all channels
    difference[0, 0, 1, 1] -= 1
    return graph.op("Add", [picture, graph.conv(padded, difference)])


def _filters(conv: nn.Module) -> Tensor:
    """The filters of a `WeightNormConv`, or one of 3x3, as they are used."""
    length = torch.linalg.vector_norm(conv.weight, dim=(1, 2, 3))
    return conv.weight * (conv.gain / length)[:, None, None, None]


def _table(filters: Tensor, bias: Tensor | None, stride: int, leak: float = 1.0) -> Table:
    taps = np.ascontiguousarray(filters.permute(2, 3, 1, 0).numpy(), dtype=np.float32)
    bias = np.zeros(len(filters), np.float32) if bias is None else bias.numpy().astype(np.float32)
    return Table(taps, bias, stride, leak)


def _text(numbers: np.ndarray) -> str:
    return base64.b64encode(numbers.astype("<f4").tobytes()).decode("ascii")
