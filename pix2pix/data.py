"""Pairs of pictures: found in a folder or drawn by `synthetic`, kept decoded in memory, augmented by a seed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset
from torchvision import tv_tensors
from torchvision.transforms import v2

from pix2pix import images, labels, synthetic
from pix2pix.config import Config

LAYOUTS = "DIR/{train,val,test}/NAME.jpg|png with the two halves side by side, or the name `synthetic`"
SYNTHETIC_TRAIN, SYNTHETIC_VAL = 400, 40  # as many pairs as the facades set, about


@dataclass(frozen=True)
class Pair:
    """One named pair; both pictures are `(size, size, 3)` uint8, label inputs in exact palette colours."""

    name: str
    input: np.ndarray
    target: np.ndarray


def load_pairs(data: str, split: str, config: Config) -> list[Pair]:
    """The pairs of one split, decoded, resized and snapped; ValueError names what cannot be read, and why."""
    if data == "synthetic":
        count = SYNTHETIC_VAL if split == "val" else SYNTHETIC_TRAIN
        return [_drawn_pair(split, index, config) for index in range(count)]
    files = find_files(Path(data), split)
    with_names = zip(_unique_stems(files), files, strict=True)
    return [_read_pair(name, path, config) for name, path in with_names]


def find_files(data: Path, split: str) -> list[Path]:
    """The AB images of a split, in natural order. A set without `val` is looked at through `test`."""
    if not data.is_dir():
        raise ValueError(f"no data at {data}: give a folder ({LAYOUTS})")
    folders = [data / split, data / "test"] if split == "val" else [data / split]
    folder = next((folder for folder in folders if folder.is_dir()), None)
    files = [path for path in folder.iterdir() if path.suffix.lower() in images.EXTENSIONS] if folder else []
    if not files:
        raise ValueError(f"no {split} images in {data}; what is understood: {LAYOUTS}")
    return sorted(files, key=lambda path: (len(path.stem), path.name))


class PairDataset(Dataset):
    """Pairs by `(index, seed)`: the seed decides jitter and mirroring, the same for both halves.

    An item is `(inputs, targets)`, two `(3, size, size)` uint8 tensors: bytes travel, the device makes them floats.
    """

    def __init__(self, pairs: Sequence[Pair], config: Config):
        self.is_facades = config.task == "facades"
        self.inputs = [self._as_input(pair.input) for pair in pairs]
        self.targets = [tv_tensors.Image(_channels_first(pair.target)) for pair in pairs]
        self.palette = torch.from_numpy(labels.PALETTE)
        steps = []
        if config.jitter > config.size:
            steps += [v2.Resize((config.jitter, config.jitter)), v2.RandomCrop(config.size)]
        if config.mirror:
            steps.append(v2.RandomHorizontalFlip())
        self.augment = v2.Compose(steps) if steps else v2.Identity()

    def __len__(self) -> int:
        return len(self.inputs)

    def __getitem__(self, key: tuple[int, int]) -> tuple[Tensor, Tensor]:
        index, seed = key
        with torch.random.fork_rng(devices=[]):  # the trainer's own stream goes on as if nothing was drawn here
            torch.manual_seed(seed)
            inputs, targets = self.augment(self.inputs[index], self.targets[index])
        return self._as_picture(inputs.as_subclass(Tensor)), targets.as_subclass(Tensor)

    def _as_input(self, picture: np.ndarray) -> tv_tensors.TVTensor:
        if self.is_facades:  # as classes, which transforms never blend, unlike colours
            return tv_tensors.Mask(torch.from_numpy(labels.snap(picture))[None])
        return tv_tensors.Image(_channels_first(picture))

    def _as_picture(self, inputs: Tensor) -> Tensor:
        return self.palette[inputs[0].int()].permute(2, 0, 1).contiguous() if self.is_facades else inputs


def batches(
    dataset: PairDataset,
    config: Config,
    epoch: int,
    first: int = 0,
    rank: int = 0,
    processes: int = 1,
    workers: int = 0,
) -> Iterator[tuple[Tensor, Tensor]]:
    """One epoch's batches for one process, from its batch `first` on.

    Order and augmentation are functions of (seed, epoch, place in the epoch) alone: the same for any number of
    workers, and for a run that was interrupted. Each process takes its share of every global batch; a last batch
    that would not fill all processes is left out.
    """
    order = np.random.default_rng([config.seed, epoch]).permutation(len(dataset))
    keys = [(int(index), stream_seed(config.seed, epoch, place)) for place, index in enumerate(order)]
    size = config.batch_size
    steps = steps_per_epoch(len(dataset), config, processes)
    mine = [keys[(step * processes + rank) * size :][:size] for step in range(first, steps)]
    return iter(DataLoader(dataset, batch_sampler=mine, num_workers=workers))


def steps_per_epoch(pairs: int, config: Config, processes: int = 1) -> int:
    """Steps in which every process has a batch; the last one may be smaller when there is one process."""
    return -(-pairs // config.batch_size) if processes == 1 else pairs // (config.batch_size * processes)


def stream_seed(*numbers: int) -> int:
    """A seed for torch that is well mixed from several numbers."""
    return int(np.random.SeedSequence(numbers).generate_state(1, np.uint64)[0] >> 1)


def _drawn_pair(split: str, index: int, config: Config) -> Pair:
    label_map, photo = synthetic.facade(synthetic.pair_seed(split, index), config.size, config.size)
    return Pair(f"{index + 1}", labels.colorize(label_map), photo)


def _read_pair(name: str, path: Path, config: Config) -> Pair:
    picture = images.read_image(path)
    try:
        a, b = images.split_pair(picture)
    except ValueError as error:
        raise ValueError(f"{path} {error}") from None
    inputs, targets = (b, a) if config.direction == "BtoA" else (a, b)
    if config.task == "facades":  # snapped at full size: averaging first would invent colours at every edge
        snapped = images.resize_labels(labels.snap(inputs), config.size, config.size)
        inputs = labels.colorize(snapped)
    else:
        inputs = images.resize(inputs, config.size, config.size)
    return Pair(name, inputs, images.resize(targets, config.size, config.size))


def _unique_stems(files: list[Path]) -> list[str]:
    """Names for files in and out; `1.jpg` beside `1.png` is refused, since their results would overwrite each other."""
    stems = [path.stem for path in files]
    if twice := sorted({stem for stem in stems if stems.count(stem) > 1}):
        raise ValueError(f"{files[0].parent} has several images named {', '.join(twice[:10])}; keep one of each")
    return stems


def _channels_first(picture: np.ndarray) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(picture.transpose(2, 0, 1)))
