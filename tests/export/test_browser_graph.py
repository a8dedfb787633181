"""Graphs for ONNX Runtime in browsers, run by ONNX Runtime here."""

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import helper, numpy_helper

from pix2pix.export import browser_graph, segmenter_graph
from pix2pix.inference import segmenter


def test_what_float16_holds_exactly_lies_beside_the_graph_and_comes_back():
    stream = np.random.default_rng(0)
    exact = stream.standard_normal((9, 9)).astype(np.float16).astype(np.float32)
    numbers = {"exact": exact, "fine": exact + np.float32(1e-6), "few": exact[:2], "shape": np.arange(81)}
    constants = [numpy_helper.from_array(array, name) for name, array in numbers.items()]
    graph = helper.make_graph([], "numbers", [], [], constants)
    stripped, weights = browser_graph.split(helper.make_model(graph))
    assert weights == exact.astype("<f2").tobytes()
    back = onnx.load_model_from_string(browser_graph.joined(stripped, weights)).graph.initializer
    assert len(back) == len(numbers)
    for tensor in back:
        np.testing.assert_array_equal(numpy_helper.to_array(tensor), numbers[tensor.name])


@pytest.mark.skipif(not (segmenter.checkpoint.bundle() / segmenter.NAME).is_dir(), reason="no segmenter is bundled")
def test_the_segmenter_for_browsers_sees_what_the_bundled_one_sees_without_casts_and_pads():
    graph, weights = segmenter_graph.for_browsers(segmenter.graph(), 256)
    kinds = {node.op_type for node in onnx.load_model_from_string(graph).graph.node}
    assert kinds.isdisjoint({"Cast", "Pad", "Clip", "Shape"}), "compiling Cast alone takes 110 MB of a tab"
    assert len(graph) < 0.05 * len(weights)
    photos = np.random.default_rng(1).uniform(-1, 1, (1, 3, 256, 256)).astype(np.float32)
    whole = browser_graph.joined(graph, weights)
    seen, expected = (
        onnxruntime.InferenceSession(each, providers=["CPUExecutionProvider"]).run(None, {"photos": photos})[0]
        for each in (whole, segmenter.graph())
    )
    assert np.abs(seen - expected).max() < 1e-3 * np.abs(expected).max()
