"""Line charts as inline SVG, for pages that must open without a server, a network or a library.

Colours, and light or dark, are the page's: a line has the class `line-0`, `line-1`, … in the order of the curves.
"""

import html
import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

WIDTH, HEIGHT = 420, 220
LEFT, RIGHT, TOP, BOTTOM = 44, 110, 12, 30  # margins; the names of the curves stand in the right one
MAX_POINTS = 240  # of a curve: a longer one is averaged down to as many
LABEL_HEIGHT = 14


@dataclass(frozen=True)
class Curve:
    name: str
    points: Sequence[tuple[float, float]]


def line_chart(title: str, curves: Sequence[Curve], across: str, mark: tuple[float, str] | None = None) -> str:
    """An `<svg>` of curves over a common axis, each named at its end with its last value.

    `across` names the horizontal axis; `mark` is a height with a meaning, and that meaning. Without any point a
    sentence says so instead.
    """
    curves = [Curve(curve.name, _thinned(curve.points)) for curve in curves if curve.points]
    if not curves:
        return '<p class="none">Nothing yet.</p>'
    xs, ys = ([point[axis] for curve in curves for point in curve.points] for axis in (0, 1))
    x_ticks = _ticks(min(0.0, *xs), max(xs), 5)
    heights = [*ys, mark[0]] if mark else ys
    y_ticks = _ticks(min(heights), max(heights), 4)
    across_to = _scale(min(0.0, *xs), max(xs), LEFT, WIDTH - RIGHT)
    up_to = _scale(y_ticks[0], y_ticks[-1], HEIGHT - BOTTOM, TOP)

    parts = [_text(LEFT - 6, up_to(y) + 4, _number(y, y_ticks), "end") for y in y_ticks]
    parts += [_line(LEFT, up_to(y), WIDTH - RIGHT, up_to(y), "grid") for y in y_ticks]
    parts += [_text(across_to(x), HEIGHT - BOTTOM + 15, _number(x, x_ticks), "middle") for x in x_ticks if x <= max(xs)]
    parts.append(_text(WIDTH - RIGHT + 24, HEIGHT - BOTTOM + 15, across, "start"))
    if mark:
        parts.append(_line(LEFT, up_to(mark[0]), WIDTH - RIGHT, up_to(mark[0]), "mark"))
    ends = [up_to(curve.points[-1][1]) for curve in curves]
    heights = _apart([*ends, up_to(mark[0])] if mark else ends)
    if mark:
        parts.append(_text(WIDTH - RIGHT + 6, heights[-1] + 4, mark[1], "start"))
    for place, (curve, height) in enumerate(zip(curves, heights, strict=False)):
        points = " ".join(f"{across_to(x):.1f},{up_to(y):.1f}" for x, y in curve.points)
        x, y = curve.points[-1]
        parts.append(f'<polyline class="line-{place}" points="{points}"/>')
        parts.append(f'<circle class="line-{place}" cx="{across_to(x):.1f}" cy="{up_to(y):.1f}" r="2.5"/>')
        parts.append(_text(WIDTH - RIGHT + 6, height + 4, f"{curve.name} {round(y, 4):.3g}", "start", f"line-{place}"))
    name = html.escape(title, quote=True)
    return f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{name}">{"".join(parts)}</svg>'


def _thinned(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Means of equal runs of points, the last point as it is."""
    size = math.ceil(len(points) / MAX_POINTS)
    runs = [points[start : start + size] for start in range(0, len(points), size)]
    means = [tuple(sum(values) / len(run) for values in zip(*run, strict=True)) for run in runs]
    return [*means[:-1], points[-1]]


def _ticks(low: float, high: float, count: int) -> list[float]:
    """Round numbers from at or below `low` to at or above `high`, about `count` steps of 1, 2 or 5 times 10^n."""
    rough = (high - low or abs(high) or 1.0) / count
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough * 0.999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [place * step for place in range(first, max(last, first + 1) + 1)]


def _scale(low: float, high: float, start: float, end: float):
    return lambda value: start + (end - start) * (value - low) / (high - low or 1.0)


def _apart(heights: Sequence[float]) -> list[float]:
    """The same heights in the same order, so far moved that labels at them do not overlap."""
    order = sorted(range(len(heights)), key=heights.__getitem__)
    moved = list(heights)
    for above, below in pairwise(order):
        moved[below] = max(moved[below], moved[above] + LABEL_HEIGHT)
    beyond = max(0.0, moved[order[-1]] - (HEIGHT - BOTTOM))
    return [height - beyond for height in moved]


def _number(value: float, ticks: Sequence[float]) -> str:
    digits = max(0, -math.floor(math.log10(ticks[1] - ticks[0]) + 1e-9))
    return f"{value:,.{digits}f}"


def _line(x1: float, y1: float, x2: float, y2: float, kind: str) -> str:
    return f'<line class="{kind}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def _text(x: float, y: float, text: str, anchor: str, kind: str = "") -> str:
    shown = html.escape(text)
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{shown}</text>'
