"""The networks, as a config asks for them.

All take and return `(N, C, H, W)` float tensors; images in [-1, 1]. H and W must be multiples of `2 ** depth`.
Weights are drawn from torch's global random stream.
"""

from pix2pix.config import Config
from pix2pix.networks.noise_unet import NoiseUNet
from pix2pix.networks.patchgan import MultiscalePatchGAN, PatchGAN
from pix2pix.networks.unet import UNet


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
