"""Layers of a generator in the forms that ONNX Runtime computes fastest in WebAssembly; each one's result stays.

There a product of matrices computes 16 columns at a time, wanted or not, and takes time by its multiplications alone.
How much each form brings is in docs/speed.md.
"""

from collections.abc import Sequence

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor

from pix2pix.export import browser_graph
from pix2pix.networks.layers import LEAK

OPSET, IR_VERSION = 20, 10
RUNTIME = "com.microsoft"  # the domain of ONNX Runtime's own operators
FEW = 4  # a map of so many places a side, or fewer: its convolution has few columns
MANY = 16  # from so many on, three convolutions of half the rows have enough


class GraphBuilder:
    """An ONNX graph that is written node by node; each method returns the name of a tensor."""

    def __init__(self):
        self.nodes, self.constants, self.inputs = [], [], []

    def input(self, name: str, shape: Sequence[int | str], kind: int = TensorProto.FLOAT) -> str:
        self.inputs.append(helper.make_tensor_value_info(name, kind, shape))
        return name

    def maps(self, name: str, channels: int, side: int) -> str:
        """An input of maps of `side` places a side."""
        return self.input(name, [1, channels, side, side])

    def constant(self, tensor: Tensor) -> str:
        """Numbers of the network, as they will be in half precision unless they are few."""
        name, numbers = f"w{len(self.constants)}", tensor.contiguous().float().numpy()
        if numbers.size > browser_graph.SMALL:
            numbers = numbers.astype(np.float16).astype(np.float32)
        self.constants.append(numpy_helper.from_array(numbers, name))
        return name

    def integers(self, numbers: Sequence[int]) -> str:
        self.constants.append(numpy_helper.from_array(np.array(numbers, np.int64), f"w{len(self.constants)}"))
        return self.constants[-1].name

    def reshape(self, x: str, *shape: int) -> str:
        return self.op("Reshape", [x, self.integers(shape)])

    def slice(self, x: str, starts: Sequence[int], ends: Sequence[int], axes: Sequence[int]) -> str:
        return self.op("Slice", [x, self.integers(starts), self.integers(ends), self.integers(axes)])

    def op(self, kind: str, inputs: Sequence[str], name: str | None = None, **attributes) -> str:
        name = name or f"x{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [name], **attributes))
        return name

    def conv(self, x: str, filters: Tensor, bias: Tensor | None = None, added: str | None = None, **attributes) -> str:
        """A convolution, to whose result `added` is added."""
        inputs = [x, self.constant(filters)] + ([] if bias is None else [self.constant(bias)])
        attributes["kernel_shape"] = list(filters.shape[2:])
        if added is None:
            return self.op("Conv", inputs, **attributes)
        return self.op("FusedConv", [*inputs, *[""] * (3 - len(inputs)), added], domain=RUNTIME, **attributes)

    def model(self, size: int) -> onnx.ModelProto:
        output = helper.make_tensor_value_info("generated", TensorProto.FLOAT, [1, 3, size, size])
        graph = helper.make_graph(self.nodes, "generator", self.inputs, [output], self.constants)
        opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(RUNTIME, 1)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION)


def conv_down(graph: GraphBuilder, x: str, filters: Tensor, bias: Tensor, side: int) -> str:
    """A 4x4 convolution of stride 2 of a map of `side` places a side, then LeakyReLU."""
    if side >= MANY:
        return _by_pairs_of_rows(graph, x, filters, bias, side)
    if side <= FEW:
        return _as_product(graph, x, filters, bias, side)
    return graph.op("LeakyRelu", [graph.conv(x, filters, bias, strides=[2, 2], pads=[1] * 4)], alpha=LEAK)


def conv_patches(graph: GraphBuilder, filters: Tensor, bias: Tensor, side: int) -> str:
    """`conv_down` of a map that is given as its distinct patches, a row each, and the patch that each place sees."""
    patches = graph.input("patches", ["distinct", filters[0].numel()])
    kinds = graph.input("kinds", [(side // 2) ** 2], TensorProto.INT32)
    rows = graph.op("Gemm", [patches, graph.constant(filters.flatten(1).T), graph.constant(bias)])
    rows = graph.op("LeakyRelu", [rows], alpha=LEAK)
    places = _transposed(graph, graph.op("Gather", [rows, kinds]))
    return graph.reshape(places, 1, len(filters), side // 2, side // 2)


def mix(graph: GraphBuilder, x: str, weights: Tensor, side: int) -> str:
    """A 1x1 convolution of a map of `side` places a side, without a bias; `weights` are (out, in)."""
    if side >= FEW:
        return graph.conv(x, weights[:, :, None, None])
    places = graph.reshape(x, weights.shape[1], side * side)
    mixed = graph.op("MatMul", [_transposed(graph, places), graph.constant(weights.T)])
    return graph.reshape(_transposed(graph, mixed), 1, len(weights), side, side)


def interpolate(
    graph: GraphBuilder, taps: str, channels: int, bias: Tensor | None = None, added: str | None = None
) -> str:
    """`UpsampleConv` after `mix`: a channel's four taps of a 2x2 kernel become four places, which a tent smooths.

    One transposed convolution with 4x4 kernels, as in `layers.MixThenInterpolate`, takes a quarter more time.
    """
    shuffle = torch.eye(4).flip(0).view(4, 1, 2, 2).repeat(channels, 1, 1, 1)
    places = graph.op(
        "ConvTranspose", [taps, graph.constant(shuffle)], kernel_shape=[2, 2], strides=[2, 2], group=channels
    )
    tent = torch.outer(torch.tensor([0.5, 1, 0.5]), torch.tensor([0.5, 1, 0.5])).repeat(channels, 1, 1, 1)
    return graph.conv(places, tent, bias, added, pads=[1] * 4, group=channels)


def _as_product(graph: GraphBuilder, x: str, filters: Tensor, bias: Tensor, side: int) -> str:
    """`conv_down` with places as rows, of which there are few, and channels as columns."""
    if side == 2:  # around its four places there are only zeros
        patches, filters = graph.reshape(x, 1, -1), filters[:, :, 1:3, 1:3]
    else:
        padded = graph.op("Pad", [x, graph.integers([0, 0, 1, 1, 0, 0, 1, 1])])
        corners = [(top, left) for top in range(0, side, 2) for left in range(0, side, 2)]
        seen = [graph.slice(padded, [top, left], [top + 4, left + 4], [2, 3]) for top, left in corners]
        patches = graph.op("Concat", [graph.reshape(each, 1, -1) for each in seen], axis=0)
    rows = graph.op("Gemm", [patches, graph.constant(filters.flatten(1).T), graph.constant(bias)])
    rows = graph.op("LeakyRelu", [rows], alpha=LEAK)
    return graph.reshape(_transposed(graph, rows), 1, len(filters), side // 2, side // 2)


def _by_pairs_of_rows(graph: GraphBuilder, x: str, filters: Tensor, bias: Tensor, side: int) -> str:
    """`conv_down` with three multiplications for four (Winograd's F(2, 2), down the rows of the result).

    The filters' upper half A sees a pair of rows of `x`, the lower half B the next one. Of two rows of the result that
    see pairs p, q and r, the upper is Ap + Bq = A(p - q) + (A + B)q and the lower Aq + Br = B(r - q) + (A + B)q.
    """
    out, channels = filters.shape[:2]
    padded = graph.op("Pad", [x, graph.integers([0, 0, 1, 0, 0, 0, 3, 0])])
    fours = graph.reshape(padded, channels, side // 4 + 1, 4 * side)  # rows, the first of which is above the map
    p, q, r = (
        graph.slice(fours, [first, row * side], [first + side // 4, (row + 2) * side], [1, 2])
        for first, row in ((0, 0), (0, 2), (1, 0))
    )

    def conv(pairs: str, weights: Tensor, **options) -> str:
        image = graph.reshape(pairs, 1, channels, side // 2, side)
        return graph.conv(image, weights, strides=[2, 2], pads=[0, 1, 0, 1], **options)

    upper, lower = filters[:, :, :2], filters[:, :, 2:]
    common = conv(q, upper + lower, bias=bias)
    leaky = {"activation": "LeakyRelu", "activation_params": [LEAK]}
    rows = [
        graph.reshape(conv(graph.op("Sub", [pairs, q]), weights, added=common, **leaky), out, side // 4, side // 2)
        for pairs, weights in ((p, upper), (r, lower))
    ]
    return graph.reshape(graph.op("Concat", rows, axis=2), 1, out, side // 2, side // 2)


def _transposed(graph: GraphBuilder, x: str) -> str:
    return graph.op("Transpose", [x], perm=[1, 0])
