"""The losses, on logits, and what the two networks are trained for by them: the paper's objective, and ours.

Discriminators have no sigmoid of their own. `Training.objective` names the objective. Both take images `(N, C, H, W)`
in [-1, 1], and the inputs of facades as label maps `(N, H, W)`: `judge` returns D's loss with its logits on real and on
generated images; `generator_loss` returns the loss to minimise, and of its parts the two that every run logs:
adversarial and L1.
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pix2pix.config import Config, Training
from pix2pix.networks.efficientnet import feature_distance, perceptual_distance
from pix2pix.networks.layers import Colours, OneHot
from pix2pix.networks.projected import class_weights, segmentation_targets
from pix2pix.training.diffaugment import augmented

PERCEPTUAL_STAGES = 3  # of the backbone: strides 2, 4 and 8
AUGMENTED_SHARE = 0.5  # of what projected discriminators see: a backbone knows colours as they are, and so should they


class PaperObjective(nn.Module):
    """One conditional PatchGAN beside L1 (section 3.1); it sees labels in their colours."""

    def __init__(self, config: Config):
        super().__init__()
        self.settings = config.training
        self.condition = Colours() if config.task == "facades" else nn.Identity()

    def judge(
        self, discriminator: nn.Module, inputs: Tensor, generated: Tensor, targets: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        inputs, targets, generated = _shown(self.settings, self.condition(inputs), targets, generated.detach())
        real_logits, fake_logits = discriminator(inputs, torch.cat([targets, generated])).chunk(2)
        return discriminator_loss(real_logits, fake_logits), real_logits, fake_logits

    def generator_loss(
        self, discriminator: nn.Module, inputs: Tensor, generated: Tensor, targets: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        adversarial = adversarial_loss(discriminator(*_shown(self.settings, self.condition(inputs), generated)))
        l1 = l1_loss(generated, targets)
        return self.settings.gan_weight * adversarial + self.settings.l1_weight * l1, adversarial, l1


class PerceptualObjective(nn.Module):
    """PatchGANs at two scales, feature matching in them and perceptual distance in a classifier of photos beside L1.

    L1 alone is least where the picture is the mean of all photos that fit the labels: grey walls and blurred windows.
    Features compare what is there rather than where exactly (pix2pixHD: Wang et al. 2018, section 3.3).
    """

    def __init__(self, config: Config):
        super().__init__()
        from pix2pix.networks.efficientnet import Trunk

        self.settings = config.training
        self.condition = OneHot() if config.task == "facades" else nn.Identity()
        self.trunk = Trunk("lite0", stages=3).requires_grad_(False)

    def judge(
        self, discriminator: nn.Module, inputs: Tensor, generated: Tensor, targets: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        inputs, targets, generated = _shown(self.settings, self.condition(inputs), targets, generated.detach())
        scales = [layers[-1].chunk(2) for layers in discriminator(inputs, torch.cat([targets, generated]))]
        losses = [discriminator_loss(real, fake) for real, fake in scales]
        real_logits, fake_logits = (torch.cat([each.flatten() for each in side]) for side in zip(*scales, strict=True))
        return torch.stack(losses).mean(), real_logits, fake_logits

    def generator_loss(
        self, discriminator: nn.Module, inputs: Tensor, generated: Tensor, targets: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        shown_inputs, shown_targets, shown = _shown(self.settings, self.condition(inputs), targets, generated)
        with torch.no_grad():
            real, seen_real = discriminator(shown_inputs, shown_targets), self.trunk(_in_colour(targets))
        fake, seen_fake = discriminator(shown_inputs, shown), self.trunk(_in_colour(generated.float()))
        adversarial = torch.stack([adversarial_loss(scale[-1]) for scale in fake]).mean()
        features = torch.stack(
            [feature_loss(each[:-1], real_each[:-1]) for each, real_each in zip(fake, real, strict=True)]
        )
        l1 = l1_loss(generated, targets)
        loss = (
            self.settings.gan_weight * adversarial
            + self.settings.feature_matching_weight * features.mean()
            + self.settings.perceptual_weight * perceptual_distance(seen_fake, seen_real)
            + self.settings.l1_weight * l1
        )
        return loss, adversarial, l1


class Views(NamedTuple):
    """What the projected discriminators see of one batch: planes, pictures, and the backbone's features of both.

    For the segmenter, where there is one, the class of each pixel and how much each class weighs.
    """

    planes: Tensor
    targets: Tensor
    generated: Tensor
    target_features: list[Tensor]
    features: list[Tensor]
    classes: Tensor | None
    class_weights: Tensor | None


class ProjectedObjective(nn.Module):
    """Discriminators on the features of a frozen network (`projected`), beside perceptual distance and a little L1.

    The backbone is run once on the targets and once on the generated pictures: D and G look at the same augmentation,
    and the perceptual distance is taken there as well. Where labels are void, both pictures are 0.
    """

    def __init__(self, config: Config):
        super().__init__()
        from pix2pix.networks.efficientnet import Trunk

        self.settings, self.is_facades = config.training, config.task == "facades"
        self.condition = OneHot() if self.is_facades else nn.Identity()
        self.trunk = Trunk("lite0").requires_grad_(False).to(memory_format=torch.channels_last)
        self.views: Views | None = None

    def judge(
        self, discriminator: nn.Module, inputs: Tensor, generated: Tensor, targets: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """`generated` keeps its graph here: `generator_loss` goes on with what is computed of it."""
        views = self.views = self._look(inputs, generated, targets)
        features = [torch.cat(both).detach() for both in zip(views.target_features, views.features, strict=True)]
        pictures = torch.cat([views.targets, views.generated]).detach()
        logits, classes, mixed = discriminator(views.planes, pictures, features)
        real, fake = zip(*(each.float().chunk(2) for each in logits), strict=True)
        loss = torch.stack([hinge_loss(*both) for both in zip(real, fake, strict=True)]).sum()
        if self.settings.r1_weight:
            loss = loss + self.settings.r1_weight * r1_penalty(real[: len(mixed)], mixed)
        loss = loss * self.settings.gan_weight
        if views.classes is not None:
            named, found = classes.float().chunk(2)
            made = torch.where(views.classes < 0, -1, found.shape[1] - 1)
            loss = loss + self.settings.segmentation_weight * (
                F.cross_entropy(named, views.classes, views.class_weights, ignore_index=-1)
                + F.cross_entropy(found, made, ignore_index=-1)
            )
        return loss, torch.cat([each.flatten() for each in real]), torch.cat([each.flatten() for each in fake])

    def generator_loss(
        self,
        discriminator: nn.Module,
        inputs: Tensor,
        generated: Tensor,
        targets: Tensor,
        matches: Tensor | None = None,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """`matches` `(N,)`: 1 where the picture is in the style of its target, 0 where it is in another's."""
        views, self.views = self.views, None
        logits, classes, _ = discriminator(views.planes, views.generated, views.features)
        adversarial = torch.stack([-each.float().mean() for each in logits]).sum()
        loss = self.settings.gan_weight * adversarial
        if views.classes is not None:
            named = F.cross_entropy(classes.float(), views.classes, views.class_weights, ignore_index=-1)
            loss = loss + self.settings.segmentation_weight * named
        if self.settings.saturation_weight:
            loss = loss + self.settings.saturation_weight * saturation_loss(generated)
        matches = torch.ones(len(inputs), device=inputs.device) if matches is None else matches
        valid = self._valid(self.condition(inputs))
        l1 = ((generated - targets).abs() * valid).mean(dim=(1, 2, 3))
        perceptual = feature_distance(views.features[:PERCEPTUAL_STAGES], views.target_features[:PERCEPTUAL_STAGES])
        loss = loss + (matches * (self.settings.l1_weight * l1 + self.settings.perceptual_weight * perceptual)).mean()
        return loss, adversarial, l1.mean()

    def _valid(self, planes: Tensor) -> Tensor | float:
        """Where label planes have a class, `(N, 1, H, W)` of 0 and 1; inputs of other tasks are valid everywhere."""
        return (planes.sum(dim=1, keepdim=True) > 0.5).to(planes.dtype) if self.is_facades else 1.0

    def _look(self, inputs: Tensor, generated: Tensor, targets: Tensor) -> Views:
        planes = self.condition(inputs)
        if self.settings.diff_augment:
            planes, targets, generated = augmented(planes, targets, generated, share=AUGMENTED_SHARE)
        valid = self._valid(planes)
        targets, generated = targets * valid, generated.float() * valid
        with torch.no_grad():
            target_features = self.trunk(_in_colour(targets).contiguous(memory_format=torch.channels_last))
        features = self.trunk(_in_colour(generated).contiguous(memory_format=torch.channels_last))
        classes = weights = None
        if self.is_facades and self.settings.segmentation_weight:
            classes = segmentation_targets(planes)
            weights = F.pad(class_weights(classes), (0, 1), value=1.0)  # the last is the class of generated pixels
        return Views(planes, targets, generated, target_features, features, classes, weights)


def build_objective(config: Config) -> PaperObjective | PerceptualObjective | ProjectedObjective:
    """The objective a config names."""
    kinds = {"paper": PaperObjective, "perceptual": PerceptualObjective, "projected": ProjectedObjective}
    return kinds[config.training.objective](config)


def _shown(settings: Training, inputs: Tensor, *pictures: Tensor) -> Sequence[Tensor]:
    """What discriminators see of these."""
    return augmented(inputs, *pictures) if settings.diff_augment else (inputs, *pictures)


def _in_colour(pictures: Tensor) -> Tensor:
    """`(N, 1 or 3, H, W)` -> `(N, 3, H, W)`: what a classifier of photos takes."""
    return pictures.expand(-1, 3, -1, -1)


def discriminator_loss(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """mean(-(log D(real) + log(1 - D(fake)))), not halved (equation 1)."""
    return (F.softplus(-real_logits) + F.softplus(fake_logits)).mean()


def adversarial_loss(fake_logits: Tensor) -> Tensor:
    """mean(-log D(fake)): the non-saturating form that section 3.3 trains with."""
    return F.softplus(-fake_logits).mean()


def hinge_loss(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """mean max(0, 1 - D(real)) + mean max(0, 1 + D(fake)) (Lim & Ye 2017, equation 11)."""
    return F.relu(1 - real_logits).mean() + F.relu(1 + fake_logits).mean()


def r1_penalty(real_logits: Sequence[Tensor], judged: Sequence[Tensor]) -> Tensor:
    """Half the squared gradient of logits on real pictures by what was judged, `(N or more, C, h, w)` each: its mean
    over places, summed over heads (Mescheder et al. 2018, equation 9; on features: Sauer et al. 2023, section 3.2).

    A discriminator that is steep around real pictures sends the generator past them, and round in circles.
    """
    gradients = torch.autograd.grad([each.sum() for each in real_logits], judged, create_graph=True)
    batch = len(real_logits[0])
    return torch.stack([each[:batch].float().square().sum(dim=1).mean() for each in gradients]).sum() / 2


def saturation_loss(generated: Tensor, most: float = 2.0) -> Tensor:
    """mean of how far values were beyond `most` or `-most` before tanh made them what they are, in [-1, 1].

    Its gradient is constant up to 7, where that of every other loss fades: a picture that turns white comes back.
    """
    values = torch.atanh(generated.float().clamp(-1 + 1e-6, 1 - 1e-6))
    return F.relu(values.abs() - most).mean()


def l1_loss(generated: Tensor, targets: Tensor) -> Tensor:
    """mean |target - generated|, images in [-1, 1] (equation 3)."""
    return F.l1_loss(generated, targets)


def feature_loss(generated: Sequence[Tensor], targets: Sequence[Tensor]) -> Tensor:
    """mean |difference| of features, `(N, C, H, W)` each, averaged over the layers they are of (pix2pixHD, eq. 4)."""
    return torch.stack([F.l1_loss(*both) for both in zip(generated, targets, strict=True)]).mean()
