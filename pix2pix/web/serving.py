"""What stands between many visitors and one processor: who is painted next, and which models are loaded.

Nothing in here knows HTTP or Gradio. A model is any callable that takes a label map `(H, W)` uint8 of class indices, a
variation (a seed, or None for the picture without chance), perhaps a Future, and the colours of wall and sky (R, G, B)
or None, and returns a photo `(H, W, 3)` uint8. The Future is cancelled when nobody waits for the photo any more; a
model may then stop and raise. Its `takes_colours` says whether wall and sky change anything.
"""

import asyncio
import threading
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Literal

import numpy as np

from pix2pix.hub import ids

Model = Callable[..., np.ndarray]  # (labels, variation, unwanted: Future | None = None, wall=None, sky=None)
Loader = Callable[[str | Path], Model]
Visitors = Literal["bundled", "hub", "any"]  # what visitors may load: listed models, also Hub ids, also server folders

LIVE = "-live"  # how the name of a live companion ends: what paints in its model's stead while the drawing changes
MOST_OTHERS = 2  # models that are not listed kept in memory at once: about 0.5 GB each for the paper's generator


class ReplacedError(Exception):
    """A newer picture of the same visitor took the place of this one in the line."""


class CrowdedError(Exception):
    """More visitors wait than the line takes."""


class Line:
    """Turns at the model, first come first served: `running` at once, one waiting per visitor, `waiting` in all.

    Since a visitor never waits twice, everyone's turn comes after at most one turn of each other visitor. With 256
    waiting and a slow generator, a picture every 90 ms, the last one waits 23 s: the page's patience is 30.
    """

    def __init__(self, running: int = 1, waiting: int = 256):
        self._free = running
        self._most_waiting = waiting
        self._waiting: OrderedDict[str | None, asyncio.Future] = OrderedDict()

    @asynccontextmanager
    async def turn(self, visitor: str | None) -> AsyncIterator[None]:
        """Wait for a turn and hold it. Raises ReplacedError or CrowdedError instead of entering.

        A visitor is whatever text a browser sends; None is one that no browser can be.
        """
        if self._free:
            self._free -= 1
        else:
            await self._wait(visitor)
        try:
            yield
        finally:
            self._pass_on()

    async def _wait(self, visitor: str | None) -> None:
        turn = asyncio.get_running_loop().create_future()
        older = self._waiting.get(visitor)
        if older is None and len(self._waiting) >= self._most_waiting:
            raise CrowdedError
        self._waiting[visitor] = turn  # in the older one's place: painting on does not cost the place in the line
        if older is not None and not older.done():
            older.set_exception(ReplacedError())
        try:
            await turn
        except asyncio.CancelledError:
            if self._waiting.get(visitor) is turn:
                del self._waiting[visitor]
            elif turn.done() and not turn.cancelled() and turn.exception() is None:
                self._pass_on()  # the turn came in the same moment as the visitor left
            raise

    def _pass_on(self) -> None:
        """Give the turn to the first who still waits: one cancelled just now stands in the line until its task runs."""
        while self._waiting:
            _, turn = self._waiting.popitem(last=False)
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1


class Models:
    """The models by name: those `listed` (name -> folder or Hub id), and what visitors may load beyond them."""

    def __init__(self, load: Loader, listed: dict[str, str | Path], visitors: Visitors = "bundled"):
        self.listed = dict(listed)
        self.visitors = visitors
        self._load = load
        self._loaded: dict[str, Model] = {}
        self._loading = threading.Lock()

    @property
    def default(self) -> str | None:
        """The name of the first listed model; None where there is none."""
        return next(iter(self.listed), None)

    @property
    def companions(self) -> dict[str, str]:
        """The live companion of each listed model that has one: NAME-live of NAME."""
        return {name: name + LIVE for name in self.listed if name + LIVE in self.listed}

    @property
    def offered(self) -> list[str]:
        """The names to choose from: all that are listed, companions only where one is the default."""
        companions = self.companions.values()
        return [name for name in self.listed if name == self.default or name not in companions]

    def get(self, name: str | None = None) -> Model:
        """The model of that name (None: the default), loaded now if it is not yet; blocks meanwhile.

        Raises ValueError in one line for people: an unknown or forbidden name, or a checkpoint that does not load.
        """
        name = name or self.default
        if name is None:
            raise ValueError("there is no checkpoint here yet: train one, or start the app with --model")
        if model := self.loaded(name):
            return model
        with self._loading:
            if name not in self._loaded:  # another thread may have loaded it while this one waited
                model = self._load(self._source(name))
                self._make_room()
                self._loaded[name] = model
            return self._loaded[name]

    def loaded(self, name: str | None = None) -> Model | None:
        """The same without loading or waiting: None where it is not in memory."""
        return self._loaded.get(name or self.default or "")

    def _make_room(self) -> None:
        """Forget the visitors' model that was loaded first; the listed ones stay."""
        others = [name for name in self._loaded if name not in self.listed]
        if len(others) >= MOST_OTHERS:
            del self._loaded[others[0]]

    def _source(self, name: str) -> str | Path:
        if name in self.listed:
            return self.listed[name]
        if self.visitors == "any" and Path(name).is_dir():
            return Path(name)
        if self.visitors != "bundled" and ids.MODEL.fullmatch(name) and not _on_disk(name):
            return name
        raise ValueError(f"{name[:80]} is not a model of this page. {self._remedy()}")

    def _remedy(self) -> str:
        if self.visitors == "bundled":
            return f"It offers: {', '.join(self.offered) or 'none'}."
        return "A model on the Hub is named USER/REPO or USER/REPO@REVISION."


def _on_disk(name: str) -> bool:
    """Whether a would-be Hub id is a path on this server, which only `any` may read."""
    return Path(name).exists() or Path(name.split("@")[0]).exists()


def listed_models(folder: Path, chosen: str | None = None) -> dict[str, str | Path]:
    """The checkpoints in `folder` by name, after the `chosen` one (a name in it, another folder, or a Hub id).

    Live companions are among them, also that of a chosen folder: the folder NAME-live beside the folder NAME.
    """
    bundled = {path.parent.name: path.parent for path in sorted(folder.glob("*/config.json"))}
    if not chosen:
        return bundled
    if chosen in bundled:
        return {chosen: bundled[chosen], **bundled}
    if Path(chosen).exists() or not ids.MODEL.fullmatch(chosen):
        own = Path(chosen).resolve()
        first = {own.name: Path(chosen)}
        if (companion := own.with_name(own.name + LIVE)).is_dir():
            first[companion.name] = companion
    else:
        first = {chosen: chosen}
    taken = {*first, *(name + LIVE for name in first)}  # a bundled companion is none of another model of that name
    return first | {name: path for name, path in bundled.items() if name not in taken}
