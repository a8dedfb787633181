"""What the numbers in a set's files mean, told by looking at them, and the pictures that are made of them.

Most files hold colours or grey levels of 8 bits, and are taken as they are. X-rays of 12 bits, metres or Hounsfield
units are scaled by the least and the greatest value of their set, which the config keeps: cut to 8 bits they would be
black or white. Maps of classes become colours where they hold numbers, and are resized by nearest neighbour, since
averaged they would be other classes. No torch in here: the app reads uploads by the same rules.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np

from pix2pix import images, labels
from pix2pix.config import ModelConfig, ValueKind
from pix2pix.utils import UserError, available_cores

LOOKED_AT = 8  # pictures that decide what the numbers of a set mean
RANGED = 1000  # pictures, at most, whose least and greatest values are looked up
MAX_SIDE = 1024  # pixels of a picture that tell whether it holds labels, and of which palette
ROWS = 128  # of a picture, whose pixels are compared
MIN_FLAT = 0.6  # of the pixels of a map of classes are like their neighbour, in every picture
MAX_COLORS = 64  # that a map of classes has; up to 256 where neighbouring areas differ by more than `SMOOTH`
SMOOTH = 2  # levels
MIN_GAP = 8  # grey levels that are nearer to each other than this are numbers of classes: nobody can tell them apart
MAX_SPREAD = 16  # times the spread of another channel: of that one fewer than 16 levels would be left


class LabelImage(NamedTuple):
    """What a file of facade labels holds: `palette` is "published", "CMP" or "numbers"."""

    labels: np.ndarray  # label map (H, W) uint8
    palette: str
    size: tuple[int, int]  # (width, height) of the file, or of the part at which a large JPEG is read
    off: int  # pixels that were no palette colour, of those that were looked at
    pixels: int  # that were looked at


class Values(NamedTuple):
    """How the numbers of one side of a set become a picture."""

    kind: ValueKind = "picture"
    range: tuple[float, float] = (0.0, 0.0)

    def to_picture(self, stored: np.ndarray, channels: int) -> np.ndarray:
        """Make a picture `(H, W, channels)` uint8 of stored numbers `(H, W, C)`; UserError where they do not fit."""
        if self.kind == "numbers" and stored.shape[2] == 1:
            stored = labels.color_numbers(stored[..., 0])
        return images.to_channels(images.to_levels(stored, self.range), channels)

    def resize(self, picture: np.ndarray, height: int, width: int) -> np.ndarray:
        """Resize a picture `(H, W, C)` by area; classes, which cannot be averaged, and label maps `(H, W)`, by nearest
        neighbour."""
        if picture.ndim == 2:
            return images.resize_labels(picture, height, width)
        if self.kind == "picture" or picture.shape[:2] == (height, width):
            return images.resize(picture, height, width)
        return np.dstack([images.resize_labels(plane, height, width) for plane in images.planes(picture)])


def of_input(config: ModelConfig) -> Values:
    return Values(config.data.input_kind, config.data.input_range)


def of_target(config: ModelConfig) -> Values:
    return Values(config.data.target_kind, config.data.target_range)


def read_input(
    source: Path | str | bytes | BinaryIO, config: ModelConfig, most_pixels: int = images.MAX_PIXELS
) -> np.ndarray:
    """Read a file as a translator of this config takes it; UserError names the file.

    A picture `(H, W, in_channels)` uint8, or the label map `(H, W)` of a facade.
    """
    name = images.name_of(source)
    if config.task == "facades":
        first = int(config.data.input_range[0]) if config.data.input_kind == "numbers" else None
        found = read_label_image(source, first, most_pixels)
        if found is None:
            raise UserError(
                f"{name} is no label image: its colours are not those of the 12 classes, and it holds no numbers of "
                "classes either, 0 to 11 or 1 to 12"
            )
        return found.labels
    stored = images.read_stored(source, most_pixels)
    try:
        if config.task == "colors":  # its inputs are made of photos such as its targets
            return images.to_channels(of_target(config).to_picture(stored, 1), config.architecture.in_channels)
        return of_input(config).to_picture(stored, config.architecture.in_channels)
    except UserError as error:
        raise UserError(f"{name} {error}") from None


def read_label_image(
    source: Path | str | bytes | BinaryIO,
    first: int | None = None,
    most_pixels: int = images.MAX_PIXELS,
    shrink: bool = False,
) -> LabelImage | None:
    """Read facade labels, in colours near a palette or as class numbers, 0 to 11 or 1 to 12; None for anything else.

    `first` is the first number in the set a model was trained on, where it was of numbers. `shrink` cuts larger images
    to `MAX_SIDE` pixels, by nearest neighbour, before all of them is compared to 12 colours.
    """
    stored = images.read_stored(source, most_pixels)
    size, step = stored.shape[1::-1], -(-max(stored.shape[:2]) // MAX_SIDE)
    if stored.dtype == np.uint8 and stored.shape[2] in (1, 3, 4):
        picture = images.to_channels(stored, 3)
        few = picture[::step, ::step]
        maps = {name: labels.snap(few, palette) for name, palette in labels.PALETTES.items()}
        off = {name: labels.distances(few, maps[name], palette) for name, palette in labels.PALETTES.items()}
        if any((each <= labels.NEAR).mean() >= labels.MIN_NEAR for each in off.values()):
            name = min(off, key=lambda each: (off[each] > labels.NEAR / 4).sum())
            is_whole = shrink or step == 1
            found = maps[name] if is_whole else labels.snap(picture, labels.PALETTES[name])
            return LabelImage(found, name, size, int((off[name] > 0.5).sum()), few[..., 0].size)
    numbers = images.read_numbers(source, most_pixels)
    if numbers is None:
        return None
    if first is None or numbers.min() < first or numbers.max() >= first + len(labels.CLASSES):
        first = labels.find_first_number(numbers)
    return None if first is None else LabelImage((numbers - first).astype(np.uint8), "numbers", size, 0, numbers.size)


def find_values(side: str, read: Callable[[int], np.ndarray], count: int) -> tuple[Values, str]:
    """Find what the numbers of one side of a set mean, and say it; empty for plain pictures.

    `read(index)` gives a picture `(H, W, C)` as it is stored, of `count`. Raises UserError for what cannot become a
    picture of 8 bits.
    """
    stored = [read(index) for index in spread(count, LOOKED_AT)]
    kind, different = _find_kind(stored)
    if kind == "instances":
        raise UserError(
            f"the {side} hold {different} numbers, up to {max(int(each.max()) for each in stored)}, each for an area, "
            "as numbers of instances do: give those of classes, 0 to 255, or colours"
        )
    if kind == "numbers":
        return Values(kind), f"{side} are numbers of {different} classes, each a colour of its own and never averaged"
    if kind == "colors":
        return Values(kind), f"{side} are maps of {different} colours, never averaged"
    if all(each.dtype in (np.uint8, bool) for each in stored):
        return Values(), ""
    low, high = _find_range(side, lambda index: _bounds(read(index)), count)
    dtype = next(each.dtype for each in stored if each.dtype not in (np.uint8, bool))
    whole = {"f": 1.0, "u": images.MAX_DEEP}.get(dtype.kind, 0.0)
    if low >= 0 and whole / 2 < high <= whole:
        return Values(range=(0.0, whole)), ""
    return Values(range=(low, high)), f"{side} hold numbers from {low:g} to {high:g} ({dtype}), scaled to 0 to 255"


def spread(count: int, most: int) -> range:
    """At most so many of the numbers below `count`, evenly spread."""
    return range(0, count, max(1, -(-count // most)))


def find_foreign_colors(pictures: Sequence[np.ndarray], palettes: Sequence[np.ndarray]) -> list[str]:
    """Name the colours of label images that all palettes lack, as #rrggbb; none where colours are not exact (JPEG)."""
    kind, _ = _find_kind(pictures, least=2)
    if kind != "colors":
        return []
    colors, counts = np.unique(np.concatenate([each.reshape(-1, 3) for each in pictures]), axis=0, return_counts=True)
    colors = colors[counts > 0.002 * counts.sum()]
    strange = min((colors[labels.off_palette(colors[None], palette)[0]] for palette in palettes), key=len)
    return ["#" + "".join(f"{level:02x}" for level in color) for color in strange]


def _find_kind(stored: Sequence[np.ndarray], least: int = 3) -> tuple[str, int]:
    """Say what pictures hold, and how many different values: "picture", "colors", "numbers", or "instances"."""
    if any(each.dtype.kind not in "ui" or each.shape[2] not in (1, 3) or each.min() < 0 for each in stored):
        return "picture", 0
    rows = [_pack(each[:: max(1, len(each) // ROWS)]) for each in stored]
    jumps = [np.abs(np.diff(each, axis=1)) for each in rows]
    if min((jump == 0).mean() for jump in jumps) < MIN_FLAT:
        return "picture", 0
    values = np.unique(np.concatenate([each.ravel() for each in rows]))
    steps = np.concatenate([jump[jump > 0] for jump in jumps])
    is_smooth = not steps.size or np.median(steps) <= SMOOTH
    if stored[0].shape[2] == 3:
        return ("colors", len(values)) if least <= len(values) <= MAX_COLORS else ("picture", 0)
    values = values[values < np.iinfo(stored[0].dtype).max]  # the greatest is often what belongs to no class
    if len(values) < 2 or (len(values) > MAX_COLORS and is_smooth):
        return "picture", 0
    if values[-1] > 255:
        return ("instances", len(values)) if not is_smooth and len(values) <= 256 * len(rows) else ("picture", 0)
    if np.diff(values).min() < MIN_GAP:
        return "numbers", len(values)
    return ("colors", len(values)) if least <= len(values) <= MAX_COLORS else ("picture", 0)


def _find_range(side: str, bounds_of: Callable[[int], np.ndarray], count: int) -> tuple[float, float]:
    with ThreadPoolExecutor(available_cores()) as pool:
        bounds = np.array(list(pool.map(bounds_of, spread(count, RANGED))))  # (pictures, 2, channels)
    low, high = bounds[:, 0].min(axis=0), bounds[:, 1].max(axis=0)
    spreads, whole = (high - low)[high > low], high.max() - low.min()
    if len(spreads) and spreads.min() * MAX_SPREAD < whole:
        raise UserError(
            f"the channels of the {side} hold numbers from {low.min():g} to {high.max():g}, those of one within only "
            f"{spreads.min():g}: bring all to one range"
        )
    return float(low.min()), float(high.max() if whole else low.min() + 1)


def _bounds(stored: np.ndarray) -> np.ndarray:
    """Return the least and the greatest value of each channel, `(2, C)`."""
    pixels = np.nan_to_num(stored.reshape(-1, stored.shape[2]), posinf=0.0, neginf=0.0)
    return np.array([pixels.min(axis=0), pixels.max(axis=0)], dtype=np.float64)


def _pack(pixels: np.ndarray) -> np.ndarray:
    """Pixels `(H, W, C)` -> one whole number each, `(H, W)`."""
    wide = pixels.astype(np.int64)
    return wide[..., 0] if wide.shape[2] == 1 else (wide << np.array([16, 8, 0])).sum(axis=2)
