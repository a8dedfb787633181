"""What to start from: drawings by hand, then validation pairs of a dataset where there is one, else synthetic pairs."""

import json
import threading
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
from PIL import Image

from pix2pix.config import ModelConfig
from pix2pix.data import decoded
from pix2pix.data.generated import SCENES
from pix2pix.data.pairs import Source
from pix2pix.data.sources import Unfit, open_source
from pix2pix.evaluation import test_drawings
from pix2pix.inference import checkpoint
from pix2pix.labels import colorize
from pix2pix.utils import UserError

SIZE = 256  # pixels: the side of a drawing
THUMBNAIL = 72  # pixels
MAX_PAIRS = 12


class Pair(NamedTuple):
    labels: np.ndarray  # (SIZE, SIZE) uint8
    target: np.ndarray | None  # (SIZE, SIZE, 3) uint8

    @property
    def thumbnail(self) -> np.ndarray:
        """The drawing, small, with its target beside it where it has one: `(THUMBNAIL, width, 3)` uint8."""
        parts = [colorize(self.labels), *([] if self.target is None else [self.target])]
        return np.hstack([Image.fromarray(part).resize((THUMBNAIL, THUMBNAIL)) for part in parts])


class Pairs(Protocol):
    names: list[str]
    target: str | None  # what the targets are: "photo", "drawn", or None where there are none

    def pair(self, number: int) -> Pair: ...


class HandDrawings:
    """Drawings by hand, the best first: what a visitor sees before anything else. Nobody knows their targets."""

    target = None
    _drawings = (
        ("palazzo", "palazzo"),
        ("corner house", "asymmetric"),
        ("cottage", "cottage"),
        ("shop street", "shop_street"),
        ("tower", "tower"),
    )

    def __init__(self):
        self.names = [shown for shown, _ in self._drawings]

    def pair(self, number: int) -> Pair:
        return Pair(test_drawings.load(self._drawings[number][1]), None)


class DataPairs:
    """Validation pairs of a set, in any layout that training reads."""

    target = "photo"

    def __init__(self, source: Source):
        self._pairs = decoded.Pairs(source, ModelConfig.of(size=SIZE))
        self.names = [f"pair {name}" for name in source.names[:MAX_PAIRS]]

    def pair(self, number: int) -> Pair:
        """Read a pair; UserError, in one line that names the file, for a picture that cannot be read."""
        pair = self._pairs[number]
        return Pair(pair.input, np.ascontiguousarray(pair.target))


class SyntheticPairs:
    """Procedural facades: need no download, and their targets are drawn, not photos."""

    target = "drawn"
    seeds = (12, 3, 9, 23, 2, 5, 11, 15, 4, 17, 22, 16)  # chosen by eye: storeys, styles and outlines that differ

    def __init__(self):
        self.names = [f"facade {number + 1}" for number in range(len(self.seeds))]

    @lru_cache(maxsize=MAX_PAIRS)  # noqa: B019
    def pair(self, number: int) -> Pair:
        from pix2pix.synthetic import facade

        return Pair(*facade(self.seeds[number], SIZE, SIZE))


class Examples:
    """All that can be started from, by number. Numbers stay: pairs that come later stand behind what is there."""

    def __init__(self, *groups: Pairs, complete: bool = True):
        self._groups = list(groups)
        self.complete = complete  # whether no more are to come

    def add(self, group: Pairs) -> None:
        """Add what was to come."""
        self._groups.append(group)
        self.complete = True

    @property
    def listed(self) -> list[dict]:
        """As the page gets them: name, and what the target is ("photo", "drawn" or None)."""
        return [{"name": name, "target": group.target} for group in self._groups for name in group.names]

    def pair(self, number: int) -> Pair:
        for group in self._groups:
            if number < len(group.names):
                return group.pair(number)
            number -= len(group.names)
        raise UserError("there is no such example")


def data_of_run(model: str | Path | None) -> str | None:
    """Tell which data the run of a checkpoint was trained on, where `model` is a run folder or lies in one."""
    folder = Path(model or "")
    for each in (folder, *folder.resolve().parents[:2]) if model and folder.is_dir() else ():
        with suppress(OSError, ValueError, KeyError, TypeError):
            data = json.loads((each / checkpoint.RUN).read_text(encoding="utf-8"))["data"]
            return data if isinstance(data, str) else None
    return None


def find_examples(data: str | Path | None, direction: str = "BtoA") -> Examples:
    """Find what to start from: drawings by hand, then the validation pairs that `data` names, or synthetic ones.

    A set of the Hub comes in the background. Where there are no pairs, the terminal says why.
    """
    drawings = HandDrawings()
    if not data or str(data) in SCENES:
        return Examples(drawings, SyntheticPairs())
    if Path(data).exists():
        return Examples(drawings, _pairs_of(data, direction))
    examples = Examples(drawings, complete=False)
    threading.Thread(target=lambda: examples.add(_pairs_of(data, direction)), daemon=True).start()
    return examples


def _pairs_of(data: str | Path, direction: str) -> Pairs:
    """The validation pairs, whichever half of AB images holds labels; `direction` is looked at first."""
    try:
        try:
            return DataPairs(open_source(str(data), "val", ModelConfig.of(direction=direction)))
        except Unfit as unfit:
            other = ModelConfig.of(direction="AtoB" if direction == "BtoA" else "BtoA")
            with suppress(UserError):
                return DataPairs(open_source(str(data), "val", other))
            raise unfit from None
    except UserError as error:
        print(f"No examples of {data}: {error}")
    except Exception as error:  # of a set on the Hub: the page is served without it
        print(f"No examples of {data}: {type(error).__name__}: {error}")
    return SyntheticPairs()
