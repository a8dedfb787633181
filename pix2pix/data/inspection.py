"""What there is to say about a set of pairs before anyone trains on it; nothing here stops at the first fault."""

import shlex
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image
from tqdm import tqdm

from pix2pix import images, labels
from pix2pix.data import layouts, values
from pix2pix.data.folder import read_item
from pix2pix.data.layouts import Found, Item
from pix2pix.utils import UserError, counted, name_some

THUMBNAIL = (32, 16)  # pixels: width and height of what pictures are compared by first
NEAR = 2.0  # of 255 grey levels: thumbnails that are nearer than this on average may be of one picture
COMPARED = 128  # pixels: the side of what is compared then
SAME = 0.25  # of a picture's contrast: what differs less is one picture that was compressed or resized anew
SHOWN, SHOWN_SIDE = 12, 128  # pairs on the contact sheet, pixels of each


@dataclass
class Report:
    """Lines to read, things to change, and some pairs `(input, target)` to look at."""

    lines: list[str] = field(default_factory=list)
    changes: list[str] = field(default_factory=list)
    shown: list[tuple[np.ndarray, np.ndarray]] = field(default_factory=list)


def inspect(folder: Path, direction: str) -> Report:
    """Look at every file of a set; raises UserError only where there are no pairs at all."""
    report, thumbnails = Report(), {}
    for split in ("train", "val"):
        try:
            found, undivided = layouts.find(folder, split, direction)
        except UserError as error:
            if split == "train":
                raise
            report.changes.append(str(error))
            continue
        if split == "val" and undivided:
            continue
        report.lines.append(f"{split}: {found.describe(found.items)}")
        if undivided:
            report.changes.append(f"no folder is for val: python -m pix2pix data split {shlex.quote(str(folder))} OUT")
        if found.left_out:
            report.changes.append(f"{split}: left out are {found.left_out}")
        good = _inspect_files(report, split, found)
        thumbnails |= {(split, item): thumbnail for item, thumbnail in good.items()}
        good = list(good)
        if split == "train":
            if good:
                _inspect_values(report, good, found, direction)
            step = max(1, len(good) // SHOWN)
            report.shown = [_halves(item, direction) for item in good[::step][:SHOWN]]
    _inspect_duplicates(report, thumbnails)
    return report


def contact_sheet(pairs: Sequence[tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
    """Pairs as rows of input | target, three pairs a row: `(H, W, 3)` uint8."""
    pictures = [_fitted(picture) for pair in pairs for picture in pair]
    pictures += [np.full_like(pictures[0], 255)] * (-len(pictures) % 6)
    return images.grid([pictures[start : start + 6] for start in range(0, len(pictures), 6)])


def _inspect_files(report: Report, split: str, found: Found) -> dict[Item, np.ndarray]:
    """Look at sizes and channels of all files, and return the pairs that can be used with their thumbnails."""
    sizes, channels, good, broken, narrow = Counter(), Counter(), {}, [], 0
    for item in tqdm(found.items, f"looking at {split}", leave=False, disable=None):
        try:
            headers = [images.read_header(path) for path in (item.input, item.target) if path]
            thumbnail = _thumbnail(item)
        except (UserError, OSError) as error:
            broken.append(str(error))
            continue
        for header in headers:
            sizes[f"{header.width}x{header.height}"] += 1
            channels[{1: "grey", 3: "colour"}.get(header.channels, f"{header.channels} channels")] += 1
        if item.target is None and headers[0].width % 2:
            broken.append(f"{item.input.name} is {counted(headers[0].width, 'pixel')} wide, which has no two halves")
        elif item.target and headers[0][:2] != headers[1][:2]:
            broken.append(f"{item.input.name} and {item.target.name} differ in size")
        else:
            good[item] = thumbnail
            narrow += item.target is None and headers[0].width <= headers[0].height
    report.lines += [f"  sizes: {_counted(sizes)}", f"  channels: {_counted(channels)}"]
    if broken:
        report.changes.append(f"{split}: fix or take away: {name_some(broken)}")
    if narrow * 2 > len(good):
        report.changes.append(
            f"{split}: {narrow} of {len(good)} are no wider than high, so hardly two pictures side by side; "
            "python -m pix2pix data pair joins two folders"
        )
    return good


def _inspect_values(report: Report, items: list[Item], found: Found, direction: str) -> None:
    """Say what the numbers of the files mean, and how far inputs are from the palettes where they are facade labels."""
    for side, name in enumerate(("inputs", "targets")):
        try:
            _, summary = values.find_values(
                name, lambda index, side=side: read_item(items[index], direction)[side], len(items)
            )
            report.lines += [f"  {summary}"] if summary else []
        except UserError as error:
            report.changes.append(str(error))
    inputs = [_halves(items[index], direction)[0] for index in values.spread(len(items), values.LOOKED_AT)]
    palettes = labels.PALETTES
    near = {name: 1 - _off(inputs, palette, labels.NEAR) for name, palette in palettes.items()}
    if max(near.values()) < labels.MIN_NEAR:
        report.lines.append("  inputs: no facade labels in colours (--task photo, or another task)")
        return
    if foreign := values.find_foreign_colors(inputs, tuple(palettes.values())):
        report.lines.append(f"  inputs: labels of another palette ({name_some(foreign)}): --task photo")
        return
    off = {name: _off(inputs, palette) for name, palette in palettes.items()}
    name = "CMP" if found.is_cmp else min(off, key=off.get)
    report.lines.append(f"  inputs: facade labels in the {name} palette, {off[name]:.0%} of their pixels beside it")
    if off[name] > 0.01:
        report.lines.append("  (as JPEG leaves them; training takes the nearest class)")


def _off(inputs: list[np.ndarray], palette: np.ndarray, tolerance: float = 6) -> float:
    return float(np.mean([labels.off_palette(picture, palette, tolerance).mean() for picture in inputs]))


def _inspect_duplicates(report: Report, thumbnails: dict[tuple[str, Item], np.ndarray]) -> None:
    """Name pictures that are there twice; what is measured on those in train and in val says nothing."""
    twice = {"train": [], "val": [], "both": []}
    for pair in _find_duplicates(thumbnails):
        (split, item), (other_split, other) = sorted(pair, key=lambda key: key[0])  # train comes before val
        place = split if split == other_split else "both"
        twice[place].append(f"{other.input.name} is {item.input.name}")
    if any(split == "val" for split, _ in thumbnails):
        report.lines.append(f"in val and in train alike: {len(twice['both'])}")
    report.lines += [f"twice in {split}: {len(twice[split])}" for split in ("train", "val") if twice[split]]
    advice = {"both": "take these out of train or val", "train": "keep one of each in train",
              "val": "keep one of each in val"}  # fmt: skip
    report.changes += [f"{advice[place]}: {name_some(names)}" for place, names in twice.items() if names]


def _find_duplicates(thumbnails: dict[tuple[str, Item], np.ndarray]) -> Iterator[tuple[tuple[str, Item], ...]]:
    """Find all keys of equal pictures, each with one that it equals."""
    by_shape = defaultdict(list)
    for key, thumbnail in thumbnails.items():
        by_shape[thumbnail.shape].append(key)
    for keys in by_shape.values():
        keys.sort(key=lambda key: thumbnails[key].mean())  # pictures of unlike means are unlike: few are compared
        stack = np.stack([thumbnails[key] for key in keys]).reshape(len(keys), -1).astype(np.float32)
        means, found = stack.mean(axis=1), {}
        for number, key in enumerate(keys):
            end = int(np.searchsorted(means, means[number] + NEAR, side="right"))
            differences = np.abs(stack[number + 1 : end] - stack[number]).mean(axis=1)
            for other in np.flatnonzero(differences < NEAR) + number + 1:
                if keys[other] not in found and _are_same(key[1], keys[other][1]):
                    found[keys[other]] = found.get(key, key)
        yield from ((first, key) for key, first in found.items())


def _are_same(one: Item, other: Item) -> bool:
    """Whether two pairs show the same, looked at more closely: a dot that has moved is another picture."""
    a, b = (
        np.hstack([_fitted(_visible(images.read_stored(p)), COMPARED) for p in (i.input, i.target) if p])
        for i in (one, other)
    )
    difference = a.astype(np.float32) - b
    return bool(np.sqrt(np.square(difference).mean()) <= SAME * max(a.std(), b.std()))


def _thumbnail(item: Item) -> np.ndarray:
    """Grey pixels of the picture, of both where there are two: an int16 array of one size for all."""
    return np.hstack([_shrunk(path) for path in (item.input, item.target) if path])


def _shrunk(path: Path) -> np.ndarray:
    width, height = THUMBNAIL
    if path.suffix.lower() != ".npy":
        with images.opened(path) as image:
            if image.mode in ("RGB", "L", "CMYK"):
                image.draft("RGB", (4 * width, 4 * height))  # JPEG decodes small pictures faster
                return np.asarray(image.convert("L").resize(THUMBNAIL, Image.Resampling.BOX), dtype=np.int16)
    return images.resize(_visible(images.read_stored(path)), height, width).mean(axis=2).astype(np.int16)


def _halves(item: Item, direction: str) -> tuple[np.ndarray, np.ndarray]:
    given, target = read_item(item, direction)
    return _visible(given), _visible(target)


def _visible(stored: np.ndarray) -> np.ndarray:
    """Make a picture `(H, W, 3)` to look at of numbers of any range: that of the picture itself."""
    if stored.dtype in (np.uint8, bool):
        return images.to_shown(images.to_levels(stored))
    low, high = float(np.nanmin(stored)), float(np.nanmax(stored))
    return images.to_shown(images.to_levels(stored, (low, high if high > low else low + 1)))


def _fitted(picture: np.ndarray, side: int = SHOWN_SIDE) -> np.ndarray:
    """Fit a picture into a white square, its shape kept."""
    scale = side / max(picture.shape[:2])
    height, width = (max(1, round(length * scale)) for length in picture.shape[:2])
    square = np.full((side, side, 3), 255, np.uint8)
    square[:height, :width] = images.resize(picture, height, width)
    return square


def _counted(counter: Counter) -> str:
    return name_some(f"{what} ({count})" for what, count in counter.most_common()) or "none"
