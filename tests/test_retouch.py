"""The experiment that retouches a generator: what it wants of a picture, and that a generator learns it."""

import copy

import numpy as np
import pytest
import torch

from experiments import daylight, retouch
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


@pytest.fixture
def house():
    """A wall under a sky, with a window, a door and a shop; rows 16 to 64."""
    inputs = torch.full((1, 64, 96), labels.INDEX["background"], dtype=torch.uint8)
    inputs[:, 16:, 12:84] = labels.INDEX["facade"]
    inputs[:, 24:36, 30:40] = labels.INDEX["window"]
    inputs[:, 44:64, 20:28] = labels.INDEX["door"]
    inputs[:, 44:64, 40:80] = labels.INDEX["shop"]
    return inputs


def test_light_is_brighter_at_the_roof_than_at_the_street_and_the_sky_is_left(house):
    painted = torch.full((1, 3, *house.shape[1:]), 0.5)
    wanted = retouch.lit(painted, house)
    wall = (wanted[0, 0, 17:, 15] + 1) / 2
    assert (wall.diff() < 0).all()
    assert wall[0] > 0.8 > 0.6 > wall[-1] > 0.35
    assert wanted[:, :, house[0] == labels.INDEX["facade"]].mean() == pytest.approx(0.5, abs=0.02)  # as was asked for
    assert torch.equal(wanted[..., :14, :], painted[..., :14, :])
    assert wanted[0, 0, 30, 28] < wanted[0, 0, 30, 18]  # a wall is darker beside a window
    white = retouch.lit(torch.ones_like(painted), house)
    assert white.max() == 1
    empty = torch.zeros_like(house)
    assert torch.equal(retouch.lit(painted, empty), painted)


def test_walls_and_sky_lose_the_rims_between_them(house):
    painted = torch.full((1, 3, *house.shape[1:]), 0.8)
    painted[:, :, 16:, 12:84] = 0.0
    painted[:, :, 24:36, 30:40] = -0.7
    rimmed = painted.clone()
    rimmed[:, :, 18:, 13:16] = -0.4  # of the wall
    rimmed[:, :, 18:, 8:11] = 1.0  # of the sky
    wanted = retouch.without_halos(rimmed, house)
    assert (wanted - painted)[:, :, 20:46, 13:16].abs().max() <= 1.01 * retouch.FAINT
    assert (wanted - painted)[:, :, 20:46, 8:11].abs().max() <= 1.01 * retouch.FAINT
    assert torch.equal(wanted[:, :, 22:38, 26:44], painted[:, :, 22:38, 26:44])


def test_plain_walls_lose_their_ruling_and_keep_their_light_and_grain(house):
    torch.manual_seed(0)
    light = torch.linspace(0.4, -0.2, house.shape[1])[None, None, :, None].expand(1, 3, *house.shape[1:])
    grain = 0.05 * torch.randn(1, 1, *house.shape[1:])
    ruled = light + grain + 0.1 * torch.tensor([1.0, -1.0, -1.0, 1.0]).repeat(16)[None, None, :, None]
    wanted = retouch.unruled(ruled, house)
    wall = (slice(None), slice(None), slice(24, 38), slice(46, 78))
    left, before = ((picture - light - grain)[wall].mean(dim=3).std() for picture in (wanted, ruled))
    assert left < 0.3 * before
    assert (wanted - light)[wall].std() > 0.8 * grain[0, :, 24:38, 46:78].std()
    assert torch.equal(wanted[:, :, 22:38, 28:42], ruled[:, :, 22:38, 28:42])  # a window


def test_shops_are_panes_between_posts_under_a_blind_and_signs_are_left(house):
    house[:, 38:41, 40:80] = labels.INDEX["shop"]  # a sign
    made = retouch.glazed(house)[0]
    shop = made[44:64, 40:80]
    assert made.dtype == house.dtype
    assert (shop[:3] == labels.INDEX["blind"]).all()
    row = (shop[10] == labels.INDEX["window"]).int()
    assert (row.diff() == 1).sum() + row[0] == 4  # panes, 11 pixels wide in a height of 20
    assert set(shop[10].tolist()) == {labels.INDEX["window"], labels.INDEX["facade"]}
    assert (shop[-2:] == labels.INDEX["facade"]).all()
    house[:, 44:64, 40:80] = made[44:64, 40:80] = 0
    assert torch.equal(made, house[0])


def test_doors_get_contrast_in_their_own_colour_and_walls_do_not(house):
    painted = torch.zeros(1, 3, *house.shape[1:])
    painted[:, :, 44:64, 20:28] = -0.6 + 0.1 * torch.tensor([1.0, -1.0]).repeat(4)
    wanted = retouch.contrasted(painted, house)
    before, after = (picture[0, 0, 46:62, 22:26] for picture in (painted, wanted))
    assert after.std() == pytest.approx(2 * before.std().item(), rel=0.1)
    assert after.mean() == pytest.approx(before.mean().item(), abs=0.02)
    assert torch.equal(wanted[:, :, :42], painted[:, :, :42])


def test_only_the_retouches_that_are_named_are_made(house):
    def teacher(inputs, latents):
        return inputs[:, None].float().expand(-1, 3, -1, -1) / 20

    painted = teacher(house, [])
    assert torch.equal(retouch.retouched(teacher, house, [], painted, []), painted)
    for name in ("walls", "ruling", "halos", "shops", "colours", "light"):
        wanted = retouch.retouched(teacher, house, [], painted, [name])
        assert wanted.shape == painted.shape
        shop_changes = not torch.equal(wanted[..., 46:62, 42:78], painted[..., 46:62, 42:78])
        assert shop_changes == (name in ("shops", "light")), name


def test_brightness_is_measured_from_roof_to_street():
    drawing = np.full((64, 64), labels.INDEX["background"], dtype=np.uint8)
    drawing[16:, 8:] = labels.INDEX["facade"]
    picture = np.zeros((64, 64, 3), np.uint8)
    picture[16:] = np.linspace(200, 100, 48)[:, None, None]
    shares = daylight.by_storey(picture, drawing, "facade")
    assert len(shares) == daylight.STOREYS and (np.diff(shares) < 0).all()
    assert shares[0] == pytest.approx(195 / 150, abs=0.02) and shares[-1] == pytest.approx(105 / 150, abs=0.02)
    assert np.isnan(daylight.by_storey(picture, drawing, "window")).all()


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
