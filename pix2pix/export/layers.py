"""A generator in the forms that ONNX Runtime computes fastest on a CPU: each layer's result stays what it was.

Its convolutions run close to what the CPU can multiply; its transposed convolutions take two to four times as long
for as many multiplications. How much each form brings is in docs/speed.md.
"""

import copy

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pix2pix.networks.layers import BatchStatisticsNorm, TransposedConv, UpsampleConv

BLOCK = 16  # channels: its convolutions compute so many at a time, wanted or not


def for_onnx(generator: nn.Module) -> nn.Module:
    """A copy that shares nothing with the original, its layers replaced by their forms."""
    copied = copy.deepcopy(generator)
    for module in list(copied.modules()):
        for name, child in module.named_children():
            form = FORMS.get(type(child))
            if form and not (form is FourPhases and child.out_channels < BLOCK):
                setattr(module, name, form(child))
    return copied


class PerImageNorm(nn.Module):
    """What `BatchStatisticsNorm` is for a batch of one, in a form that ONNX has a kernel for."""

    def __init__(self, norm: BatchStatisticsNorm):
        super().__init__()
        self.weight, self.bias, self.eps = norm.weight, norm.bias, norm.eps

    def forward(self, x: Tensor) -> Tensor:
        return torch.instance_norm(x, self.weight, self.bias, None, None, True, 0.0, self.eps, False)


class MixThenInterpolate(nn.Module):
    """`UpsampleConv` with its channels mixed before they are interpolated, not after: a quarter of the multiplications.

    Each tap of the 2x2 kernel is a 1x1 convolution of the small map; the fixed 4x4 kernels in `spread` enlarge its
    result, each channel for itself, and add up the four taps.
    """

    def __init__(self, conv: UpsampleConv):
        super().__init__()
        self.weight, self.gain, self.bias = conv.weight, conv.gain, conv.bias
        self.register_buffer("spread", conv.spread.view(-1, 1, 4, 4), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        length = torch.linalg.vector_norm(self.weight, dim=(0, 2, 3))
        kernels = self.weight * (self.gain / length)[:, None, None]
        kernels = kernels.permute(1, 2, 3, 0).flatten(0, 2)[:, :, None, None]  # (out * taps, in, 1, 1)
        spread, after = self.spread.repeat(len(length), 1, 1, 1), len(length)
        return F.conv_transpose2d(F.conv2d(x, kernels), spread, self.bias, stride=2, padding=1, groups=after)


class FourPhases(nn.Module):
    """A 4x4 transposed convolution of stride 2 as four 2x2 convolutions, whose pixels are then interleaved.

    For the exporter only: torch itself has no convolution that is padded on one side.
    """

    def __init__(self, conv: TransposedConv):
        super().__init__()
        self.weight, self.bias = conv.weight, conv.bias

    def forward(self, x: Tensor) -> Tensor:
        kernels = self.weight.transpose(0, 1).flip(2, 3)
        phases = [
            _padded_conv(x, kernels[:, :, row::2, column::2], self.bias, [1 - row, 1 - column, row, column])
            for row in (0, 1)
            for column in (0, 1)
        ]
        shape = (x.shape[0], kernels.shape[0], 2 * x.shape[2], 2 * x.shape[3])
        by_phase = {"blocksize": 2, "mode": "DCR"}  # as they come: torch's pixel_shuffle wants them channel by channel
        phases = (torch.cat(phases, dim=1),)
        return torch.onnx.ops.symbolic("DepthToSpace", phases, by_phase, dtype=x.dtype, shape=shape)


def _padded_conv(x: Tensor, weight: Tensor, bias: Tensor | None, pads: list[int]) -> Tensor:
    """A 2x2 convolution that keeps the size; `pads` are zeros above, to the left, below, to the right."""
    inputs = (x, weight) if bias is None else (x, weight, bias)
    shape = (x.shape[0], weight.shape[0], *x.shape[2:])
    attributes = {"kernel_shape": [2, 2], "pads": pads}
    return torch.onnx.ops.symbolic("Conv", inputs, attributes, dtype=x.dtype, shape=shape)


FORMS = {
    BatchStatisticsNorm: PerImageNorm,
    UpsampleConv: MixThenInterpolate,
    TransposedConv: FourPhases,
}
