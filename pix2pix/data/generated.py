"""Synthetic pairs for every task, with nothing to download: facades and what can be made of them, towns and their maps.

Each scene gives A and B in the order of the published sets: A photo, B labels; A lines, B photo; A aerial picture,
B map; A night, B day.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from pix2pix import labels, synthetic
from pix2pix.config import ModelConfig
from pix2pix.data.pairs import RawPair
from pix2pix.synthetic import MIN_SIZE
from pix2pix.utils import UserError

LIT = (255, 205, 120)  # a window at night, RGB
MIN_LUMA = 0.12  # of the day's light that is left at night
MAP_COLOURS = {
    "land": (242, 239, 233), "park": (203, 230, 163), "house": (222, 216, 208),
    "street": (255, 255, 255), "avenue": (255, 225, 104), "water": (163, 204, 255),
}  # fmt: skip
AERIAL_COLOURS = {
    "land": (122, 118, 96), "park": (64, 88, 48), "house": (150, 140, 132),
    "street": (98, 98, 100), "avenue": (112, 110, 110), "water": (38, 60, 78),
}  # fmt: skip
_SURFACES = tuple(MAP_COLOURS)
_ROOFS = np.array([(156, 92, 72), (138, 132, 128), (182, 176, 168), (92, 88, 90), (170, 120, 90)])


class Scene(NamedTuple):
    """What `--data NAME` draws; `draw(split, index, height, width)` gives (A, B), `(height, width, 3)` uint8 each."""

    what: str
    tasks: Sequence[str]
    draw: Callable[[str, int, int, int], tuple[np.ndarray, np.ndarray]]


def facade(split: str, index: int, height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """(photo, label image)."""
    label_map, photo = synthetic.facade(synthetic.pair_seed(split, index), height, width)
    return photo, labels.colorize(label_map)


def lines(split: str, index: int, height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """(black lines on white, photo): the outlines of a facade's parts."""
    label_map, photo = synthetic.facade(synthetic.pair_seed(split, index), height, width)
    drawing = np.full_like(photo, 255)
    drawing[_outlines(label_map, max(1, height // 256))] = 0
    return drawing, photo


def night(split: str, index: int, height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """(night, day) of one facade: some windows are lit."""
    seed = synthetic.pair_seed(split, index)
    label_map, day = synthetic.facade(seed, height, width)
    luma = day @ np.array([0.3, 0.6, 0.1])
    dark = MIN_LUMA * (0.6 * luma[..., None] + 0.4 * day) * np.array([0.75, 0.9, 1.5]) + np.array([4, 6, 14])
    is_lit = _some_parts(np.isin(label_map, [labels.INDEX["window"], labels.INDEX["shop"]]), seed)
    lit = np.array(LIT) * (0.35 + 0.65 * luma[..., None] / 255)
    return np.where(is_lit[..., None], lit, dark).clip(0, 255).astype(np.uint8), day


def town(split: str, index: int, height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """(aerial picture, map): a turned grid of streets with houses, parks and perhaps a river."""
    rng = np.random.default_rng(synthetic.pair_seed(split, index))
    surface, roof = _plan_town(rng, height, width)
    map_picture = np.array([MAP_COLOURS[name] for name in _SURFACES], dtype=np.uint8)[surface]
    aerial = np.array([AERIAL_COLOURS[name] for name in _SURFACES], dtype=np.float64)[surface]
    is_house = surface == _SURFACES.index("house")
    aerial[is_house] = _ROOFS[roof[is_house] % len(_ROOFS)]
    shift = max(1, height // 100)  # the sun stands in the north-west
    in_shadow = np.roll(is_house, (shift, shift), axis=(0, 1)) & ~is_house
    aerial[in_shadow] *= 0.55
    roughness = np.array([9, 22, 5, 4, 4, 3])[surface]
    aerial += roughness[..., None] * rng.standard_normal((height, width, 1))
    return aerial.clip(0, 255).astype(np.uint8), map_picture


def _plan_town(rng: np.random.Generator, height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """The surface of each pixel, as an index into `_SURFACES`, and a number for the roof of the lot it is in."""
    y, x = np.mgrid[:height, :width] / max(height, width)
    turn = rng.uniform(0, np.pi / 2)
    u, v = x * np.cos(turn) + y * np.sin(turn) + 1, y * np.cos(turn) - x * np.sin(turn) + 1  # 0 … 2.5
    lines_u, lines_v = (np.cumsum(rng.uniform(0.11, 0.24, 24)) for _ in range(2))
    (block_u, from_u), (block_v, from_v) = _nearest(u, lines_u), _nearest(v, lines_v)
    block = rng.permutation(1024)[(block_u * 32 + block_v) % 1024]

    surface = np.full((height, width), _SURFACES.index("land"))
    lot_u, lot_v = (np.floor(side / 0.045).astype(int) for side in (u, v))
    in_lot = np.minimum(_margin(u / 0.045), _margin(v / 0.045))
    roof = rng.permutation(4096)[(lot_u * 61 + lot_v) % 4096]
    surface[(in_lot > 0.16) & (roof % 8 > 0)] = _SURFACES.index("house")
    surface[block % 6 == 0] = _SURFACES.index("park")
    street = np.minimum(from_u, from_v)
    surface[street < 0.013] = _SURFACES.index("street")
    surface[np.where(block_u % 3 == 0, from_u, 1) < 0.018] = _SURFACES.index("avenue")
    if rng.random() < 0.6:
        bank = rng.uniform(0.3, 1.2) + 0.06 * np.sin(7 * x + rng.uniform(0, 6))
        river = np.abs(y + rng.uniform(-1, 1) * x - bank) < rng.uniform(0.04, 0.1)
        surface[river & (surface != _SURFACES.index("avenue"))] = _SURFACES.index("water")
    return surface, roof


def _nearest(position: np.ndarray, lines: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The number of the line nearest to each position, and how far it is."""
    after = np.searchsorted(lines, position).clip(1, len(lines) - 1)
    nearest = np.where(position - lines[after - 1] < lines[after] - position, after - 1, after)
    return nearest, np.abs(position - lines[nearest])


def _margin(position: np.ndarray) -> np.ndarray:
    """How far each position is from a whole number: 0 … 0.5."""
    return np.abs(position - np.round(position))


def _outlines(label_map: np.ndarray, thickness: int) -> np.ndarray:
    """Mask of the pixels within `thickness` of another class, to the right or below."""
    edges = np.zeros(label_map.shape, dtype=bool)
    for step in range(1, thickness + 1):
        edges[:, :-step] |= label_map[:, :-step] != label_map[:, step:]
        edges[:-step] |= label_map[:-step] != label_map[step:]
    return edges


def _some_parts(mask: np.ndarray, seed: int) -> np.ndarray:
    """About half of the rectangles in a mask, each as a whole: told apart by their upper left corners."""
    left = _run_starts(mask)
    top = _run_starts(mask.T).T
    return mask & (np.random.default_rng(seed).permutation(4096)[(left * 67 + top * 131) % 4096] % 2 == 0)


def _run_starts(mask: np.ndarray) -> np.ndarray:
    """For each pixel of a mask the column in which its run of set pixels begins."""
    columns = np.arange(mask.shape[1])
    starts = mask & ~np.pad(mask, ((0, 0), (1, 0)))[:, :-1]
    return np.maximum.accumulate(np.where(starts, columns, 0), axis=1)


SCENES = {
    "synthetic": Scene("facades", ("facades", "colors", "photo"), facade),
    "synthetic-edges": Scene("facades in lines", ("edges", "photo"), lines),
    "synthetic-maps": Scene("towns with their maps", ("photo",), town),
    "synthetic-night": Scene("facades by night", ("photo",), night),
}


SYNTHETIC_TRAIN, SYNTHETIC_VAL = 400, 40  # as many pairs as the facades set, about


class GeneratedSource:
    """Synthetic pairs by a seed, at the size that is trained with."""

    palette, pixels = labels.PALETTE, 0

    def __init__(self, name: str, split: str, config: ModelConfig):
        height, width = config.data.shape
        if min(height, width) < MIN_SIZE:
            raise UserError(
                f"{name} is drawn from {MIN_SIZE} pixels a side on, not {height}x{width}: give a larger --size"
            )
        count = SYNTHETIC_VAL if split == "val" else SYNTHETIC_TRAIN
        self.scene, self.split, self.config = SCENES[name], split, config
        self.names = [f"{index + 1}" for index in range(count)]
        self.about = f"{count} synthetic {self.scene.what}"
        self.tasks, self.channels = self.scene.tasks, (3, 3)

    def read(self, index: int) -> RawPair:
        a, b = self.scene.draw(self.split, index, *self.config.data.shape)
        return RawPair(b, a) if self.config.data.direction == "BtoA" else RawPair(a, b)

    def read_numbers(self, index: int) -> None:
        return None
