"""What there is to say about a set of pairs before anyone trains on it; nothing here stops at the first fault."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image
from tqdm import tqdm

from pix2pix import images, labels, layouts
from pix2pix.layouts import Found, Item, name_some

THUMBNAIL = (32, 16)  # pixels: width and height of what pictures are compared by
TWINS = 2.0  # of 255 grey levels: pictures whose thumbnails are nearer than this on average are the same
SHOWN, SHOWN_SIDE = 12, 128  # pairs on the contact sheet, pixels of each
LABELS_LOOKED_AT = 8


@dataclass
class Report:
    """Lines to read, things to change, and some pairs `(input, target)` to look at."""

    lines: list[str] = field(default_factory=list)
    changes: list[str] = field(default_factory=list)
    shown: list[tuple[np.ndarray, np.ndarray]] = field(default_factory=list)


def inspect(folder: Path, direction: str) -> Report:
    """Look at every file of a set; raises ValueError only where there are no pairs at all."""
    report, thumbnails = Report(), {}
    for split in ("train", "val"):
        try:
            found, undivided = layouts.find(folder, split, direction)
        except ValueError as error:
            if split == "train":
                raise
            report.changes.append(str(error))
            continue
        if split == "val" and undivided:
            continue
        report.lines.append(f"{split}: {len(found.items)} {found.layout}")
        if undivided:
            report.changes.append(f"no folder is for val: python -m pix2pix data split {folder} OUT")
        if found.unmatched:
            names = name_some(path.name for path in found.unmatched)
            report.changes.append(f"{split}: give these a partner, or take them away: {names}")
        good = _inspect_files(report, split, found)
        thumbnails[split] = {item: _thumbnail(item) for item in tqdm(good, f"comparing {split}", leave=False)}
        if split == "train":
            _inspect_labels(report, good, found, direction)
            step = max(1, len(good) // SHOWN)
            report.shown = [_halves(item, direction) for item in good[::step][:SHOWN]]
    _inspect_twins(report, thumbnails)
    return report


def contact_sheet(pairs: Sequence[tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
    """Pairs as rows of input | target, three pairs a row: `(H, W, 3)` uint8."""
    cells = [np.hstack([_fitted(picture) for picture in pair]) for pair in pairs]
    cells += [np.full_like(cells[0], 255)] * (-len(cells) % 3)
    return np.vstack([np.hstack(cells[start : start + 3]) for start in range(0, len(cells), 3)])


def _inspect_files(report: Report, split: str, found: Found) -> list[Item]:
    """Sizes and channels of all files; returns the pairs that can be used."""
    sizes, channels, good, broken = Counter(), Counter(), [], []
    for item in found.items:
        try:
            headers = [images.read_header(path) for path in (item.input, item.target) if path]
        except (ValueError, OSError) as error:
            broken.append(str(error))
            continue
        for header in headers:
            sizes[f"{header.width}x{header.height}"] += 1
            channels[{1: "grey", 3: "colour"}.get(header.channels, f"{header.channels} channels")] += 1
        if item.target is None and headers[0].width % 2:
            broken.append(f"{item.input.name} is {headers[0].width} pixels wide, which has no two halves")
        elif item.target and headers[0][:2] != headers[1][:2]:
            broken.append(f"{item.input.name} and {item.target.name} differ in size")
        else:
            good.append(item)
    report.lines += [f"  sizes: {_counted(sizes)}", f"  channels: {_counted(channels)}"]
    if broken:
        report.changes.append(f"{split}: mend or take away: {name_some(broken)}")
    return good


def _inspect_labels(report: Report, items: list[Item], found: Found, direction: str) -> None:
    """How far inputs are from the palettes, where they are facade labels."""
    inputs = [_halves(item, direction)[0] for item in items[:: max(1, len(items) // LABELS_LOOKED_AT)]]
    palettes = {"published": labels.PALETTE, "CMP": labels.CMP_PALETTE}
    near = {
        name: 1 - np.mean([labels.off_palette(picture, palette, labels.NEAR).mean() for picture in inputs])
        for name, palette in palettes.items()
        if inputs
    }
    if not near or max(near.values()) < labels.LEAST_NEAR:
        report.lines.append("  inputs: pictures, no facade labels (--task photo, or another preset)")
        return
    off = {
        name: np.mean([labels.off_palette(picture, palette).mean() for picture in inputs])
        for name, palette in palettes.items()
    }
    name = "CMP" if found.is_cmp else min(off, key=off.get)
    report.lines.append(f"  inputs: facade labels in the {name} palette, {off[name]:.0%} of their pixels beside it")
    if off[name] > 0.01:
        report.lines.append("  (JPEG does that; training takes the nearest class)")


def _inspect_twins(report: Report, thumbnails: dict[str, dict[Item, np.ndarray]]) -> None:
    """Pictures that are in train and in val: what is measured on them says nothing."""
    train, val = thumbnails.get("train", {}), thumbnails.get("val", {})
    if not train or not val:
        return
    stack, names, twins = np.stack(list(train.values())).astype(np.int16), list(train), []
    for item, thumbnail in val.items():
        apart = np.abs(stack - thumbnail).mean(axis=(1, 2))
        if apart.min() < TWINS:
            twins.append(f"{item.input.name} is {names[int(apart.argmin())].input.name}")
    report.lines.append(f"in val and in train alike: {len(twins)}")
    if twins:
        report.changes.append(f"take these out of train or val: {name_some(twins)}")


def _thumbnail(item: Item) -> np.ndarray:
    """Grey pixels of the picture, of both where there are two: an int16 array of one size for all."""
    return np.hstack([_shrunk(path) for path in (item.input, item.target) if path])


def _shrunk(path: Path) -> np.ndarray:
    width, height = THUMBNAIL
    if path.suffix.lower() == ".npy":
        picture = images.read_image(path, images.read_header(path).channels)
        return images.resize(picture, height, width).mean(axis=2).astype(np.int16)
    with images.opened(path) as image:
        image.draft("RGB", (4 * width, 4 * height))  # JPEG decodes small pictures faster
        return np.asarray(image.convert("L").resize(THUMBNAIL, Image.Resampling.BOX), dtype=np.int16)


def _halves(item: Item, direction: str) -> tuple[np.ndarray, np.ndarray]:
    if item.target:
        return _shown(item.input), _shown(item.target)
    a, b = images.split_pair(images.read_image(item.input))
    return (b, a) if direction == "BtoA" else (a, b)


def _shown(path: Path) -> np.ndarray:
    channels = images.read_header(path).channels
    return images.to_shown(images.read_image(path, channels))


def _fitted(picture: np.ndarray) -> np.ndarray:
    """Within a white square, its shape kept."""
    scale = SHOWN_SIDE / max(picture.shape[:2])
    height, width = (max(1, round(side * scale)) for side in picture.shape[:2])
    square = np.full((SHOWN_SIDE, SHOWN_SIDE, 3), 255, np.uint8)
    square[:height, :width] = images.resize(picture, height, width)
    return square


def _counted(counter: Counter) -> str:
    return name_some(f"{what} ({count})" for what, count in counter.most_common()) or "none"
