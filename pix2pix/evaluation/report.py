"""The page of an evaluation: the scores, the best, the median and the worst pairs side by side, and a grid of all."""

import html
from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from string import Template

import numpy as np

from pix2pix import images, labels
from pix2pix.data.pairs import Pair
from pix2pix.evaluation.comparison import networks, photos_known, warn_of_few
from pix2pix.evaluation.scores import SCORES, Measured, Score, judge
from pix2pix.utils import write_atomically

SHOWN = 3  # pairs of each: the best, the median, the worst; of fewer than three times as many, all are shown once
GRID_PAIRS, GRID_SIDE = 100, 128  # pairs in the grid at most, pixels of the longer side of a picture there
_STYLE = (Path(__file__).parent / "report.css").read_text(encoding="utf-8")
_CEILING = (
    "The column of photos has what real photos score: the ceiling of the segmenter that the FCN score asks, and what "
    "real walls have of streaks."
)
_PAGE = Template((Path(__file__).parent / "report.html").read_text(encoding="utf-8"))


def write(
    folder: Path,
    about: str,
    pairs: Sequence[Pair],
    measured: Sequence[Measured],
    scores: Sequence[tuple[dict[str, Score], dict[str, Score]]],
    photos: dict[str, float],
) -> None:
    """Write `index.html`, `pairs.png` and `images/` into a folder, made if missing."""
    (folder / "images").mkdir(parents=True, exist_ok=True)
    shown = chosen(measured[0].ranking())
    names = ["Input", *(one.name for one in measured), "Target"]
    page = _PAGE.substitute(
        style=_STYLE,
        about=html.escape(about),
        warning=f'<p class="warning">{html.escape(few)}</p>\n' if (few := warn_of_few(len(pairs))) else "",
        ceiling=_CEILING if photos_known(photos) else "",
        table=_table(measured, scores, photos),
        networks="".join(
            f"<li><code>{key}</code>: {html.escape(what)}</li>\n" for key, what in networks(photos).items()
        ),
        columns=len(names),
        order=html.escape(measured[0].name),
        sections="".join(_section(title, names, folder, pairs, measured, places) for title, places in shown.items()),
        names=html.escape(" · ".join(names)),
    )
    images.write_png(
        folder / "pairs.png", pairs_grid([_row(pair, measured, place) for place, pair in enumerate(pairs)])
    )
    write_atomically(folder / "index.html", page.encode())


def chosen(order: Sequence[int]) -> dict[str, Sequence[int]]:
    """Which pairs are shown, of all from the best to the worst: each once."""
    if len(order) < 3 * SHOWN:
        return {"All pairs, the best first": order}
    middle = (len(order) - SHOWN) // 2
    return {"Best": order[:SHOWN], "Median": order[middle : middle + SHOWN], "Worst": order[::-1][:SHOWN]}


def pairs_grid(rows: Sequence[Sequence[np.ndarray]]) -> np.ndarray:
    """All rows of pictures, some of them where they are many, in as many columns of rows as make it about square."""
    rows = rows[:: -(-len(rows) // GRID_PAIRS)]
    longer = max(rows[0][0].shape[:2])
    height, width = (max(1, side * GRID_SIDE // longer) for side in rows[0][0].shape[:2])
    rows = [[images.resize(images.to_shown(each), height, width) for each in row] for row in rows]
    abreast = max(1, round((len(rows) * height / (len(rows[0]) * width)) ** 0.5))
    tall = -(-len(rows) // abreast)
    return images.grid([list(chain(*rows[start::tall])) for start in range(tall)])


def _row(pair: Pair, measured: Sequence[Measured], place: int) -> list[np.ndarray]:
    return [labels.shown(pair.input), *(one.pictures[place] for one in measured), pair.target]


def _section(
    title: str, names: list[str], folder: Path, pairs: Sequence[Pair], measured: Sequence[Measured], places: list[int]
) -> str:
    figures = ""
    for place in places:
        shown = ""
        for column, (name, picture) in enumerate(zip(names, _row(pairs[place], measured, place), strict=True)):
            file = f"images/{place:04}-{column}.png"
            images.write_png(folder / file, picture)
            alt = html.escape(f"{name} of {pairs[place].name}")
            shown += f'<img src="{file}" alt="{alt}" loading="lazy">\n'
        distances = " · ".join(f"{one.pairs['perceptual_distance'][place]:.3f}" for one in measured)
        figures += (
            f"<figure>\n{shown}<figcaption>{html.escape(pairs[place].name)}: {distances}</figcaption>\n</figure>\n"
        )
    heads = "".join(f"<span>{html.escape(name)}</span>" for name in names)
    return f'<h2>{title}</h2>\n<div class="head">{heads}</div>\n{figures}'


def _table(
    measured: Sequence[Measured], scores: Sequence[tuple[dict[str, Score], dict[str, Score]]], photos: dict[str, float]
) -> str:
    with_photos = photos_known(photos)
    heads = ["score", *(["photos"] if with_photos else []), *(one.name for one in measured)]
    heads += [f"{measured[0].name} - {other.name}" for other in measured[1:]]
    lines = "<tr>" + "".join(f'<th scope="col">{html.escape(head)}</th>' for head in heads) + "</tr>\n"
    for key, kind in SCORES.items():
        if all(np.isnan(values[key].value) for values, _ in scores):
            continue
        title = html.escape(kind.title) + (f" <small>{kind.better} is better</small>" if kind.better else "")
        cells = f'<th scope="row">{title}</th>'
        cells += f"<td>{_number(photos.get(key, np.nan))}</td>" if with_photos else ""
        cells += "".join(f"<td>{_shown(values[key])}</td>" for values, _ in scores)
        for _, differences in scores[1:]:
            said = judge(key, differences[key])
            cells += f'<td class="{said}">{_shown(differences[key])} {said}</td>'
        lines += f"<tr>{cells}</tr>\n"
    return lines


def _shown(score: Score) -> str:
    return f"{_number(score.value)} <small>{_number(score.low)} … {_number(score.high)}</small>"


def _number(value: float) -> str:
    return "" if np.isnan(value) else f"{value:.4g}"
