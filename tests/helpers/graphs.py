"""Generators are traced once for each architecture in tests of other things, since it takes seconds."""

import contextlib
from collections.abc import Iterator

import onnx
import pytest

from pix2pix.export import onnx_graph

TRACED: dict[object, bytes] = {}  # graphs by architecture


@contextlib.contextmanager
def traced_once() -> Iterator[None]:
    """Let `add_onnx`, which puts each generator's own weights into its graph, start from a graph that is there."""
    trace = onnx_graph._trace

    def known(generator, config):
        if config.architecture not in TRACED:
            TRACED[config.architecture] = trace(generator, config).SerializeToString()
        return onnx.ModelProto.FromString(TRACED[config.architecture])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(onnx_graph, "_trace", known)
        yield
