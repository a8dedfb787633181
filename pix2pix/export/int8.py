"""Graphs that multiply in int8: several times as fast for wide generators, at a grey level or two of difference.

Weights take 7 of their 8 bits: two products of 8 and 8 bits may exceed the 16 bits in which CPUs without VNNI add them
up, and pictures would depend on the CPU.
"""

import logging
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

from pix2pix.utils import UserError

MIN_INPUTS = 17  # channels: layers with less, beside the pictures, cost little and would lose the most


def quantized(graph: onnx.ModelProto, examples: Iterable[Mapping[str, np.ndarray]]) -> onnx.ModelProto:
    """The same generator with its wide convolutions in int8, their weights inside.

    `graph` has its weights inside too. `examples` are inputs by name: the values they lead to are the range of int8.
    """
    with tempfile.TemporaryDirectory() as folder, _quiet():
        whole, folded, result = (Path(folder) / name for name in ("whole.onnx", "folded.onnx", "int8.onnx"))
        onnx.save(graph, whole)
        _fold(whole, folded)
        wide = [node.name for node in _wide_convolutions(onnx.load(folded))]
        if not wide:
            raise UserError(f"no layer here has {MIN_INPUTS} channels or more: int8 would gain nothing")
        quantize_static(
            folded, result, _Examples(iter(examples)), quant_format=QuantFormat.QDQ, nodes_to_quantize=wide,
            per_channel=True, reduce_range=True, activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8,
        )  # fmt: skip
        return onnx.load(result)


def _fold(graph: Path, folded: Path) -> None:
    """Compute what depends on weights alone, so that a convolution's weights are numbers."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.optimized_model_filepath = str(folded)
    onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])


def _wide_convolutions(graph: onnx.ModelProto) -> Iterator[onnx.NodeProto]:
    inputs = {tensor.name: tensor.dims[1] for tensor in graph.graph.initializer if len(tensor.dims) == 4}
    for node in graph.graph.node:
        if node.op_type == "Conv" and inputs.get(node.input[1], 0) >= MIN_INPUTS:
            yield node


class _Examples(CalibrationDataReader):
    def __init__(self, examples: Iterator[Mapping[str, np.ndarray]]):
        self.examples = examples

    def get_next(self) -> dict[str, np.ndarray] | None:
        return next(self.examples, None)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep back ONNX Runtime's advice on graphs, which are made here as they should be."""
    before = logging.root.manager.disable
    logging.disable(max(before, logging.WARNING))
    try:
        yield
    finally:
        logging.disable(before)
