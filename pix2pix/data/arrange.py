"""Sets of pairs made from other files: two folders joined to AB images, and a set divided into splits."""

import hashlib
import shutil
from pathlib import Path

import numpy as np

from pix2pix import images
from pix2pix.data import layouts
from pix2pix.data.layouts import Found, Item
from pix2pix.utils import UserError, counted, name_some, written_together


def join_folders(inputs: Path, targets: Path, output: Path, skip_broken: bool = False) -> tuple[Found, list[str]]:
    """Write the pairs of two folders as AB images to a new folder, targets on the left.

    Returns what was found, and a line for each pair that cannot be used. UserError names them unless `skip_broken`.
    """
    found, broken = layouts.match_folders(inputs, targets), []
    with written_together(output) as building:
        for item in found.items:
            try:
                images.write_png(building / f"{item.name}.png", _join(item))
            except UserError as error:
                broken.append(str(error))
        if broken and not skip_broken:
            raise UserError(f"{name_some(broken)}; fix them, or leave them out with --skip-broken")
        if len(broken) == len(found.items):
            raise UserError(f"no pair can be used: {name_some(broken)}")
    return found, broken


def divide(
    folder: Path, output: Path, shares: dict[str, float], seed: int, direction: str
) -> tuple[Found, dict[str, int]]:
    """Copy a set that is not divided yet into a new folder, its `shares` and the rest as train, the same way each time.

    Where pairs are added later, most keep their place. Returns what was found, and the pairs of each split.
    """
    found, undivided = layouts.find(folder, "train", direction)
    if not undivided:
        raise UserError(f"{folder} has a folder for val already")
    counts = _count_splits(len(found.items), shares)
    with written_together(output) as building:
        remaining = sorted(found.items, key=lambda item: hashlib.sha256(f"{seed} {item.name}".encode()).digest())
        for name, count in counts.items():
            for item in remaining[:count]:
                _copy(item, building / name, together=found.is_cmp)
            remaining = remaining[count:]
    return found, counts


def _count_splits(total: int, shares: dict[str, float]) -> dict[str, int]:
    """Pairs of each split; a share above 0 is at least one pair."""
    counts = {name: max(round(total * share), share > 0) for name, share in shares.items()}
    if sum(counts.values()) >= total:
        raise UserError(f"too few to divide: {counted(total, 'pair')}")
    return {name: int(count) for name, count in counts.items()} | {"train": total - sum(counts.values())}


def _copy(item: Item, folder: Path, together: bool) -> None:
    """Copy the files of a pair; `together`: CMP's photo and labels stay in one folder, by their extensions."""
    for side, file in (("input", item.input), ("target", item.target)):
        if file:
            place = folder if together or item.target is None else folder / side
            place.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, place / f"{item.name}{file.suffix.lower()}")


def _join(item: Item) -> np.ndarray:
    """Read a pair as an AB image; UserError where a file cannot be read or the two differ in size."""
    target, inputs = images.read_image(item.target), images.read_image(item.input)
    if inputs.shape != target.shape:
        sizes = " and ".join(f"{picture.shape[1]}x{picture.shape[0]}" for picture in (inputs, target))
        raise UserError(f"{item.input} and {item.target} differ in size: {sizes} pixels")
    return np.hstack([target, inputs])
