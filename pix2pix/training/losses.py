"""The losses, on logits, and what the two networks are trained for by them: the paper's objective, and ours.

Discriminators have no sigmoid of their own. `Config.objective` names the objective. Both take images `(N, C, H, W)`
in [-1, 1]: `judge` returns D's loss with its logits on real and on generated images; `generator_loss` returns the
loss to minimise, and of its parts the two that every run logs: adversarial and L1.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pix2pix.config import Config
from pix2pix.networks.efficientnet import perceptual_distance
from pix2pix.training.diffaugment import augmented


class PaperObjective(nn.Module):
    """One conditional PatchGAN beside L1 (section 3.1)."""

    def __init__(self, config: Config):
        super().__init__()
        self.config = config

    def judge(
        self, discriminator: nn.Module, inputs: Tensor, generated: Tensor, targets: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        inputs, targets, generated = _shown(self.config, inputs, targets, generated)
        real_logits, fake_logits = discriminator(inputs, torch.cat([targets, generated])).chunk(2)
        return discriminator_loss(real_logits, fake_logits), real_logits, fake_logits

    def generator_loss(
        self, discriminator: nn.Module, inputs: Tensor, generated: Tensor, targets: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        adversarial = adversarial_loss(discriminator(*_shown(self.config, inputs, generated)))
        l1 = l1_loss(generated, targets)
        return self.config.gan_weight * adversarial + self.config.l1_weight * l1, adversarial, l1


class PerceptualObjective(nn.Module):
    """PatchGANs at two scales, feature matching in them and perceptual distance in a classifier of photos beside L1.

    L1 alone is least where the picture is the mean of all photos that fit the labels: grey walls and blurred windows.
    Features compare what is there rather than where exactly (pix2pixHD: Wang et al. 2018, section 3.3).
    """

    def __init__(self, config: Config):
        super().__init__()
        from pix2pix.networks.efficientnet import Trunk

        self.config = config
        self.trunk = Trunk("lite0", stages=3).requires_grad_(False)

    def judge(
        self, discriminator: nn.Module, inputs: Tensor, generated: Tensor, targets: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        inputs, targets, generated = _shown(self.config, inputs, targets, generated)
        scales = [layers[-1].chunk(2) for layers in discriminator(inputs, torch.cat([targets, generated]))]
        losses = [discriminator_loss(real, fake) for real, fake in scales]
        real_logits, fake_logits = (torch.cat([each.flatten() for each in side]) for side in zip(*scales, strict=True))
        return torch.stack(losses).mean(), real_logits, fake_logits

    def generator_loss(
        self, discriminator: nn.Module, inputs: Tensor, generated: Tensor, targets: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        shown_inputs, shown_targets, shown = _shown(self.config, inputs, targets, generated)
        with torch.no_grad():
            real, seen_real = discriminator(shown_inputs, shown_targets), self.trunk(_in_colour(targets))
        fake, seen_fake = discriminator(shown_inputs, shown), self.trunk(_in_colour(generated.float()))
        adversarial = torch.stack([adversarial_loss(scale[-1]) for scale in fake]).mean()
        features = torch.stack([feature_loss(ours[:-1], theirs[:-1]) for ours, theirs in zip(fake, real, strict=True)])
        l1 = l1_loss(generated, targets)
        loss = (
            self.config.gan_weight * adversarial
            + self.config.feature_weight * features.mean()
            + self.config.perceptual_weight * perceptual_distance(seen_fake, seen_real)
            + self.config.l1_weight * l1
        )
        return loss, adversarial, l1


def build_objective(config: Config) -> PaperObjective | PerceptualObjective:
    return PerceptualObjective(config) if config.objective == "perceptual" else PaperObjective(config)


def _shown(config: Config, inputs: Tensor, *pictures: Tensor) -> Sequence[Tensor]:
    """What discriminators see of these."""
    return augmented(inputs, *pictures) if config.diff_augment else (inputs, *pictures)


def _in_colour(pictures: Tensor) -> Tensor:
    """`(N, 1 or 3, H, W)` -> `(N, 3, H, W)`: what a classifier of photos takes."""
    return pictures.expand(-1, 3, -1, -1)


def discriminator_loss(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """mean(-(log D(real) + log(1 - D(fake)))), not halved (equation 1)."""
    return (F.softplus(-real_logits) + F.softplus(fake_logits)).mean()


def adversarial_loss(fake_logits: Tensor) -> Tensor:
    """mean(-log D(fake)): the non-saturating form that section 3.3 trains with."""
    return F.softplus(-fake_logits).mean()


def l1_loss(generated: Tensor, targets: Tensor) -> Tensor:
    """mean |target - generated|, images in [-1, 1] (equation 3)."""
    return F.l1_loss(generated, targets)


def feature_loss(generated: Sequence[Tensor], targets: Sequence[Tensor]) -> Tensor:
    """mean |difference| of features, `(N, C, H, W)` each, averaged over the layers they are of (pix2pixHD, eq. 4)."""
    return torch.stack([F.l1_loss(ours, theirs) for ours, theirs in zip(generated, targets, strict=True)]).mean()
