"""The painter's HTTP routes, beside Gradio's own: the live loop, examples, uploads and the page's JS modules.

A plain POST per picture was measured faster than Gradio's server functions (27 pictures a second against 22 with a
20 ms stand-in on 2 cores) and nearly as fast as a WebSocket (30), which would need one more package and a connection
that lasts. Routes like these bypass Gradio's queue, so everything is bounded and checked here. Errors are answered as
JSON: {"error": one line, "again": whether trying the same later makes sense}. A picture's `Server-Timing` header says
what took how long here: the browser's developer tools show it, `benchmarks/live_canvas.py` reads it.
"""

import asyncio
import hashlib
import io
import json
import logging
import time
from concurrent.futures import Future
from pathlib import Path

import anyio
import anyio.to_thread
import numpy as np
from PIL import Image
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from pix2pix.inference import read_colour
from pix2pix.labels import colorize, decode_runs, encode_runs
from pix2pix.web.canvas.uploads import read_labels
from pix2pix.web.examples import SIZE, Examples
from pix2pix.web.serving import CrowdedError, Line, Model, Models, ReplacedError

LONGEST_REQUEST = 4 * SIZE * SIZE + 4096  # bytes: the longest honest drawing and its settings
LARGEST_UPLOAD = 20 * 2**20  # bytes
LONGEST_NAME = 200  # characters
MOST_SEEDS = 2**31
THUMBNAIL = 72  # pixels
FOREVER = {"Cache-Control": "public, max-age=31536000, immutable"}
JS_FOLDER = Path(__file__).parent / "js"

log = logging.getLogger(__name__)


class Painter:
    """The routes and what they share: the models, whose turn it is, and the examples to start from."""

    def __init__(self, models: Models, examples: Examples, line: Line):
        self.models, self.examples, self.line = models, examples, line
        self._modules = {path.name: path.read_bytes() for path in sorted(JS_FOLDER.glob("*.js"))}
        # The digest in the path: modules are cached for good, and never mixed with those of another version.
        digest = hashlib.sha256(b"".join(self._modules.values())).hexdigest()[:12]
        self.base = "canvas"
        self.modules = [f"{self.base}/{digest}/{name}" for name in self._modules]
        self.main_module = f"{self.base}/{digest}/main.js"
        # Of the threads that all routes share, loading (which may take minutes) and reading get only a few.
        self._loaders, self._readers = anyio.CapacityLimiter(4), anyio.CapacityLimiter(2)

    def routes(self) -> list[Route]:
        """Flat, since a Mount does not find its routes behind a proxy that strips the path's beginning."""
        return [
            Route(f"/{self.base}/generate", self.generate, methods=["POST"]),
            Route(f"/{self.base}/model", self.model, methods=["POST"]),
            Route(f"/{self.base}/read", self.read, methods=["POST"]),
            Route(f"/{self.base}/random/{{seed:int}}", self.random),
            Route(f"/{self.base}/examples/{{number:int}}", self.example),
            Route(f"/{self.base}/examples/{{number:int}}/{{picture}}.jpg", self.picture),
            Route(f"/{self.base}/{{digest}}/{{name}}", self.module),
        ]

    async def generate(self, request: Request) -> Response:
        """JSON {drawing, model, variation, wall, sky, visitor, format: "jpeg"|"png"} -> the picture's bytes.

        The colours wall and sky are "#rrggbb" or null; a model that takes none paints without them.
        """
        laps = Laps()
        try:
            job = await _json(request)
            labels = decode_runs(_text(job, "drawing"), SIZE, SIZE)
            variation, kind = _variation(job.get("variation")), "PNG" if job.get("format") == "png" else "JPEG"
            colours = {part: read_colour(_text(job, part), part) for part in ("wall", "sky")}
            name, visitor = _text(job, "model") or None, _text(job, "visitor")
            model = self.models.loaded(name) or await self._load(name)
        except ValueError as error:
            return _refusal(str(error), 422)
        laps.end("decode")

        unwanted = Future()

        def paint() -> bytes:
            photo = model(labels, variation, unwanted, **colours)
            laps.end("generate")
            picture = encode(photo, kind)
            laps.end("encode")
            return picture

        try:
            async with self.line.turn(visitor):
                laps.end("wait")
                if await request.is_disconnected():
                    return _left()
                watch = asyncio.create_task(_cancel_when_left(request, unwanted))
                try:
                    picture = await anyio.to_thread.run_sync(paint)
                finally:
                    watch.cancel()
        except ReplacedError:
            return _refusal("a newer drawing took its place", 409, again=True)
        except CrowdedError:
            return _refusal("many people are painting right now; yours comes as soon as there is room", 503, again=True)
        except Exception:
            if unwanted.cancelled():
                return _left()
            log.exception("the model failed to paint")
            return _refusal("the model failed to paint this; your drawing is safe", 500, again=True)
        headers = {"Cache-Control": "no-store", "Server-Timing": str(laps)}
        return Response(picture, media_type=f"image/{kind.lower()}", headers=headers)

    async def model(self, request: Request) -> Response:
        """JSON {model} -> {model, colours: whether it takes any} once it is loaded."""
        try:
            name = _text(await _json(request), "model")
            model = await self._load(name or None)
        except ValueError as error:
            return _refusal(str(error), 422)
        except Exception:
            log.exception("a model failed to load")
            return _refusal("this model could not be loaded", 500)
        return JSONResponse({"model": name or self.models.default, "colours": model.takes_colours})

    async def _load(self, name: str | None) -> Model:
        return await anyio.to_thread.run_sync(self.models.get, name, limiter=self._loaders)

    async def read(self, request: Request) -> Response:
        """An uploaded image file -> {drawing, width, height, off, pixels, palette}."""
        try:
            data = await _body(request, LARGEST_UPLOAD)
            upload = await anyio.to_thread.run_sync(read_labels, data, SIZE, SIZE, limiter=self._readers)
        except ValueError as error:
            return _refusal(str(error), 422)
        (width, height), drawing = upload.original_size, encode_runs(upload.labels)
        facts = {"off": upload.off, "pixels": upload.pixels, "palette": upload.palette}
        return JSONResponse({"drawing": drawing, "width": width, "height": height, **facts})

    def random(self, request: Request) -> Response:
        from pix2pix.synthetic import label_map

        seed = request.path_params["seed"]
        if seed >= MOST_SEEDS:
            return _refusal(f"seeds are below {MOST_SEEDS}", 422)
        return JSONResponse({"drawing": encode_runs(label_map(seed, SIZE, SIZE))}, headers=FOREVER)

    def example(self, request: Request) -> Response:
        try:
            pair = self._pair(request)
        except ValueError as error:
            return _refusal(str(error), 404)
        return JSONResponse({"drawing": encode_runs(pair.labels)})

    def picture(self, request: Request) -> Response:
        """The example's target, or a thumbnail of drawing and target side by side."""
        try:
            pair = self._pair(request)
        except ValueError as error:
            return _refusal(str(error), 404)
        picture = pair.target
        if request.path_params["picture"] == "thumbnail":
            halves = [Image.fromarray(each).resize((THUMBNAIL, THUMBNAIL)) for each in (colorize(pair.labels), picture)]
            picture = np.hstack([np.asarray(half) for half in halves])
        return Response(encode(picture, "JPEG"), media_type="image/jpeg")

    def module(self, request: Request) -> Response:
        code = self._modules.get(request.path_params["name"])
        if code is None:
            return _refusal("there is no such module", 404)
        return Response(code, media_type="text/javascript", headers=FOREVER)

    def _pair(self, request: Request):
        number = request.path_params["number"]
        if number >= len(self.examples.names):
            raise ValueError(f"there is no example {number}")
        return self.examples.pair(number)


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


def encode(image: np.ndarray, kind: str) -> bytes:
    """Picture `(H, W, 3)` uint8 -> file bytes; JPEG without chroma subsampling takes about 1 ms."""
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, kind, **({"quality": 90, "subsampling": 0} if kind == "JPEG" else {}))
    return buffer.getvalue()


async def _body(request: Request, most: int) -> bytes:
    """The body, read no further than `most` bytes; raises ValueError beyond."""
    data = bytearray()
    async for chunk in request.stream():
        data += chunk
        if len(data) > most:
            raise ValueError(f"this is too large; at most {most // 1024:,} kB are read")
    return bytes(data)


async def _json(request: Request) -> dict:
    try:
        job = json.loads(await _body(request, LONGEST_REQUEST))
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError):
        raise ValueError("the request is not JSON") from None
    if not isinstance(job, dict):
        raise ValueError("the request is not a JSON object")
    return job


def _text(job: dict, key: str) -> str:
    value = job.get(key) or ""
    if not isinstance(value, str) or (key != "drawing" and len(value) > LONGEST_NAME):
        raise ValueError(f"{key} must be text of at most {LONGEST_NAME} characters")
    return value


def _variation(value: object) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < MOST_SEEDS:
        raise ValueError(f"variation must be a whole number from 0 to {MOST_SEEDS - 1}")
    return value


async def _cancel_when_left(request: Request, unwanted: Future) -> None:
    """Cancel `unwanted` when the visitor takes the request back, as the page does when a stroke ends refining."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
    unwanted.cancel()


def _left() -> Response:
    return Response(status_code=499)  # nginx's code: the visitor has left; nobody reads this


def _refusal(error: str, status: int, again: bool = False) -> JSONResponse:
    return JSONResponse({"error": error, "again": again}, status_code=status)
