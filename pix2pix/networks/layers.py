"""The layers that the networks are made of."""

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pix2pix import images, labels
from pix2pix.networks.conv import conv_down, conv_up

LEAK = 0.2  # slope of LeakyReLU in both networks (paper, section 6.1)


class BatchStatisticsNorm(nn.Module):
    """Batch norm with the statistics of the batch at hand, at training and at test, `(N, C, H, W) -> (N, C, H, W)`.

    A batch of one 1x1 map is all mean: its result is the offset alone (torch's own layer refuses that case).
    """

    def __init__(self, channels: int, eps: float = 1e-5):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        return torch.batch_norm(x, self.weight, self.bias, None, None, True, 0.0, self.eps, True)


class TransposedConv(nn.ConvTranspose2d):
    """4x4 transposed convolution, stride 2: `(N, in, H, W) -> (N, out, 2H, 2W)`."""

    def __init__(self, before: int, after: int, bias: bool):
        super().__init__(before, after, 4, stride=2, padding=1, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        return conv_up(x, self.weight, self.bias)


class OneHot(nn.Module):
    """Label maps `(N, H, W)` uint8 -> one plane for each class, `(N, 12, H, W)`: `height` or 0; no plane has `VOID`."""

    def __init__(self, height: float = 1.0):
        super().__init__()
        self.height = height
        classes = torch.arange(len(labels.CLASSES), dtype=torch.int32)
        self.register_buffer("classes", classes[:, None, None], persistent=False)

    def forward(self, label_maps: Tensor) -> Tensor:
        return self.height * (label_maps[:, None].int() == self.classes).float()


class Colours(nn.Module):
    """Label maps `(N, H, W)` uint8 -> pictures `(N, 3, H, W)` in [-1, 1], as the paper's networks take labels."""

    def __init__(self):
        super().__init__()
        shown = labels.colorize(np.arange(labels.VOID + 1))
        self.register_buffer("palette", images.normalize(torch.from_numpy(shown)), persistent=False)

    def forward(self, label_maps: Tensor) -> Tensor:
        return F.embedding(label_maps.int(), self.palette).permute(0, 3, 1, 2).contiguous()


class Sharpen(nn.Module):
    """An unsharp mask, `(N, C, H, W) -> (N, C, H, W)`: `amount` of a pixel's difference from its 3x3 mean is added.

    Of the brightness, to all channels alike: sharpened colours are colour noise.
    """

    def __init__(self, amount: float, channels: int):
        super().__init__()
        difference = torch.full((3, 3), -amount / 9)
        difference[1, 1] += amount
        kernel = difference.expand(channels, channels, 3, 3) / channels
        kernel[:, :, 1, 1] += torch.eye(channels)
        self.register_buffer("kernel", kernel, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        return F.conv2d(F.pad(x, (1, 1, 1, 1), mode="replicate"), self.kernel)


class WeightNormConv(nn.Module):
    """4x4 convolution, stride 2, whose filters have unit length times a learned gain (Salimans & Kingma 2016).

    `(N, in, H, W) -> (N, out, H/2, W/2)`. The length is folded into the weights once, at export.
    """

    def __init__(self, before: int, after: int):
        super().__init__()
        self.weight = nn.Parameter(0.02 * torch.randn(after, before, 4, 4))
        self.gain = nn.Parameter(torch.full((after,), _GAIN))
        self.bias = nn.Parameter(torch.zeros(after))

    def forward(self, x: Tensor) -> Tensor:
        length = torch.linalg.vector_norm(self.weight, dim=(1, 2, 3))
        return conv_down(x, self.weight, self.bias, self.gain / length)


class WeightNormConv3x3(nn.Module):
    """3x3 convolution with filters of unit length times a learned gain, `(N, in, H, W) -> (N, out, H, W)`."""

    def __init__(self, before: int, after: int, gain: float | None = None, bias: bool = True):
        super().__init__()
        self.weight = nn.Parameter(0.02 * torch.randn(after, before, 3, 3))
        self.gain = nn.Parameter(torch.full((after,), _GAIN if gain is None else gain))
        self.bias = nn.Parameter(torch.zeros(after)) if bias else None

    def forward(self, x: Tensor) -> Tensor:
        length = torch.linalg.vector_norm(self.weight, dim=(1, 2, 3))
        return F.conv2d(x, self.weight * (self.gain / length)[:, None, None, None], self.bias, padding=1)


class UpsampleConv(nn.Module):
    """Linear interpolation by two, then a 2x2 convolution, with filters of unit length.

    `(N, in, H, W) -> (N, out, 2H, 2W)`. What it gives has no steps: a nearest-neighbour resize leaves stairs on every
    slope, which later layers sharpen into a pattern of stripes. Computed as what it equals: a 4x4 transposed
    convolution of stride 2 whose kernel is the 2x2 kernel spread by the 3x3 tent of linear interpolation.
    """

    def __init__(self, before: int, after: int):
        super().__init__()
        self.weight = nn.Parameter(0.02 * torch.randn(before, after, 2, 2))
        self.gain = nn.Parameter(torch.full((after,), 1.25 * _GAIN))  # interpolation halves the variance of noise
        self.bias = nn.Parameter(torch.zeros(after))
        tent = torch.outer(torch.tensor([0.5, 1, 0.5]), torch.tensor([0.5, 1, 0.5]))
        taps = F.conv2d(torch.eye(4).view(4, 1, 2, 2), tent[None, None], padding=2)  # row i: tap i after the tent
        self.register_buffer("spread", taps.flip(2, 3).reshape(4, 16), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        length = torch.linalg.vector_norm(self.weight, dim=(0, 2, 3))
        return conv_up(x, self.weight, self.bias, self.gain / length, self.spread)


_GAIN = math.sqrt(2 / (1 + LEAK**2))  # keeps the second moment through LeakyReLU (He et al. 2015)


def init_normal(module: nn.Module) -> None:
    """Filters N(0, 0.02), norm scales N(1, 0.02), offsets 0 (paper, section 6.2, and its TensorFlow code)."""
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
        nn.init.normal_(module.weight, 0.0, 0.02)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
    elif isinstance(module, BatchStatisticsNorm):
        nn.init.normal_(module.weight, 1.0, 0.02)
