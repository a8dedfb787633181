"""Bounds on what any one address may ask of the server, for each kind of route: at once, in bytes, and in seconds.

Each kind has a `FairQueue` of its own, so that who floods one kind delays neither the others nor, for long, other
addresses. Refusals are JSON: {"error": one line, "again": whether trying the same later makes sense}.
"""

import asyncio
import ipaddress
import logging
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pix2pix.web.serving import FairQueue, QueueFull

MB = 2**20
MAX_HELD = 128 * MB  # of all bodies in memory together
PATIENCE = 20.0  # seconds in a line before the server gives up: the page's patience is 30
PENALTY = 1.0  # seconds until a refusal is answered, so that asking again at once costs the server little
CROWD = 20  # refusals of one address at once by which the penalty grows by itself
MAX_PENALTY = 20.0  # seconds: the page's patience is 30
HOUR = 3600.0  # seconds
ADDRESS = "pix2pix.address"  # the key in an ASGI scope
PRIVATE = tuple(map(ipaddress.ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "fc00::/7")))
Proxy = Literal["none", "any", "space"]

log = logging.getLogger(__name__)


class Refused(Exception):
    """A request is turned away with this status and this line."""

    def __init__(self, status: int, error: str, again: bool = True):
        super().__init__(error)
        self.status, self.error, self.again = status, error, again


class Quota:
    """Bytes that bodies may have within an hour: of each address, and in all."""

    def __init__(self, each: float, total: float):
        self.each, self.total = each, total
        self._sent: Counter[str] = Counter()
        self._ends = 0.0

    def take(self, address: str, size: int) -> None:
        if time.monotonic() > self._ends:
            self._sent.clear()
            self._ends = time.monotonic() + HOUR
        self._sent[address] += size
        if self._sent[address] > self.each or self._sent.total() > self.total:
            raise Refused(503, "too much was sent within this hour; try again in the next")


@dataclass(frozen=True)
class Kind:
    """What requests of one kind may take: turns of a line, bytes of body, seconds to send it, bytes in an hour."""

    line: FairQueue
    body: int = 0
    seconds: float = 10.0
    quota: Quota | None = None


class Bounds:
    """The kinds of routes and their bounds, shared by all routes of one app.

    `proxy` says what stands before the server, and appends the address of its client to X-Forwarded-For; `folder` is
    where Gradio writes what is uploaded.
    """

    def __init__(self, proxy: Proxy = "none", folder: Path | None = None):
        self.proxy, self.folder = proxy, folder
        self.held = 0  # bytes of bodies
        self._refused: Counter[str] = Counter()  # requests that wait for their refusal, by address
        self.kinds = {
            # Whose turn it is to paint, the painter's own line says.
            "paint": Kind(FairQueue(running=1024, waiting=0, each=128), MB),
            "model": Kind(FairQueue(running=1024, waiting=0, each=128), 2**16),
            "read": Kind(FairQueue(running=4, waiting=64, each=2), 20 * MB + 1, seconds=30.0),
            "random": Kind(FairQueue(running=1, waiting=64)),
            "example": Kind(FairQueue(running=2, waiting=256)),
            "file": Kind(FairQueue(running=64, waiting=256, each=4)),  # megabytes each: a page asks for three at once
            "upload": Kind(  # to files, which Gradio keeps for an hour
                FairQueue(running=8, waiting=64, each=4),
                20 * MB + 2**16,
                seconds=30.0,
                quota=Quota(256 * MB, 1024 * MB),
            ),
            "other": Kind(FairQueue(running=8192, waiting=0, each=2048), 20 * MB + 2**16, seconds=30.0),
        }

    def of(self, kind: str) -> Middleware:
        """Bound a route as one of this kind."""
        return Middleware(Bounded, bounds=self, kind=kind)

    def of_gradio(self) -> Middleware:
        """Bound Gradio's own routes: its uploads, and all others together."""
        return Middleware(Bounded, bounds=self)

    async def pause(self, address: str) -> None:
        """Wait before a refusal is answered: the longer, the more requests of that address are refused meanwhile."""
        self._refused[address] += 1
        try:
            await asyncio.sleep(min(PENALTY * (1 + self._refused[address] / CROWD), MAX_PENALTY))
        finally:
            self._refused[address] -= 1
            if not self._refused[address]:
                del self._refused[address]

    def sweep(self) -> None:
        """Delete what broken uploads left: Gradio writes to a file named tmp…, and forgets it."""
        if self.folder:
            for path in self.folder.glob("tmp*"):
                if path.is_file() and time.time() - path.stat().st_mtime > 2 * self.kinds["upload"].seconds:
                    path.unlink(missing_ok=True)

    def kind_of(self, path: str) -> Kind | None:
        """The kind of one of Gradio's routes; None for ours, which are bounded one by one."""
        if "/canvas/" in path:
            return None
        return self.kinds["upload" if path.rstrip("/").endswith("/upload") else "other"]


class Bounded:
    """An ASGI app, within bounds; a request that its client gives up ends without a word in the log."""

    def __init__(self, app: ASGIApp, bounds: Bounds, kind: str | None = None):
        self.app, self.bounds, self.kind = app, bounds, kind

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        kind = None
        if scope["type"] == "http":
            kind = self.bounds.kinds[self.kind] if self.kind else self.bounds.kind_of(scope["path"])
        if kind is None:
            return await self.app(scope, receive, send)
        scope[ADDRESS] = address_of(scope, self.bounds.proxy)
        begun = False

        async def send_on(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        body = Body(receive, kind, self.bounds, scope[ADDRESS])
        try:
            async with _turn(kind.line, scope[ADDRESS]):
                return await self.app(scope, body.receive, send_on)
        except ClientDisconnect:
            answer = left()
        except Refused as refused:
            if refused.status == 503:
                await self.bounds.pause(scope[ADDRESS])
            answer = refusal(refused.error, refused.status, refused.again)
        except (UnicodeError, OverflowError) as error:  # of text and numbers that are valid JSON and nothing else
            log.warning("%s cannot be answered: %s", scope["path"][:80], type(error).__name__)
            answer = refusal("this request holds text or numbers that cannot be used", 422)
        except Exception:
            if self.kind is None:  # of Gradio's routes Gradio itself tells
                raise
            log.exception("%s failed", scope["path"][:80])
            answer = refusal("the server failed at this; its log says why", 500)
        finally:
            self.bounds.held -= body.held
        if kind is self.bounds.kinds["upload"]:
            self.bounds.sweep()
        if not begun:
            await answer(scope, receive, send)


class _turn:  # noqa: N801  (a context manager)
    """A turn of a line that is waited for no longer than `PATIENCE`; raises Refused."""

    def __init__(self, line: FairQueue, address: str):
        self._turn = line.turn(object(), address)

    async def __aenter__(self) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                await self._turn.__aenter__()
        except (QueueFull, TimeoutError):
            raise Refused(503, "too many such requests right now; try again in a moment") from None

    async def __aexit__(self, *failure) -> bool | None:
        return await self._turn.__aexit__(*failure)


class Body:
    """The body of a request as it comes in: bounded in bytes and seconds, and counted among all that are held."""

    def __init__(self, receive: Receive, kind: Kind, bounds: Bounds, address: str):
        self._receive, self._kind, self._bounds, self._address = receive, kind, bounds, address
        self._whole = False
        self._deadline: float | None = None
        self.held = 0

    async def receive(self) -> Message:
        if self._whole:  # what comes now is that the client leaves, whenever that is
            return await self._receive()
        if self._deadline is None:
            self._deadline = asyncio.get_running_loop().time() + self._kind.seconds
        try:
            async with asyncio.timeout_at(self._deadline):
                message = await self._receive()
        except TimeoutError:
            raise Refused(408, f"this took longer than {self._kind.seconds:.0f} s to arrive") from None
        self._whole = message["type"] != "http.request" or not message.get("more_body", False)
        self._count(len(message.get("body", b"")))
        return message

    def _count(self, size: int) -> None:
        self.held += size
        self._bounds.held += size
        if self.held > self._kind.body:
            raise Refused(413, f"this is too large; at most {self._kind.body // 1024:,} kB are read", again=False)
        if self._kind.quota:
            self._kind.quota.take(self._address, size)
        if self._bounds.held > MAX_HELD:
            raise Refused(503, "too much is being sent right now; try again in a moment")


def address_of(scope: Scope, proxy: Proxy = "none") -> str:
    """The address that a request comes from, an IPv6 network of 64 bits as one.

    Behind a proxy it is the last one in X-Forwarded-For: a proxy appends its client, and whatever a visitor wrote
    stands before that. A Space's proxies may append each other, which have private addresses. Uvicorn reads the header
    itself where the connection comes from this machine, or from an address that FORWARDED_ALLOW_IPS names.
    """
    found = (scope.get("client") or ("",))[0]
    if proxy != "none":
        headers = [value.decode("latin-1") for name, value in scope["headers"] if name == b"x-forwarded-for"]
        hops = [hop.strip() for hop in ",".join(headers).split(",") if hop.strip()] or [found]
        visitors = [hop for hop in hops if not (proxy == "space" and _is_private(hop))] or hops
        found = visitors[-1]
    address = _parse(found)
    if address is None:
        return found[:64]
    if address.version == 6:
        return str(address.ipv4_mapped or ipaddress.ip_network((address, 64), strict=False))
    return str(address)


def _parse(hop: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The address of a hop, without the port that some proxies write."""
    host = hop[1:].split("]")[0] if hop.startswith("[") else hop.split(":")[0] if hop.count(":") == 1 else hop
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _is_private(hop: str) -> bool:
    address = _parse(hop)
    return address is not None and any(address in network for network in PRIVATE)


def left() -> Response:
    return Response(status_code=499)  # nginx's code: the visitor has left; nobody reads this


def refusal(error: str, status: int, again: bool = False) -> JSONResponse:
    """One line as data; what JSON or UTF-8 cannot carry is replaced."""
    line = " ".join(error.encode("utf-8", "replace").decode().split())
    return JSONResponse({"error": line, "again": again}, status_code=status)
