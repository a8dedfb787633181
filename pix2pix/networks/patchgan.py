"""The 70x70 PatchGAN discriminator (section 6.1.2), at one scale or at several."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pix2pix.networks.conv import conv
from pix2pix.networks.layers import LEAK, BatchStatisticsNorm, init_normal


class PatchGAN(nn.Module):
    """The 70x70 PatchGAN (section 6.1.2): `(N, in, H, W)` and `(N, out, H, W)` -> logits `(N, 1, H/8 - 2, W/8 - 2)`.

    Each logit judges one 70x70 patch of the image beside the same patch of the input: 30x30 of them at 256x256. Other
    `strides` make other patches: (2, 2, 2, 1) those of 46x46, at a third of the cost.
    Images may be several batches in a row, all of the same inputs, `(B * N, out, H, W)`: one pass judges each as a
    batch by itself.
    """

    def __init__(
        self,
        in_channels: int = 3,
        out_channels: int = 3,
        base_channels: int = 64,
        strides: Sequence[int] = (2, 2, 2, 1, 1),
    ):
        super().__init__()
        last = len(strides) - 1
        widths = [in_channels + out_channels, *(base_channels << layer for layer in range(last)), 1]
        self.convs, self.norms = nn.ModuleList(), nn.ModuleList()
        for layer, stride in enumerate(strides):
            self.convs.append(nn.Conv2d(widths[layer], widths[layer + 1], 4, stride=stride, padding=1, bias=False))
            self.norms.append(BatchStatisticsNorm(widths[layer + 1]) if 0 < layer < last else nn.Identity())
        self.apply(init_normal)

    def forward(self, inputs: Tensor, images: Tensor) -> Tensor:
        return self.layers(inputs, images)[-1]

    def layers(self, inputs: Tensor, images: Tensor) -> list[Tensor]:
        """The outputs of all layers, before their LeakyReLU."""
        batches = len(images) // len(inputs)
        x, outputs = torch.cat([inputs.repeat(batches, 1, 1, 1), images], dim=1), []
        for layer, norm in zip(self.convs, self.norms, strict=True):
            x = F.leaky_relu(x, LEAK) if outputs else x
            x = layer(x) if layer.stride == (2, 2) else conv(x, layer.weight)
            x = torch.cat([norm(batch) for batch in x.chunk(batches)]) if batches > 1 else norm(x)
            outputs.append(x)
        return outputs


class MultiscalePatchGAN(nn.Module):
    """Two PatchGANs, one on the images and one on them at half size, where its patches are 140x140 (Wang et al. 2018).

    Images may be several batches in a row, as there.
    """

    def __init__(self, in_channels: int = 3, out_channels: int = 3, base_channels: int = 64):
        super().__init__()
        self.scales = nn.ModuleList(PatchGAN(in_channels, out_channels, base_channels) for _ in range(2))

    def forward(self, inputs: Tensor, images: Tensor) -> list[list[Tensor]]:
        """For each scale the outputs of its five layers, the last being logits `(N, 1, H/8 - 2, W/8 - 2)`."""
        outputs = []
        for scale in self.scales:
            outputs.append(scale.layers(inputs, images))
            inputs, images = F.avg_pool2d(inputs, 2), F.avg_pool2d(images, 2)
        return outputs
