"""What the page is described by, and its template and JavaScript are told, whoever serves them."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from pix2pix import __version__
from pix2pix.labels import CLASSES, INDEX
from pix2pix.utils import package_address
from pix2pix.web.examples import SIZE, Examples

CANVAS = Path(__file__).parent / "canvas"  # the page's markup, style and behaviour
DESCRIPTION = "Drag windows, doors and balconies onto a wall, and watch a photo of that facade appear while you drag."
PAGE, DARK_PAGE = "#f7f7f5", "#151517"  # as --page in canvas.css
KEYS = "1234567890-="  # one for each class, in the order of a keyboard


def page_props(
    examples: Examples, models: Sequence[str], fast_models: Mapping[str, str], others: str, is_styled: bool
) -> dict:
    """Tell of classes, examples and models; `others`: what may be loaded beyond those `models`.

    Where the first model `is_styled`, wall and sky come in the colours of its style at first.
    """
    classes = [
        {"index": index, "name": label.shown, "rgb": list(label.rgb), "key": KEYS[index]}
        for index, label in enumerate(CLASSES)
    ]
    return {
        "size": SIZE, "classes": classes, "wall": INDEX["facade"], "background": INDEX["background"],
        "window": INDEX["window"], "version": __version__, "code": package_address(), "examples": examples.listed,
        "complete": examples.complete, "models": list(models), "fast_models": dict(fast_models),
        "others": others, "styled": is_styled,
    }  # fmt: skip
