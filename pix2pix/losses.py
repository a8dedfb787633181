"""The losses, on logits (the discriminator has no sigmoid of its own). Each returns a scalar tensor."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor


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
