"""Drawings to start from: validation pairs of a local dataset where there is one, else synthetic pairs."""

from functools import lru_cache
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np

from pix2pix.images import EXTENSIONS, read_image, resize, split_pair
from pix2pix.labels import snap

SIZE = 256  # pixels: the side of a drawing
MOST = 12


class Pair(NamedTuple):
    labels: np.ndarray  # (SIZE, SIZE) uint8
    target: np.ndarray  # (SIZE, SIZE, 3) uint8: the photo


class Examples(Protocol):
    names: list[str]

    def pair(self, number: int) -> Pair: ...


class LocalExamples:
    """AB images of a folder in the published layout: left half photo, right half labels."""

    def __init__(self, folder: Path):
        files = sorted((path for path in folder.iterdir() if path.suffix.lower() in EXTENSIONS), key=_by_number)
        self._files = files[:MOST]
        self.names = [f"pair {file.stem}" for file in self._files]

    @lru_cache(maxsize=MOST)  # noqa: B019  (one instance lives as long as the app)
    def pair(self, number: int) -> Pair:
        """Raises ValueError for a file that is no AB image."""
        photo, labels = split_pair(read_image(self._files[number]))
        return Pair(snap(resize(labels, SIZE, SIZE)), resize(photo, SIZE, SIZE))


class SyntheticExamples:
    """Procedural facades: need no download."""

    seeds = (12, 3, 9, 23, 2, 5, 11, 15, 4, 17, 22, 16)  # chosen by eye: storeys, styles and outlines that differ

    def __init__(self):
        self.names = [f"facade {number + 1}" for number in range(len(self.seeds))]

    @lru_cache(maxsize=MOST)  # noqa: B019
    def pair(self, number: int) -> Pair:
        from pix2pix.synthetic import facade

        return Pair(*facade(self.seeds[number], SIZE, SIZE))


def find_examples(data: Path | None) -> Examples:
    """The pairs in `data` (a dataset's folder or its val split); synthetic ones where there are none."""
    for folder in (data / "val", data / "test", data) if data else ():
        if folder.is_dir():
            local = LocalExamples(folder)
            if local.names:
                return local
    return SyntheticExamples()


def _by_number(path: Path) -> tuple[int, str]:
    return (int(path.stem), "") if path.stem.isdigit() else (2**31, path.stem)
