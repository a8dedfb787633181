"""The app beside people who mean harm: its memory under uploads made to fill it, and what honest painters still get.

Starts `app.py` here and measures it from outside; honest painters come from 127.0.0.2 and 127.0.0.3.

python -m benchmarks.strangers [--seconds 10] [--forged 400]
"""

import argparse
import asyncio
import io
import json
import os
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from itertools import count
from pathlib import Path

import httpx
import numpy as np
import psutil
from PIL import Image

from pix2pix.labels import encode_runs

ROOT = Path(__file__).parents[1]
MAX_MB = 700
HELD, HELD_BYTES = 60, 20 * 2**20
AT_ONCE = 4  # uploads of each picture
DRAWING = encode_runs(np.ones((256, 256), np.uint8))


class App:
    """The app in a process of its own, on a port that was free."""

    def __init__(self):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        environment = {**os.environ, "GRADIO_SERVER_PORT": str(self.port)}
        self.process = subprocess.Popen(
            [sys.executable, "app.py"], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL
        )
        self.url = f"http://127.0.0.1:{self.port}/canvas/"
        while not self.paints():
            time.sleep(0.2)

    def paints(self) -> bool:
        try:
            return httpx.post(f"{self.url}generate", json={"drawing": DRAWING}, timeout=120).status_code == 200
        except httpx.TransportError:
            return False

    def peak_mb(self) -> float:
        status = Path(f"/proc/{self.process.pid}/status")
        if status.exists():
            return int(status.read_text().split("VmHWM:")[1].split()[0]) / 1024
        return psutil.Process(self.process.pid).memory_info().rss / 2**20

    def client(self, address: str = "127.0.0.1") -> httpx.AsyncClient:
        limits = httpx.Limits(max_connections=None)
        transport = httpx.AsyncHTTPTransport(local_address=address, limits=limits)
        return httpx.AsyncClient(base_url=self.url, transport=transport, timeout=60)


def pictures() -> dict[str, bytes]:
    """Files that are small and decode to much, or for long."""

    def saved(kind: str, side: int, **options) -> bytes:
        buffer = io.BytesIO()
        Image.new("RGB", (side, side), (0, 48, 255)).save(buffer, kind, **options)
        return buffer.getvalue()

    progressive = saved("JPEG", 8000, progressive=True)
    last = progressive[progressive.rindex(b"\xff\xda") : -2]
    return {
        "AVIF of 64 megapixels": saved("AVIF", 8000, speed=10),
        "progressive JPEG of 2 MB": progressive[:-2] + last * (2 * 2**20 // len(last)) + b"\xff\xd9",
        "PNG of 8 megapixels": saved("PNG", 2896),
        "WebP of 8 megapixels": saved("WEBP", 2896, lossless=True),
    }


async def hold_uploads(app: App) -> None:
    """Send bodies up to their last byte, and hold them there."""
    head = f"POST /canvas/read HTTP/1.1\r\nHost: x\r\nContent-Length: {HELD_BYTES}\r\n\r\n".encode()

    async def hold(number: int) -> None:
        address = f"127.0.0.{4 + number % 60}"
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", app.port, local_addr=(address, 0))
            writer.write(head)
            for _ in range(HELD_BYTES // 2**20):
                writer.write(bytes(2**20 - 1))
                await writer.drain()
            await reader.read(100)
            writer.close()
        except OSError:
            pass  # refused meanwhile

    tasks = [asyncio.create_task(hold(number)) for number in range(HELD)]
    await asyncio.wait(tasks, timeout=12)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def send_pictures(app: App) -> None:
    for name, data in pictures().items():
        start = time.monotonic()
        async with app.client() as client:
            answers = await asyncio.gather(*(client.post("read", content=data) for _ in range(AT_ONCE)))
        codes = dict(Counter(answer.status_code for answer in answers))
        print(
            f"  {AT_ONCE} of {name} ({len(data) / 1024:,.0f} kB): {codes}, {time.monotonic() - start:.1f} s", flush=True
        )


async def honest(app: App, seconds: float, crowd: str = "", at_once: int = 0) -> list[int]:
    """How many pictures each of two painters gets, who ask as the page does, beside a crowd."""
    command = [sys.executable, "-m", "benchmarks.strangers", "--crowd", crowd, "--forged", str(at_once)]
    # A process of its own: what its many connections cost must not be taken from the painters' browsers.
    others = subprocess.Popen([*command, "--port", str(app.port)], cwd=ROOT) if crowd else None
    await asyncio.sleep(5.0 if others else 0.0)  # until it has started, and its first rush is over
    end = time.monotonic() + seconds

    async def drag(address: str) -> int:
        painted = 0
        async with app.client(address) as client:
            while time.monotonic() < end:
                answer = await client.post("generate", json={"drawing": DRAWING, "visitor": address})
                painted += answer.status_code == 200
                if answer.status_code != 200:
                    await asyncio.sleep(0.4)
        return painted

    painted = await asyncio.gather(drag("127.0.0.2"), drag("127.0.0.3"))
    if others:
        others.kill()
        others.wait()
    return painted


def forged(number: int, attempt: int) -> bytes:
    """A request to paint, by a visitor who has a new name each time."""
    body = json.dumps({"drawing": DRAWING, "visitor": f"{number}.{attempt}"}).encode()
    return b"POST /canvas/generate HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)


def random_facade(number: int, attempt: int) -> bytes:
    return b"GET /canvas/random/%d HTTP/1.1\r\nHost: x\r\n\r\n" % (1000 * number + attempt)


CROWDS = {"forged": forged, "random": random_facade}


async def ask_without_end(port: int, request: Callable[[int, int], bytes], at_once: int) -> None:
    """Ask on so many connections at once, each again as soon as it is answered; as cheaply as that can be done."""

    async def ask(number: int) -> None:
        writer = None
        for attempt in count():
            try:
                if writer is None:
                    reader, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(request(number, attempt))
                head = await reader.readuntil(b"\r\n\r\n")
                await reader.readexactly(int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0]))
            except (OSError, EOFError):
                writer = None
                await asyncio.sleep(0.1)

    await asyncio.gather(*(ask(number) for number in range(at_once)))


async def measure(app: App, seconds: float, forged: int) -> None:
    found = {"before": round(app.peak_mb())}
    await hold_uploads(app)
    found["held uploads"] = round(app.peak_mb())
    await send_pictures(app)
    found["pictures"] = round(app.peak_mb())
    print(f"peak memory in MB after each: {json.dumps(found)}; {MAX_MB} are allowed", flush=True)
    alone = await honest(app, seconds)
    print(f"two honest painters alone: {alone} pictures in {seconds:.0f} s", flush=True)
    for name, crowd, at_once in (
        (f"{forged} forged visitors", "forged", forged),
        ("100 who ask for random facades", "random", 100),
    ):
        painted = await honest(app, seconds, crowd, at_once)
        kept = min(there / before for there, before in zip(painted, alone, strict=True))
        print(f"beside {name}: {painted}, {kept:.0%} at least", flush=True)
    print(f"the app took {app.peak_mb():.0f} MB at most", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--forged", type=int, default=400)
    parser.add_argument("--crowd", choices=CROWDS, help="be that crowd, of --forged, on --port; without it, measure")
    parser.add_argument("--port", type=int)
    options = parser.parse_args()
    if options.crowd:
        asyncio.run(ask_without_end(options.port, CROWDS[options.crowd], options.forged))
    app = App()
    try:
        asyncio.run(measure(app, options.seconds, options.forged))
    finally:
        app.process.terminate()
        app.process.wait()


if __name__ == "__main__":
    main()
