"""Pairs of image files in a folder, in any layout of `layouts`."""

import json
from pathlib import Path

import numpy as np

from pix2pix import images, labels
from pix2pix.config import ModelConfig
from pix2pix.data import layouts
from pix2pix.data.layouts import Item
from pix2pix.data.pairs import HELD_OUT, RawPair, holdout_split
from pix2pix.utils import UserError, counted, name_some

RECORD = "dataset.json"  # beside a downloaded set: what it is, and which tasks it is for
MIN_SIDE = 8  # pixels


class FolderSource:
    """Pairs of image files in any layout of `layouts`; every header is read, to find what is broken before training."""

    palette = labels.PALETTE

    def __init__(self, data: Path, split: str, config: ModelConfig):
        self.direction, self.is_coloring = config.data.direction, config.task == "colors"
        found, shared = layouts.find(data, split, config.data.direction)
        self.items = holdout_split(found.items, split) if shared else found.items
        self.names = [item.name for item in self.items]
        self.tasks = _recorded_tasks(data)
        if found.is_cmp:
            self.palette = labels.CMP_PALETTE
        self.pixels, self._narrow = 0, 0
        self.channels = self._check_headers()
        self.about = found.describe(self.items) + (f", {config.data.direction}" if self._has_halves() else "")
        if shared:
            self.about += (
                ", every tenth held out for val"
                if len(found.items) >= HELD_OUT
                else ", too few to hold any out for val"
            )
        if self._has_halves() and self._narrow * 2 > len(self.items):
            self.about += f"; {self._narrow} are no wider than high: are they pairs side by side?"
        if found.left_out:
            self.about += f"; left out: {found.left_out}"

    def read(self, index: int) -> RawPair:
        item = self.items[index]
        if self.is_coloring and not item.target:
            stored = images.read_stored(item.input)
            return RawPair(stored, stored)
        return read_item(item, self.direction)

    def read_numbers(self, index: int) -> np.ndarray | None:
        item = self.items[index]
        return images.read_numbers(item.input) if item.target else None

    def _has_halves(self) -> bool:
        return not self.is_coloring and self.items[0].target is None

    def _check_headers(self) -> tuple[int, int]:
        """The channels of inputs and targets; raises UserError that names the files that cannot be used."""
        problems, seen = [], (set(), set())
        for item in self.items:
            try:
                headers = [images.read_header(path) for path in (item.input, item.target) if path]
                self._check_sizes(item, *headers)
                for counts, header in zip(seen, (headers[0], headers[-1]), strict=True):
                    counts.add(header.channels)
                self._narrow += headers[0].width <= headers[0].height
                self.pixels += sum(header.width * header.height for header in headers)
            except (UserError, OSError) as error:
                problems.append(str(error))
        if problems:
            raise UserError(name_some(problems))
        return tuple(_common_channels(counts, self.items[0].input.parent) for counts in seen)

    def _check_sizes(self, item: Item, first: images.Header, second: images.Header | None = None) -> None:
        halves = 2 if self._has_halves() else 1
        if second is None and halves == 2 and first.width % 2:
            raise UserError(
                f"{item.input} is {counted(first.width, 'pixel')} wide; an AB image holds two halves of equal size, "
                "so its width is even"
            )
        for path, header in ((item.input, first), (item.target, second)):
            if header and min(header.width // halves, header.height) < MIN_SIDE:
                least = f"{MIN_SIDE * halves}x{MIN_SIDE}"
                raise UserError(f"{path} is {header.width}x{header.height} pixels; the least is {least}")
        if second and abs(first.width * second.height - second.width * first.height) > max(*first[:2], *second[:2]):
            sizes = f"{first.width}x{first.height} and {second.width}x{second.height}"
            raise UserError(f"{item.input} and {item.target} differ in shape: {sizes} pixels")


def read_item(item: Item, direction: str) -> RawPair:
    """Read a pair as it is stored, from two files or from the two halves of one; UserError names what is wrong."""
    stored = images.read_stored(item.input)
    if item.target:
        return RawPair(stored, images.read_stored(item.target))
    try:
        a, b = images.split_pair(stored)
    except UserError as error:
        raise UserError(f"{item.input.name} {error}") from None
    return RawPair(b, a) if direction == "BtoA" else RawPair(a, b)


def _common_channels(counts: set[int], folder: Path) -> int:
    """Grey among colour is read as colour; other mixtures do not fit together."""
    if counts <= {1, 3}:
        return max(counts)
    if len(counts) > 1:
        raise UserError(f"the pictures in {folder} have {name_some(sorted(counts))} channels; all must have as many")
    return counts.pop()


def _recorded_tasks(data: Path) -> list[str]:
    """The tasks that a downloaded set says it is for; none for other folders."""
    try:
        return list(json.loads((data / RECORD).read_text(encoding="utf-8"))["tasks"])
    except (OSError, ValueError, KeyError, TypeError):
        return []
