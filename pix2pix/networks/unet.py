"""The paper's U-Net generator (section 6.1.1), and the U-Nets of other programs."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pix2pix.networks.conv import conv_down
from pix2pix.networks.layers import LEAK, BatchStatisticsNorm, Colours, TransposedConv, init_normal

DROPOUT_DECODERS = 3  # the innermost decoders carry dropout (paper, section 6.1.1)


def unet_channels(base_channels: int, depth: int, max_multiplier: int = 8) -> list[int]:
    """Channels of each encoder from the outside in: doubling from `base_channels`, at most so many times those.

    The paper's 64, 128, 256, 512, 512, 512, 512, 512 is `unet_channels(64, 8)`.
    """
    return [base_channels * min(2**level, max_multiplier) for level in range(depth)]


class UNet(nn.Module):
    """The paper's generator (section 6.1.1), `(N, in, H, W) -> (N, out, H, W)` in [-1, 1].

    `bottleneck_norm` puts a norm on the innermost encoder, as the TensorFlow code had it: at batch 1 that layer
    is 1x1, so the norm subtracts everything and the bottleneck carries nothing (the paper's erratum removes it).
    With `labelled`, inputs are label maps `(N, H, W)` uint8, which it sees in their colours, as in the paper.
    The other arguments are as in `config.Architecture`, and describe the U-Nets of other programs.
    """

    latent_kind = "mask"

    def __init__(
        self,
        in_channels: int = 3,
        out_channels: int = 3,
        base_channels: int = 64,
        max_channel_multiplier: int = 8,
        depth: int = 8,
        bottleneck_norm: bool = False,
        norm: bool = True,
        biases: bool = False,
        dropout_decoders: int = DROPOUT_DECODERS,
        first_dropout_decoder: int = 0,
        labelled: bool = False,
    ):
        super().__init__()
        self.colours = Colours() if labelled else nn.Identity()
        widths = unet_channels(base_channels, depth, max_channel_multiplier)
        first, last = first_dropout_decoder, first_dropout_decoder + dropout_decoders
        self.dropout_levels = range(depth - 1)[first:last]  # never the last decoder
        self.encoders, self.decoders = nn.ModuleList(), nn.ModuleList()
        self.encoder_norms, self.decoder_norms = nn.ModuleList(), nn.ModuleList()
        for level, (before, after) in enumerate(zip([in_channels, *widths], widths, strict=False)):
            normed = norm and (0 < level < depth - 1 or (level == depth - 1 and bottleneck_norm))
            bias = biases and not normed
            self.encoders.append(nn.Conv2d(before, after, 4, stride=2, padding=1, bias=bias))
            self.encoder_norms.append(BatchStatisticsNorm(after) if normed else nn.Identity())
        for level in reversed(range(depth)):
            before = widths[level] if level == depth - 1 else 2 * widths[level]  # decoder and skip, concatenated
            after = widths[level - 1] if level else out_channels
            normed = norm and level > 0
            bias = biases and not normed
            self.decoders.append(TransposedConv(before, after, bias))
            self.decoder_norms.append(BatchStatisticsNorm(after) if normed else nn.Identity())
        self.apply(init_normal)

    @property
    def latent_channels(self) -> list[int]:
        """Channels of each dropout mask; that of decoder `i` is `(N, channels, H * 2**(i+1) / 2**depth, W * …)`."""
        return [self.decoders[level].out_channels for level in self.dropout_levels]

    def forward(self, inputs: Tensor, masks: Sequence[Tensor] | None = None) -> Tensor:
        """`masks` multiply the innermost decoders; None means dropout at training and nothing at test."""
        x, skips = self.colours(inputs), []
        for level, (conv, norm) in enumerate(zip(self.encoders, self.encoder_norms, strict=True)):
            x = norm(conv_down(F.leaky_relu(x, LEAK) if level else x, conv.weight, conv.bias))  # (N, widths[level], …)
            skips.append(x)
        x = skips.pop()
        for level, (conv, norm) in enumerate(zip(self.decoders, self.decoder_norms, strict=True)):
            x = F.relu(x if level == 0 else torch.cat([x, skips.pop()], dim=1))
            x = norm(conv(x))
            if level in self.dropout_levels:
                x = F.dropout(x, 0.5, self.training) if masks is None else x * masks[level - self.dropout_levels.start]
        return torch.tanh(x)  # (N, out, H, W)
