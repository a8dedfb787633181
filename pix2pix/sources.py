"""Where pairs come from: folders, datasets of the Hub, or drawings; each gives raw pictures by index.

Which one `--data` names is decided in `open_source`. Nothing is decoded before it is asked for, except a few labels.
"""

import json
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np

from pix2pix import images, labels, layouts, scenes
from pix2pix.config import PRESETS, TASKS, Config
from pix2pix.hub import ids
from pix2pix.layouts import Item
from pix2pix.utils import name_some

RECORD = "dataset.json"  # beside a downloaded set: what it is, and which tasks it is for
SYNTHETIC_TRAIN, SYNTHETIC_VAL = 400, 40  # as many pairs as the facades set, about
HELD_OUT = 10  # every tenth pair is for validation where no folder says which are
SMALLEST_SIDE = 8  # pixels
LOOKED_AT = 8  # pictures whose colours decide whether they are labels


class RawPair(NamedTuple):
    """Pictures `(H, W, C)` as they are stored."""

    input: np.ndarray
    target: np.ndarray


class Source(Protocol):
    """Named pairs. `channels` are those of inputs and targets as stored; `tasks` those it is for (none: any); `pixels`
    how many there are to decode in all, 0 where nothing can be broken."""

    about: str
    names: Sequence[str]
    channels: tuple[int, int]
    pixels: int
    tasks: Sequence[str]
    palette: np.ndarray

    def read(self, index: int, channels: tuple[int, int]) -> RawPair: ...


def open_source(data: str, split: str, config: Config) -> Source:
    """The pairs of a split of what `--data` names; ValueError, in one line, where there are none or they do not fit."""
    if data in scenes.SCENES:
        source = DrawnSource(data, split, config)
    elif Path(data).exists() or not (hub := ids.DATASET.fullmatch(data)):
        source = FolderSource(Path(data), split, config)
    else:
        from pix2pix import hub_data  # `datasets` takes long to import

        source = hub_data.open_hub(*hub.groups(), split, config)
    if source.tasks and config.task not in source.tasks:
        tasks = " or ".join(source.tasks)
        raise ValueError(f"{data} is for the task {tasks}, not {config.task}; {_presets(source.tasks)}")
    if config.task == "facades":
        source.palette = _find_palette(source, data)
    return source


class DrawnSource:
    """Pairs drawn from a seed, at the size that is trained with."""

    palette, pixels = labels.PALETTE, 0

    def __init__(self, name: str, split: str, config: Config):
        count = SYNTHETIC_VAL if split == "val" else SYNTHETIC_TRAIN
        self.scene, self.split, self.config = scenes.SCENES[name], split, config
        self.names = [f"{index + 1}" for index in range(count)]
        self.about = f"{count} drawn {self.scene.what}"
        self.tasks, self.channels = self.scene.tasks, (3, 3)

    def read(self, index: int, channels: tuple[int, int]) -> RawPair:
        a, b = self.scene.draw(self.split, index, self.config.size, self.config.picture_width)
        pair = RawPair(b, a) if self.config.direction == "BtoA" else RawPair(a, b)
        return RawPair(*map(images.to_channels, pair, channels))


class FolderSource:
    """Pairs of image files in any layout of `layouts`; every header is read, to find what is broken before training."""

    palette = labels.PALETTE

    def __init__(self, data: Path, split: str, config: Config):
        self.direction, self.is_coloring = config.direction, config.task == "colors"
        found, shared = layouts.find(data, split, config.direction)
        self.items = share(found.items, split) if shared else found.items
        self.names = [item.name for item in self.items]
        self.tasks = _recorded_tasks(data)
        if found.is_cmp:
            self.palette = labels.CMP_PALETTE
        self.pixels, self._narrow = 0, 0
        self.channels = self._check_headers()
        self.about = f"{len(self.items)} {found.layout}" + (f", {config.direction}" if self._has_halves() else "")
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

    def read(self, index: int, channels: tuple[int, int]) -> RawPair:
        item = self.items[index]
        if item.target:
            files = (item.input, item.target)
            return RawPair(*(images.read_image(path, count) for path, count in zip(files, channels, strict=True)))
        picture = images.read_image(item.input, max(channels))
        if self.is_coloring:
            return RawPair(picture, picture)
        a, b = images.split_pair(picture)
        halves = (b, a) if self.direction == "BtoA" else (a, b)
        return RawPair(*(images.to_channels(half, count) for half, count in zip(halves, channels, strict=True)))

    def _has_halves(self) -> bool:
        return not self.is_coloring and self.items[0].target is None

    def _check_headers(self) -> tuple[int, int]:
        """The channels of inputs and targets; raises ValueError that names the files that cannot be used."""
        offenders, seen = [], (set(), set())
        for item in self.items:
            try:
                headers = [_header(path) for path in (item.input, item.target) if path]
                self._check_sizes(item, *headers)
                for counts, header in zip(seen, (headers[0], headers[-1]), strict=True):
                    counts.add(header.channels)
                self._narrow += headers[0].width <= headers[0].height
                self.pixels += sum(header.width * header.height for header in headers)
            except (ValueError, OSError) as error:
                offenders.append(str(error))
        if offenders:
            raise ValueError(name_some(offenders))
        return tuple(_common_channels(counts, self.items[0].input.parent) for counts in seen)

    def _check_sizes(self, item: Item, first: images.Header, second: images.Header | None = None) -> None:
        halves = 2 if self._has_halves() else 1
        if second is None and halves == 2 and first.width % 2:
            raise ValueError(
                f"{item.input} is {first.width} pixels wide; an AB image holds two halves of equal size, "
                "so its width is even"
            )
        for path, header in ((item.input, first), (item.target, second)):
            if header and min(header.width // halves, header.height) < SMALLEST_SIDE:
                least = f"{SMALLEST_SIDE * halves}x{SMALLEST_SIDE}"
                raise ValueError(f"{path} is {header.width}x{header.height} pixels; the least is {least}")
        if second and abs(first.width * second.height - second.width * first.height) > max(*first[:2], *second[:2]):
            sizes = f"{first.width}x{first.height} and {second.width}x{second.height}"
            raise ValueError(f"{item.input} and {item.target} differ in shape: {sizes} pixels")


def share(items: Sequence[Item], split: str) -> list[Item]:
    """A split of pairs that no folder divides: every tenth is for val; fewer than ten are for both."""
    if len(items) < HELD_OUT:
        return list(items)
    return [item for index, item in enumerate(items) if (index % HELD_OUT == HELD_OUT - 1) == (split == "val")]


def _header(path: Path) -> images.Header:
    """Read once for as long as the file stays as it is: each set is looked at twice, for its channels and its pairs."""
    status = path.stat()
    return _read_header(path, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=2**18)
def _read_header(path: Path, _changed: int, _size: int) -> images.Header:
    return images.read_header(path)


def _common_channels(counts: set[int], folder: Path) -> int:
    """Grey among colour is read as colour; other mixtures do not fit together."""
    if counts <= {1, 3}:
        return max(counts)
    if len(counts) > 1:
        raise ValueError(f"the pictures in {folder} have {name_some(sorted(counts))} channels; all must have as many")
    return counts.pop()


def _recorded_tasks(data: Path) -> list[str]:
    """The tasks that a downloaded set says it is for; none for other folders."""
    try:
        return list(json.loads((data / RECORD).read_text(encoding="utf-8"))["tasks"])
    except (OSError, ValueError, KeyError, TypeError):
        return []


def _presets(tasks: Sequence[str]) -> str:
    return "give --preset " + " or ".join(name for name, preset in (PRESETS | TASKS).items() if preset.task in tasks)


def _find_palette(source: Source, data: str) -> np.ndarray:
    """The palette that the inputs are in; ValueError where they are no facade labels at all."""
    looked_at = range(0, len(source.names), max(1, len(source.names) // LOOKED_AT))
    inputs = [source.read(index, (3, 3)).input[::2, ::2] for index in list(looked_at)[:LOOKED_AT]]
    near = np.mean([_nearness(picture, source.palette, labels.NEAR) for picture in inputs])
    if near < labels.LEAST_NEAR:
        raise ValueError(
            f"the inputs of {data} are no facade labels: {near:.0%} of their pixels are near the palette; "
            "give --direction for the other half, or --task photo for pictures of any kind"
        )
    if source.palette is labels.CMP_PALETTE:
        return source.palette
    nearness = {
        name: np.mean([_nearness(picture, palette, labels.NEAR / 4) for picture in inputs])
        for name, palette in (("published", labels.PALETTE), ("cmp", labels.CMP_PALETTE))
    }
    return labels.CMP_PALETTE if nearness["cmp"] > nearness["published"] else labels.PALETTE


def _nearness(picture: np.ndarray, palette: np.ndarray, tolerance: float) -> float:
    return 1 - float(labels.off_palette(picture, palette, tolerance).mean())
