"""A checkpoint's form for browsers, as `export` leaves it beside the weights: read here without torch."""

import hashlib
import json
import shlex
from pathlib import Path
from typing import NamedTuple

from pix2pix.inference.checkpoint import BROWSER_FORM, BROWSER_WEIGHTS, CONFIG, STYLES, WEIGHTS
from pix2pix.utils import UserError

MAX_BYTES = 3 * 2**20  # of a form that is written: visitors of the app fetch it unasked
MADE_OF, WEIGHTS_SHA256 = "made_of", "weights_sha256"  # keys in the file


class BrowserForm(NamedTuple):
    """What a browser is sent, and what the page has to know of it."""

    weights: bytes  # float16
    form: bytes  # JSON: graph, tables, colours, styles
    takes_colours: bool
    styles: list[str]


def is_there(folder: Path) -> bool:
    return (folder / BROWSER_FORM).is_file() and (folder / BROWSER_WEIGHTS).is_file()


def read(folder: Path) -> BrowserForm:
    """Read the form of a checkpoint that has one. Raises UserError where it is damaged, or made of other weights."""
    try:
        weights, text = (folder / BROWSER_WEIGHTS).read_bytes(), (folder / BROWSER_FORM).read_bytes()
        form = json.loads(text)
        fits = form[MADE_OF] == digest(folder) and form[WEIGHTS_SHA256] == hashlib.sha256(weights).hexdigest()
        result = BrowserForm(weights, text, form["colors"] is not None, list(form["styles"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(f"{folder / BROWSER_FORM} cannot be read ({error}): {_remedy(folder)}") from None
    if not fits:
        raise UserError(f"{folder / BROWSER_FORM} was made of other weights or styles: {_remedy(folder)}")
    return result


def digest(folder: Path) -> str:
    """What a form is made of, in one number: config, weights and styles."""
    found = hashlib.sha256()
    for name in (CONFIG, WEIGHTS, STYLES):
        content = (folder / name).read_bytes() if (folder / name).is_file() else b""
        found.update(len(content).to_bytes(8, "little") + content)
    return found.hexdigest()


def _remedy(folder: Path) -> str:
    return f"write it anew: python -m pix2pix export {shlex.quote(str(folder))}"
