"""Drawings to start from: validation pairs of a dataset where there is one, else synthetic pairs."""

from functools import lru_cache
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np

from pix2pix.config import ModelConfig
from pix2pix.data.decoded import Pairs
from pix2pix.data.pairs import Source
from pix2pix.data.sources import open_source
from pix2pix.labels import snap
from pix2pix.utils import UserError

SIZE = 256  # pixels: the side of a drawing
MAX_EXAMPLES = 12


class Pair(NamedTuple):
    labels: np.ndarray  # (SIZE, SIZE) uint8
    target: np.ndarray  # (SIZE, SIZE, 3) uint8: the photo


class Examples(Protocol):
    names: list[str]

    def pair(self, number: int) -> Pair: ...


class DataExamples:
    """Validation pairs of a set, in any layout that training reads."""

    def __init__(self, source: Source):
        self._pairs = Pairs(source, ModelConfig.of(size=SIZE))
        self.names = [f"pair {name}" for name in source.names[:MAX_EXAMPLES]]

    def pair(self, number: int) -> Pair:
        """Raises ValueError, in one line that names the file, for a picture that cannot be read."""
        pair = self._pairs[number]
        return Pair(snap(pair.input), np.ascontiguousarray(pair.target))


class SyntheticExamples:
    """Procedural facades: need no download."""

    seeds = (12, 3, 9, 23, 2, 5, 11, 15, 4, 17, 22, 16)  # chosen by eye: storeys, styles and outlines that differ

    def __init__(self):
        self.names = [f"facade {number + 1}" for number in range(len(self.seeds))]

    @lru_cache(maxsize=MAX_EXAMPLES)  # noqa: B019
    def pair(self, number: int) -> Pair:
        from pix2pix.synthetic import facade

        return Pair(*facade(self.seeds[number], SIZE, SIZE))


def find_examples(data: Path | None, direction: str = "BtoA") -> Examples:
    """The validation pairs of a folder; synthetic ones where there are none, and the terminal says why."""
    if data and data.is_dir():
        try:
            return DataExamples(open_source(str(data), "val", ModelConfig.of(direction=direction)))
        except UserError as error:
            print(f"No examples of {data}: {error}")
    return SyntheticExamples()
