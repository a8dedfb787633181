"""Discriminators on a frozen backbone: their shapes, what is trained of them, what they look at, and their losses."""

import numpy as np
import pytest
import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState

from pix2pix import images, labels, synthetic
from pix2pix.data.pairs import Pair
from pix2pix.networks import build_discriminator, build_generator
from pix2pix.networks.projected import class_weights, segmentation_targets
from pix2pix.recipes import RECIPES
from pix2pix.training.losses import build_objective, hinge_loss, r1_penalty
from pix2pix.training.style import Style
from pix2pix.training.trainer import Trainer

CONFIG = RECIPES["projected"].replace(size=64, base_channels=4, discriminator_channels=4, diff_augment=False)
CLASSES = len(labels.CLASSES)


def drawn(seed: int) -> Pair:
    label_map, photo = synthetic.facade(seed, 64, 64)
    return Pair(str(seed), label_map, photo)


def batch(*pictures: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.concatenate([images.batch(picture) for picture in pictures]))


def test_the_hinge_loss_is_4_where_d_is_wrong_by_1_and_0_where_it_is_sure():
    ones = torch.ones(1, 1, 4, 4)
    assert hinge_loss(-ones, ones) == 4
    assert hinge_loss(ones, -ones) == 0
    assert hinge_loss(0 * ones, 0 * ones) == 2


def test_the_gradient_penalty_is_half_the_squared_slope_on_real_pictures_alone():
    judged = [torch.randn(4, 3, 5, 5, requires_grad=True)]
    slope = torch.tensor([3.0, 0.0, 4.0], requires_grad=True)
    slopes = torch.stack([slope, slope, 9 * slope, 9 * slope])[:, :, None, None]  # the first half is real
    real = (judged[0] * slopes).sum(dim=1, keepdim=True)[:2]
    penalty = r1_penalty([real], judged)
    assert penalty.item() == pytest.approx(25 / 2)
    assert torch.allclose(torch.autograd.grad(penalty, slope)[0], slope)


def test_the_gradient_penalty_teaches_the_heads_and_nothing_else_of_the_step_changes():
    pair, losses = drawn(3), []
    both = batch(pair.input), batch(pair.target)
    for weight in (0.0, 10.0):
        torch.manual_seed(0)
        config = CONFIG.replace(r1_weight=weight)
        objective, judge = build_objective(config), build_discriminator(config)
        losses.append(objective.judge(judge, both[0], -both[1], both[1])[0])
        losses[-1].backward()
        assert all(each.grad is not None for each in judge.heads.parameters())
    assert losses[1] > losses[0]


def test_logits_come_at_each_stride_and_classes_at_half_size():
    objective, judge = build_objective(CONFIG), build_discriminator(CONFIG)
    pairs = [drawn(0), drawn(1)]
    inputs, targets = batch(*(each.input for each in pairs)), batch(*(each.target for each in pairs))
    planes = objective.condition(inputs)
    logits, classes, mixed = judge(
        planes, torch.cat([targets, targets]), [torch.cat([f, f]) for f in objective.trunk(targets)]
    )
    assert [each.shape[2:] for each in mixed] == [each.shape[2:] for each in logits[:4]]
    assert [tuple(each.shape) for each in logits[:4]] == [(4, 1, side, side) for side in (16, 8, 4, 2)]
    assert logits[4].shape[:2] == (4, 1)
    assert classes.shape == (4, CLASSES + 1, 32, 32)


def test_the_random_mixing_and_the_backbone_are_not_trained():
    judge, objective = build_discriminator(CONFIG), build_objective(CONFIG)
    trained = {name.split(".")[0] for name, _ in judge.named_parameters()}
    assert trained == {"heads", "segmenter", "patches"}
    assert not any(each.requires_grad for each in objective.parameters())


def test_other_tasks_have_heads_beside_their_inputs_and_no_segmenter():
    config = CONFIG.replace(task="photo", style_size=0, style_swap=0.0)
    objective, judge = build_objective(config), build_discriminator(config)
    picture = batch(drawn(0).target)
    loss, real, fake = objective.judge(judge, picture, picture, picture)
    assert judge.segmenter is None
    assert real.shape == fake.shape and torch.isfinite(loss)
    assert all(torch.isfinite(each) for each in objective.generator_loss(judge, picture, picture, picture))
    black, target = torch.full_like(picture, -1.0), picture.flip(3)
    objective.judge(judge, black, picture, target)
    l1 = objective.generator_loss(judge, black, picture, target)[2]
    assert l1.item() == pytest.approx((picture - target).abs().mean().item())  # dark inputs count as others do


def test_where_labels_are_void_the_discriminators_see_nothing_of_either_picture():
    pair = drawn(2)
    inputs = pair.input.copy()
    inputs[:, :32] = labels.VOID
    objective = build_objective(CONFIG)
    views = objective._look(batch(inputs), batch(pair.target), batch(pair.target))
    assert (views.generated[..., :32] == 0).all() and (views.targets[..., :32] == 0).all()
    assert (segmentation_targets(views.planes)[..., :16] == -1).all()
    assert torch.equal(views.targets[..., 32:], batch(pair.target)[..., 32:])


def test_class_weights_are_1_on_average_and_higher_for_rare_classes():
    targets = torch.zeros(1, 16, 16, dtype=torch.long)
    targets[0, 0, :4] = 3
    targets[0, 8:] = -1
    weights = class_weights(targets)
    assert weights[3] > 5 * weights[0]
    assert weights[targets[targets >= 0]].mean().item() == pytest.approx(1, abs=1e-5)


def test_a_picture_of_its_labels_is_named_and_a_generated_one_is_found_out():
    """After some steps on one pair, the segmenter tells the photo from noise: D's loss falls by half."""
    torch.manual_seed(0)
    objective, judge, pair = build_objective(CONFIG), build_discriminator(CONFIG), drawn(3)
    inputs, target = batch(pair.input), batch(pair.target)
    fake = torch.rand_like(target) * 2 - 1
    adam = torch.optim.Adam(judge.parameters(), lr=1e-3, betas=(0.0, 0.99))
    losses = []
    for _ in range(40):
        loss, real, found = objective.judge(judge, inputs, fake, target)
        adam.zero_grad()
        loss.backward()
        adam.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] / 2
    assert (real > 0).float().mean() > 0.8 and (found < 0).float().mean() > 0.8


@pytest.fixture(params=["no", "bf16"])
def accelerator(request):
    AcceleratorState._reset_state(reset_partial_state=True)  # it allows one precision a process otherwise
    yield Accelerator(mixed_precision=request.param, cpu=True)
    AcceleratorState._reset_state(reset_partial_state=True)


def test_a_step_is_finite_where_a_drawing_has_neither_wall_nor_sky(accelerator):
    """The mean colour of nothing is no number; neither the loss nor a gradient may become one by it."""
    torch.manual_seed(0)
    config = CONFIG.replace(style_swap=0.5)
    pairs = [drawn(seed) for seed in range(6)]
    style = Style(config, pairs)
    trainer = Trainer(
        config,
        build_generator(config.architecture),
        build_discriminator(config),
        accelerator,
        style,
    )
    windows = np.full_like(pairs[0].input, labels.INDEX["window"])
    for _ in range(4):
        trainer.update(batch(windows), batch(pairs[0].target))
    assert all(np.isfinite(list(trainer.shown_losses().values())))
    assert all(torch.isfinite(each).all() for each in trainer.result.parameters())


@pytest.mark.parametrize("size", [(16, 32), (48, 64), (32, 80)])
def test_small_and_oblong_pictures_are_judged_too(size):
    config = CONFIG.replace(size=size[0], width=size[1], depth=3)
    objective, judge = build_objective(config), build_discriminator(config)
    label_map, photo = synthetic.facade(1, 128, 128)
    inputs = batch(label_map[: size[0], : size[1]])
    target = batch(photo[: size[0], : size[1]])
    loss, _, _ = objective.judge(judge, inputs, target, target)
    assert torch.isfinite(loss) and torch.isfinite(objective.generator_loss(judge, inputs, target, target)[0])
