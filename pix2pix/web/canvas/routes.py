"""The painter's HTTP routes, beside Gradio's own: the live loop, examples, uploads and the page's JS modules.

A plain POST per picture was measured faster than Gradio's server functions (27 pictures a second against 22 with a
20 ms stand-in on 2 cores) and nearly as fast as a WebSocket (30), which would need one more package and a connection
that lasts. Routes like these bypass Gradio's queue, so everything is bounded and checked here. Errors are answered as
JSON: {"error": one line, "again": whether trying the same later makes sense}. A picture's `Server-Timing` header says
what took how long here: the browser's developer tools show it, `benchmarks/live_canvas.py` reads it.
"""

import asyncio
import base64
import hashlib
import json
import logging
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Literal, NamedTuple, TypeVar

import anyio
import anyio.to_thread
import numpy as np
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from pix2pix.images import encode
from pix2pix.inference import Colour, read_colour
from pix2pix.inference.isolated import ModelError
from pix2pix.inference.perspective import read_corners
from pix2pix.labels import decode_runs, encode_runs
from pix2pix.utils import UserError
from pix2pix.web.browser import BrowserPainting
from pix2pix.web.canvas.uploads import guess_corners_of_upload, read_labels, segment_upload
from pix2pix.web.examples import SIZE, Examples, Pair
from pix2pix.web.limits import ADDRESS, PENALTY, Bounds, Refused, refusal
from pix2pix.web.serving import FairQueue, Model, Models, QueueFull, Superseded

MAX_REQUEST = 4 * SIZE * SIZE + 4096  # bytes: the longest honest drawing and its settings
MAX_UPLOAD = 20 * 2**20  # bytes
MAX_NAME = 200  # characters
PIECE = 2**16  # bytes
MAX_SEEDS = 2**31
MAX_PAINTING = 20.0  # seconds
REST = 9  # times what drawing a random facade took, until the next is drawn
UNKEPT = {"Cache-Control": "no-store"}
FOREVER = {"Cache-Control": "public, max-age=31536000, immutable"}
JS_FOLDER = Path(__file__).parent / "js"
Painted = TypeVar("Painted")

log = logging.getLogger(__name__)


class Painter:
    """The routes and what they share: the models, whose turn it is, and the examples to start from."""

    def __init__(
        self,
        models: Models,
        examples: Examples,
        queue: FairQueue,
        bounds: Bounds | None = None,
        browser: BrowserPainting | None = None,
    ):
        """With `browser`, visitors' browsers may paint, too, where they are quicker."""
        self.models, self.examples, self.queue, self.bounds = models, examples, queue, bounds or Bounds()
        self.browser = browser or BrowserPainting({})
        self._modules = {
            path.relative_to(JS_FOLDER).as_posix(): path.read_bytes() for path in sorted(JS_FOLDER.rglob("*.js"))
        }
        # The digest in the path: modules are cached for good, and never mixed with those of another version.
        digest = hashlib.sha256(b"".join(self._modules.values())).hexdigest()[:12]
        self.base = "canvas"
        # Those of browser/ come where they are needed.
        self.modules = [f"{self.base}/{digest}/{name}" for name in self._modules if not name.startswith("browser/")]
        self.main_module = f"{self.base}/{digest}/main.js"
        self.others = FairQueue()  # at models that visitors brought: slow ones hold up nobody but their own painters
        # Threads of their own for each kind of work: none waits until another kind is done.
        self._loading = FairQueue(running=4, waiting=256, each=2)  # which may take minutes
        self._painters, self._loaders, self._readers, self._drawers = map(anyio.CapacityLimiter, (64, 4, 1, 3))

    def routes(self) -> list[Route]:
        """Flat, since a Mount does not find its routes behind a proxy that strips the path's beginning."""
        return [
            self._route("paint", "generate", self.generate, "POST"),
            self._route("model", "model", self.model, "POST"),
            self._route("read", "read", self.read, "POST"),
            self._route("read", "corners", self.corners, "POST"),
            self._route("read", "segment", self.segment, "POST"),
            self._route("random", "random/{seed}", self.random),
            self._route("example", "examples", self.list_examples),
            self._route("example", "examples/{number}", self.example),
            self._route("example", "examples/{number}/{picture}.jpg", self.picture),
            self._route("other", "browser", self.offer_browser),
            self._route("file", "browser/{path:path}", self.browser_file),
            self._route("other", "{digest}/{name}", self.module),
            self._route("other", "{digest}/{folder}/{name}", self.module),
        ]

    def _route(self, kind: str, path: str, endpoint, method: str = "GET") -> Route:
        return Route(f"/{self.base}/{path}", endpoint, methods=[method], middleware=[self.bounds.of(kind)])

    async def generate(self, request: Request) -> Response:
        """JSON {drawing, model, variation, wall, sky, style, visitor, format: "jpeg"|"png"} -> the picture's bytes.

        The colours wall and sky are "#rrggbb" or null; a model that takes none paints without them. The style is a name
        or null; a model without that style paints without it.
        """
        laps = Laps()
        try:
            job = _read_job(await _json(request))
            model = self.models.loaded(job.model) or await self._load(job.model, request)
        except UserError as error:
            return refusal(str(error), 422)
        laps.end("decode")

        def paint(cancel: Future) -> bytes:
            laps.end("wait")
            style = {"style": job.style} if job.style in model.styles else {}
            photo = model(job.labels, job.variation, cancel, **job.colours, **style)
            laps.end("generate")
            picture = encode(photo, job.format)
            laps.end("encode")
            return picture

        try:
            picture = await self.in_turn(paint, job.model, job.visitor, request)
        except Superseded:
            await asyncio.sleep(PENALTY / 10)  # nobody waits for this answer, but who asks without end asks again then
            return refusal("a newer drawing took its place", 409, again=True)
        except QueueFull:
            await asyncio.sleep(PENALTY)
            return refusal("many people are painting right now; yours comes as soon as there is room", 503, again=True)
        except ModelError as error:
            return refusal(str(error), 422)
        except ClientDisconnect:
            raise
        except Exception:
            log.exception("the model failed to paint")
            return refusal("the model failed to paint this; your drawing is safe", 500, again=True)
        headers = {"Cache-Control": "no-store", "Server-Timing": str(laps)}
        return Response(picture, media_type=f"image/{job.format.lower()}", headers=headers)

    async def in_turn(
        self,
        paint: Callable[[Future], Painted],
        model: str | None,
        visitor: object,
        request: Request | None = None,
        address: str = "",
    ) -> Painted:
        """Call `paint` in a thread when it is the visitor's turn, with a Future that is cancelled where it should stop.

        Raises QueueFull or Superseded instead, ModelError where it takes too long, and ClientDisconnect where
        the visitor of `request` leaves. Without a request, `address` says where it comes from.
        """
        cancel, line = Future(), self.queue if self.models.is_listed(model) else self.others
        async with line.turn(visitor, _address(request) if request else address):
            if request:
                await _check_there(request)
            watch = asyncio.create_task(_cancel_when_left(request, cancel) if request else asyncio.sleep(0))
            late = asyncio.get_running_loop().call_later(MAX_PAINTING, cancel.cancel)
            try:
                return await anyio.to_thread.run_sync(paint, cancel, limiter=self._painters)
            except Exception:
                if not cancel.cancelled():
                    raise
                if request and watch.done():
                    raise ClientDisconnect from None
                raise ModelError(f"this model took longer than {MAX_PAINTING:.0f} s for a picture") from None
            finally:
                watch.cancel()
                late.cancel()

    async def model(self, request: Request) -> Response:
        """JSON {model} -> {model, colours: whether it takes any, styles: their names} once it is loaded."""
        try:
            name = _text(await _json(request), "model") or None
            model = self.models.loaded(name) or await self._load(name, request)
        except UserError as error:
            return refusal(str(error), 422)
        facts = {"colours": model.takes_colours, "styles": list(model.styles)}
        return JSONResponse({"model": name or self.models.default, **facts})

    async def _load(self, name: str | None, request: Request) -> Model:
        """A model that is not in memory yet; raises UserError where it cannot be."""
        try:
            async with self._loading.turn(object(), _address(request)):
                await _check_there(request)
                return await anyio.to_thread.run_sync(self.models.get, name, limiter=self._loaders)
        except QueueFull:
            raise Refused(503, "many models are being loaded right now; try again in a moment") from None
        except (UserError, ClientDisconnect):
            raise
        except Exception:
            log.exception("a model failed to load")
            raise Refused(500, "this model could not be loaded", again=False) from None

    async def read(self, request: Request) -> Response:
        """An uploaded image file -> {drawing, width, height, off, pixels, palette}."""
        try:
            data = await _body(request, MAX_UPLOAD)
            await _check_there(request)
            upload = await anyio.to_thread.run_sync(read_labels, data, SIZE, SIZE, limiter=self._readers)
        except UserError as error:
            return refusal(str(error), 422)
        (width, height), drawing = upload.size, encode_runs(upload.labels)
        facts = {"off": upload.off, "pixels": upload.pixels, "palette": upload.palette}
        return JSONResponse({"drawing": drawing, "width": width, "height": height, **facts})

    async def corners(self, request: Request) -> Response:
        """A photo's file -> {corners: where the house front may be, [[x, y], …] as shares of the photo, or null}."""
        try:
            data = await _body(request, MAX_UPLOAD)
            await _check_there(request)
            corners = await anyio.to_thread.run_sync(guess_corners_of_upload, data, limiter=self._readers)
        except UserError as error:
            return refusal(str(error), 422)
        return JSONResponse({"corners": corners}, headers=UNKEPT)

    async def segment(self, request: Request) -> Response:
        """A photo's file -> {drawing, style, wall, sky, photo: the rectified one as a data URL, doubt: "" or a line}.

        The query may hold `corners` of the facade as shares of the photo, "x,y x,y x,y x,y", and the `model` that will
        paint it. The photo is held in memory only.
        """
        try:
            data, asked = await _body(request, MAX_UPLOAD), request.query_params
            corners = read_corners(asked.get("corners", "")[:MAX_NAME])
            await _check_there(request)
            translator = self.models.loaded(asked.get("model") or None)
            found = await anyio.to_thread.run_sync(segment_upload, data, corners, translator, limiter=self._readers)
        except UserError as error:
            return refusal(str(error), 422)
        photo = base64.b64encode(encode(found.photo, "JPEG")).decode()
        pictures = {"drawing": encode_runs(found.labels), "photo": f"data:image/jpeg;base64,{photo}"}
        return JSONResponse(pictures | found.facts, headers=UNKEPT)

    async def random(self, request: Request) -> Response:
        """A random facade's drawing; drawing them takes a tenth of one core's time at most."""
        from pix2pix.synthetic import label_map

        try:
            seed = _number(request.path_params["seed"], MAX_SEEDS, "seeds are whole numbers")
        except UserError as error:
            return refusal(str(error), 422)

        def draw() -> str:
            return encode_runs(label_map(seed, SIZE, SIZE))

        await _body(request, 0)
        await _check_there(request)
        start = time.perf_counter()
        drawing = await anyio.to_thread.run_sync(draw, limiter=self._drawers)
        await asyncio.sleep(REST * (time.perf_counter() - start))  # in its turn, so that the next one waits
        return JSONResponse({"drawing": drawing}, headers=FOREVER)

    async def list_examples(self, request: Request) -> Response:
        """-> {examples: [{name, target: "photo" | "drawn" | null}], complete: whether no more are to come}."""
        return JSONResponse({"examples": self.examples.listed, "complete": self.examples.complete})

    async def example(self, request: Request) -> Response:
        try:
            pair = await self._pair(request)
        except UserError as error:
            return refusal(str(error), 404)
        return JSONResponse({"drawing": encode_runs(pair.labels)})

    async def picture(self, request: Request) -> Response:
        """The example's target, or a thumbnail of its drawing, with its target beside it where it has one."""
        try:
            pair = await self._pair(request)
        except UserError as error:
            return refusal(str(error), 404)
        picture = pair.thumbnail if request.path_params["picture"] == "thumbnail" else pair.target
        if picture is None:
            return refusal("nobody knows the target of this drawing", 404)
        return Response(encode(picture, "JPEG"), media_type="image/jpeg")

    async def offer_browser(self, request: Request) -> Response:
        """-> {site: what a browser may paint with, or null, folder: where, again: whether to ask again soon}."""
        await _body(request, 0)
        return JSONResponse(self.browser.offer(), headers={"Cache-Control": "no-store"})

    async def browser_file(self, request: Request) -> Response:
        """A file of those, in pieces, so that slow connections do not hold megabytes each."""
        path = request.path_params["path"]
        content = self.browser.files.get(path)
        if content is None:
            return refusal("there is no such file", 404)
        kind = "text/javascript" if path.endswith(".js") else "application/octet-stream"
        headers = FOREVER | {"Content-Length": str(len(content))}
        return StreamingResponse(_pieces(content), media_type=kind, headers=headers)

    async def module(self, request: Request) -> Response:
        place = request.path_params
        code = self._modules.get("/".join(place[part] for part in ("folder", "name") if part in place))
        if code is None:
            return refusal("there is no such module", 404)
        return Response(code, media_type="text/javascript", headers=FOREVER)

    async def _pair(self, request: Request) -> Pair:
        number = _number(request.path_params["number"], len(self.examples.listed), "examples are numbered")
        await _body(request, 0)
        await _check_there(request)
        return await anyio.to_thread.run_sync(self.examples.pair, number, limiter=self._drawers)


class Job(NamedTuple):
    """What a visitor asks to be painted; the text that it came as, which may be four times as long, is let go."""

    labels: np.ndarray  # (SIZE, SIZE) uint8
    variation: int | None
    colours: dict[str, Colour | None]
    style: str | None
    model: str | None
    visitor: str
    format: Literal["PNG", "JPEG"]


def _read_job(sent: dict) -> Job:
    return Job(
        labels=decode_runs(_text(sent, "drawing"), SIZE, SIZE),
        variation=_variation(sent.get("variation")),
        colours={part: read_colour(_text(sent, part), part) for part in ("wall", "sky")},
        style=_text(sent, "style") or None,
        model=_text(sent, "model") or None,
        visitor=_text(sent, "visitor"),
        format="PNG" if sent.get("format") == "png" else "JPEG",
    )


class Laps:
    """What took how long, one after the other, as the value of a Server-Timing header (W3C; milliseconds)."""

    def __init__(self):
        self._laps: list[tuple[str, float]] = []
        self._last = time.perf_counter()

    def end(self, name: str) -> None:
        now = time.perf_counter()
        self._laps.append((name, now - self._last))
        self._last = now

    def __str__(self) -> str:
        return ", ".join(f"{name};dur={1000 * seconds:.2f}" for name, seconds in self._laps)


async def _pieces(content: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(content), PIECE):
        yield content[start : start + PIECE]


async def _body(request: Request, most: int) -> bytes:
    """The body, read no further than `most` bytes; raises UserError beyond."""
    data = bytearray()
    async for chunk in request.stream():
        data += chunk
        if len(data) > most:
            raise UserError(f"this is too large; at most {most // 1024:,} kB are read")
    return bytes(data)


async def _json(request: Request) -> dict:
    data = await _body(request, MAX_REQUEST)
    try:
        job = json.loads(data)
    except (ValueError, RecursionError):  # also numbers of thousands of digits, and bytes that are no UTF-8
        raise UserError("the request is not JSON") from None
    if not isinstance(job, dict):
        raise UserError("the request is not a JSON object")
    return job


def _number(text: str, most: int, rule: str) -> int:
    """A number in a path, below `most`."""
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(most)) and int(text) < most):
        raise UserError(f"{rule} from 0 to {most - 1}, not {text[:20]}")
    return int(text)


def _text(job: dict, key: str) -> str:
    value = job.get(key) or ""
    if not isinstance(value, str) or (key != "drawing" and len(value) > MAX_NAME):
        raise UserError(f"{key} must be text of at most {MAX_NAME} characters")
    return value


def _variation(value: object) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < MAX_SEEDS:
        raise UserError(f"variation must be a whole number from 0 to {MAX_SEEDS - 1}")
    return value


def _address(request: Request) -> str:
    return request.scope.get(ADDRESS, "")


async def _check_there(request: Request) -> None:
    """End a request whose visitor has left, before work is put into it; its body has to be read by then."""
    if await request.is_disconnected():
        raise ClientDisconnect


async def _cancel_when_left(request: Request, cancel: Future) -> None:
    """Cancel `cancel` when the visitor takes the request back, as the page does when a stroke ends refining."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
    cancel.cancel()
