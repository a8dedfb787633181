"""The networks, as a config asks for them.

All take and return `(N, C, H, W)` float tensors; images in [-1, 1]. H and W must be multiples of `2 ** depth`.
Weights are drawn from torch's global random stream.
"""

from torch import nn

from pix2pix import labels
from pix2pix.config import Config
from pix2pix.networks.noise_unet import NoiseUNet
from pix2pix.networks.patchgan import MultiscalePatchGAN, PatchGAN
from pix2pix.networks.unet import UNet


def build_generator(config: Config) -> UNet | NoiseUNet:
    """The generator a config describes, with new weights."""
    sizes = (config.in_channels, config.out_channels, config.width, config.width_cap, config.depth)
    if config.generator == "noise":
        sizes = (*sizes, config.task == "facades", config.tone_size, config.style_size, config.detail_channels)
        return NoiseUNet(*sizes)
    return UNet(*sizes, config.bottleneck_norm, config.norm, config.biases, config.dropped, config.first_dropped)


def build_discriminator(config: Config) -> nn.Module:
    """The discriminator a config describes, with new weights."""
    if config.objective == "projected":
        from pix2pix.networks.projected import ProjectedDiscriminator

        labelled = config.task == "facades"
        condition = len(labels.CLASSES) if labelled else config.in_channels
        return ProjectedDiscriminator(condition, config.out_channels, config.discriminator_width, labelled)
    sizes = (config.in_channels, config.out_channels, config.discriminator_width)
    if config.objective == "perceptual":
        return MultiscalePatchGAN(*sizes, labelled=config.task == "facades")
    return PatchGAN(*sizes)
