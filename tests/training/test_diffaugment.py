"""What discriminators see of pictures: changed at random, and alike."""

import pytest
import torch

from pix2pix.networks import build_discriminator
from pix2pix.recipes import RECIPES
from pix2pix.training.diffaugment import MAX_MOVE, augmented
from pix2pix.training.losses import build_objective


def ramps(count: int, height: int, width: int) -> torch.Tensor:
    """Pictures whose first two channels tell each pixel's row and column."""
    rows, columns = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    return torch.stack([rows + 1.0, columns + 1.0, torch.full((height, width), 7.0)]).expand(count, 3, height, width)


def test_inputs_and_pictures_are_moved_by_whole_pixels_together_and_lose_the_same_part():
    torch.manual_seed(0)
    height, width = 32, 64
    inputs = ramps(50, height, width)
    seen, picture = augmented(inputs, torch.ones(50, 3, height, width))
    moves = set()
    for each, beside in zip(seen, picture, strict=True):
        is_kept = each[2] == 7
        assert (each[:, ~is_kept] == 0).all() and (beside[:, ~is_kept] == 0).all()
        rows, columns = is_kept.nonzero(as_tuple=True)
        down, right = each[0, rows, columns] - 1 - rows, each[1, rows, columns] - 1 - columns
        assert len(down.unique()) == len(right.unique()) == 1
        moves.add((int(down[0]), int(right[0])))
        cut = 1 - float(is_kept.float().mean())
        assert 0.1 < cut < 0.5  # a quarter at most is cut out, and the rest is moved out
    assert len(moves) > 25
    assert max(abs(down) for down, _ in moves) == height * MAX_MOVE
    assert max(abs(right) for _, right in moves) == width * MAX_MOVE


def test_real_and_generated_pictures_change_alike_and_differently_from_one_to_the_next():
    torch.manual_seed(0)
    picture = torch.rand(2, 3, 16, 16) * 2 - 1
    _, ours, theirs = augmented(torch.zeros(2, 3, 16, 16), picture, picture.clone())
    assert torch.equal(ours, theirs)
    _, alike = augmented(torch.zeros(2, 3, 16, 16), picture[:1].expand(2, 3, 16, 16))
    assert not torch.allclose(alike[0], alike[1])


def test_a_share_of_the_batch_is_changed_and_the_others_stay_as_they_are():
    torch.manual_seed(0)
    inputs, pictures = ramps(200, 16, 16), torch.rand(200, 3, 16, 16)
    seen = augmented(inputs, pictures, share=0.25)
    pairs = zip((inputs, pictures), seen, strict=True)
    same = [(before - after).abs().amax(dim=(1, 2, 3)) < 1e-5 for before, after in pairs]
    assert (same[1] <= same[0]).all()  # an input may be moved by 0 pixels and its cut lie outside
    assert 0.65 < same[1].float().mean() < 0.85


def test_gradients_pass_through():
    picture = torch.zeros(1, 3, 16, 16, requires_grad=True)
    augmented(torch.zeros(1, 3, 16, 16), picture)[1].sum().backward()
    assert picture.grad.abs().sum() > 0


@pytest.mark.parametrize("recipe", ["paper", "perceptual"])
def test_with_it_discriminators_see_changed_pictures_and_all_else_compares_unchanged_ones(recipe):
    config = RECIPES[recipe].replace(discriminator_channels=4)
    inputs = torch.randint(12, (1, 64, 64), dtype=torch.uint8)
    targets, generated = (torch.rand(1, 3, 64, 64) * 2 - 1 for _ in range(2))
    losses = {}
    for diff_augment in (False, True):
        torch.manual_seed(0)
        judge = build_discriminator(config)
        objective = build_objective(config.replace(diff_augment=diff_augment))
        with torch.no_grad():
            d_loss, *_ = objective.judge(judge, inputs, generated, targets)
            _, adversarial, l1 = objective.generator_loss(judge, inputs, generated, targets)
        losses[diff_augment] = [float(each) for each in (d_loss, adversarial, l1)]
    assert losses[True][0] != losses[False][0] and losses[True][1] != losses[False][1]
    assert losses[True][2] == losses[False][2]
