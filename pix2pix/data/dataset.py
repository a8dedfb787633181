"""Pairs as tensors to train on, augmented by a seed, and the batches of an epoch."""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset
from torchvision import tv_tensors
from torchvision.transforms import v2

from pix2pix import images, labels
from pix2pix.config import Config
from pix2pix.data.decoded import KEPT_BYTES, Pairs, pair_bytes
from pix2pix.data.pairs import Pair
from pix2pix.data.skies import BeforeSky
from pix2pix.synthetic import label_map
from pix2pix.utils import available_cores
from pix2pix.walls import with_walls

MAX_WORKERS = 8


def suggest_workers(pairs: Sequence[Pair]) -> int:
    """Processes that read pairs beside the training: none where all stay decoded in memory, else one a core."""
    return 0 if not isinstance(pairs, Pairs) or pairs.fits_in_memory else min(available_cores(), MAX_WORKERS)


class PairDataset(Dataset):
    """Pairs by `(index, seed)`: the seed decides jitter and mirroring, the same for both halves and on any device.

    An item is `(inputs, targets)`, two `(C, H, W)` uint8 tensors on `device`, where they are augmented;
    another than the CPU keeps its copies. Label maps are `(H, W)`. They are the same on each, but for a grey level here
    and there where jitter interpolates.
    """

    def __init__(self, pairs: Sequence[Pair], config: Config, device: torch.device | str = "cpu"):
        self.pairs, self.device = pairs, torch.device(device)
        training, self.is_facades = config.training, config.task == "facades"
        self.synthetic = self.is_facades and bool(training.teacher)  # a teacher has an answer to any label image
        # Labels that photos correct have their walls already.
        self.adds_walls = self.synthetic and config.architecture.sees_walls
        self._kept: dict[int, tuple[tv_tensors.TVTensor, tv_tensors.TVTensor]] = {}
        self._max_kept = 0 if self.device.type == "cpu" else KEPT_BYTES // pair_bytes(config)
        kinds = (config.data.input_kind, config.data.target_kind)
        self.is_map = [self.is_facades or kinds[0] != "picture", kinds[1] != "picture"]  # of classes, never blended
        size = config.data.shape
        steps = []
        if config.jittered != size:
            steps += [v2.Resize(config.jittered), v2.RandomCrop(size)]
        placed, chances = [v2.Identity()], [1.0]
        of_photos = self.is_facades and not training.teacher
        if training.shift and of_photos:
            nothing = {tv_tensors.Mask: labels.VOID, tv_tensors.Image: 0}
            placed.append(v2.RandomCrop(size, padding=[side // 3 for side in reversed(size)], fill=nothing))
            chances = [0.5, 0.5]
        if training.sky_share and of_photos:
            placed.append(BeforeSky())
            chances = [chance * (1 - training.sky_share) for chance in chances] + [training.sky_share]
        if len(placed) > 1:
            steps.append(v2.RandomChoice(placed, chances))
        if training.hflip:
            steps.append(v2.RandomHorizontalFlip())
        self.augment = v2.Compose(steps) if steps else v2.Identity()

    def __len__(self) -> int:
        return len(self.pairs)

    def __getitem__(self, key: tuple[int, int]) -> tuple[Tensor, Tensor]:
        index, seed = key
        inputs, targets = self._tensors(index)
        if self.synthetic and seed % 2:
            inputs = self._drawing(label_map(seed, *inputs.shape[1:]))
        with torch.random.fork_rng(devices=[]):  # the trainer's own stream goes on as if nothing was drawn here
            torch.manual_seed(seed)
            inputs, targets = self.augment(inputs, targets)
        inputs = inputs.as_subclass(Tensor)
        return inputs[0] if self.is_facades else inputs, targets.as_subclass(Tensor)

    def _tensors(self, index: int) -> tuple[tv_tensors.TVTensor, tv_tensors.TVTensor]:
        """A pair before augmentation, `(C, size, columns)` each."""
        if kept := self._kept.get(index):
            return kept
        pair = self.pairs[index]
        inputs = self._drawing(pair.input) if self.is_facades else self._tensor(pair.input, self.is_map[0])
        tensors = inputs, self._tensor(pair.target, self.is_map[1])
        if len(self._kept) < self._max_kept:
            self._kept[index] = tensors
        return tensors

    def _drawing(self, label_map: np.ndarray) -> tv_tensors.TVTensor:
        return self._tensor((with_walls(label_map) if self.adds_walls else label_map)[..., None], is_map=True)

    def _tensor(self, picture: np.ndarray, is_map: bool) -> tv_tensors.TVTensor:
        kind = tv_tensors.Mask if is_map else tv_tensors.Image
        return kind(torch.from_numpy(images.planes(picture)), device=self.device)


def batches(
    dataset: PairDataset,
    config: Config,
    first: int = 0,
    rank: int = 0,
    processes: int = 1,
    workers: int = 0,
) -> Iterator[tuple[Tensor, Tensor]]:
    """The batches of one process from step `first` to the end of the config's epochs.

    Order and augmentation are functions of (seed, epoch, place in the epoch) alone: the same for any number of
    workers, and for a run that was interrupted. Each process takes its share of every global batch; a last batch
    that would not fill all processes is left out. Workers start once, not with each epoch.
    """
    return iter(DataLoader(dataset, batch_sampler=_keys(dataset, config, first, rank, processes), num_workers=workers))


def _keys(
    dataset: PairDataset, config: Config, first: int, rank: int, processes: int
) -> Iterator[list[tuple[int, int]]]:
    """For each step, the indices of its pairs and the seeds of their augmentation."""
    size, steps = config.training.batch_size, steps_per_epoch(len(dataset), config, processes)
    start, skipped = divmod(first, steps)
    for epoch in range(start, config.training.epochs):
        order = np.random.default_rng([config.training.seed, epoch]).permutation(len(dataset))
        keys = [(int(index), stream_seed(config.training.seed, epoch, place)) for place, index in enumerate(order)]
        for step in range(skipped if epoch == start else 0, steps):
            yield keys[(step * processes + rank) * size :][:size]


def steps_per_epoch(pairs: int, config: Config, processes: int = 1) -> int:
    """Steps in which every process has a batch; the last one may be smaller when there is one process."""
    batch = config.training.batch_size
    return -(-pairs // batch) if processes == 1 else pairs // (batch * processes)


def stream_seed(*numbers: int) -> int:
    """A seed for torch that is well mixed from several numbers."""
    return int(np.random.SeedSequence(numbers).generate_state(1, np.uint64)[0] >> 1)
