"""What the networks are trained for: our objective, the tone, and a teacher."""

import numpy as np
import pytest
import torch
from accelerate import Accelerator

from pix2pix import images, labels, synthetic
from pix2pix.config import Config
from pix2pix.data.dataset import PairDataset
from pix2pix.data.pairs import Pair
from pix2pix.inference import checkpoint
from pix2pix.networks import build_discriminator, build_generator
from pix2pix.networks.efficientnet import perceptual_distance
from pix2pix.recipes import RECIPES
from pix2pix.training.color_code import ColorCode
from pix2pix.training.losses import build_objective, feature_loss
from pix2pix.training.plans import check_teacher
from pix2pix.training.trainer import Trainer

TINY = RECIPES["perceptual"].replace(size=64, base_channels=4, discriminator_channels=4, jitter=False, hflip=False)


def batch(*pictures: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.concatenate([images.batch(picture) for picture in pictures]))


def drawn(seed: int) -> Pair:
    label_map, photo = synthetic.facade(seed, 64, 64)
    return Pair(str(seed), label_map, photo)


def test_the_feature_losses_are_0_for_equal_features_and_follow_their_definition():
    ours, theirs = torch.tensor([3.0, 4.0]).view(1, 2, 1, 1), torch.tensor([4.0, 3.0]).view(1, 2, 1, 1)
    assert feature_loss([ours, ours], [ours, theirs]).item() == pytest.approx(0.5)
    assert perceptual_distance([ours], [ours]) == 0
    assert perceptual_distance([ours], [10 * ours]).item() == pytest.approx(0, abs=1e-4)  # direction counts, not length
    assert perceptual_distance([ours], [theirs]).item() == pytest.approx(0.08, rel=1e-3)


def test_the_perceptual_loss_has_a_bounded_gradient_where_there_is_next_to_nothing():
    nothing = torch.zeros(1, 8, 4, 4, requires_grad=True)
    perceptual_distance([nothing], [torch.randn(1, 8, 4, 4)]).backward()
    assert nothing.grad.abs().max() < 20 / 16  # of 16 places


@pytest.mark.parametrize("name", ["perceptual", "projected"])
def test_our_objectives_prefer_the_photo_to_its_blurred_self(name):
    pair, config = drawn(1), TINY.replace(objective=name, gan_weight=0.0, segmentation_weight=0.0)
    inputs, photo = batch(pair.input), batch(pair.target)
    blurred = torch.nn.functional.avg_pool2d(photo, 5, stride=1, padding=2, count_include_pad=False)
    objective, judge = build_objective(config), build_discriminator(config)
    losses = []
    for picture in (photo, blurred):
        torch.manual_seed(0)
        objective.judge(judge, inputs, picture, photo)
        losses.append(objective.generator_loss(judge, inputs, picture, photo)[0])
    assert losses[0] < losses[1]


@pytest.mark.parametrize("name", ["perceptual", "projected"])
def test_training_with_our_objectives_brings_the_pictures_nearer(name):
    torch.manual_seed(0)
    pairs, config = [drawn(seed) for seed in range(4)], TINY.replace(objective=name, l1_weight=10.0, warmup_steps=20)
    trainer = Trainer(
        config, build_generator(config.architecture), build_discriminator(config), Accelerator(cpu=True),
        ColorCode(config, pairs),
    )  # fmt: skip
    inputs, targets = batch(*(pair.input for pair in pairs)), batch(*(pair.target for pair in pairs))
    losses = []
    for _ in range(30):
        trainer.update(inputs, targets)
        losses.append(trainer.shown_losses()["l1"])
    assert losses[-1] < 0.9 * losses[0]


def test_tones_of_the_pairs_have_mean_0_and_are_uncorrelated():
    pairs = [drawn(seed) for seed in range(40)]
    tone = ColorCode(TINY, pairs)
    tones = tone(batch(*(pair.input for pair in pairs)), batch(*(pair.target for pair in pairs)))
    assert tones.shape == (40, TINY.architecture.color_code_size) == (40, 6)
    assert tones.mean(dim=0).abs().max() < 1e-3
    assert (torch.cov(tones.T) - torch.eye(6)).abs().max() < 0.3  # a little less spread: the floor under it


def test_the_tone_is_the_colours_of_wall_and_sky_alone():
    pairs = [drawn(seed) for seed in range(10)]
    tone = ColorCode(TINY, pairs)
    pair = max(pairs, key=lambda each: (each.input[:32] == labels.INDEX["background"]).sum())
    is_wall, is_sky = pair.input == labels.INDEX["facade"], pair.input == labels.INDEX["background"]
    is_sky[32:] = False

    def told_of(changed: np.ndarray) -> torch.Tensor:
        target = pair.target.copy()
        target[changed] = np.clip(target[changed].astype(int) + 60, 0, 255)
        return tone(batch(pair.input), batch(target))

    told = told_of(np.zeros_like(is_wall))
    assert torch.allclose(told, told_of(~is_wall & ~is_sky), atol=1e-5)
    assert not torch.allclose(told, told_of(is_wall), atol=0.5)
    assert not torch.allclose(told[:, 3:], told_of(is_sky)[:, 3:], atol=0.5)
    assert torch.equal(told[:, :3], told_of(is_sky)[:, :3])


def test_a_generator_and_its_average_are_told_what_colours_tones_stand_for():
    pairs = [drawn(seed) for seed in range(10)]
    tone = ColorCode(TINY, pairs)
    trainer = Trainer(TINY, build_generator(TINY.architecture), build_discriminator(TINY), Accelerator(cpu=True), tone)
    inputs, targets = batch(pairs[0].input), batch(pairs[0].target)
    told = trainer.result.tone_mean + trainer.result.tone_spread @ tone(inputs, targets)[0]
    wall = targets[0, :, torch.from_numpy(pairs[0].input == labels.INDEX["facade"])].mean(dim=1)
    assert trainer.average is not None
    assert torch.allclose(told[:3], wall, atol=1e-3)


def test_what_a_picture_does_not_show_counts_as_the_mean():
    pairs = [drawn(seed) for seed in range(10)]
    tone, pair = ColorCode(TINY, pairs), pairs[0]
    neither = np.full_like(pair.input, labels.INDEX["window"])
    assert torch.equal(tone(batch(neither), batch(pair.target)), torch.zeros(1, 6))


def test_a_student_comes_to_paint_as_its_teacher_does(tmp_path):
    torch.manual_seed(1)
    checkpoint.save(tmp_path / "teacher", TINY, build_generator(TINY.architecture), "card")
    config = TINY.replace(teacher=str(tmp_path / "teacher"), l1_weight=100.0, learning_rate=1e-3, ema_decay=0.0)
    student, teacher = build_generator(config.architecture), checkpoint.load(tmp_path / "teacher")[1]
    trainer = Trainer(config, student, build_discriminator(config), Accelerator(cpu=True), teacher=teacher)
    inputs = batch(*(drawn(seed).input for seed in range(4)))

    def apart() -> float:
        with torch.no_grad():
            noise = trainer._noise(inputs)
            return (student(inputs, noise) - teacher(inputs, noise)).abs().mean().item()

    before = apart()
    for _ in range(40):
        trainer.update(inputs, torch.zeros(4, 3, 64, 64))  # photos are of no account
    assert apart() < before / 2


def test_a_teacher_of_another_kind_is_refused_in_one_line(tmp_path):
    paper = Config.of(size=64, base_channels=2)
    checkpoint.save(tmp_path / "paper", paper, build_generator(paper.architecture), "card")
    with pytest.raises(ValueError, match="cannot teach: its generator is unet, a teacher's is noise"):
        check_teacher(TINY.replace(teacher=str(tmp_path / "paper")))
    with pytest.raises(ValueError, match="a teacher is for --generator noise"):
        paper.replace(teacher="somewhere")


def test_half_of_a_students_label_maps_are_synthetic():
    pairs = [drawn(0)]
    own = pairs[0].input
    dataset = PairDataset(pairs, TINY.replace(teacher="somewhere"))
    seen = [dataset[0, seed][0].numpy() for seed in range(20)]
    same = sum(np.array_equal(each, own) for each in seen)
    assert same == 10
    assert len({each.tobytes() for each in seen}) == 11


def test_the_discriminator_learns_at_its_own_rate_and_has_no_warm_up():
    config = TINY.replace(
        learning_rate=1e-3, discriminator_learning_rate_ratio=2.0, warmup_steps=1, epochs=4, decay_epochs=2
    )
    trainer = Trainer(
        config, build_generator(config.architecture), build_discriminator(config), Accelerator(cpu=True),
        color_code=ColorCode(config, [drawn(0), drawn(1)]),
    )  # fmt: skip
    rates = []
    for epoch in (0, 1, 3):
        trainer.set_learning_rate(epoch)
        optimizers = trainer.generator_optimizer, trainer.discriminator_optimizer
        rates.append([each.param_groups[0]["lr"] for each in optimizers])
        trainer.steps += 1
    assert rates == [pytest.approx(each) for each in ([5e-4, 2e-3], [1e-3, 2e-3], [1e-3 / 3, 2e-3 / 3])]
