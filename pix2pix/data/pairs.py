"""What a pair is, what gives pairs by index, and how one set is divided in two."""

import hashlib
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np

from pix2pix.data.layouts import Item


@dataclass(frozen=True)
class Pair:
    """One named pair: pictures `(size, columns, C)` uint8; the input of a facade is a label map `(size, columns)`."""

    name: str
    input: np.ndarray
    target: np.ndarray


HELD_OUT = 10  # every tenth pair is for validation where no folder says which are


class RawPair(NamedTuple):
    """Numbers `(H, W, C)` as they are stored: most often a picture, `values` says what else."""

    input: np.ndarray
    target: np.ndarray


class Source(Protocol):
    """Named pairs. `channels` are those of inputs and targets as stored; `tasks` those it is for (none: any); `pixels`
    how many there are to decode in all, 0 where nothing can be broken. `palette` has the colours that facade labels are
    in; None where inputs are class indices, in one channel."""

    about: str
    names: Sequence[str]
    channels: tuple[int, int]
    pixels: int
    tasks: Sequence[str]
    palette: np.ndarray | None

    def read(self, index: int) -> RawPair: ...

    def read_numbers(self, index: int) -> np.ndarray | None:
        """The numbers or indices `(H, W)` of an input of one channel; None where it has none."""


def holdout_split(items: Sequence[Item], split: str) -> list[Item]:
    """A split of pairs that no folder divides: every tenth is for val; fewer than ten are for both."""
    if len(items) < HELD_OUT:
        return list(items)
    return [item for index, item in enumerate(items) if (index % HELD_OUT == HELD_OUT - 1) == (split == "val")]


_DIGITS = 6  # of a name's digest: one name in 16 million passes for another


def digest_names(names: Sequence[str]) -> str:
    """Digests of names, one after the other: enough to compare pairs by later, and no name is published with them."""
    return "".join(map(_digest, names))


def compare_names(names: Sequence[str], digests: str) -> tuple[list[str], int]:
    """The names that are not among those of which these are the digests, and how many of those are gone."""
    before = {digests[at : at + _DIGITS] for at in range(0, len(digests), _DIGITS)}
    now = {_digest(name): name for name in names}
    return [now[digest] for digest in now if digest not in before], len(before - now.keys())


def _digest(name: str) -> str:
    composed = unicodedata.normalize("NFC", name)  # as names are that were copied from a Mac, and those that were not
    return hashlib.sha256(composed.encode("utf-8", "surrogateescape")).hexdigest()[:_DIGITS]
