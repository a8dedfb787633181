"""Layers in the forms that ONNX Runtime computes fast, against the layers themselves."""

import numpy as np
import onnx
import pytest
import torch

from pix2pix import labels
from pix2pix.commands import export as export_command
from pix2pix.export import layers, onnx_graph
from pix2pix.inference import TorchNetwork, checkpoint, draw, latent_shapes
from pix2pix.inference.onnx_session import OnnxNetwork
from pix2pix.networks import build_generator
from pix2pix.networks.layers import BatchStatisticsNorm, UpsampleConv
from pix2pix.recipes import RECIPES


@pytest.fixture(autouse=True)
def _same_numbers():
    torch.manual_seed(0)


@pytest.mark.parametrize(
    ("layer", "form"),
    [(BatchStatisticsNorm(6), layers.PerImageNorm), (UpsampleConv(6, 5), layers.MixThenInterpolate)],
)
def test_a_form_gives_what_its_layer_gives(layer, form):
    for parameter in layer.parameters():
        torch.nn.init.normal_(parameter)
    x = torch.randn(1, 6, 5, 7)
    torch.testing.assert_close(form(layer)(x), layer(x), rtol=1e-5, atol=1e-5)


def exported(folder, config):
    """A new generator and its checkpoint with a graph."""
    generator = build_generator(config.architecture)
    for name, parameter in generator.named_parameters():
        if name.endswith("bias"):
            torch.nn.init.normal_(parameter)
    checkpoint.save(folder, config, generator, "card")
    onnx_graph.add_onnx(folder, *checkpoint.load(folder))
    return generator.eval()


# One of three channels is allowed: the paper's last.
@pytest.mark.parametrize(("recipe", "allowed"), [("paper", 1), ("perceptual", 0)])
def test_a_graph_gives_the_pictures_of_its_generator_and_holds_no_slow_layer(recipe, allowed, tmp_path):
    """No transposed convolution that mixes many channels, and no bias that is computed."""
    config = RECIPES[recipe].replace(base_channels=16, depth=4, biases=recipe == "paper")
    generator = exported(tmp_path / "one", config)
    inputs = np.random.default_rng(0).choice(np.uint8([*range(12), labels.VOID]), (1, 32, 80))
    network = OnnxNetwork(tmp_path / "one")
    shapes = latent_shapes(config.architecture, generator.latent_channels, 32, 80)
    latents = draw(generator.latent_kind, shapes, 1)
    assert np.abs(network(inputs, latents) - TorchNetwork(generator)(inputs, latents)).max() < 1e-4

    graph = onnx.load(tmp_path / "one" / checkpoint.ONNX, load_external_data=False).graph
    stored = {tensor.name for tensor in graph.initializer}
    assert all(set(node.input[2:]) <= stored for node in graph.node if node.op_type == "Conv")
    whole = [node for node in graph.node if node.op_type == "ConvTranspose" and _groups(node) == 1]
    assert len(whole) == allowed


def test_exporting_a_run_writes_into_its_newest_checkpoint(tmp_path):
    newest = tmp_path / "run" / "checkpoints" / "step-000000002"
    config = RECIPES["paper"].replace(base_channels=2, depth=2)
    for folder in (newest.parent / "step-000000001", newest):
        checkpoint.save(folder, config, build_generator(config.architecture), "card")
    export_command.export(tmp_path / "run")
    assert [path.parent for path in newest.parent.rglob(checkpoint.ONNX)] == [newest]
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["checkpoints"]
    with pytest.raises(ValueError, match=r"no folder at .*nowhere: export writes"):
        export_command.export(tmp_path / "nowhere")


def test_the_original_stays_as_it_was():
    config = RECIPES["perceptual"].replace(base_channels=4, depth=4)
    generator = build_generator(config.architecture).eval()
    inputs = torch.randint(12, (1, 32, 32), dtype=torch.uint8)
    noise = [torch.randn(shape) for shape in latent_shapes(config.architecture, generator.latent_channels, 32, 32)]
    with torch.inference_mode():
        before = generator(inputs, noise)
        copied = layers.for_onnx(generator)
        torch.testing.assert_close(copied(inputs, noise), before, rtol=0, atol=1e-4)
        assert torch.equal(generator(inputs, noise), before)
    assert not any(isinstance(module, UpsampleConv) for module in copied.modules())


def _groups(node: onnx.NodeProto) -> int:
    return next((attribute.i for attribute in node.attribute if attribute.name == "group"), 1)
