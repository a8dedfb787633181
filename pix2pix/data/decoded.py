"""Pairs at the size they are trained at, each decoded once and kept in memory within a bound."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import current_process

import numpy as np

from pix2pix import images, labels
from pix2pix.config import ModelConfig
from pix2pix.data import values
from pix2pix.data.cleaning import training_labels
from pix2pix.data.pairs import Pair, Source
from pix2pix.data.sources import open_source
from pix2pix.utils import UserError, available_cores, name_some

KEPT_BYTES = 2 * 2**30  # of decoded pairs in each training process, at most: 5,400 pairs of 256x256
CHECKED_PAIRS, CHECKED_PIXELS = 1000, 2**27  # sets up to this size are decoded before training: a few seconds


class Pairs(Sequence[Pair]):
    """The pairs of a source, read when they are first asked for and kept as far as `KEPT_BYTES` reach.

    `about` is one line that says what was found.
    """

    def __init__(self, source: Source, config: ModelConfig, correct_labels: bool = False):
        self.source, self.config, self.about = source, config, source.about
        self.correct_labels = correct_labels
        self._kept: dict[int, Pair] = {}
        self._max_kept = KEPT_BYTES // pair_bytes(config)

    def __len__(self) -> int:
        return len(self.source.names)

    def __getitem__(self, index: int | slice) -> Pair | list[Pair]:
        """Return a pair, or those of a slice. Raises UserError, which names the file, for what cannot be read."""
        if isinstance(index, slice):
            return [self[each] for each in range(*index.indices(len(self)))]
        index = range(len(self))[index]
        if pair := self._kept.get(index):
            return pair
        pair = self._make(index)
        if len(self._kept) < self._max_kept and not current_process().daemon:  # torch's workers live for one epoch
            self._kept[index] = pair
        return pair

    @property
    def fits_in_memory(self) -> bool:
        return len(self) <= self._max_kept

    def check(self) -> None:
        """Decode all pairs; raises UserError that names those that cannot be."""
        with ThreadPoolExecutor(available_cores()) as pool:
            if problems := [why for why in pool.map(self._why_unreadable, range(len(self))) if why]:
                raise UserError(name_some(problems))

    def _why_unreadable(self, index: int) -> str | None:
        try:
            self[index]
        except UserError as error:
            return str(error)
        return None

    def _make(self, index: int) -> Pair:
        config, name = self.config, self.source.names[index]
        size, channels = config.data.shape, config.architecture
        stored = self.source.read(index)
        of_input, of_target = values.of_input(config), values.of_target(config)
        try:
            target = of_target.to_picture(stored.target, channels.out_channels)
            if config.task == "facades":
                inputs = self._to_labels(stored.input)
            elif config.task == "colors":
                inputs = images.to_channels(images.to_channels(target, 1), channels.in_channels)
            else:
                inputs = of_input.to_picture(stored.input, channels.in_channels)
        except UserError as error:
            raise UserError(f"{name} {error}") from None
        inputs, target = of_input.resize(inputs, *size), of_target.resize(target, *size)
        if self.correct_labels:
            inputs = training_labels(inputs, target)
        return Pair(name, _planar(inputs), _planar(target))

    def _to_labels(self, stored: np.ndarray) -> np.ndarray:
        """Stored labels of a facade -> label map, of their own size: averaged first, edges would get colours anew."""
        palette = self.source.palette
        if palette is None:
            return stored[..., 0]
        return labels.snap(values.of_input(self.config).to_picture(stored, 3), palette)


def load_pairs(data: str | Source, split: str, config: ModelConfig, correct_labels: bool = False) -> Pairs:
    """Return the pairs of one split, named or opened already; UserError names what cannot be used, and why.

    With `correct_labels`, which is for facades, labels are corrected by their photos.

    Every file's header is read. Sets of up to `CHECKED_PAIRS` pairs and `CHECKED_PIXELS` pixels are decoded as well, so
    that a broken picture is found before training; in larger sets it is found when it is first read.
    """
    source = open_source(data, split, config) if isinstance(data, str) else data
    pairs = Pairs(source, config, correct_labels)
    if 0 < source.pixels <= CHECKED_PIXELS and len(pairs) <= CHECKED_PAIRS:
        pairs.check()
    return pairs


def pair_bytes(config: ModelConfig) -> int:
    """Return what a pair takes in memory."""
    height, width = config.data.shape
    in_channels = 1 if config.task == "facades" else config.architecture.in_channels
    return height * width * (in_channels + config.architecture.out_channels)


def _planar(picture: np.ndarray) -> np.ndarray:
    """The same picture, laid out in memory as tensors are: `images.planes` of it costs nothing.

    Writable, though nobody writes: torch warns of arrays that are not.
    """
    if picture.ndim == 3:
        picture = images.planes(picture).transpose(1, 2, 0)
    return picture if picture.flags.writeable else picture.copy(order="K")
