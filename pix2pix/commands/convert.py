"""The command `convert`: generators of other programs, and of older versions of this one, as checkpoints.

python -m pix2pix convert latest_net_G.pth checkpoints/mine --task photo

It takes U-Nets of pytorch-CycleGAN-and-pix2pix (`.pth`), and pix2pix's variables from TensorFlow as arrays (`.npz`):
np.savez(path, **{name: reader.get_tensor(name) for name in reader.get_variable_to_shape_map()}), where
reader = tf.train.load_checkpoint(folder). And checkpoints and runs of pix2pix 0.1 or earlier, by folder or USER/REPO.
What is read is data only: no pickle is ever run.
"""

import shlex
from pathlib import Path
from typing import Annotated, Literal

import tyro

from pix2pix import __version__
from pix2pix.config import ModelConfig
from pix2pix.export import older_version
from pix2pix.hub import ids
from pix2pix.inference import checkpoint
from pix2pix.utils import UserError, counted

SUFFIXES = (".pth", ".pt", ".npz", ".safetensors")  # of files of weights


def convert(
    weights: Annotated[str, tyro.conf.Positional],
    output: Annotated[Path, tyro.conf.Positional],
    task: Literal["facades", "edges", "colors", "photo"] = "photo",
    direction: Literal["BtoA", "AtoB"] = "BtoA",
    dropout: Annotated[bool, tyro.conf.arg(help_behavior_hint="")] = True,
    running_statistics: bool = False,
) -> None:
    """Write a checkpoint folder that gives the same pictures as another program's or an older version's generator.

    Args:
        weights: latest_net_G.pth of pytorch-CycleGAN-and-pix2pix, or TensorFlow variables as .npz; or a checkpoint or
            a run of pix2pix 0.1 or earlier, which the other options are not for.
        output: The new checkpoint folder.
        task: What its inputs are; the app opens a painter for facades, a pen for edges.
        direction: Which half of an AB image it takes.
        dropout: It was trained without dropout, which otherwise gives variations.
        running_statistics: Normalise by the statistics of training, as test.py --eval of pytorch-CycleGAN-and-pix2pix
            does; without it by those of the picture, as test.py does otherwise.
    """
    if output.exists():
        raise UserError(f"{output} exists already; name another folder")
    path = Path(weights)
    if path.is_dir() or (not path.exists() and ids.MODEL.fullmatch(str(weights)) and path.suffix not in SUFFIXES):
        older_version.convert(checkpoint.find(weights), output)
        return _announce(output)
    if not path.is_file():
        raise UserError(f"{path}: no such file")
    from pix2pix.export.other_programs import read_weights
    from pix2pix.networks import build_generator

    fields, state = read_weights(path, running_statistics, dropout)
    config = ModelConfig.of(task=task, direction=direction, size=2 ** fields["depth"], **fields)
    checkpoint.check_finite(path, ((name, tensor.numpy()) for name, tensor in state.items()))
    generator = build_generator(config.architecture)
    generator.load_state_dict(state)
    checkpoint.save(output, config, generator.eval(), write_card(config, path.name))
    print(f"{output}: {describe(config)}")
    _announce(output)


def _announce(output: Path) -> None:
    place = shlex.quote(str(output))
    print(f"open: python app.py --model {place}\nfaster: python -m pix2pix export {place}")


def describe(config: ModelConfig) -> str:
    """One line: what the weights turned out to be."""
    net = config.architecture
    norm = "statistics of the picture" if net.unet.norm else "running statistics, folded into the filters"
    channels = f"{net.in_channels} to {counted(net.out_channels, 'channel')}"
    shape = f"{counted(net.base_channels, 'base channel')}, depth {net.depth}, {channels}"
    return f"U-Net of {shape}, {norm}, {'dropout' if net.dropout_decoders else 'no dropout'}"


def write_card(config: ModelConfig, origin: str) -> str:
    """The README.md of a converted checkpoint; what it was trained on only its owner knows."""
    return _CARD.format(task=config.task, origin=origin, what=describe(config), version=__version__)


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
