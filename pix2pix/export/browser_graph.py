"""Graphs for ONNX Runtime in browsers: optimized beforehand, with their weights beside them as float16.

Optimizing in the browser takes memory that WebAssembly never gives back, and the browser compiles the optimizer's code
for speed meanwhile. Widening weights there is the same: the code of the operator Cast alone took 110 MB to compile.
"""

import tempfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import ModelProto, StringStringEntryProto, TensorProto, numpy_helper

SMALL = 64  # numbers: shorter constants stay in the graph, float32
WEIGHTS = "weights"  # what a graph calls the file, of which it counts in float32
DOMAINS = ("", "com.microsoft")  # of operators: ONNX's, and those that ONNX Runtime makes of several


def optimized(model: ModelProto) -> ModelProto:
    """The graph as ONNX Runtime would change it in the browser, where convolutions have no blocks of channels."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3  # it warns that the result may not suit other machines
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "optimized.onnx"
        options.optimized_model_filepath = str(path)
        onnxruntime.InferenceSession(
            model.SerializeToString(), options, ["CPUExecutionProvider"], disabled_optimizers=["NchwcTransformer"]
        )
        result = onnx.load(path)
    used = [opset for opset in result.opset_import if opset.domain in DOMAINS]
    del result.opset_import[:]
    result.opset_import.extend(used)
    return result


def split(model: ModelProto) -> tuple[bytes, bytes]:
    """The graph without its weights, and these as float16; what float16 does not hold exactly stays in the graph."""
    weights = []
    for tensor in model.graph.initializer:
        numbers = numpy_helper.to_array(tensor)
        halves = numbers.astype("<f2")
        if numbers.dtype != np.float32 or numbers.size <= SMALL or (halves != numbers).any():
            continue
        place = {"location": WEIGHTS, "offset": 2 * sum(map(len, weights)), "length": numbers.nbytes}
        entries = [StringStringEntryProto(key=key, value=str(value)) for key, value in place.items()]
        tensor.CopyFrom(TensorProto(name=tensor.name, data_type=TensorProto.FLOAT, dims=tensor.dims,
                                    external_data=entries, data_location=TensorProto.EXTERNAL))  # fmt: skip
        weights.append(halves.tobytes())
    return model.SerializeToString(), b"".join(weights)


def joined(graph: bytes, weights: bytes) -> bytes:
    """The graph with its weights inside."""
    model, numbers = onnx.load_model_from_string(graph), np.frombuffer(weights, "<f2").astype("<f4").tobytes()
    for tensor in model.graph.initializer:
        if tensor.data_location == TensorProto.EXTERNAL:
            place = {entry.key: entry.value for entry in tensor.external_data}
            tensor.raw_data = numbers[int(place["offset"]) :][: int(place["length"])]
            tensor.ClearField("external_data")
            tensor.ClearField("data_location")
    return model.SerializeToString()
