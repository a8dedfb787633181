"""Six things that can be wrong with a picture of a label map, whatever it shows: each one a number.

All take a label map `(H, W)` and a picture of it `(H, W, 3)` uint8, and speak in levels of 0..255 where no other unit
is named. What a picture has no place for (edges in an empty drawing, a wall where none is) is NaN.
"""

import numpy as np

from pix2pix.labels import INDEX

NEAR_EDGE = 3  # pixels beside a drawn edge belong to neither side: frames, ledges, labels that are a little off
PERIODS = (2, 4, 8, 16, 32)  # pixels: the strides of the decoders
GRIDS = PERIODS[:3]  # coarser, the wall itself has a pattern
RUN = 12  # pixels: what goes on over two runs is a streak, what does not is texture
TILE = 16  # pixels: finer than shades and stains, coarser than stones
MIN_PIXELS, MIN_TILES = 200, 12  # pixels, or runs of them, and tiles: with fewer there is no number
VISIBLE = 1.0  # level


def find_artifacts(drawing: np.ndarray, picture: np.ndarray) -> dict[str, float]:
    """`edges`, `grid`, `stripes`, `noise`, `shading` and `colour_unevenness`, as the functions below say."""
    brightness, *colour = _channels(picture)
    plain = ~_widened(_edges(drawing), NEAR_EDGE)
    wall = plain & (drawing == INDEX["facade"])
    return {
        "edges": edge_contrast(drawing, brightness),
        "grid": grid(plain, brightness),
        "stripes": stripes(plain, brightness),
        "noise": noise(plain, colour),
        "shading": unevenness(wall, [brightness]),
        "colour_unevenness": unevenness(wall, colour),
    }


def edge_contrast(drawing: np.ndarray, brightness: np.ndarray) -> float:
    """How clearly the picture shows what is drawn: low where it is blurred.

    The median, over the pixels at drawn edges, of the steepest slope of brightness within two pixels (levels a pixel).
    """
    edges = _edges(drawing)
    edges[:NEAR_EDGE] = edges[-NEAR_EDGE:] = edges[:, :NEAR_EDGE] = edges[:, -NEAR_EDGE:] = False
    if edges.sum() < MIN_PIXELS:
        return float("nan")
    slopes = np.pad(np.hypot(*np.gradient(brightness)), 2, mode="edge")
    return float(np.median(np.lib.stride_tricks.sliding_window_view(slopes, (5, 5))[edges].max(axis=(1, 2))))


def grid(plain: np.ndarray, brightness: np.ndarray) -> float:
    """The checkerboard that strided decoders leave: a pattern in plain regions that repeats with the pixel grid.

    Brightness about its surroundings is averaged over all places that are whole periods apart, in both directions;
    what is left of it, root mean square and without the share of chance, is divided by the period: levels a pixel.
    The largest over the periods `GRIDS`.
    """
    around = _sums_around(brightness * plain, 8) / np.maximum(_sums_around(plain, 8), 1)
    fine = (brightness - around)[plain]
    rows, columns = np.nonzero(plain)
    strengths = []
    for period in GRIDS:
        phases = rows % period * period + columns % period
        counts = np.bincount(phases, minlength=period**2)
        if counts.min() >= MIN_PIXELS:
            means = np.bincount(phases, fine, period**2) / counts
            chance = (fine.var() / counts).mean()
            strengths.append(np.sqrt(max(0.0, means.var() - chance)) / period)
    return float(max(strengths)) if strengths else float("nan")


def stripes(plain: np.ndarray, brightness: np.ndarray) -> float:
    """How much of the fine structure of plain regions is a fabric of level and upright streaks: 0 (none) to 1 (all).

    For each of the `PERIODS`, the second difference across half a period is taken, in both directions. What it has
    in common over two runs of `RUN` pixels, one behind the other, is streak; texture and noise have nothing in common
    there. The shares of both directions are multiplied, since courses of brick or boards run in one only, and the
    root is averaged over the periods. Structure below the level that can be seen is no stripe.
    """
    shares = []
    for period in PERIODS:
        level = _streaks(plain, brightness, period // 2)
        upright = _streaks(plain.T, brightness.T, period // 2)
        if level is not None and upright is not None:
            shares.append(np.sqrt(level * upright))
    return float(np.mean(shares)) if shares else float("nan")


def noise(plain: np.ndarray, colour: list[np.ndarray]) -> float:
    """Colour noise: root mean square of what both colour differences have finer than 5x5 pixels, in plain regions."""
    if plain.sum() < MIN_PIXELS:
        return float("nan")
    fine = [channel - _sums_around(channel, 2) / 25 for channel in colour]
    return float(np.sqrt(sum(np.square(each[plain]).mean() for each in fine)))


def unevenness(wall: np.ndarray, channels: list[np.ndarray]) -> float:
    """Standard deviation over tiles of plain wall of their median: of brightness shading, of colour its unevenness."""
    tiles = _tiles(wall)
    there = tiles.sum(axis=-1) >= TILE * TILE // 4
    if there.sum() < MIN_TILES:
        return float("nan")
    medians = [np.nanmedian(np.where(tiles, _tiles(channel), np.nan)[there], axis=-1) for channel in channels]
    return float(np.sqrt(sum(np.var(each) for each in medians)))


def _streaks(plain: np.ndarray, brightness: np.ndarray, half: int) -> float | None:
    """The share of level streaks in the second difference across `half` pixels; None where too little is plain."""
    bent = (brightness[half:-half] - (brightness[: -2 * half] + brightness[2 * half :]) / 2) / 2
    whole = plain[half:-half] & plain[: -2 * half] & plain[2 * half :]
    there = _sums_along(whole, 2 * RUN) == 2 * RUN
    if there.sum() < MIN_PIXELS:
        return None
    energy = (_sums_along(np.square(bent), 2 * RUN) / (2 * RUN))[there].mean()
    means = _sums_along(bent, RUN) / RUN
    common = (means[:, :-RUN] * means[:, RUN:])[there].mean()
    return max(0.0, float(common / energy)) if energy > VISIBLE**2 else 0.0


def _channels(picture: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Brightness and both colour differences (BT.601) of a picture, float64 in levels."""
    red, green, blue = picture.astype(np.float64).transpose(2, 0, 1)
    brightness = 0.299 * red + 0.587 * green + 0.114 * blue
    return brightness, 0.564 * (blue - brightness), 0.713 * (red - brightness)


def _edges(drawing: np.ndarray) -> np.ndarray:
    """Mask of the pixels that have another class beside, above or below them."""
    edges = np.zeros(drawing.shape, dtype=bool)
    upright, level = drawing[:, 1:] != drawing[:, :-1], drawing[1:] != drawing[:-1]
    edges[:, 1:] |= upright
    edges[:, :-1] |= upright
    edges[1:] |= level
    edges[:-1] |= level
    return edges


def _widened(mask: np.ndarray, by: int) -> np.ndarray:
    """The mask and all within `by` pixels of it, diagonally too."""
    return _sums_around(mask, by) > 0.5


def _sums_around(values: np.ndarray, by: int) -> np.ndarray:
    """Sums over the squares of `by` pixels on all sides of each; what is at the rim continues beyond it."""
    padded = np.pad(values.astype(np.float64), by, mode="edge")
    return _sums_along(_sums_along(padded, 2 * by + 1).T, 2 * by + 1).T


def _sums_along(values: np.ndarray, length: int) -> np.ndarray:
    """Sums of all runs of `length` pixels within the rows: `(H, W)` -> `(H, W - length + 1)`."""
    sums = np.cumsum(np.pad(values, ((0, 0), (1, 0))), axis=1, dtype=np.float64)
    return sums[:, length:] - sums[:, :-length]


def _tiles(values: np.ndarray) -> np.ndarray:
    """`(H, W)` -> `(H // TILE, W // TILE, TILE * TILE)`; what is over at the lower and right sides is left out."""
    height, width = (side // TILE for side in values.shape)
    cut = values[: height * TILE, : width * TILE].reshape(height, TILE, width, TILE)
    return cut.transpose(0, 2, 1, 3).reshape(height, width, TILE * TILE)
