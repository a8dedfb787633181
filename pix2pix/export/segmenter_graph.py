"""A segmenter as one file: an ONNX graph with its weights inside, in half precision."""

import copy
import io
import warnings

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import numpy_helper
from torch import nn

from pix2pix.export import browser_graph
from pix2pix.networks.segmenter import Segmenter
from pix2pix.utils import UserError

CHECKED_SIZES = ((256, 256), (64, 96))
TOLERANCE = 0.05  # greatest difference from torch, of logits: half precision weights differ by a thousandth
MIN_HALF = 64  # numbers: smaller tensors are kept as they are


def to_onnx(segmenter: Segmenter) -> bytes:
    """The graph: `photos` `(N, 3, H, W)` in [-1, 1], sides multiples of 32 -> `logits` `(N, 12, H, W)`.

    Raises UserError where it differs from torch.
    """
    free, written = {0: "n", 2: "height", 3: "width"}, io.BytesIO()
    with warnings.catch_warnings():  # the older exporter: the other one takes minutes for so many small layers
        warnings.simplefilter("ignore")
        torch.onnx.export(
            _with_fixed_padding(segmenter), (torch.zeros(2, 3, 96, 64),), written,
            input_names=["photos"], output_names=["logits"], dynamic_axes={"photos": free, "logits": free},
            opset_version=18, dynamo=False,
        )  # fmt: skip
    model = onnx.load_from_string(written.getvalue())
    del model.graph.value_info[:]
    _halve(model)
    graph = model.SerializeToString()
    _check(graph, segmenter)
    return graph


def for_browsers(graph: bytes, side: int) -> tuple[bytes, bytes]:
    """A segmenter's graph for one square photo at a time, optimized, and its weights beside it, float16.

    Raises UserError where it differs from the one that it is made of.
    """
    model = onnx.load_model_from_string(graph)
    for value in (*model.graph.input, *model.graph.output):
        batch, _, height, width = value.type.tensor_type.shape.dim
        batch.dim_value, height.dim_value, width.dim_value = 1, side, side
    parts = browser_graph.split(browser_graph.optimized(model))
    photos = np.random.default_rng(0).uniform(-1, 1, (1, 3, side, side)).astype(np.float32)
    logits = [_run(each, photos) for each in (graph, browser_graph.joined(*parts))]
    if not (difference := float(np.abs(logits[0] - logits[1]).max())) <= TOLERANCE:
        raise UserError(f"the segmenter's graph for browsers differs by {difference:.2g}, more than {TOLERANCE}")
    return parts


def _with_fixed_padding(segmenter: Segmenter) -> nn.Module:
    """A copy whose convolutions pad as for any even sides: the backbone's compute it anew, which no tracer follows."""
    copied = copy.deepcopy(segmenter).eval().to(memory_format=torch.contiguous_format)
    for module in list(copied.trunk.modules()):
        for name, child in module.named_children():
            if isinstance(child, nn.Conv2d) and type(child) is not nn.Conv2d:
                setattr(module, name, nn.Sequential(nn.ZeroPad2d(_padding(child)), _plain(child)))
    return copied


def _padding(conv: nn.Conv2d) -> tuple[int, int, int, int]:
    """Left, right, top and bottom, so that sides become exactly 1 / stride: what is odd comes last."""
    across, down = (kernel - stride for kernel, stride in zip(conv.kernel_size[::-1], conv.stride[::-1], strict=True))
    return across // 2, across - across // 2, down // 2, down - down // 2


def _plain(conv: nn.Conv2d) -> nn.Conv2d:
    channels, has_bias = (conv.in_channels, conv.out_channels), conv.bias is not None
    plain = nn.Conv2d(*channels, conv.kernel_size, conv.stride, groups=conv.groups, bias=has_bias)
    plain.load_state_dict(conv.state_dict())
    return plain


def _halve(model: onnx.ModelProto) -> None:
    """Store weights as float16, cast as the graph is loaded."""
    casts = []
    for tensor in model.graph.initializer:
        if tensor.data_type == onnx.TensorProto.FLOAT and np.prod(tensor.dims) >= MIN_HALF:
            name = tensor.name
            half = numpy_helper.from_array(numpy_helper.to_array(tensor).astype(np.float16), f"{name}.half")
            tensor.CopyFrom(half)
            casts.append(onnx.helper.make_node("Cast", [half.name], [name], to=onnx.TensorProto.FLOAT))
    computed = list(model.graph.node)
    del model.graph.node[:]
    model.graph.node.extend(casts + computed)


def _check(graph: bytes, segmenter: Segmenter) -> None:
    stream = np.random.default_rng(0)
    for height, width in CHECKED_SIZES:
        photos = stream.uniform(-1, 1, (1, 3, height, width)).astype(np.float32)
        with torch.inference_mode():
            expected = segmenter(torch.from_numpy(photos)).numpy()
        difference = float(np.abs(_run(graph, photos) - expected).max())
        if not difference <= TOLERANCE:
            raise UserError(f"the graph differs from torch by {difference:.2g}, more than {TOLERANCE}")


def _run(graph: bytes, photos: np.ndarray) -> np.ndarray:
    session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
    return session.run(None, {"photos": photos})[0]
