"""The command `segmenter`: train the network that reads labels off photos of facades."""

import shlex
from pathlib import Path
from typing import Annotated, Literal

import tyro

from pix2pix.utils import UserError, counted, written_together


def segmenter(
    data: str,
    output: Path,
    epochs: int = 14,
    seed: int = 0,
    init_from: Annotated[Path | None, tyro.conf.arg(metavar="FILE")] = None,
    direction: Literal["BtoA", "AtoB"] = "BtoA",
) -> None:
    """Train a segmenter on photos and labels, and write it as OUTPUT/model.onnx, which runs without torch.

    Photos are changed at random, in perspective, part, side, light and JPEG. Eight epochs of 288 pairs took 47 minutes
    on one core that did other work, too.

    Args:
        data: A folder of facade pairs, as for train.py --data; its train split is read.
        output: Folder for the result; it must not exist.
        epochs: Passes over the pairs.
        seed: Of the weights, the order and the changes.
        init_from: Weights to begin with, OUTPUT/model.safetensors of an earlier one; ImageNet's unless given.
        direction: Which half of AB images holds the labels: B unless given.
    """
    if output.exists():
        raise UserError(f"{output} exists already; name another folder")
    if epochs < 1:
        raise UserError(f"--epochs is {epochs}; give at least 1")
    if init_from and not init_from.is_file():
        raise UserError(f"{init_from} does not exist; --init-from takes the model.safetensors of an earlier segmenter")
    import safetensors.torch

    from pix2pix.config import Config
    from pix2pix.data.decoded import load_pairs
    from pix2pix.data.sources import Unfit
    from pix2pix.export.segmenter_graph import to_onnx
    from pix2pix.inference.checkpoint import ONNX, WEIGHTS, read_safetensors
    from pix2pix.training.segmenter import BATCH, train

    try:
        pairs = load_pairs(data, "train", Config.of(direction=direction))
    except Unfit as unfit:
        raise UserError(f"{unfit}; are they the other half? --direction AtoB or BtoA says which holds them") from None
    if len(pairs) < BATCH:
        raise UserError(
            f"{data} has {counted(len(pairs), 'pair')} to train on; at least {BATCH} are needed, in one step"
        )
    trained = train(pairs, epochs, seed, read_safetensors(init_from) if init_from else None)
    with written_together(output) as building:
        (building / ONNX).write_bytes(to_onnx(trained))
        weights = {name: tensor.half().contiguous() for name, tensor in trained.state_dict().items()}
        safetensors.torch.save_file(weights, building / WEIGHTS)
    folder, data = shlex.quote(str(output)), shlex.quote(data)
    print(f"{output}: python -m benchmarks.round_trip --data {data} --segmenter {folder} says how well it reads")
