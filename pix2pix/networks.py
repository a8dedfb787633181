"""The networks: the paper's U-Net generator, our U-Net generator with noise, and the 70x70 PatchGAN.

All take and return `(N, C, H, W)` float tensors; images in [-1, 1]. H and W must be multiples of `2 ** depth`.
Weights are drawn from torch's global random stream.
"""

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pix2pix import images, labels
from pix2pix.config import Config
from pix2pix.convolutions import double, halve, slide

LEAK = 0.2  # slope of LeakyReLU in both networks (paper, section 6.1)
TONED_DECODERS = 5  # the innermost ones: their maps are small, so that a tone costs next to nothing
DROPPED_DECODERS = 3  # the innermost decoders carry dropout (paper, section 6.1.1)


def unet_widths(width: int, depth: int, cap: int = 8) -> list[int]:
    """Channels of each encoder from the outside in: doubling from `width`, at most `cap * width`.

    The paper's 64, 128, 256, 512, 512, 512, 512, 512 is `unet_widths(64, 8)`.
    """
    return [width * min(2**level, cap) for level in range(depth)]


class UNet(nn.Module):
    """The paper's generator (section 6.1.1), `(N, in, H, W) -> (N, out, H, W)` in [-1, 1].

    `bottleneck_norm` puts a norm on the innermost encoder, as the TensorFlow code had it: at batch 1 that layer
    is 1x1, so the norm subtracts everything and the bottleneck carries nothing (the paper's erratum removes it).
    The other arguments are as in `Config`, and describe the U-Nets of other programs.
    """

    random_kind = "mask"

    def __init__(
        self,
        in_channels: int = 3,
        out_channels: int = 3,
        width: int = 64,
        width_cap: int = 8,
        depth: int = 8,
        bottleneck_norm: bool = False,
        norm: bool = True,
        biases: bool = False,
        dropped: int = DROPPED_DECODERS,
        first_dropped: int = 0,
    ):
        super().__init__()
        widths = unet_widths(width, depth, width_cap)
        self.dropped = range(depth - 1)[first_dropped : first_dropped + dropped]  # never the last decoder
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
        self.apply(_init_normal)

    @property
    def random_channels(self) -> list[int]:
        """Channels of each dropout mask; that of decoder `i` is `(N, channels, H * 2**(i+1) / 2**depth, W * …)`."""
        return [self.decoders[level].out_channels for level in self.dropped]

    def forward(self, inputs: Tensor, masks: Sequence[Tensor] | None = None) -> Tensor:
        """`masks` multiply the innermost decoders; None means dropout at training and nothing at test."""
        x, skips = inputs, []
        for level, (conv, norm) in enumerate(zip(self.encoders, self.encoder_norms, strict=True)):
            x = norm(halve(F.leaky_relu(x, LEAK) if level else x, conv.weight, conv.bias))  # (N, widths[level], …)
            skips.append(x)
        x = skips.pop()
        for level, (conv, norm) in enumerate(zip(self.decoders, self.decoder_norms, strict=True)):
            x = F.relu(x if level == 0 else torch.cat([x, skips.pop()], dim=1))
            x = norm(conv(x))
            if level in self.dropped:
                x = F.dropout(x, 0.5, self.training) if masks is None else x * masks[level - self.dropped.start]
        return torch.tanh(x)  # (N, out, H, W)


class NoiseUNet(nn.Module):
    """Our generator for painting, `(N, in, H, W) -> (N, out, H, W)` in [-1, 1]: the paper's U-Net with five changes.

    No norm: its filters have unit length instead (`UnitConv`), so that nothing depends on statistics of the picture.
    An empty wall is not amplified into noise, and painting one window leaves the rest of the facade as it was.
    One plane for each label class: with `labelled`, inputs are label images and `LabelPlanes` takes them apart.
    No checkerboard, no weave: its decoders interpolate, then convolve (`SmoothConv`), at the price of a transposed
    convolution.
    Noise, instead of dropout: each decoder but the last adds a plane of N(0, 1) to its channels, as much as each wants
    (Karras et al. 2019). A plain wall is the same everywhere; only noise lets plaster differ from spot to spot.
    A tone of `tone_size` numbers: the colours of wall and sky (`pix2pix.tone`), which shift the inner decoders.
    """

    random_kind = "noise"

    def __init__(
        self, in_channels: int = 3, out_channels: int = 3, width: int = 32, width_cap: int = 8, depth: int = 8,
        labelled: bool = True, tone_size: int = 0,
    ):  # fmt: skip
        super().__init__()
        widths = unet_widths(width, depth, width_cap)
        self.planes = LabelPlanes() if labelled else nn.Identity()
        in_channels = len(labels.CLASSES) if labelled else in_channels
        self.encoders, self.decoders = nn.ModuleList(), nn.ModuleList()
        for before, after in zip([in_channels, *widths], widths, strict=False):
            self.encoders.append(UnitConv(before, after))
        for level in reversed(range(depth)):
            before = widths[level] if level == depth - 1 else 2 * widths[level]  # decoder and skip, concatenated
            self.decoders.append(SmoothConv(before, widths[level - 1] if level else out_channels))
        self.strengths = nn.ParameterList(torch.full((after,), 0.1) for after in reversed(widths[:-1]))
        inner = list(reversed(widths[:-1]))[:TONED_DECODERS] if tone_size else []
        self.tones = nn.ParameterList(0.1 * torch.randn(after, tone_size) for after in inner)
        shrink = 2 ** (depth - len(self.tones))
        self.sky = SkyShare(shrink, self.planes.height) if labelled and tone_size else None
        if tone_size:  # not used here: what colours a tone stands for, for those who ask for a colour
            self.register_buffer("tone_mean", torch.zeros(tone_size))
            self.register_buffer("tone_spread", torch.eye(tone_size))

    @property
    def random_channels(self) -> list[int]:
        """Channels of each plane of noise; that of decoder `i` is `(N, 1, H * 2**(i+1) / 2**depth, W * …)`.

        After them those of the tone, `(N, channels, 1, 1)`, where there is one.
        """
        return [1] * len(self.strengths) + [tone.shape[1] for tone in self.tones[:1]]

    def forward(self, inputs: Tensor, noise: Sequence[Tensor] | None = None, tone: Tensor | None = None) -> Tensor:
        """`noise` is what the decoders add, N(0, 1), innermost first, and the tone; None draws it anew.

        `tone`, `(N, tone_size)`, is for training, where it is known and the noise is not.
        """
        if self.tones and noise is not None:
            tone = noise[-1].flatten(1)
        elif self.tones and tone is None:
            tone = torch.randn(len(inputs), self.tones[0].shape[1], device=inputs.device)
        planes = self.planes(inputs)
        x, skips = planes, []
        for conv in self.encoders:
            x = F.leaky_relu(conv(x), LEAK)  # (N, widths[level], H/2^(level+1), …)
            skips.append(x)
        x, tints = skips.pop(), self._tints(tone, planes)
        for level, (conv, strength) in enumerate(zip(self.decoders[:-1], self.strengths, strict=True)):
            x = conv(x)
            plane = torch.randn_like(x[:, :1]) if noise is None else noise[level]
            x = x + strength[:, None, None] * plane
            if level < len(tints):
                x = x + tints[level]
            x = F.leaky_relu(x, LEAK)
            x = torch.cat([x, skips.pop()], dim=1)
        return torch.tanh(self.decoders[-1](x).float())  # (N, out, H, W); half precision saturates early, for good

    def _tints(self, tone: Tensor | None, planes: Tensor) -> list[Tensor]:
        """What a tone adds to the channels of each inner decoder: a sky's colour only as far as there is sky."""
        colours, tints = self.decoders[-1].weight.shape[1], []
        share = self.sky(planes) if self.sky else None
        for weights in reversed(self.tones):
            tint = F.linear(tone[:, :colours], weights[:, :colours])[:, :, None, None]
            if share is not None:
                tint = tint + share * F.linear(tone[:, colours:], weights[:, colours:])[:, :, None, None]
                share = F.avg_pool2d(share, 2)
            tints.append(tint)
        return tints[::-1]


class PatchGAN(nn.Module):
    """The 70x70 PatchGAN (section 6.1.2): `(N, in, H, W)` and `(N, out, H, W)` -> logits `(N, 1, H/8 - 2, W/8 - 2)`.

    Each logit judges one 70x70 patch of the image beside the same patch of the input: 30x30 of them at 256x256.
    Images may be several batches in a row, all of the same inputs, `(B * N, out, H, W)`: one pass judges each as a
    batch by itself.
    """

    def __init__(self, in_channels: int = 3, out_channels: int = 3, width: int = 64):
        super().__init__()
        widths = [in_channels + out_channels, width, 2 * width, 4 * width, 8 * width, 1]
        self.convs, self.norms = nn.ModuleList(), nn.ModuleList()
        for layer in range(5):
            stride = 2 if layer < 3 else 1
            self.convs.append(nn.Conv2d(widths[layer], widths[layer + 1], 4, stride=stride, padding=1, bias=False))
            self.norms.append(BatchStatisticsNorm(widths[layer + 1]) if 0 < layer < 4 else nn.Identity())
        self.apply(_init_normal)

    def forward(self, inputs: Tensor, images: Tensor) -> Tensor:
        return self.layers(inputs, images)[-1]

    def layers(self, inputs: Tensor, images: Tensor) -> list[Tensor]:
        """The outputs of all five layers, before their LeakyReLU."""
        batches = len(images) // len(inputs)
        x, outputs = torch.cat([inputs.repeat(batches, 1, 1, 1), images], dim=1), []
        for conv, norm in zip(self.convs, self.norms, strict=True):
            x = F.leaky_relu(x, LEAK) if outputs else x
            x = conv(x) if conv.stride == (2, 2) else slide(x, conv.weight)
            x = torch.cat([norm(batch) for batch in x.chunk(batches)]) if batches > 1 else norm(x)
            outputs.append(x)
        return outputs


class MultiscalePatchGAN(nn.Module):
    """Two PatchGANs, one on the images and one on them at half size, where its patches are 140x140 (Wang et al. 2018).

    They see label images as planes of 0 and 1 where `labelled`. Images may be several batches in a row, as there.
    """

    def __init__(self, in_channels: int = 3, out_channels: int = 3, width: int = 64, labelled: bool = True):
        super().__init__()
        self.planes = LabelPlanes(height=1) if labelled else nn.Identity()
        in_channels = len(labels.CLASSES) if labelled else in_channels
        self.scales = nn.ModuleList(PatchGAN(in_channels, out_channels, width) for _ in range(2))

    def forward(self, inputs: Tensor, images: Tensor) -> list[list[Tensor]]:
        """For each scale the outputs of its five layers, the last being logits `(N, 1, H/8 - 2, W/8 - 2)`."""
        inputs, outputs = self.planes(inputs), []
        for scale in self.scales:
            outputs.append(scale.layers(inputs, images))
            inputs, images = F.avg_pool2d(inputs, 2), F.avg_pool2d(images, 2)
        return outputs


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
        return double(x, self.weight, self.bias)


class LabelPlanes(nn.Module):
    """Label image `(N, 3, H, W)` in [-1, 1] -> one plane for each class, `(N, 12, H, W)`: `height` or 0.

    A height of sqrt(12) gives the planes a mean square of 1, as every later layer has it. A plane is proportional to
    relu(1 - sharpness * squared distance to the class's colour). At palette colours that is one class exactly, since
    no other lies within 1 / sharpness (the closest two, background and wall, are 0.21 apart).
    """

    sharpness = 5.0

    def __init__(self, height: float = math.sqrt(len(labels.CLASSES))):
        super().__init__()
        self.height = height
        colours = torch.from_numpy(images.normalize(labels.PALETTE.astype("float32")))
        self.register_buffer("colours", colours[:, :, None, None], persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        if torch.is_autocast_enabled(x.device.type):  # half precision blurs classes whose colours are close
            with torch.autocast(x.device.type, enabled=False):
                return self(x)
        lengths = x.square().sum(dim=1, keepdim=True) + self.colours.square().sum(dim=1)
        return self.height * F.relu(1 - self.sharpness * (lengths - 2 * F.conv2d(x, self.colours)))


class SkyShare(nn.Module):
    """How much of each square of `side` pixels is sky: planes `(N, 12, H, W)` -> `(N, 1, H/side, W/side)` in [0, 1]."""

    def __init__(self, side: int, height: float):
        super().__init__()
        self.side, self.height = side, height

    def forward(self, planes: Tensor) -> Tensor:
        return F.avg_pool2d(planes[:, :1], self.side) / self.height  # the first class is background


class UnitConv(nn.Module):
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
        return halve(x, self.weight, self.bias, self.gain / length)


class SmoothConv(nn.Module):
    """Linear interpolation by two, then a 2x2 convolution, with filters of unit length.

    `(N, in, H, W) -> (N, out, 2H, 2W)`. What it gives has no steps: a nearest-neighbour resize leaves stairs on every
    slope, which later layers sharpen into a weave of streaks. Computed as what it equals: a 4x4 transposed convolution
    of stride 2 whose kernel is the 2x2 kernel spread by the 3x3 tent of linear interpolation.
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
        return double(x, self.weight, self.bias, self.gain / length, self.spread)


_GAIN = math.sqrt(2 / (1 + LEAK**2))  # keeps the second moment through LeakyReLU (He et al. 2015)


def build_generator(config: Config) -> UNet | NoiseUNet:
    """The generator a config describes, with new weights."""
    sizes = (config.in_channels, config.out_channels, config.width, config.width_cap, config.depth)
    if config.generator == "noise":
        return NoiseUNet(*sizes, labelled=config.task == "facades", tone_size=config.tone_size)
    return UNet(*sizes, config.bottleneck_norm, config.norm, config.biases, config.dropped, config.first_dropped)


def build_discriminator(config: Config) -> PatchGAN | MultiscalePatchGAN:
    """The discriminator a config describes, with new weights."""
    sizes = (config.in_channels, config.out_channels, config.discriminator_width)
    if config.objective == "perceptual":
        return MultiscalePatchGAN(*sizes, labelled=config.task == "facades")
    return PatchGAN(*sizes)


def _init_normal(module: nn.Module) -> None:
    """Filters N(0, 0.02), norm scales N(1, 0.02), offsets 0 (paper, section 6.2, and its TensorFlow code)."""
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
        nn.init.normal_(module.weight, 0.0, 0.02)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
    elif isinstance(module, BatchStatisticsNorm):
        nn.init.normal_(module.weight, 1.0, 0.02)
