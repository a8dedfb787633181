"""The experiment that retouches a generator: what it wants of a picture, and that a generator learns it."""

import copy

import numpy as np
import pytest
import torch

from experiments import retouch
from pix2pix import labels, synthetic
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
    wanted, is_plain = retouch.cleaned(painted, inputs)
    assert not is_plain[:, :, 38:58, 38:58].any() and is_plain[:, :, :30].all()
    assert (wanted - painted)[:, :, 10:14, 10:16].min() > 0.35
    assert (wanted[:, :, 10:14, 10:16] - 0.2).abs().max() < 0.25
    beside = torch.ones(64, 64, dtype=bool)
    beside[10:14, 10:16] = False
    assert (wanted - painted)[:, :, beside].abs().mean() < 0.002
    assert torch.equal(wanted[:, :, 38:58, 38:58], painted[:, :, 38:58, 38:58])


def test_shops_are_muted_and_blinds_keep_their_colours():
    inputs = torch.full((1, 8, 16), labels.INDEX["blind"], dtype=torch.uint8)
    inputs[:, :, :8] = labels.INDEX["shop"]
    red = torch.tensor([0.5, -0.7, -0.7]).reshape(1, 3, 1, 1).expand(1, 3, 8, 16)
    wanted = retouch.muted(red, inputs)
    shop = wanted[0, :, 0, 0]
    assert shop.mean() == pytest.approx(-0.3) and shop.max() - shop.mean() == pytest.approx(retouch.COLOURFUL)
    assert torch.equal(wanted[..., 8:], red[..., 8:])
    grey = torch.full((1, 3, 8, 16), 0.4)
    assert torch.equal(retouch.muted(grey, inputs), grey)


def test_a_continued_picture_is_painted_of_the_same_labels_and_noise_in_its_middle():
    seen = []

    def paints_what_it_is_given(inputs, latents):
        seen.append((inputs, latents))
        return inputs[:, None].float() + latents[0]

    inputs = torch.from_numpy(synthetic.label_map(0))[None]
    noise, code = torch.randn(1, 1, *inputs.shape[1:]), torch.zeros(1, 16, 1, 1)
    expected = inputs[:, None].float() + noise
    painted = retouch.continued(paints_what_it_is_given, inputs, [noise, code], expected + 0.25)
    assert torch.allclose(painted, expected + 0.25, atol=1e-5)  # of the colours that were painted
    (larger, latents), height = seen[0], inputs.shape[1]
    assert larger.shape[1] == 2 * height and larger.dtype == inputs.dtype
    assert (larger[:, : height // 2] == larger[:, height // 2]).all()  # what is at the edge goes on
    assert latents[1] is code


def test_a_generator_is_taught_to_leave_spots_off_its_walls():
    config = RECIPES["projected"].replace(base_channels=4, detail_channels=4, depth=4)
    torch.manual_seed(0)
    generator = build_generator(config.architecture)
    with torch.no_grad():
        generator.strengths[-1].fill_(3.0)  # of noise: spots
    drawings = [np.full((64, 64), labels.INDEX["facade"], dtype=np.uint8)]
    styles = [[0.0] * config.architecture.code_size]
    student = copy.deepcopy(generator)
    retouch.teach(student, generator, config, styles, drawings, steps=30, learning_rate=1e-4)
    inputs = torch.from_numpy(drawings[0])[None]
    latents = [torch.randn(shape) for shape in latent_shapes(config.architecture, generator.latent_channels, 64, 64)]
    with torch.no_grad():
        painted = generator(inputs, latents)
        wanted, _ = retouch.cleaned(retouch.continued(generator, inputs, latents, painted), inputs)
        before, after = ((net(inputs, latents) - wanted).square().mean() for net in (generator, student))
    assert 0 < after < before
