"""Golden numbers from a TensorFlow graph of the source notebook: forward pass, losses and three updates."""

from pathlib import Path

import numpy as np
import pytest
import torch
from accelerate import Accelerator

from pix2pix.config import Config
from pix2pix.networks.patchgan import PatchGAN
from pix2pix.networks.unet import UNet
from pix2pix.training.losses import adversarial_loss, discriminator_loss, l1_loss
from pix2pix.training.trainer import Trainer

GOLDEN = Path(__file__).parents[3] / "shared" / "data" / "parity"


@pytest.fixture(params=["batch1.npz", "batch4.npz"])
def golden(request):
    if not (GOLDEN / request.param).is_file():
        pytest.skip(f"the golden numbers {request.param} are not on this machine")
    return np.load(GOLDEN / request.param)


def channels_first(array: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(array).permute(0, 3, 1, 2).contiguous()


def load_scope(golden, scope: str, conv: torch.nn.Module, norm: torch.nn.Module) -> None:
    """TensorFlow keeps filters as [h, w, in, out] (transposed: [h, w, out, in]); torch wants both reversed."""
    conv.weight.data = torch.from_numpy(golden[f"w/{scope}/filter"]).permute(3, 2, 0, 1).contiguous()
    if f"w/{scope}/scale" in golden:
        norm.weight.data = torch.from_numpy(golden[f"w/{scope}/scale"])
        norm.bias.data = torch.from_numpy(golden[f"w/{scope}/offset"])


@pytest.fixture
def networks(golden):
    generator, discriminator = UNet(base_channels=8, bottleneck_norm=True), PatchGAN(base_channels=8)
    for i in range(8):
        load_scope(golden, f"generator/encoder_{i + 1}", generator.encoders[i], generator.encoder_norms[i])
        load_scope(golden, f"generator/decoder_{8 - i}", generator.decoders[i], generator.decoder_norms[i])
    for i in range(5):
        load_scope(golden, f"discriminator/layer_{i + 1}", discriminator.convs[i], discriminator.norms[i])
    return generator.eval(), discriminator  # in eval mode: the golden graph has no dropout


@torch.no_grad()
def losses(generator, discriminator, inputs, targets) -> list[float]:
    generated = generator(inputs)
    fake_logits = discriminator(inputs, generated)
    d_loss = discriminator_loss(discriminator(inputs, targets), fake_logits)
    return [d_loss.item(), adversarial_loss(fake_logits).item(), l1_loss(generated, targets).item()]


def test_the_forward_pass_agrees(golden, networks):
    generator, discriminator = networks
    inputs, targets = channels_first(golden["input"]), channels_first(golden["target"])
    with torch.no_grad():
        generated = generator(inputs)
        real, fake = discriminator(inputs, targets), discriminator(inputs, generated)
    assert (generated - channels_first(golden["output"])).abs().max() < 1e-4
    assert (real.sigmoid() - channels_first(golden["predict_real"])).abs().max() < 1e-4
    assert (fake.sigmoid() - channels_first(golden["predict_fake"])).abs().max() < 1e-4


def test_three_updates_agree(golden, networks):
    generator, discriminator = networks
    inputs, targets = channels_first(golden["input"]), channels_first(golden["target"])
    trainer = Trainer(Config.of(task="photo"), generator, discriminator, Accelerator(cpu=True))
    for expected in golden["losses"][:3]:
        assert losses(generator, discriminator, inputs, targets) == pytest.approx(expected, abs=1e-3)
        trainer.update(inputs, targets)
    assert losses(generator, discriminator, inputs, targets) == pytest.approx(golden["losses"][3], abs=1e-3)
    with torch.no_grad():  # by its mean: Adam amplifies the rounding of gradients that are almost zero
        assert (generator(inputs) - channels_first(golden["output_after"])).abs().mean() < 5e-3
