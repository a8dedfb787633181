"""The segmenter: a segmentation network that reads the 12 classes off a photo of a facade.

What it finds in a generated photo, against the labels that the photo was generated from, is the paper's FCN score
(section 4.1). What is beside this file was trained on the 288 real photos of the facades' train split:

python -m pix2pix.evaluation.train_segmentation --data data/facades
"""

from functools import cache
from pathlib import Path

import numpy as np
import safetensors.torch
import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, relu

from pix2pix import images, labels
from pix2pix.networks.efficientnet import Trunk

WEIGHTS = Path(__file__).parent / "segmentation.safetensors"
CLASSES = len(labels.CLASSES)
WIDTH = 64


class Segmenter(nn.Module):
    """EfficientNet-lite2 up to stride 16, and a decoder that adds its features of stride 16, 8 and 4."""

    def __init__(self, pretrained: bool = False):
        """`pretrained` starts the trunk with its ImageNet weights."""
        super().__init__()
        self.trunk = Trunk("lite2", stages=4, pretrained=pretrained)
        self.narrow = nn.ModuleList(nn.Conv2d(channels, WIDTH, 1) for channels in self.trunk.channels[1:])
        self.context = nn.Conv2d(self.trunk.channels[-1], WIDTH, 1)
        self.merge = nn.ModuleList(nn.Conv2d(WIDTH, WIDTH, 3, padding=1) for _ in self.narrow)
        self.classify = nn.Conv2d(WIDTH, CLASSES, 1)

    def forward(self, photos: Tensor) -> Tensor:
        """`(N, 3, H, W)` in [-1, 1] -> logits `(N, 12, H, W)`."""
        features = self.trunk(photos)[1:]
        found = self.context(features[-1].mean((2, 3), keepdim=True))  # the whole photo: what street, what light
        for narrow, merge, feature in zip(reversed(self.narrow), self.merge, reversed(features), strict=True):
            found = interpolate(found, size=feature.shape[2:], mode="bilinear", align_corners=False)
            found = relu(merge(relu(found + narrow(feature))))
        return interpolate(self.classify(found), size=photos.shape[2:], mode="bilinear", align_corners=False)


@cache
def load() -> Segmenter:
    """The segmenter that every FCN score here is made with."""
    segmenter = Segmenter()
    weights = safetensors.torch.load_file(WEIGHTS)
    segmenter.load_state_dict({name: tensor.float() for name, tensor in weights.items()})
    return segmenter.eval()


def read(photo: np.ndarray) -> np.ndarray:
    """Photo `(H, W, 3)` uint8 -> label map `(H, W)` uint8 of what the segmenter sees in it."""
    with torch.inference_mode():
        return load()(torch.from_numpy(images.batch(photo)))[0].argmax(0).byte().numpy()


def confusion(read: np.ndarray, labelled: np.ndarray) -> np.ndarray:
    """Pixels by class, `(12, 12)` int64: rows what was drawn, columns what was read."""
    cells = labelled.astype(np.int64) * CLASSES + read
    return np.bincount(cells.ravel(), minlength=CLASSES**2).reshape(CLASSES, CLASSES)
