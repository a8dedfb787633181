"""Small sets of pairs in every layout, made on the spot."""

from pathlib import Path

import numpy as np
from PIL import Image

from pix2pix import labels
from pix2pix.config import Config
from pix2pix.data.decoded import Pairs, load_pairs
from pix2pix.data.sources import fit_config, open_source

SIZE = 32


def labelled(number: int, size: int = SIZE) -> tuple[np.ndarray, np.ndarray]:
    """(label image, photo): a window on a wall, told apart by where it is and by the photo's green."""
    label_map = np.full((size, size), labels.INDEX["facade"], np.uint8)
    left = number % (size // 2)
    label_map[size // 4 : size // 2, left : left + size // 2] = labels.INDEX["window"]
    photo = np.full((size, size, 3), 110, np.uint8)
    photo[..., 0] = np.where(label_map == labels.INDEX["window"], 60, 200)
    photo[..., 1] = (number * 7) % 256
    return labels.colorize(label_map), photo


def load_set(data: str, config: Config) -> tuple[Config, Pairs, Pairs]:
    """The config that fits a set, its training pairs and its validation pairs, as train.py has them."""
    train = open_source(data, "train", config)
    config = fit_config(config, train)
    return config, load_pairs(train, "train", config), load_pairs(data, "val", config)


def write(path: Path, picture: np.ndarray) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(picture).save(path, quality=95)
    return path


def write_ab(folder: Path, count: int, size: int = SIZE, kind: str = "png", first: int = 1) -> Path:
    """The published layout: photo on the left, labels on the right."""
    for number in range(first, first + count):
        inputs, photo = labelled(number, size)
        write(folder / f"{number}.{kind}", np.hstack([photo, inputs]))
    return folder


def write_two_folders(inputs: Path, targets: Path, count: int, names: tuple[str, str] = ("{}.png", "{}.png")) -> None:
    for number in range(1, count + 1):
        for folder, name, picture in zip((inputs, targets), names, labelled(number), strict=True):
            write(folder / name.format(number), picture)


def write_cmp(folder: Path, count: int) -> Path:
    """Photo as JPEG and labels as an indexed PNG of indices 1 to 12, as CMP ships them."""
    palette = [0, 0, 0, *labels.CMP_PALETTE.ravel().tolist()]
    for number in range(1, count + 1):
        inputs, photo = labelled(number)
        write(folder / f"cmp_{number}.jpg", photo)
        indexed = Image.fromarray(labels.snap(inputs) + 1)
        indexed.putpalette(palette)
        indexed.save(folder / f"cmp_{number}.png")
    return folder
