"""Our U-Net generator, with noise in its decoders."""

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pix2pix import labels
from pix2pix.networks.layers import LEAK, OneHot, Sharpen, UpsampleConv, WeightNormConv, WeightNormConv3x3
from pix2pix.networks.unet import unet_channels
from pix2pix.walls import HOUSE, STREET

PLANE_HEIGHT = math.sqrt(len(labels.CLASSES))  # gives planes a mean square of 1, as every later layer has it
COLORED_DECODERS = 5  # the innermost ones: their maps are small, so that a color code costs next to nothing


class NoiseUNet(nn.Module):
    """Our generator for painting, `(N, in, H, W) -> (N, out, H, W)` in [-1, 1]: the paper's U-Net with five changes.

    No norm: its filters have unit length instead (`WeightNormConv`), so that nothing depends on the picture's
    statistics. An empty wall is not amplified into noise, and painting one window leaves the rest of the facade as it
    was. One plane for each label class instead of colours: with `labelled`, inputs are label maps `(N, H, W)` uint8. No
    checkerboard, no stripes: its decoders interpolate, then convolve (`UpsampleConv`), at the price of a transposed
    convolution. Noise, instead of dropout: each decoder but the last adds a plane of N(0, 1) to its channels, as much
    as each wants (Karras et al. 2019). A plain wall is the same everywhere; only noise lets plaster differ from spot to
    spot. A color code of `color_code_size` numbers: the colours of wall and sky (`training.color_code`), which shift
    the inner decoders; and a style of `style_size` numbers: material, glass and light (`training.style`), which shifts
    all but the last. With `detail_channels` a residual at full size refines the last decoder's picture (`DetailHead`);
    with `sharpening` an unsharp mask follows, before the tanh. All noise is multiplied by `noise_scale`.
    """

    latent_kind = "noise"

    def __init__(
        self, in_channels: int = 3, out_channels: int = 3, base_channels: int = 32, max_channel_multiplier: int = 8,
        depth: int = 8, labelled: bool = True, color_code_size: int = 0, style_size: int = 0, detail_channels: int = 0,
        sharpening: float = 0.0, noise_scale: float = 1.0,
    ):  # fmt: skip
        super().__init__()
        widths = unet_channels(base_channels, depth, max_channel_multiplier)
        self.planes = OneHot(PLANE_HEIGHT) if labelled else nn.Identity()
        in_channels = len(labels.CLASSES) if labelled else in_channels
        self.encoders, self.decoders = nn.ModuleList(), nn.ModuleList()
        for before, after in zip([in_channels, *widths], widths, strict=False):
            self.encoders.append(WeightNormConv(before, after))
        for level in reversed(range(depth)):
            before = widths[level] if level == depth - 1 else 2 * widths[level]  # decoder and skip, concatenated
            self.decoders.append(UpsampleConv(before, widths[level - 1] if level else out_channels))
        self.strengths = nn.ParameterList(torch.full((after,), 0.1) for after in reversed(widths[:-1]))
        inner = list(reversed(widths[:-1]))[:COLORED_DECODERS] if color_code_size else []
        self.tones = nn.ParameterList(0.1 * torch.randn(after, color_code_size) for after in inner)
        shifted = reversed(widths[:-1]) if style_size else []
        self.styles = nn.ParameterList(0.05 * torch.randn(after, style_size) for after in shifted)
        self.detail = (
            DetailHead(2 * widths[0], in_channels, out_channels, detail_channels, noise_scale)
            if detail_channels
            else None
        )
        self.sharpen = Sharpen(sharpening, out_channels) if sharpening else nn.Identity()
        self.noise_scale, self.code_size = noise_scale, color_code_size + style_size
        shrink = 2 ** (depth - len(self.tones))
        self.sky = SkyShare(shrink) if labelled and color_code_size else None
        if color_code_size:  # not used here: what colours a color code stands for, for those who ask for a colour
            self.register_buffer("tone_mean", torch.zeros(color_code_size))
            self.register_buffer("tone_spread", torch.eye(color_code_size))

    @property
    def latent_channels(self) -> list[int]:
        """Channels of each plane of noise; that of decoder `i` is `(N, 1, H * 2**(i+1) / 2**depth, W * …)`.

        After them those of color code and style, `(N, channels, 1, 1)`, where there are any.
        """
        planes = [1] * (len(self.strengths) + (1 if self.detail else 0))
        return planes + ([self.code_size] if self.code_size else [])

    def forward(self, inputs: Tensor, noise: Sequence[Tensor] | None = None, code: Tensor | None = None) -> Tensor:
        """`noise` is what the decoders add, N(0, 1), innermost first, and the code of colours and style; None draws it.

        `code`, `(N, color_code_size + style_size)`, is for training, where it is known and the noise is not.
        """
        if self.code_size and noise is not None:
            code = noise[-1].flatten(1)
        elif self.code_size and code is None:
            code = torch.randn(len(inputs), self.code_size, device=inputs.device)
        if self.styles:
            code, style = code.split([self.code_size - self.styles[0].shape[1], self.styles[0].shape[1]], dim=1)
        planes = self.planes(inputs)
        x, skips = planes, []
        for conv in self.encoders:
            x = F.leaky_relu(conv(x), LEAK)  # (N, widths[level], H/2^(level+1), …)
            skips.append(x)
        x, tints = skips.pop(), self._tints(code, planes)
        for level, (conv, strength) in enumerate(zip(self.decoders[:-1], self.strengths, strict=True)):
            x = conv(x)
            plane = torch.randn_like(x[:, :1]) if noise is None else noise[level]
            x = x + self.noise_scale * strength[:, None, None] * plane
            if level < len(tints):
                x = x + tints[level]
            if self.styles:
                x = x + F.linear(style, self.styles[level])[:, :, None, None]
            x = F.leaky_relu(x, LEAK)
            x = torch.cat([x, skips.pop()], dim=1)
        picture = self.decoders[-1](x)
        if self.detail:
            picture = picture + self.detail(x, planes, None if noise is None else noise[len(self.strengths)])
        return torch.tanh(self.sharpen(picture.float()))  # (N, out, H, W); half precision saturates early, for good

    def _tints(self, color_code: Tensor | None, planes: Tensor) -> list[Tensor]:
        """What a color code adds to the channels of each inner decoder: a sky's colour only as far as there is sky."""
        colours, tints = self.decoders[-1].weight.shape[1], []
        share = self.sky(planes) if self.sky else None
        for weights in reversed(self.tones):
            tint = F.linear(color_code[:, :colours], weights[:, :colours])[:, :, None, None]
            if share is not None:
                tint = tint + share * F.linear(color_code[:, colours:], weights[:, colours:])[:, :, None, None]
                share = F.avg_pool2d(share, 2)
            tints.append(tint)
        return tints[::-1]


class DetailHead(nn.Module):
    """A residual at full size: the last decoder's input `(N, C, H/2, W/2)`, planes and noise -> `(N, out, H, W)`.

    It sees the labels at full size, so that edges can be as sharp as they are drawn. It starts at zero. Its filters
    have unit length as all others here: plain ones grew until the picture was white.
    """

    def __init__(self, before: int, in_channels: int, out_channels: int, channels: int, noise_scale: float):
        super().__init__()
        self.noise_scale = noise_scale
        self.enlarge = UpsampleConv(before, channels)
        self.of_planes = WeightNormConv3x3(in_channels, channels, bias=False)
        self.strength = nn.Parameter(torch.full((channels,), 0.1))
        self.inner = WeightNormConv3x3(channels, channels)
        self.outer = WeightNormConv3x3(channels, out_channels, gain=0.0, bias=False)

    def forward(self, x: Tensor, planes: Tensor, noise: Tensor | None) -> Tensor:
        x = self.enlarge(x) + self.of_planes(planes)
        plane = torch.randn_like(x[:, :1]) if noise is None else noise
        x = F.leaky_relu(x + self.noise_scale * self.strength[:, None, None] * plane, LEAK)
        return self.outer(F.leaky_relu(self.inner(x), LEAK))


class SkyShare(nn.Module):
    """How much of each square of `side` pixels is sky: planes `(N, 12, H, W)` -> `(N, 1, H/side, W/side)` in [0, 1].

    Background is, but for the street: the rows below the house (`walls.street`).
    """

    def __init__(self, side: int):
        super().__init__()
        self.side = side

    def forward(self, planes: Tensor) -> Tensor:
        background = planes[:, :1] / PLANE_HEIGHT
        known = planes.sum(dim=(1, 3), keepdim=True) / (PLANE_HEIGHT * planes.shape[3])  # of each row, (N, 1, H, 1)
        shares = known - background.mean(dim=3, keepdim=True)  # of house
        is_house = (shares > STREET).float()
        below = is_house.sum(dim=2, keepdim=True) - is_house.cumsum(dim=2) + is_house  # rows of house from here down
        is_sky = (below > 0) | (shares.amax(dim=2, keepdim=True) <= HOUSE)
        return F.avg_pool2d(background * is_sky, self.side)
