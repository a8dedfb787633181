"""Facades set before a sky: where labels say sky the photo shows one, and where they say house it shows that house."""

import numpy as np
import torch

from pix2pix import labels
from pix2pix.data.dataset import PairDataset
from pix2pix.data.pairs import Pair
from pix2pix.data.skies import SMALLEST, draw_sky, open_sky
from pix2pix.recipes import RECIPES

WALL, SKY = (labels.INDEX[name] for name in ("facade", "background"))
SIDE = 64
RED = (200, 20, 20)
CONFIG = RECIPES["projected"].replace(size=SIDE, jitter=False, hflip=False, shift=False, sky_share=1.0)


def red_house() -> Pair:
    """A house that fills its photo; it is red, as no sky is."""
    return Pair("1", np.full((SIDE, SIDE), WALL, np.uint8), np.full((SIDE, SIDE, 3), RED, np.uint8))


def test_a_house_stands_before_a_sky_wherever_its_labels_say_so():
    dataset, shares = PairDataset([red_house()], CONFIG), []
    for seed in range(30):
        inputs, photo = (half.numpy() for half in dataset[0, seed])
        assert set(np.unique(inputs)) <= {WALL, SKY}
        is_red = (photo[0] > 150) & (photo[1] < 60)
        is_edge = (inputs != np.roll(inputs, 1, 0)) | (inputs != np.roll(inputs, -1, 0))
        is_edge |= (inputs != np.roll(inputs, 1, 1)) | (inputs != np.roll(inputs, -1, 1))
        assert np.array_equal(is_red[~is_edge], (inputs == WALL)[~is_edge])
        assert (inputs[-1] == WALL).any()  # it stands on the ground
        shares.append((inputs == WALL).mean())
    assert min(shares) > (SMALLEST - 0.12) ** 2  # its rim is the sky's
    assert max(shares) > 0.85 and np.std(shares) > 0.05


def test_the_share_of_houses_before_a_sky_is_what_the_config_says():
    dataset = PairDataset([red_house()], CONFIG.replace(sky_share=0.4))
    shown = [bool((dataset[0, seed][0] == SKY).any()) for seed in range(200)]
    assert 55 < sum(shown) < 105
    for other in (CONFIG.replace(sky_share=0.0), CONFIG.replace(teacher="somewhere")):
        assert not any((PairDataset([red_house()], other)[0, seed][0] == SKY).any() for seed in range(0, 20, 2))


def test_sky_is_what_lies_open_above_the_street_and_no_slit_in_a_wall():
    house = np.full((SIDE, SIDE), WALL, np.uint8)
    house[:16] = SKY
    house[:, :10] = labels.VOID  # a margin: nothing of the house is known there
    house[30:33] = SKY  # a slit from side to side, as labels leave them between storeys
    house[40:50, 30:40] = SKY  # shut in
    house[56:] = SKY  # the street
    found = open_sky(torch.from_numpy(house)).numpy()
    assert found[:16].all() and found[:56, :10].all()
    assert not found[56:].any()
    assert not found[19:, 13:].any()
    assert not open_sky(torch.full((SIDE, SIDE), WALL, dtype=torch.uint8)).any()


def test_skies_have_many_colours_and_are_smooth():
    torch.manual_seed(0)
    skies = torch.stack([draw_sky(3, SIDE, SIDE, torch.device("cpu")) for _ in range(100)])
    means = skies.mean(dim=(2, 3))
    assert (means[:, 2] > means[:, 0] + 40).sum() > 20  # blue
    assert (means.min(dim=1).values > 200).sum() > 10  # overcast
    assert (means[:, 0] > means[:, 2] + 10).sum() > 3  # another
    assert skies.diff(dim=3).abs().max() < 10
    assert draw_sky(1, SIDE, SIDE, torch.device("cpu")).shape == (1, SIDE, SIDE)
