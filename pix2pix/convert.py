"""The command `convert`: generators of other programs as checkpoints of ours.

python -m pix2pix convert latest_net_G.pth checkpoints/mine --task photo

It takes U-Nets of pytorch-CycleGAN-and-pix2pix (`.pth`), and pix2pix's variables from TensorFlow as arrays (`.npz`):
np.savez(path, **{name: reader.get_tensor(name) for name in reader.get_variable_to_shape_map()}), where
reader = tf.train.load_checkpoint(folder). What is read is data only: no pickle is ever run.
"""

from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import torch
import tyro

from pix2pix import __version__, checkpoint, foreign
from pix2pix.config import Config
from pix2pix.networks import build_generator


def convert(
    weights: Annotated[Path, tyro.conf.Positional],
    output: Annotated[Path, tyro.conf.Positional],
    task: Literal["facades", "edges", "colors", "photo"] = "photo",
    direction: Literal["BtoA", "AtoB"] = "BtoA",
    dropout: bool = True,
    running_statistics: bool = False,
) -> None:
    """Write a checkpoint folder that gives the same pictures as another program's generator.

    Args:
        weights: latest_net_G.pth of pytorch-CycleGAN-and-pix2pix, or TensorFlow variables as .npz.
        output: The new checkpoint folder.
        task: What its inputs are; the app opens a painter for facades, a pen for edges.
        direction: Which half of an AB image it takes.
        dropout: Whether it was trained with dropout, which then gives variations (--no-dropout if not).
        running_statistics: Normalise by the statistics of training, as test.py --eval of pytorch-CycleGAN-and-pix2pix
            does; without it by those of the picture, as test.py does otherwise.
    """
    if output.exists():
        raise ValueError(f"{output} exists already; name another folder")
    fields, state = read_weights(weights, running_statistics, dropout)
    config = Config(task=task, direction=direction, size=2 ** fields["depth"], **fields)
    generator = build_generator(config)
    generator.load_state_dict(state)
    checkpoint.save(output, config, generator.eval(), write_card(config, weights.name))
    print(f"{output}: {describe(config)}")
    print(f"open: python app.py --model {output}\nfaster: python -m pix2pix export {output}")


def read_weights(path: Path, running_statistics: bool, dropout: bool) -> tuple[dict, dict[str, torch.Tensor]]:
    """Fields of `Config` and weights under our names; ValueError, in one line, for what cannot be converted."""
    try:
        if path.suffix == ".npz":
            if running_statistics:
                raise ValueError("TensorFlow's pix2pix always takes the statistics of the picture")
            return foreign.read_tensorflow(_read_arrays(path), dropout)
        return foreign.read_pytorch(_read_state(path), running_statistics, dropout)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None


def describe(config: Config) -> str:
    """One line: what the weights turned out to be."""
    norm = "statistics of the picture" if config.norm else "running statistics, folded into the filters"
    shape = f"width {config.width}, depth {config.depth}, {config.in_channels} to {config.out_channels} channels"
    return f"U-Net of {shape}, {norm}, {'dropout' if config.dropped else 'no dropout'}"


def write_card(config: Config, origin: str) -> str:
    """The README.md of a converted checkpoint; what it was trained on only its owner knows."""
    return _CARD.format(task=config.task, origin=origin, what=describe(config), version=__version__)


def _read_state(path: Path) -> dict[str, torch.Tensor]:
    if not path.is_file():
        raise ValueError("no such file")
    try:
        if path.suffix == ".safetensors":
            import safetensors.torch

            state = safetensors.torch.load_file(path)
        else:
            state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises many kinds for a broken or a hostile file
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ValueError(f"cannot be read as weights: {reason}") from None
    if not isinstance(state, dict) or not all(isinstance(tensor, torch.Tensor) for tensor in state.values()):
        raise ValueError("holds more than weights; save the generator's state_dict() alone")
    return state


def _read_arrays(path: Path) -> dict[str, np.ndarray]:
    try:
        with np.load(path, allow_pickle=False) as arrays:
            return {name: arrays[name] for name in arrays.files if "generator" in name and "Adam" not in name}
    except Exception as error:  # numpy and zipfile raise many kinds for a broken file
        raise ValueError(f"cannot be read as arrays: {str(error).splitlines()[0]}") from None


_CARD = """\
---
library_name: pix2pix
pipeline_tag: image-to-image
tags:
- pix2pix
- conditional-gan
- {task}
---

# pix2pix: {task}

Converted from `{origin}` by pix2pix {version}: {what}.
It gives the pictures of its origin; what that was trained on, and under which licence, is for its owner to say here.
"""
