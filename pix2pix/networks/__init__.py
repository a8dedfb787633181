"""The networks, as a config asks for them.

All take and return `(N, C, H, W)` float tensors; images in [-1, 1]. H and W must be multiples of `2 ** depth`.
Weights are drawn from torch's global random stream.
"""

from torch import nn

from pix2pix import labels
from pix2pix.config import Architecture, Config
from pix2pix.networks.noise_unet import NoiseUNet
from pix2pix.networks.patchgan import MultiscalePatchGAN, PatchGAN
from pix2pix.networks.unet import UNet


def build_generator(architecture: Architecture) -> UNet | NoiseUNet:
    """The generator of an architecture, with new weights."""
    channels = (architecture.in_channels, architecture.out_channels, architecture.base_channels)
    sizes = (*channels, architecture.max_channel_multiplier, architecture.depth)
    if architecture.generator == "noise":
        codes = (architecture.color_code_size, architecture.style_size, architecture.detail_channels)
        return NoiseUNet(*sizes, architecture.task == "facades", *codes)
    unet = architecture.unet
    variant = (unet.bottleneck_norm, unet.norm, unet.biases, architecture.dropout_decoders, unet.first_dropout_decoder)
    return UNet(*sizes, *variant)


def build_discriminator(config: Config) -> nn.Module:
    """The discriminator that a generator is trained against, with new weights."""
    architecture, objective = config.architecture, config.training.objective
    labelled = architecture.task == "facades"
    sizes = (architecture.in_channels, architecture.out_channels, config.training.discriminator_channels)
    if objective == "projected":
        from pix2pix.networks.projected import ProjectedDiscriminator

        condition = len(labels.CLASSES) if labelled else architecture.in_channels
        return ProjectedDiscriminator(condition, *sizes[1:], labelled)
    return MultiscalePatchGAN(*sizes, labelled=labelled) if objective == "perceptual" else PatchGAN(*sizes)
