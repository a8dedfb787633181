"""Discriminators on a frozen, pretrained backbone, conditional on the input.

Projected heads (Sauer et al. 2021, Projected GANs Converge Faster, section 3) judge features that were mixed at random,
level by level; a segmenter of N + 1 classes (Sushko et al. 2021, OASIS, section 3.1; Berrada et al. 2024, DP-SIMS)
names the class of each pixel, or says that it was generated; and a small PatchGAN sees the pixels themselves, for what
features do not keep. Only the parts behind the backbone are trained.
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pix2pix import labels
from pix2pix.networks.layers import LEAK
from pix2pix.networks.patchgan import PatchGAN

FEATURE_RMS = (5.96, 9.06, 8.49, 6.70, 2.66)  # of lite0's five stages, over 40 training photos of the facades
FEATURE_CHANNELS = (16, 24, 40, 112, 320)
MIXED_CHANNELS = (32, 64, 64, 64)  # of the levels of stride 4, 8, 16 and 32
HEAD_CHANNELS = 64
SEGMENTER_CHANNELS = (24, 32, 64, 64, 64)  # of the levels of stride 2 to 32
JUDGES = len(MIXED_CHANNELS) + 1  # the heads and the PatchGAN: what says of a picture whether it is real


class Judgement(NamedTuple):
    """What the discriminators say of pictures `(N, out, H, W)`."""

    logits: list[Tensor]
    """Of the heads and of the PatchGAN, `(N, 1, h, w)` each."""
    classes: Tensor | None
    """The segmenter's logits, `(N, C + 1, H/2, W/2)`."""
    mixed: list[Tensor]
    """What the heads judged: mixed features, `(N, channels, h, w)` each."""


class ProjectedDiscriminator(nn.Module):
    """All three, on the features of lite0: `forward` gives what each says of a batch.

    `in_channels` are those of the condition: planes of 0 and 1, one for each class, where `labelled`; only then is
    there a segmenter.
    """

    def __init__(self, in_channels: int, out_channels: int, base_channels: int, labelled: bool):
        super().__init__()
        self.mixing = FeatureMixing()
        self.heads = nn.ModuleList(ProjectedHead(channels, in_channels) for channels in MIXED_CHANNELS)
        self.segmenter = SegmentationDecoder(in_channels + 1) if labelled else None
        self.patches = PatchGAN(in_channels, out_channels, base_channels, strides=(2, 2, 2, 1))

    def forward(self, condition: Tensor, pictures: Tensor, features: Sequence[Tensor]) -> Judgement:
        """Condition `(N, C, H, W)`, pictures `(N, out, H, W)` and the features of their five stages.

        Pictures may be several batches in a row, all of the same condition.
        """
        batches = len(pictures) // len(condition)
        features = [each / rms for each, rms in zip(features, FEATURE_RMS, strict=True)]
        mixed = [each.float() for each in self.mixing(features[1:])]  # accelerate returns float32 copies of others
        if not mixed[0].requires_grad:  # the discriminator's own step: its gradient penalty asks for these
            mixed = [each.requires_grad_() for each in mixed]
        logits = [
            head(each, _shrunk(condition, each.shape[2:]).repeat(batches, 1, 1, 1))
            for head, each in zip(self.heads, mixed, strict=True)
        ]
        logits.append(self.patches(condition, pictures))
        return Judgement(logits, self.segmenter(features) if self.segmenter else None, mixed)


class FeatureMixing(nn.Module):
    """Mixes the features of the strides 4 to 32 by fixed random convolutions: across channels, then across scales.

    Each result has about unit variance. Nothing in it is trained (Sauer et al. 2021, section 3.2).
    """

    def __init__(self):
        super().__init__()
        for level, (before, after) in enumerate(zip(FEATURE_CHANNELS[1:], MIXED_CHANNELS, strict=True)):
            self.register_buffer(f"across_channels_{level}", torch.randn(after, before, 1, 1) / before**0.5)
        coarser = (*MIXED_CHANNELS[1:], None)
        for level, (own, above) in enumerate(zip(MIXED_CHANNELS, coarser, strict=True)):
            if above:
                self.register_buffer(f"from_coarser_{level}", torch.randn(own, above, 1, 1) / above**0.5)
            self.register_buffer(f"across_scales_{level}", torch.randn(own, own, 3, 3) / (9 * own) ** 0.5)

    def forward(self, features: Sequence[Tensor]) -> list[Tensor]:
        mixed, x = [], None
        for level in reversed(range(len(MIXED_CHANNELS))):
            own = F.conv2d(features[level], getattr(self, f"across_channels_{level}"))
            if x is not None:
                above = F.conv2d(x, getattr(self, f"from_coarser_{level}"))
                own = (own + F.interpolate(above, own.shape[2:], mode="bilinear", align_corners=False)) / 2**0.5
            x = F.conv2d(own, getattr(self, f"across_scales_{level}"), padding=1)
            mixed.append(x)
        return mixed[::-1]


class ProjectedHead(nn.Module):
    """Logits `(N, 1, H, W)` of mixed features `(N, channels, H, W)` beside the condition at their size."""

    def __init__(self, channels: int, condition_channels: int):
        super().__init__()
        self.inner = _conv(channels + condition_channels, HEAD_CHANNELS, 3)
        self.middle = _conv(HEAD_CHANNELS, HEAD_CHANNELS, 3)
        self.outer = nn.Conv2d(HEAD_CHANNELS, 1, 3, padding=1)

    def forward(self, mixed: Tensor, condition: Tensor) -> Tensor:
        x = F.leaky_relu(self.inner(torch.cat([mixed, condition], dim=1)), LEAK)
        return self.outer(F.leaky_relu(self.middle(x), LEAK))


class SegmentationDecoder(nn.Module):
    """A feature pyramid over the backbone's five stages: logits `(N, classes, H/2, W/2)`."""

    def __init__(self, classes: int):
        super().__init__()
        self.lateral, self.merge = nn.ModuleList(), nn.ModuleList()
        coarser = (*SEGMENTER_CHANNELS[1:], SEGMENTER_CHANNELS[-1])
        for features, own, above in zip(FEATURE_CHANNELS, SEGMENTER_CHANNELS, coarser, strict=True):
            self.lateral.append(_conv(features, above, 1))
            self.merge.append(_conv(above, own, 3))
        self.classify = nn.Conv2d(SEGMENTER_CHANNELS[0], classes, 1)

    def forward(self, features: Sequence[Tensor]) -> Tensor:
        x = None
        for feature, lateral, merge in zip(reversed(features), self.lateral[::-1], self.merge[::-1], strict=True):
            own = lateral(feature)
            if x is not None:
                own = own + F.interpolate(x, own.shape[2:], mode="bilinear", align_corners=False)
            x = F.leaky_relu(merge(F.leaky_relu(own, LEAK)), LEAK)
        return self.classify(x)


def _conv(before: int, after: int, side: int) -> nn.Conv2d:
    """A convolution that keeps the variance (He et al. 2015), free in its scale: spectral norm has logits of one size
    even where the discriminator cannot tell.
    """
    layer = nn.Conv2d(before, after, side, padding=side // 2)
    nn.init.kaiming_normal_(layer.weight, a=LEAK)
    nn.init.zeros_(layer.bias)
    return layer


def segmentation_targets(planes: Tensor) -> Tensor:
    """Planes `(N, C, H, W)` of 0 and 1 -> class of each pixel at half size, `(N, H/2, W/2)`; -1 where there is none."""
    planes = planes[:, :, ::2, ::2]  # as nearest neighbours: classes are never averaged
    return torch.where(planes.sum(dim=1) > 0.5, planes.argmax(dim=1), -1)


def class_weights(targets: Tensor, classes: int = len(labels.CLASSES), most: float = 3.0) -> Tensor:
    """A weight for each class, inverse to its share of the pixels, at most `most` and 1 on average over pixels."""
    counts = torch.stack([(targets == index).sum() for index in range(classes)]).float()
    weights = (counts.sum() / (counts.clamp(min=1) * (counts > 0).sum().clamp(min=1))).clamp(max=most)
    return weights * counts.sum() / (weights * counts).sum().clamp(min=1)


def _shrunk(condition: Tensor, size: Sequence[int]) -> Tensor:
    return F.adaptive_avg_pool2d(condition, tuple(size))
