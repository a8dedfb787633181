"""The segmenter: a segmentation network that reads the 12 classes off a photo of a facade.

What it finds in a generated photo, against the labels that the photo was generated from, is the paper's FCN score
(section 4.1). What is beside this file was trained once, on the 288 real photos of the facades' train split, and stays
as it is: scores of different days are comparable. The bundled segmenter, which draws from visitors' photos, is another
one and may become better: `python -m pix2pix segmenter`.
"""

from functools import cache
from pathlib import Path

import numpy as np
import safetensors.torch
import torch

from pix2pix import images, labels
from pix2pix.networks.segmenter import Segmenter

WEIGHTS = Path(__file__).parent / "segmentation.safetensors"
CLASSES = len(labels.CLASSES)


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
