"""The experiment that wipes plain walls: what it wants of a picture, and that a generator learns it."""

import copy

import numpy as np
import torch

from experiments import clean_walls
from pix2pix import labels
from pix2pix.inference import latent_shapes
from pix2pix.networks import build_generator
from pix2pix.recipes import RECIPES


def test_walls_are_wiped_of_spots_and_keep_their_grain_and_what_stands_on_them():
    inputs = torch.full((1, 64, 64), labels.INDEX["facade"], dtype=torch.uint8)
    inputs[:, 40:56, 40:56] = labels.INDEX["window"]
    torch.manual_seed(0)
    clean = 0.2 + 0.02 * torch.randn(1, 3, 64, 64)
    clean[:, :, 40:56, 40:56] = -0.8
    painted = clean.clone()
    painted[:, :, 10:14, 10:16] -= 0.6
    wanted, is_plain = clean_walls.cleaned(painted, inputs)
    assert not is_plain[:, :, 38:58, 38:58].any() and is_plain[:, :, :30].all()
    assert (wanted - painted)[:, :, 10:14, 10:16].min() > 0.35
    assert (wanted[:, :, 10:14, 10:16] - 0.2).abs().max() < 0.25
    beside = torch.ones(64, 64, dtype=bool)
    beside[10:14, 10:16] = False
    assert (wanted - painted)[:, :, beside].abs().mean() < 0.002
    assert torch.equal(wanted[:, :, 38:58, 38:58], painted[:, :, 38:58, 38:58])


def test_a_generator_is_taught_to_leave_spots_off_its_walls():
    config = RECIPES["projected"].replace(base_channels=4, detail_channels=4, depth=4)
    torch.manual_seed(0)
    generator = build_generator(config.architecture)
    with torch.no_grad():
        generator.strengths[-1].fill_(3.0)  # of noise: spots
    drawings = [np.full((64, 64), labels.INDEX["facade"], dtype=np.uint8)]
    styles = [[0.0] * config.architecture.code_size]
    student = clean_walls.taught(copy.deepcopy(generator), config, styles, drawings, steps=30, learning_rate=1e-4)
    inputs = torch.from_numpy(drawings[0])[None]
    latents = [torch.randn(shape) for shape in latent_shapes(config.architecture, generator.latent_channels, 64, 64)]
    with torch.no_grad():
        wanted, _ = clean_walls.cleaned(generator(inputs, latents), inputs)
        before, after = ((net(inputs, latents) - wanted).square().mean() for net in (generator, student))
    assert 0 < after < before
