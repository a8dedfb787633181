"""The networks, as a config asks for them.

Generators take images `(N, C, H, W)` in [-1, 1], those of facades label maps `(N, H, W)` uint8; discriminators take
what the objective makes of either. H and W must be multiples of `2 ** depth`. Weights are drawn from torch's global
random stream.
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
    labelled = architecture.task == "facades"
    if architecture.generator == "noise":
        codes = (architecture.color_code_size, architecture.style_size, architecture.detail_channels)
        return NoiseUNet(*sizes, labelled, *codes, architecture.sharpening, architecture.noise_scale)
    unet = architecture.unet
    variant = (unet.bottleneck_norm, unet.norm, unet.biases, architecture.dropout_decoders, unet.first_dropout_decoder)
    return UNet(*sizes, *variant, labelled)


def build_discriminator(config: Config) -> nn.Module:
    """The discriminator that a generator is trained against, with new weights."""
    architecture, objective = config.architecture, config.training.objective
    labelled = architecture.task == "facades" and objective != "paper"
    in_channels = len(labels.CLASSES) if labelled else architecture.in_channels
    sizes = (in_channels, architecture.out_channels, config.training.discriminator_channels)
    if objective == "projected":
        from pix2pix.networks.projected import ProjectedDiscriminator

        return ProjectedDiscriminator(*sizes, labelled)
    return MultiscalePatchGAN(*sizes) if objective == "perceptual" else PatchGAN(*sizes)
