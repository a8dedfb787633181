"""A picture built of colour and relief: parts are filled in, then one sun and one sky light all of it.

Shadows, recesses and edges need no drawing of their own: they follow from the relief. Only operations whose
results are exact on every machine are used (sums, products, comparisons, Pillow's integer filters), so that
a seed gives the same bytes everywhere.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFilter

Pixels = tuple[float, float, float, float]  # (left, top, right, bottom) in pixels of the surface
FAR = -0.6  # relief of what is too far away to be shaded: the sky
_DEEPEST, _LEVELS_PER_METRE = 0.6, 120  # relief is stored as bytes for Pillow's blur: -0.6 m is 0


@dataclass(frozen=True)
class Light:
    """`slope`: how far a shadow falls (right, down) per unit of relief; colours are factors per channel."""

    slope: tuple[float, float]
    sun: tuple[float, float, float]
    sky: tuple[float, float, float]


class Surface:
    """`color` (3, H, W) float32 in 0..255, `relief` (H, W) float32 in metres in front of the wall, `gloss` (H, W)."""

    def __init__(self, height: int, width: int, oversampling: int, metre: float):
        """A picture of height x width pixels, drawn `oversampling` times finer; `metre` in pixels of the picture."""
        self.oversampling = oversampling
        self.height, self.width, self.metre = height * oversampling, width * oversampling, metre * oversampling
        self.color = np.zeros((3, self.height, self.width), dtype=np.float32)
        self.relief = np.zeros((self.height, self.width), dtype=np.float32)
        self.gloss = np.zeros((self.height, self.width), dtype=bool)

    def window(self, box: Pixels) -> tuple[slice, slice]:
        """The box as index of the arrays, cut at the border."""
        left, top, right, bottom = (round(edge) for edge in box)
        return slice(max(top, 0), max(bottom, 0)), slice(max(left, 0), max(right, 0))

    def fill(self, box: Pixels, color=None, relief: float | None = None, glossy: bool = False) -> None:
        rows, columns = self.window(box)
        if color is not None:
            self.color[:, rows, columns] = np.asarray(color, dtype=np.float32).reshape(3, 1, 1)
            self.gloss[rows, columns] = glossy
        if relief is not None:
            self.relief[rows, columns] = relief

    def comb(self, box: Pixels, period: float, thickness: float, color=None, relief: float | None = None) -> None:
        """Draw upright bars, `thickness` wide, one every `period` pixels, the row centred in the box."""
        left, _, right, _ = box
        period, thickness = max(round(period), 2), max(round(thickness), 1)
        count = max(int((right - left) // period), 1)
        start = round((left + right - (count - 1) * period - thickness) / 2)
        rows, _ = self.window(box)
        for column in range(thickness):
            columns = slice(max(start + column, 0), max(round(right), 0), period)
            if color is not None:
                self.color[:, rows, columns] = np.asarray(color, dtype=np.float32).reshape(3, 1, 1)
            if relief is not None:
                self.relief[rows, columns] = relief

    def scale(self, box: Pixels, factor) -> None:
        """Multiply the colour in the box by a number or an array that broadcasts to (3, height, width)."""
        rows, columns = self.window(box)
        self.color[:, rows, columns] *= factor

    def shape(self, box: Pixels) -> tuple[int, int]:
        """(height, width) of the part of the box that lies on the surface."""
        rows, columns = self.window(box)
        return self.relief[rows, columns].shape

    @contextmanager
    def cut(self, box: Pixels, mask) -> Iterator[None]:
        """Keep what is drawn into the box meanwhile only where `mask(across, down)`, both -1..1, is true."""
        rows, columns = self.window(box)
        before = [layer[..., rows, columns].copy() for layer in (self.color, self.relief, self.gloss)]
        yield
        height, width = before[1].shape
        left, top = columns.start - round(box[0]), rows.start - round(box[1])  # above 0 where the border cuts the box
        across = (np.arange(left, left + width, dtype=np.float32) * 2 + 1) / np.float32(box[2] - box[0]) - 1
        down = (np.arange(top, top + height, dtype=np.float32) * 2 + 1) / np.float32(box[3] - box[1]) - 1
        outside = ~mask(across, down[:, None])
        for layer, old in zip((self.color, self.relief, self.gloss), before, strict=True):
            np.copyto(layer[..., rows, columns], old, where=outside)

    def lit(self, light: Light) -> np.ndarray:
        """The surface under `light`: `(H, W, 3)` uint8."""
        shadow = self._shadow(light)
        sunny = (1 - shadow) * self._facing(light)
        open_sky = 1 - self._occlusion()
        sunny[self.gloss] = 0.55 + 0.45 * sunny[self.gloss]  # glass mirrors more than it is lit
        far = self.relief <= FAR
        sunny[far] = open_sky[far] = 1  # the house throws no shadow on the sky
        for channel, sun, sky in zip(self.color, light.sun, light.sky, strict=True):
            channel *= sun * sunny + sky * open_sky
        return np.clip(self.color, 0, 255).astype(np.uint8).transpose(1, 2, 0)

    def _shadow(self, light: Light) -> np.ndarray:
        """0 where the sun reaches, 1 in full shadow, with a soft edge: `(H, W)` float32."""
        relief = self.relief * np.float32(self.metre)
        dark = np.zeros(relief.shape, dtype=bool)
        span = float(relief.max() - relief.min())
        step = max(span / 24, 1.5)
        for rise in np.arange(step, span + step, step):
            right, down = round(rise * light.slope[0]), round(rise * light.slope[1])
            if down >= self.height or abs(right) >= self.width:
                break
            caster_x = slice(max(-right, 0), self.width - max(right, 0))
            shaded_x = slice(max(right, 0), self.width - max(-right, 0))
            caster, shaded = relief[: self.height - down, caster_x], relief[down:, shaded_x]
            dark[down:, shaded_x] |= caster - np.float32(rise - 0.5) > shaded
        return _blurred(dark.astype(np.uint8) * np.uint8(255), max(1, round(0.04 * self.metre))) / np.float32(255)

    def _facing(self, light: Light) -> np.ndarray:
        """Edges turned to the sun are brighter than 1, those turned away darker: `(H, W)` float32."""
        relief = self.relief * np.float32(self.metre)
        facing = np.ones(relief.shape, dtype=np.float32)
        sideways = np.clip(relief[:, 1:] - relief[:, :-1], -1.5, 1.5)
        facing[:, 1:] += sideways * np.float32(0.35 if light.slope[0] > 0 else -0.35)
        facing[1:] += np.clip(relief[1:] - relief[:-1], -1.5, 1.5) * np.float32(0.4)
        return facing

    def _occlusion(self) -> np.ndarray:
        """How much of the sky the surroundings hide, 0..0.5: `(H, W)` float32."""
        levels = np.clip((self.relief + _DEEPEST) * _LEVELS_PER_METRE, 0, 255).astype(np.uint8)
        around = _blurred(levels, max(1, round(0.22 * self.metre)))
        return np.clip((around - levels) * np.float32(1 / 55), 0, 0.5)


def noise(rng: np.random.Generator, height: int, width: int, cells: tuple[float, float]) -> np.ndarray:
    """Smooth noise `(height, width)` float32 in -1..1, about `cells` (down, across) bumps large."""
    rows, columns = (max(2, round(count)) for count in cells)
    grid = rng.integers(0, 256, (rows, columns), dtype=np.uint8)
    image = Image.fromarray(grid).resize((max(width, 1), max(height, 1)), Image.Resampling.BICUBIC)
    return np.asarray(image, dtype=np.float32) / np.float32(127.5) - 1


def _blurred(layer: np.ndarray, radius: int) -> np.ndarray:
    return np.asarray(Image.fromarray(layer).filter(ImageFilter.BoxBlur(radius)), dtype=np.float32)
