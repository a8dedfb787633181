"""The results of a run: pictures of every validation pair, and a page that shows them side by side."""

import html
from pathlib import Path
from string import Template

from pix2pix import images
from pix2pix.data import Pair
from pix2pix.evaluation import image_scores
from pix2pix.inference import Translator

_PAGE = Template((Path(__file__).parent / "results.html").read_text(encoding="utf-8"))
_ROW = Template((Path(__file__).parent / "results_row.html").read_text(encoding="utf-8"))


def write(folder: Path, translator: Translator, pairs: list[Pair]) -> dict[str, float]:
    """Write `images/NAME-{inputs,outputs,targets}.png` and `index.html`; returns the scores of `image_scores`."""
    generated = [translator(pair.input) for pair in pairs]
    scores = image_scores(generated, [pair.target for pair in pairs])
    (folder / "images").mkdir(parents=True, exist_ok=True)
    for pair, picture in zip(pairs, generated, strict=True):
        images.write_png(folder / "images" / f"{pair.name}-inputs.png", pair.input)
        images.write_png(folder / "images" / f"{pair.name}-outputs.png", picture)
        images.write_png(folder / "images" / f"{pair.name}-targets.png", pair.target)
    rows = "".join(_ROW.substitute(name=html.escape(pair.name)) for pair in pairs)
    page = _PAGE.substitute(rows=rows, count=len(pairs), **{name: f"{score:.3f}" for name, score in scores.items()})
    images.write_atomically(folder / "index.html", page.encode())
    return scores
