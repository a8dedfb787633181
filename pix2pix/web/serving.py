"""What stands between many visitors and one processor: who is painted next, and which models are loaded.

Nothing in here knows HTTP or Gradio. A model is any callable that takes a label map `(H, W)` uint8 of class indices, a
variation (a seed, or None for the picture without chance), perhaps a Future, the colours of wall and sky (R, G, B) or
None, and where it has `styles` the name of one or None, and returns a photo `(H, W, 3)` uint8. The Future is cancelled
when nobody waits for the photo any more; a model may then stop and raise. Its `takes_colours` says whether wall and sky
change anything.
"""

import asyncio
import threading
from collections import Counter, OrderedDict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Literal

import numpy as np

from pix2pix import config as configs
from pix2pix.hub import ids
from pix2pix.inference import checkpoint
from pix2pix.utils import UserError

Model = Callable[..., np.ndarray]  # (labels, variation, cancel: Future | None = None, wall=None, sky=None, style=None)
Loader = Callable[[str | Path], Model]
Queue = tuple[str, bool]  # of a line: an address, and whether its visitors asked before
# What clients may load: listed models, also Hub ids, also server folders.
AllowedModels = Literal["bundled", "hub", "any"]

LIVE = "-live"  # how the name of a fast model ends: what paints in its model's stead while the drawing changes
MAX_KNOWN = 2**16  # visitors that a line remembers: 7 MB, and only where so many names are sent
MAX_OTHERS = 2  # models that are not listed kept in memory at once: about 0.5 GB each for the paper's generator


class Superseded(Exception):
    """A newer picture of the same visitor took the place of this one in the line."""


class QueueFull(Exception):
    """More visitors wait than the line takes."""


class FairQueue:
    """Turns at the model: `running` at once, `waiting` in all, shared out by address and there by visitor.

    A visitor is a name that anybody can invent. So each address has two queues, one of visitors who asked before and
    one of those who are new, and the queues take turns. Names invented by the hundred share what one queue gets, also
    beside honest painters behind the same address. No visitor waits twice. `each` bounds what an address runs at once.

    Where the line is full, a newcomer to a shorter queue takes the last place of the longest (longest queue drop, as
    fair queues of packets do it). With 256 waiting and a slow generator, a picture every 90 ms, the last one waits
    23 s: the page's patience is 30.
    """

    def __init__(self, running: int = 1, waiting: int = 256, each: int | None = None):
        self._free = running
        self._each = each or running
        self._most_waiting = waiting
        self._running: Counter[str] = Counter()  # turns held, by address
        self._waiting: OrderedDict[Queue, OrderedDict[object, asyncio.Future]] = OrderedDict()
        self._known: OrderedDict[int, None] = OrderedDict()  # who asked lately, by a hash: names may be long

    @asynccontextmanager
    async def turn(self, visitor: object, address: str = "") -> AsyncIterator[None]:
        """Wait for a turn and hold it. Raises Superseded or QueueFull instead of entering.

        A visitor is whatever text a browser sends; None is one that no browser can be. The address is not of their
        choice.
        """
        queue = (address, self._asked_before(visitor, address))
        if self._free and self._may_run(queue):
            self._begin(address)
        else:
            await self._wait(visitor, queue)
        try:
            yield
        finally:
            self._end(address)

    def _asked_before(self, visitor: object, address: str) -> bool:
        name = hash((address, visitor))
        known = name in self._known
        self._known[name] = None
        self._known.move_to_end(name)
        if len(self._known) > MAX_KNOWN:
            self._known.popitem(last=False)
        return known

    async def _wait(self, visitor: object, queue: Queue) -> None:
        turn = asyncio.get_running_loop().create_future()
        place = next((each for each in self._places(queue) if visitor in self._waiting[each]), None)
        if place is not None:  # in the older one's place: painting on does not cost the place in the line
            older, self._waiting[place][visitor] = self._waiting[place][visitor], turn
            if not older.done():
                older.set_exception(Superseded())
        else:
            if sum(map(len, self._waiting.values())) >= self._most_waiting:
                self._drop_last_of_longest(queue)
            self._waiting.setdefault(queue, OrderedDict())[visitor] = turn
        try:
            await turn
        except asyncio.CancelledError:
            place = next((each for each in self._places(queue) if self._waiting[each].get(visitor) is turn), None)
            if place is not None:
                self._leave(visitor, place)
            elif turn.done() and not turn.cancelled() and turn.exception() is None:
                self._end(queue[0])  # the turn came in the same moment as the visitor left
            raise

    def _places(self, queue: Queue) -> list[Queue]:
        """The queues of the same address that there are: who is known by now may still wait as a new one."""
        return [each for each in ((queue[0], False), (queue[0], True)) if each in self._waiting]

    def _drop_last_of_longest(self, queue: Queue) -> None:
        """Make room for one more in `queue`; raises QueueFull where it is as long as any."""
        longest = max(self._waiting, key=lambda each: len(self._waiting[each]), default=queue)
        if len(self._waiting.get(longest, ())) <= len(self._waiting.get(queue, ())) + 1:
            raise QueueFull
        visitor, turn = next(reversed(self._waiting[longest].items()))
        self._leave(visitor, longest)
        if not turn.done():
            turn.set_exception(QueueFull())

    def _leave(self, visitor: object, queue: Queue) -> None:
        del self._waiting[queue][visitor]
        if not self._waiting[queue]:
            del self._waiting[queue]

    def _begin(self, address: str) -> None:
        self._free -= 1
        self._running[address] += 1

    def _end(self, address: str) -> None:
        self._free += 1
        self._running[address] -= 1
        if not self._running[address]:
            del self._running[address]
        self._pass_on()

    def _pass_on(self) -> None:
        """Give free turns to who still waits: one cancelled just now stands in the line until its task runs."""
        while self._free and (queue := next(filter(self._may_run, self._waiting), None)):
            visitor, turn = next(iter(self._waiting[queue].items()))
            self._leave(visitor, queue)
            if not turn.done():
                if queue in self._waiting:
                    self._waiting.move_to_end(queue)
                self._begin(queue[0])
                turn.set_result(None)

    def _may_run(self, queue: Queue) -> bool:
        return self._running[queue[0]] < self._each


class Models:
    """The models by name: those `listed` (name -> folder or Hub id), and what visitors may load beyond them."""

    def __init__(
        self,
        load: Loader,
        listed: dict[str, str | Path],
        allowed: AllowedModels = "bundled",
        load_other: Loader | None = None,
    ):
        """`load_other` loads what is not listed; a visitor named that, whom nobody knows."""
        self.listed = dict(listed)
        self.allowed = allowed
        self._load, self._load_other = load, load_other or load
        self._loaded: dict[str, Model] = {}
        self._loading, self._loading_others = threading.Lock(), threading.Lock()  # no visitor's delays a listed one

    @property
    def default(self) -> str | None:
        """The name of the first listed model; None where there is none."""
        return next(iter(self.listed), None)

    @property
    def fast_models(self) -> dict[str, str]:
        """The fast model of each listed model that has one: NAME-live of NAME."""
        return {name: name + LIVE for name in self.listed if name + LIVE in self.listed}

    @property
    def offered(self) -> list[str]:
        """The names to choose from: all that are listed, fast models only where one is the default."""
        fast_models = self.fast_models.values()
        return [name for name in self.listed if name == self.default or name not in fast_models]

    @property
    def first_style(self) -> str:
        """The first of the default model's named styles, without loading it; "" where it has none.

        Of a model that is not on this disk nobody knows before it loads: "".
        """
        source = Path(self.listed.get(self.default or "") or "nowhere")
        if not source.is_dir():
            return ""
        try:
            folder = checkpoint.find(source)
            return next(iter(checkpoint.read_styles(folder, configs.read(folder / checkpoint.CONFIG))), "")
        except UserError:
            return ""  # loading it says what is wrong

    def get(self, name: str | None = None) -> Model:
        """The model of that name (None: the default), loaded now if it is not yet; blocks meanwhile.

        Raises UserError in one line for people: an unknown or forbidden name, or a checkpoint that does not load.
        """
        name = name or self.default
        if name is None:
            raise UserError("there is no checkpoint here yet: train one, or start the app with --model")
        if model := self.loaded(name):
            return model
        load, lock = (self._load, self._loading) if name in self.listed else (self._load_other, self._loading_others)
        source = self._source(name)
        with lock:
            if name not in self._loaded:  # another thread may have loaded it while this one waited
                model = load(source)
                self._make_room()
                self._loaded[name] = model
            return self._loaded[name]

    def loaded(self, name: str | None = None) -> Model | None:
        """The same without loading or waiting: None where it is not in memory."""
        return self._loaded.get(name or self.default or "")

    def is_listed(self, name: str | None) -> bool:
        """Whether the model of that name (None: the default) is one that the page's owner chose."""
        return name is None or name in self.listed

    def _make_room(self) -> None:
        """Forget the visitors' model that was loaded first; the listed ones stay."""
        others = [name for name in self._loaded if name not in self.listed]
        if len(others) >= MAX_OTHERS:
            del self._loaded[others[0]]

    def _source(self, name: str) -> str | Path:
        if name in self.listed:
            return self.listed[name]
        if self.allowed == "any" and Path(name).is_dir():
            return Path(name)
        if self.allowed != "bundled" and ids.MODEL.fullmatch(name) and not _on_disk(name):
            return name
        raise UserError(f"{name[:80]} is not a model of this page. {self._remedy()}")

    def _remedy(self) -> str:
        if self.allowed == "bundled":
            return f"It offers: {', '.join(self.offered) or 'none'}."
        return "A model on the Hub is named USER/REPO or USER/REPO@REVISION."


def _on_disk(name: str) -> bool:
    """Whether a would-be Hub id is a path on this server, which only `any` may read."""
    return Path(name).exists() or Path(name.split("@")[0]).exists()


def fast_model_beside(folder: Path) -> dict[str, Path]:
    """The fast model of a checkpoint, the folder NAME-live beside the folder NAME, by name; {} where there is none."""
    fast = folder.resolve().with_name(folder.resolve().name + LIVE)
    return {fast.name: fast} if fast.is_dir() else {}


def listed_models(folder: Path, chosen: str | None = None) -> dict[str, str | Path]:
    """The checkpoints in `folder` by name, after the `chosen` one (a name in it, another folder, or a Hub id).

    Fast models are among them, also that of a chosen folder: the folder NAME-live beside the folder NAME.
    """
    bundled = checkpoint.bundled(folder)
    if not chosen:
        return bundled
    if chosen in bundled:
        return {chosen: bundled[chosen], **bundled}
    if Path(chosen).exists() or not ids.MODEL.fullmatch(chosen):
        first = {Path(chosen).resolve().name: Path(chosen), **fast_model_beside(Path(chosen))}
    else:
        first = {chosen: chosen}
    taken = {*first, *(name + LIVE for name in first)}  # a bundled fast model is none of another model of that name
    return first | {name: path for name, path in bundled.items() if name not in taken}
