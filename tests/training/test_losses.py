"""The losses against arithmetic and the notebook's own form."""

import math

import torch

from pix2pix.training.losses import adversarial_loss, discriminator_loss, l1_loss

EPS = 1e-12  # the notebook's guard inside its logarithms


def test_undecided_logits_give_ln_2_for_each_judgement():
    zeros = torch.zeros(1, 1, 30, 30)
    assert math.isclose(discriminator_loss(zeros, zeros), 2 * math.log(2), rel_tol=1e-6)
    assert math.isclose(adversarial_loss(zeros), math.log(2), rel_tol=1e-6)


def test_the_losses_equal_the_notebooks_form_on_probabilities():
    real, fake = (torch.randn(2, 1, 30, 30, generator=torch.Generator().manual_seed(seed)) * 3 for seed in (0, 1))
    d_real, d_fake = torch.sigmoid(real.double()), torch.sigmoid(fake.double())
    of_discriminator = torch.mean(-(torch.log(d_real + EPS) + torch.log(1 - d_fake + EPS)))
    of_generator = torch.mean(-torch.log(d_fake + EPS))
    assert math.isclose(discriminator_loss(real, fake), of_discriminator, rel_tol=1e-6)
    assert math.isclose(adversarial_loss(fake), of_generator, rel_tol=1e-6)


def test_the_losses_stay_finite_where_the_logarithm_of_a_sigmoid_is_not():
    sure = torch.full((1, 1, 30, 30), 200.0)
    assert discriminator_loss(-sure, sure) == 400
    assert adversarial_loss(-sure) == 200


def test_l1_is_the_mean_absolute_difference():
    assert l1_loss(torch.tensor([0.0, 1.0]), torch.tensor([0.5, -1.0])) == 1.25
