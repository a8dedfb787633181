"""What EfficientNet-lite2, trained on ImageNet, makes of a picture. No training here sees this network.

The scores that rest on it are named after it: they have the form of LPIPS, FID and KID, and other values.
"""

from functools import cache

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d

from pix2pix import images
from pix2pix.networks.efficientnet import Trunk, perceptual_distance

NETWORK = "EfficientNet-lite2 (ImageNet)"
PATCHES = 4  # a side: of a 256x256 facade, about a window with the wall around it
PATCH_STAGE = 3  # stride 8: 48 features, so that 16 patches of 40 pictures are many more than the covariance needs


@cache
def _trunk() -> Trunk:
    return Trunk("lite2").eval()


def stages(picture: np.ndarray) -> list[Tensor]:
    """Picture `(H, W, C)` uint8 -> features at the strides 2, 4, 8, 16 and 32, `(1, C', H', W')` each."""
    with torch.inference_mode():
        return _trunk()(torch.from_numpy(images.batch(images.to_shown(picture))))


def distance(a: list[Tensor], b: list[Tensor]) -> float:
    """Between the `stages` of two pictures: features of unit length at each place, their squared distance averaged over
    places and added up over stages. LPIPS (Zhang et al. 2018, equation 1) without its learned weights; 0 is equal.
    """
    return float(perceptual_distance(a, b))


def overall(features: list[Tensor]) -> np.ndarray:
    """`(352,)` float64: the last stage, averaged over the picture, as KID takes them."""
    return features[-1][0].double().mean((1, 2)).numpy()


def patches(features: list[Tensor]) -> np.ndarray:
    """`(16, 48)` float64: the stage of stride 8, averaged over 4x4 patches of the picture, as FID takes them."""
    pooled = adaptive_avg_pool2d(features[PATCH_STAGE - 1][0].double(), PATCHES)
    return pooled.flatten(1).T.numpy()
