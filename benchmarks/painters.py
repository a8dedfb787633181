"""Many painters at once: pictures a second, how long each waits, how fair it is, and the memory of the server.

python -m benchmarks.painters [--painters 1 5 20 50] [--pictures 10000] [--output DIR] [--quick]

Every second painter drags all the time, as our page does it: one picture under way, and the newest state asked for as
soon as it is back. The others make a stroke, wait for its picture, and look at it for a while; one alone drags. Each
is a visitor with a connection of its own to a real `python app.py`. The peer, measured in turns with it, is the same
checkpoint in a stock Gradio app. At last the memory over many pictures. The checkpoint is the one that our page asks
while a stroke is drawn.
"""

import asyncio
import json
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cache
from itertools import count

import httpx
import numpy as np

from benchmarks import measuring
from benchmarks.app_process import OURS, STOCK, Serving, serving
from pix2pix import synthetic
from pix2pix.labels import CLASSES, encode_runs

PAINTERS, QUICK_PAINTERS = (1, 5, 20, 50), (1, 5)
SECONDS, QUICK_SECONDS = 20, 3  # or a second for each painter, so that shares can be compared
WARM_UP = 2  # seconds that are not counted
LOOK = (0.5, 1.5)  # seconds that one who waits looks at a picture before the next stroke
FIRST_PAUSE, MAX_PAUSE = 0.4, 4  # seconds before a refused picture is asked for again, as in live.js
PATIENCE = 60  # seconds
MEMORY_PAINTERS = 4
LIVE = "facades-live"
SIDE = 256  # pixels

Paint = Callable[[httpx.AsyncClient, str, str], Awaitable[int]]  # connection, drawing, visitor -> HTTP status


@dataclass
class Log:
    """What one painter met."""

    drags: bool
    finished: list[tuple[float, float]] = field(default_factory=list)  # when, after how many seconds
    refused: Counter = field(default_factory=Counter)  # HTTP status -> how often
    errors: int = 0  # broken connections


# --- Two ways to ask for a picture


async def ask_ours(client: httpx.AsyncClient, drawing: str, visitor: str) -> int:
    answer = await client.post("canvas/generate", json={"drawing": drawing, "visitor": visitor, "format": "jpeg"})
    return answer.status_code


async def ask_stock(client: httpx.AsyncClient, drawing: str, visitor: str) -> int:
    """As Gradio's clients do: a job, its events until it is complete, then the file."""
    job = await client.post("gradio_api/call/generate", json={"data": [drawing]})
    if job.status_code != 200:
        return job.status_code
    async with client.stream("GET", f"gradio_api/call/generate/{job.json()['event_id']}") as events:
        lines = [line async for line in events.aiter_lines()]
    if "event: complete" not in lines:
        return 500
    data = next(line for line in reversed(lines) if line.startswith("data: ")).removeprefix("data: ")
    picture = await client.get(json.loads(data)[0]["url"])
    return picture.status_code


# --- Painters


async def paint(client: httpx.AsyncClient, ask: Paint, drawings: Iterator[str], visitor: str, log: Log) -> None:
    """One drawing until its picture is there, asked for again whenever it is refused."""
    start, pause = time.perf_counter(), FIRST_PAUSE
    while True:
        try:
            status = await ask(client, next(drawings), visitor)
        except httpx.TransportError:
            log.errors += 1
        else:
            if status == 200:
                break
            log.refused[status] += 1
        await asyncio.sleep(pause)
        pause = min(2 * pause, MAX_PAUSE)
    now = time.perf_counter()
    log.finished.append((now, now - start))


async def painter(url: str, ask: Paint, number: int, drags: bool, end: float) -> Log:
    chance, log = random.Random(number), Log(drags)
    drawings = endless_drawings(number)
    async with httpx.AsyncClient(base_url=url, timeout=PATIENCE, trust_env=False, verify=False) as client:
        await asyncio.sleep(chance.uniform(0, WARM_UP))
        while time.perf_counter() < end:
            await paint(client, ask, drawings, f"painter {number}", log)
            if not drags:
                await asyncio.sleep(chance.uniform(*LOOK))
    return log


POOL = 64  # prepared before the clock runs, so that the painters cost the machine little


@cache
def make_drawings() -> list[str]:
    """Facades with one rectangle more, as a drawing is in the midst of a drag."""
    chance, drawings = np.random.default_rng(0), []
    for seed in range(POOL):
        labels = synthetic.label_map(seed % 8, SIDE, SIDE).copy()
        (top, bottom), (left, right) = np.sort(chance.integers(0, SIDE + 1, (2, 2)))
        labels[top:bottom, left:right] = chance.integers(len(CLASSES))
        drawings.append(encode_runs(labels))
    return drawings


def endless_drawings(number: int) -> Iterator[str]:
    drawings = make_drawings()
    return (drawings[(number + at) % POOL] for at in count())


# --- Many of them


def crowd(app: Serving, ask: Paint, painters: int, seconds: float) -> dict:
    start = time.perf_counter() + WARM_UP
    end = start + seconds

    async def scene() -> tuple[list[Log], float]:
        work = [painter(app.url, ask, each, each % 2 == 0, end) for each in range(painters)]
        tasks = [asyncio.create_task(each) for each in work]
        await asyncio.sleep(WARM_UP)
        before = app.cpu_seconds()
        await asyncio.sleep(end - time.perf_counter())
        used = app.cpu_seconds() - before
        return await asyncio.gather(*tasks), used

    logs, used = asyncio.run(scene())
    drawn = [sum(start <= when <= end for when, _ in log.finished) for log in logs if log.drags]
    waits = {
        drags: [wait for log in logs if log.drags is drags for when, wait in log.finished if when - wait >= start]
        for drags in (True, False)
    }
    everyone = [when for log in logs for when, _ in log.finished]
    refused = sum((log.refused for log in logs), Counter())
    pictures = sum(start <= when <= end for when in everyone)
    return {
        "painters": painters,
        "pictures_per_second": round(pictures / seconds, 1),
        "waiting": measuring.summary(waits[False]),
        "dragging": measuring.summary(waits[True]),
        "least_to_most": round(min(drawn) / max(drawn), 3) if max(drawn) else None,
        "jain_index": round(sum(drawn) ** 2 / (len(drawn) * sum(n * n for n in drawn)), 4) if max(drawn) else None,
        "refused": dict(refused),
        "errors": sum(log.errors for log in logs),
        "cores_used": round(used / seconds, 2),
        "cpu_ms_per_picture": round(1000 * used / pictures, 1) if pictures else None,
        "memory_mb": round(app.memory(), 1),
    }


def memory(app: Serving, ask: Paint, pictures: int) -> dict:
    """Resident memory while that many pictures are painted, by a few who drag; visitors come and go meanwhile."""
    samples, done = [], count(1)

    async def visitor(number: int) -> None:
        log, drawings = Log(drags=True), endless_drawings(number)
        for visit in count():
            async with httpx.AsyncClient(base_url=app.url, timeout=PATIENCE, trust_env=False, verify=False) as client:
                for _ in range(50):
                    if (number_done := next(done)) > pictures:
                        return
                    await paint(client, ask, drawings, f"visitor {number}.{visit}", log)
                    if number_done % max(1, pictures // 200) == 0:
                        samples.append((number_done, app.memory()))

    async def scene() -> None:
        await asyncio.gather(*(visitor(number) for number in range(MEMORY_PAINTERS)))

    asyncio.run(scene())
    at, megabytes = np.array(samples).T
    later = at > pictures / 2
    slope = np.polyfit(at[later], megabytes[later], 1)[0]
    return {
        "pictures": pictures,
        "start_mb": round(float(megabytes[0]), 1),
        "end_mb": round(float(megabytes[-1]), 1),
        "max_mb": round(float(megabytes.max()), 1),
        "kb_per_1000_pictures_in_the_second_half": round(float(slope) * 1024 * 1000, 1),
        "samples": [[int(number), round(size, 1)] for number, size in samples],
    }


def show(rows: list[dict]) -> None:
    head = ("painters", "pictures/s", "waiting: median ms", "p95 ms", "dragging: median ms", "p95 ms")
    further = ("least : most", "Jain", "refused", "errors", "CPU ms a picture", "memory MB")
    cells = []
    for row in rows:
        waits = [row[kind].get(key) for kind in ("waiting", "dragging") for key in ("median_ms", "p95_ms")]
        shares = [str(row[key]) for key in ("least_to_most", "jain_index")]
        cost = [row["cpu_ms_per_picture"], row["memory_mb"]]
        last = [*shares, sum(row["refused"].values()), row["errors"], *cost]
        cells.append((row["painters"], row["pictures_per_second"], *waits, *last))
    measuring.table((*head, *further), cells)


def main() -> None:
    parser = measuring.flags(__doc__)
    parser.add_argument("--painters", type=int, nargs="*", help="how many at once, each a row")
    parser.add_argument("--pictures", type=int, help="length of the memory run; 0: none")
    options = parser.parse_args()
    painters = options.painters or (QUICK_PAINTERS if options.quick else PAINTERS)
    seconds = QUICK_SECONDS if options.quick else SECONDS
    pictures = (200 if options.quick else 10_000) if options.pictures is None else options.pictures

    ours = (*OURS, "--model", LIVE)
    contenders = {"python app.py": (ours, ask_ours), "stock Gradio": ((*STOCK, LIVE), ask_stock)}
    results = {name: [] for name in contenders}
    with ExitStack() as apps:
        running = {name: apps.enter_context(serving(*arguments)) for name, (arguments, _) in contenders.items()}
        for name, (_, ask) in contenders.items():
            asyncio.run(first_picture(running[name], ask))
        for many in painters:
            for name, (_, ask) in contenders.items():
                results[name].append(crowd(running[name], ask, many, max(seconds, many)))
    for name in contenders:
        print(f"\n{name}\n")
        show(results[name])
    if pictures:
        with serving(*ours) as app:
            asyncio.run(first_picture(app, ask_ours))
            results["memory"] = memory(app, ask_ours, pictures)
        shown = {key: value for key, value in results["memory"].items() if key != "samples"}
        print("\n" + ", ".join(f"{key} {value}" for key, value in shown.items()) + "\n")

    def draw(axes) -> None:
        for name, colour in (("python app.py", measuring.OURS), ("stock Gradio", measuring.PEER)):
            for kind, style in (("waiting", "o-"), ("dragging", "s--")):
                points = [(row["painters"], row[kind]["median_ms"]) for row in results[name] if row[kind]["n"]]
                if points:
                    axes.plot(*zip(*points, strict=True), style, color=colour, label=f"{name}, {kind}")
        axes.set(title="Stroke to picture, median", xlabel="painters at once", ylabel="milliseconds")
        axes.set(xlim=(0, None), ylim=(0, None))
        axes.legend()

    measuring.report(options, "painters", results, draw)


async def first_picture(app: Serving, ask: Paint) -> None:
    """Wait until the model is loaded."""
    async with httpx.AsyncClient(base_url=app.url, timeout=PATIENCE, trust_env=False) as client:
        while await ask(client, make_drawings()[0], "first") != 200:
            await asyncio.sleep(0.1)


if __name__ == "__main__":
    main()
