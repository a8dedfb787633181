"""Recorded steps, with a stand-in for the CUDA graph: one that computes anew into the tensors it was recorded with."""

import copy

import pytest
import torch
from accelerate import Accelerator

from pix2pix.config import Config
from pix2pix.networks import build_discriminator, build_generator
from pix2pix.networks.patchgan import PatchGAN
from pix2pix.networks.unet import UNet
from pix2pix.recipes import RECIPES
from pix2pix.training.cuda_graph import PLAIN_CALLS, CUDAGraphStep
from pix2pix.training.losses import build_objective
from pix2pix.training.trainer import SHOWN, Trainer


def record(function):
    result = torch.empty(len(SHOWN))
    return lambda: result.copy_(function()), result


def pair(step: int, batch: int = 1) -> tuple[torch.Tensor, torch.Tensor]:
    stream = torch.Generator().manual_seed(step)
    return tuple(torch.rand(batch, 3, 64, 64, generator=stream) * 2 - 1 for _ in range(2))


def trainer(recording: bool) -> Trainer:
    torch.manual_seed(0)
    config = Config.of(task="photo", size=64, depth=6, ema_decay=0.9, epochs=12, warmup_steps=2, decay_epochs=8)
    made = Trainer(config, UNet(base_channels=2, depth=6), PatchGAN(base_channels=2), Accelerator(cpu=True))
    made.recording = recording
    prepare(made)
    return made


def prepare(made: Trainer) -> None:
    made._prepare_step()
    if made.recording:
        made.step = CUDAGraphStep(made._step, record)


def losses(made: Trainer, steps: range) -> list[dict[str, float]]:
    shown = []
    for step in steps:
        made.set_learning_rate(step)
        torch.manual_seed(step)  # of dropout
        made.update(*pair(step))
        shown.append(made.shown_losses())
    return shown


def test_recorded_steps_have_the_losses_and_weights_of_plain_steps():
    """Over a rate that grows and falls: a graph that had it written in would go on with the first."""
    plain, recorded = trainer(False), trainer(True)
    for one, other in zip(losses(plain, range(12)), losses(recorded, range(12)), strict=True):
        assert other == pytest.approx(one, rel=1e-5)
    assert recorded.step.replay is not None
    assert plain.learning_rate < 1e-4
    assert recorded.learning_rate == pytest.approx(plain.learning_rate)
    for one, other in zip(plain.result.parameters(), recorded.result.parameters(), strict=True):
        assert torch.allclose(one, other, atol=1e-6)


@pytest.mark.parametrize(("before", "after"), [(True, False), (False, True), (True, True)])
def test_a_run_goes_on_recorded_or_not_as_the_machine_it_goes_on_on(before, after):
    whole, first, second = trainer(False), trainer(before), trainer(after)
    expected = losses(whole, range(10))[-1]
    losses(first, range(5))
    second.load_state(copy.deepcopy(first.state()))
    prepare(second)
    assert losses(second, range(5, 10))[-1] == pytest.approx(expected, rel=1e-5)


def test_the_first_calls_and_other_shapes_run_plainly():
    calls = []

    def function(x):
        calls.append(tuple(x.shape))
        return x.sum() * torch.ones(len(SHOWN))

    step = CUDAGraphStep(function, record)
    for call in range(PLAIN_CALLS + 2):
        assert step(torch.full((2,), float(call)))[0] == 2 * call
    assert step(torch.ones(1))[0] == 1
    assert step(torch.ones(2))[0] == 2
    assert calls == [(2,)] * (PLAIN_CALLS + 2) + [(1,), (2,)]


def test_what_cannot_be_recorded_is_said_once_and_runs_plainly(recwarn):
    def refuse(function):
        raise RuntimeError("operation not permitted when stream is capturing")

    step = CUDAGraphStep(lambda x: 2 * x, refuse)
    assert [step(torch.tensor(float(call))).item() for call in range(6)] == [0, 2, 4, 6, 8, 10]
    assert [str(warning.message) for warning in recwarn if "CUDA graph" in str(warning.message)] == [
        "steps are not recorded as a CUDA graph, only slower: operation not permitted when stream is capturing"
    ]


@pytest.mark.parametrize("recipe", ["paper", "perceptual", "live"])
def test_no_loss_waits_for_the_gpu(recipe):
    """Nothing can be read back from the meta device, so whatever runs there never makes a host wait."""
    config = RECIPES[recipe].replace(
        task="photo", base_channels=2, discriminator_channels=2
    )  # autocast knows no meta device
    with torch.device("meta"):
        inputs, targets = torch.empty(1, 3, 256, 256), torch.empty(1, 3, 256, 256)
    networks = build_generator(config.architecture).to("meta"), build_discriminator(config).to("meta")
    generator, discriminator = networks
    objective = build_objective(config).to("meta")
    generated = generator(inputs)
    d_loss, *_ = objective.judge(discriminator, inputs, generated.detach(), targets)
    g_loss, *_ = objective.generator_loss(discriminator, inputs, generated, targets)
    (d_loss + g_loss).backward()
    assert all(p.grad.device.type == "meta" for network in networks for p in network.parameters())
