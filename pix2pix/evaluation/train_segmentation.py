"""Train the segmenter of facades anew, on real photos and labels of a train split; a quarter of an hour on one core.

python -m pix2pix.evaluation.train_segmentation --data data/facades [--output segmentation.safetensors]
"""

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import safetensors.torch
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy
from torchvision import tv_tensors
from torchvision.transforms import v2
from tqdm import tqdm

from pix2pix import images, labels
from pix2pix.cli import defer, parse, run_command
from pix2pix.config import Config
from pix2pix.data.decoded import load_pairs
from pix2pix.data.pairs import Pair
from pix2pix.data.sources import Unfit
from pix2pix.evaluation.segmentation import WEIGHTS, Segmenter
from pix2pix.utils import UserError, write_atomically

BATCH, CROP = 4, 192
RATE = 1e-3  # of the new layers at its highest; the trunk, which knows pictures already, learns at a third
FIXED_STAGES = 2  # edges and corners are what ImageNet taught; three quarters of the trunk's time are spent here

augment = v2.Compose(
    [
        v2.RandomResizedCrop(CROP, scale=(0.35, 1.0), ratio=(0.8, 1.25)),
        v2.RandomHorizontalFlip(),
        v2.ColorJitter(brightness=0.3, contrast=0.3, saturation=0.4, hue=0.05),
    ]
)


def train_reader(
    data: str,
    output: Path = WEIGHTS,
    epochs: int = 14,
    seed: int = 0,
    direction: Literal["BtoA", "AtoB"] = "BtoA",
) -> None:
    """Train the segmenter that FCN scores are made with, and store it as float16.

    Args:
        data: A folder of facade pairs; its train split is read.
        output: Where the weights go.
        epochs: Passes over the pairs.
        seed: Of the weights, the order and the augmentation.
        direction: Which half of AB images holds the labels: B unless given.
    """
    try:
        pairs = load_pairs(data, "train", Config.of(direction=direction))
    except Unfit as unfit:
        raise UserError(f"{unfit}; are they the other half? --direction AtoB or BtoA says which holds them") from None
    if len(pairs) < BATCH:
        raise UserError(f"{data} has {len(pairs)} pairs to train on; at least {BATCH} are needed, in one step")
    torch.manual_seed(seed)
    segmenter = Segmenter(pretrained=True).to(memory_format=torch.channels_last)
    weights = class_weights(pairs)
    fixed = [segmenter.trunk.stem, *segmenter.trunk.stages[:FIXED_STAGES]]
    for part in fixed:
        part.requires_grad_(False)
    trunk = [p for p in segmenter.trunk.parameters() if p.requires_grad]
    new = [p for name, p in segmenter.named_parameters() if not name.startswith("trunk")]
    steps = epochs * (len(pairs) // BATCH)
    optimizer = torch.optim.AdamW([{"params": trunk}, {"params": new}], weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, [RATE / 3, RATE], total_steps=steps, pct_start=0.1)
    progress = tqdm(total=steps, unit="step", mininterval=5)
    mean = 0.0
    for _ in range(epochs):
        for chosen in torch.randperm(len(pairs))[: len(pairs) // BATCH * BATCH].split(BATCH):
            photos, labelled = batch([pairs[int(index)] for index in chosen])
            optimizer.zero_grad()
            loss = cross_entropy(segmenter(photos), labelled, weights)
            loss.backward()
            optimizer.step()
            schedule.step()
            mean = 0.98 * mean + 0.02 * loss.item() if mean else loss.item()
            progress.set_postfix(loss=f"{mean:.3f}", refresh=False)
            progress.update()
    progress.close()
    stored = {name: tensor.half().contiguous() for name, tensor in segmenter.state_dict().items()}
    write_atomically(output, safetensors.torch.save(stored))
    print(f"{output}: python -m pix2pix evaluate CHECKPOINT --data {shlex.quote(data)} prints what it reads in photos")


def class_weights(pairs: Sequence[Pair]) -> Tensor:
    """`(12,)`: one over the root of a class's share, so that doors are learned although they are 1 % of the area."""
    share = np.mean([labels.shares(pair.input) for pair in pairs], axis=0)
    return torch.from_numpy(1 / np.sqrt(share.clip(1e-4))).float()


def batch(pairs: list[Pair]) -> tuple[Tensor, Tensor]:
    """Augmented photos `(N, 3, CROP, CROP)` in [-1, 1] and classes `(N, CROP, CROP)`, cut alike."""
    photos, labelled = [], []
    for pair in pairs:
        photo = tv_tensors.Image(images.planes(pair.target))
        classes = tv_tensors.Mask(torch.from_numpy(pair.input)[None])
        photo, classes = augment(photo, classes)
        photos.append(photo.as_subclass(Tensor))
        labelled.append(classes.as_subclass(Tensor)[0].long())
    photos = images.normalize(torch.stack(photos))
    return photos.contiguous(memory_format=torch.channels_last), torch.stack(labelled)


def main(arguments: Sequence[str]) -> None:
    parse(defer(train_reader), arguments, prog="python -m pix2pix.evaluation.train_segmentation")()


if __name__ == "__main__":
    run_command(main, sys.argv[1:])
