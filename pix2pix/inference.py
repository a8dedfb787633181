"""From one picture to one picture: the function behind samples, evaluation, the command line and the app.

translator = load("checkpoints/facades")
photo = translator(label_image)                  # (H, W, 3) uint8 -> (H, W, 3) uint8
another = translator(label_image, variation=7)   # another photo of it, the same one for the same 7

python -m pix2pix translate CHECKPOINT INPUT... --output DIR
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np

from pix2pix import checkpoint, images, labels
from pix2pix import config as configs
from pix2pix.config import Config


class Network(Protocol):
    """A generator on any runtime: `(1, 3, H, W)` float32 in [-1, 1] and its dropout masks -> the same shape."""

    mask_channels: Sequence[int]

    def __call__(self, inputs: np.ndarray, masks: Sequence[np.ndarray]) -> np.ndarray: ...


class Translator:
    """A checkpoint ready for use. Safe to call from several threads."""

    def __init__(self, config: Config, network: Network, name: str = "generator"):
        self.config = config
        self.network = network
        self.name = name

    def __call__(self, image: np.ndarray, variation: int | None = None) -> np.ndarray:
        """Picture `(H, W, C)` uint8, or label map `(H, W)` of class indices -> generated picture `(H, W, C)` uint8.

        C is what the config says, of inputs and of targets; ValueError for a picture that cannot be brought to it.

        A picture of labels is snapped to the palette first, as in training. Sides that are no multiple of
        `2 ** depth` are continued by reflection to the next one, and the result is cropped back. Statistics, where
        the network takes any, are of this one picture. `variation` is the seed of the dropout masks, which are
        the paper's only noise; None leaves dropout out. The same arguments give the same picture.
        """
        if self.config.task == "facades":
            image = labels.colorize(labels.snap(image) if image.ndim == 3 else image)
        image = images.to_channels(image, self.config.in_channels)
        height, width = image.shape[:2]
        multiple = 2**self.config.depth
        padded = np.pad(image, ((0, -height % multiple), (0, -width % multiple), (0, 0)), mode="symmetric")
        inputs = np.ascontiguousarray(images.normalize(padded.astype(np.float32)).transpose(2, 0, 1)[None])
        decoders = (self.config.depth, self.config.first_dropped)
        shapes = dropout_shapes(self.network.mask_channels, *padded.shape[:2], *decoders)
        generated = self.network(inputs, dropout_masks(shapes, variation))
        return images.denormalize(generated[0])[:height, :width]


def dropout_shapes(
    channels: Sequence[int], height: int, width: int, depth: int, first: int = 0
) -> list[tuple[int, int, int, int]]:
    """The shapes of the dropout masks for inputs of `height` by `width`, of decoder `first` (0: innermost) and on."""
    shrunk = [depth - 1 - first - level for level in range(len(channels))]
    return [(1, count, height >> by, width >> by) for count, by in zip(channels, shrunk, strict=True)]


def dropout_masks(shapes: Sequence[tuple[int, ...]], variation: int | None) -> list[np.ndarray]:
    """Masks of 0 and 2 at even odds, drawn from the seed; all ones where `variation` is None."""
    if variation is None:
        return [np.ones(shape, dtype=np.float32) for shape in shapes]
    stream = np.random.default_rng(variation)
    return [2 * stream.integers(0, 2, shape).astype(np.float32) for shape in shapes]


def load(name: str | Path) -> Translator:
    """A checkpoint by folder, on ONNX Runtime where it holds `model.onnx`, on torch where it does not.

    Raises ValueError, in one line, for whatever is not a whole checkpoint.
    """
    folder = checkpoint.find(name)
    if not (folder / checkpoint.ONNX).is_file():
        return load_torch(name)
    from pix2pix.onnx_network import OnnxNetwork

    return Translator(configs.read(folder / checkpoint.CONFIG), OnnxNetwork(folder), checkpoint.shown_name(name))


def load_torch(name: str | Path) -> Translator:
    """The same on torch: the reference that the ONNX graph is checked against."""
    try:
        config, generator = checkpoint.load(name)
    except ModuleNotFoundError as error:
        raise ValueError(f"{name} has no {checkpoint.ONNX}, and without it needs {error.name}") from None
    return Translator(config, TorchNetwork(generator), checkpoint.shown_name(name))


class TorchNetwork:
    """A torch generator, used where it is (device, mode) and left as it was."""

    def __init__(self, generator):
        self.generator = generator
        self.mask_channels = generator.mask_channels

    def __call__(self, inputs: np.ndarray, masks: Sequence[np.ndarray]) -> np.ndarray:
        import torch

        device = next(self.generator.parameters()).device
        was_training = self.generator.training
        self.generator.eval()
        try:
            with torch.inference_mode():
                generated = self.generator(
                    torch.from_numpy(inputs).to(device), [torch.from_numpy(mask).to(device) for mask in masks]
                )
        finally:
            self.generator.train(was_training)
        return generated.float().cpu().numpy()
