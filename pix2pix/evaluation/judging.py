"""Pairs of pictures for a blind forced choice by people: which of the two looks more like a photo?"""

import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pix2pix import images
from pix2pix.utils import UserError, write_atomically

if TYPE_CHECKING:  # it imports torch, and a folder is refused before that
    from pix2pix.evaluation.scores import Measured

GAP = 16  # white pixels between the two


def key_path(folder: Path) -> Path:
    """The file beside the folder that says which picture is whose: whoever judges must not see it."""
    return folder.with_name(f"{folder.name}-key.json")


def check_free(folder: Path) -> None:
    """Refuse a folder with files in it, or whose key is there: nothing that was judged is overwritten."""
    if (folder.exists() and (not folder.is_dir() or any(folder.iterdir()))) or key_path(folder).exists():
        raise UserError(f"{folder} or {key_path(folder).name} exists already; name a new folder")


def write_pairs(folder: Path, names: Sequence[str], two: "Sequence[Measured]") -> None:
    """Write 01.png, 02.png … of two pictures side by side, choices.csv to fill in with A or B, and the key.

    Pairs come in random order, and so do the two of each: A is on the left.
    """
    folder.mkdir(parents=True, exist_ok=True)
    order = random.SystemRandom().sample(range(len(names)), len(names))
    key = {}
    for number, place in enumerate(order, 1):
        shown = f"{number:0{len(str(len(order)))}}"
        left, right = random.SystemRandom().sample(two, 2)
        pictures = [images.to_shown(each.pictures[place]) for each in (left, right)]
        gap = np.full((pictures[0].shape[0], GAP, 3), 255, np.uint8)
        images.write_png(folder / f"{shown}.png", np.hstack([pictures[0], gap, pictures[1]]))
        key[shown] = {"pair": names[place], "A": left.name, "B": right.name}
    write_atomically(folder / "choices.csv", ("pair,choice\n" + "".join(f"{shown},\n" for shown in key)).encode())
    write_atomically(key_path(folder), (json.dumps(key, indent=2) + "\n").encode())
