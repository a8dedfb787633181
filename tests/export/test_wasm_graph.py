"""The form of a generator for browsers, run by ONNX Runtime here, against torch."""

import base64
import json

import numpy as np
import onnx
import pytest
import torch

from pix2pix import images
from pix2pix.export import browser_graph, wasm_graph
from pix2pix.inference import checkpoint
from pix2pix.labels import snap
from pix2pix.networks import build_generator
from pix2pix.recipes import RECIPES
from pix2pix.synthetic import label_map
from pix2pix.utils import UserError
from tests.helpers.real_facades import FACADES, needs_real_facades

STYLES = {"plaster": [0.5, -1.0, 0.3], "brick": [1.5, 0.2, -0.4]}


def made(**changes):
    """A config of the smallest generator with all parts, and the generator, with weights that matter."""
    torch.manual_seed(0)
    config = RECIPES["live"].replace(base_channels=4, size=256, **changes)
    generator = build_generator(config.architecture).eval()
    for name, parameter in generator.named_parameters():
        if "bias" in name or "gain" in name or "strength" in name:
            torch.nn.init.normal_(parameter, 0.5, 0.3)
    return config, generator


@pytest.mark.parametrize(
    "changes",
    [
        {"color_code": True},
        {"color_code": True, "style_size": 3, "detail_channels": 4, "sharpening": 0.5, "noise_scale": 0.4},
        {"color_code": False},
    ],
    ids=["colours", "all parts", "noise alone"],
)
def test_the_form_of_every_kind_of_our_generator_gives_its_pictures(changes):
    config, generator = made(**changes)
    code = generator.code_size
    styles = {name: (3 * numbers)[:code] for name, numbers in STYLES.items()} if config.architecture.style_size else {}
    form = wasm_graph.build(config, generator, styles)
    near, worst = wasm_graph.check(form, wasm_graph.reference(config, generator, "one", styles))
    assert near > 0.99 and worst <= 4


def test_a_form_of_other_weights_is_told_from_torch():
    config, generator = made(color_code=True)
    form = wasm_graph.build(config, generator)
    with torch.no_grad():
        generator.decoders[-1].gain *= 1.5
    with pytest.raises(UserError, match=r"one for browsers differs from torch: \d.*% of values within 1 of 255"):
        wasm_graph.check(form, wasm_graph.reference(config, generator, "one", {}))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"task": "edges"}, "is for edges; the painter in the browser paints facades"),
        ({"generator": "unet", "color_code": False}, "is the paper's U-Net"),
        ({"size": 128}, "is for pictures of 128 pixels"),
    ],
)
def test_a_checkpoint_without_such_a_form_is_refused_in_one_line(changes, reason):
    with pytest.raises(UserError, match=reason):
        wasm_graph.check_convertible("mine", RECIPES["live"].model.replace(**changes))


def test_the_graph_is_optimized_with_its_weights_beside_it_as_float16_and_the_rest_is_json():
    config, generator = made(color_code=True)
    form = wasm_graph.build(config, generator)
    model = onnx.load_from_string(form.graph)
    assert {opset.domain for opset in model.opset_import} == {"", "com.microsoft"}
    kinds = {node.op_type for node in model.graph.node}
    assert "FusedConv" in kinds and "LeakyRelu" not in kinds
    inside = [tensor for tensor in model.graph.initializer if tensor.data_location != onnx.TensorProto.EXTERNAL]
    assert all(np.prod(tensor.dims) <= browser_graph.SMALL for tensor in inside)
    outside = [np.prod(tensor.dims) for tensor in model.graph.initializer if tensor not in inside]
    assert len(form.weights) == 2 * sum(outside) > 0
    told = json.loads(form.to_json())
    assert base64.b64decode(told["graph"]) == form.graph
    assert told["noise"] == [2, 4, 8, 16, 32, 64, 128] and told["code"] == 6 and told["sky"] == 32
    assert told["tables"]["encoded"]["kernel"] == 4 and told["tables"]["encoded"]["stride"] == 2


@pytest.mark.parametrize("name", checkpoint.bundled())
def test_the_bundled_generators_paint_the_same_in_this_form(name):
    config, generator = checkpoint.load(name)
    reference = wasm_graph.reference(config, generator, name, {})
    near, _ = wasm_graph.check(wasm_graph.build(config, generator), reference)
    assert near >= 0.99


@needs_real_facades
@pytest.mark.slow
@pytest.mark.parametrize("name", checkpoint.bundled())
def test_the_bundled_generators_paint_real_drawings_the_same_in_this_form(name):
    maps = [snap(images.read_image(path)[:, 256:]) for path in sorted((FACADES / "val").glob("*.jpg"))]
    maps = maps if name == "facades-live" else maps[::5]
    config, generator = checkpoint.load(name)
    styles = checkpoint.read_styles(checkpoint.find(name), config)
    near, _ = wasm_graph.check(
        wasm_graph.build(config, generator, styles), wasm_graph.reference(config, generator, name, styles), maps
    )
    assert near >= 0.99


def test_beyond_the_edges_of_a_drawing_is_no_class():
    config, generator = made(color_code=False)
    form = wasm_graph.build(config, generator)
    drawing = label_map(5, 256, 256)
    planes = torch.nn.functional.one_hot(torch.from_numpy(drawing).long(), 12).permute(2, 0, 1)[None].float()
    with torch.inference_mode():
        encoded = torch.nn.functional.leaky_relu(generator.encoders[0](generator.planes.height * planes), 0.2).numpy()
    assert np.abs(form.tables["encoded"].convolve(drawing) - encoded).max() < 1e-4
