"""Pairs as they are trained on: brought to one size, kept decoded in memory within a bound, augmented by a seed."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, get_worker_info
from torchvision import tv_tensors
from torchvision.transforms import v2

from pix2pix import images, labels
from pix2pix.config import Config
from pix2pix.data.cleaning import corrected
from pix2pix.data.pairs import Pair, Source
from pix2pix.data.sources import open_source
from pix2pix.synthetic import label_map
from pix2pix.utils import UserError, available_cores, name_some

KEPT_BYTES = 2 * 2**30  # of decoded pairs in each training process, at most: 5,400 pairs of 256x256
CHECKED_PAIRS, CHECKED_PIXELS = 1000, 2**27  # sets up to this size are decoded before training: a few seconds
MOST_WORKERS = 8
PALETTE_AND_BLANK = np.vstack([labels.PALETTE, np.uint8([labels.BLANK])])


class Pairs(Sequence[Pair]):
    """The pairs of a source, read when they are first asked for and kept as far as `KEPT_BYTES` reach.

    `about` is one line that says what was found.
    """

    def __init__(self, source: Source, config: Config, correct_labels: bool = False):
        self.source, self.config, self.about = source, config, source.about
        self.correct_labels = correct_labels
        self._kept: dict[int, Pair] = {}
        self._most_kept = KEPT_BYTES // _pair_bytes(config)

    def __len__(self) -> int:
        return len(self.source.names)

    def __getitem__(self, index: int | slice) -> Pair | list[Pair]:
        """Raises ValueError, in one line that names the file, for a picture that cannot be read."""
        if isinstance(index, slice):
            return [self[each] for each in range(*index.indices(len(self)))]
        index = range(len(self))[index]
        if pair := self._kept.get(index):
            return pair
        pair = self._make(index)
        if len(self._kept) < self._most_kept and not _is_worker():
            self._kept[index] = pair
        return pair

    @property
    def fits_in_memory(self) -> bool:
        return len(self) <= self._most_kept

    def check(self) -> None:
        """Decode all pairs; raises ValueError that names those that cannot be."""
        with ThreadPoolExecutor(available_cores()) as pool:
            if offenders := [why for why in pool.map(self._why_unreadable, range(len(self))) if why]:
                raise UserError(name_some(offenders))

    def _why_unreadable(self, index: int) -> str | None:
        try:
            self[index]
        except UserError as error:
            return str(error)
        return None

    def _make(self, index: int) -> Pair:
        config = self.config
        size = (config.size, config.picture_width)
        inputs, target = self.source.read(index, (config.in_channels, config.out_channels))
        if config.task == "colors":
            inputs = images.to_channels(images.to_channels(target, 1), config.in_channels)
        if config.task == "facades":  # snapped at full size: averaging first would invent colours at every edge
            inputs = labels.colorize(images.resize_labels(labels.snap(inputs, self.source.palette), *size))
        else:
            inputs = images.resize(inputs, *size)
        target = images.resize(target, *size)
        if self.correct_labels:
            inputs = corrected(inputs, target)
        return Pair(self.source.names[index], _planar(inputs), _planar(target))


def load_pairs(data: str | Source, split: str, config: Config) -> Pairs:
    """The pairs of one split, named or opened already; ValueError names what cannot be used, and why.

    Every file's header is read. Sets of up to `CHECKED_PAIRS` pairs and `CHECKED_PIXELS` pixels are decoded as well, so
    that a broken picture is found before training; in larger sets it is found when it is first read.
    """
    source = open_source(data, split, config) if isinstance(data, str) else data
    # Who tests knows no target, and a teacher paints what the labels say: only photos correct them.
    of_photos = config.task == "facades" and split == "train" and not config.teacher
    pairs = Pairs(source, config, config.correct_labels and of_photos)
    if 0 < source.pixels <= CHECKED_PIXELS and len(pairs) <= CHECKED_PAIRS:
        pairs.check()
    return pairs


def suggest_workers(pairs: Sequence[Pair]) -> int:
    """Processes that read pairs beside the training: none where all stay decoded in memory, else one a core."""
    return 0 if not isinstance(pairs, Pairs) or pairs.fits_in_memory else min(available_cores(), MOST_WORKERS)


class PairDataset(Dataset):
    """Pairs by `(index, seed)`: the seed decides jitter and mirroring, the same for both halves and on any device.

    An item is `(inputs, targets)`, two `(C, size, columns)` uint8 tensors on `device`, where the pairs are kept and
    augmented. They are the same on each, but for a grey level here and there where jitter interpolates.
    """

    def __init__(self, pairs: Sequence[Pair], config: Config, device: torch.device | str = "cpu"):
        self.pairs, self.device = pairs, torch.device(device)
        self.is_facades = config.task == "facades"
        self.drawn = self.is_facades and bool(config.teacher)  # a teacher has an answer to any label image
        self.palette = torch.from_numpy(PALETTE_AND_BLANK).to(self.device)
        self._kept: dict[int, tuple[tv_tensors.TVTensor, tv_tensors.TVTensor]] = {}
        self._most_kept = KEPT_BYTES // _pair_bytes(config)
        size = (config.size, config.picture_width)
        steps = []
        if config.jittered != size:
            steps += [v2.Resize(config.jittered), v2.RandomCrop(size)]
        if config.shift and self.is_facades and not config.teacher:
            nothing = {tv_tensors.Mask: len(labels.CLASSES), tv_tensors.Image: 0}
            aside = v2.RandomCrop(size, padding=[side // 3 for side in reversed(size)], fill=nothing)
            steps.append(v2.RandomApply([aside], p=0.5))
        if config.mirror:
            steps.append(v2.RandomHorizontalFlip())
        self.augment = v2.Compose(steps) if steps else v2.Identity()

    def __len__(self) -> int:
        return len(self.pairs)

    def __getitem__(self, key: tuple[int, int]) -> tuple[Tensor, Tensor]:
        index, seed = key
        inputs, targets = self._tensors(index)
        if self.drawn and seed % 2:
            inputs = tv_tensors.Mask(torch.from_numpy(label_map(seed, *inputs.shape[1:]))[None].to(self.device))
        with torch.random.fork_rng(devices=[]):  # the trainer's own stream goes on as if nothing was drawn here
            torch.manual_seed(seed)
            inputs, targets = self.augment(inputs, targets)
        return self._as_picture(inputs.as_subclass(Tensor)), targets.as_subclass(Tensor)

    def _tensors(self, index: int) -> tuple[tv_tensors.TVTensor, tv_tensors.TVTensor]:
        """A pair before augmentation; labels as classes, which transforms never blend, unlike colours."""
        if kept := self._kept.get(index):
            return kept
        pair = self.pairs[index]
        if self.is_facades:
            inputs = tv_tensors.Mask(torch.from_numpy(labels.snap(pair.input, PALETTE_AND_BLANK))[None].to(self.device))
        else:
            inputs = tv_tensors.Image(images.planes(pair.input), device=self.device)
        tensors = inputs, tv_tensors.Image(images.planes(pair.target), device=self.device)
        if len(self._kept) < self._most_kept and not _is_worker():
            self._kept[index] = tensors
        return tensors

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


def _is_worker() -> bool:
    """Workers live for one epoch, in which each pair is read once: what they kept would be of no use."""
    return get_worker_info() is not None


def _pair_bytes(config: Config) -> int:
    return config.size * config.picture_width * (config.in_channels + config.out_channels)


def _planar(picture: np.ndarray) -> np.ndarray:
    """The same picture, laid out in memory as tensors are: `images.planes` of it costs nothing."""
    return images.planes(picture).transpose(1, 2, 0)
