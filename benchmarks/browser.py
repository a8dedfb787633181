"""The painter in the visitor's browser: a picture beside Python's, pointer to frame, load and bytes.

python -m benchmarks.browser [--model NAME|FOLDER] [--runtime FILE] [--output DIR] [--quick]

A site as `pix2pix site` writes it, behind a plain file server, in a real Chromium; needs playwright, a Chromium and
what `site` needs. Worker and ONNX Runtime in Python, one thread each, paint in turns. CPU time is that
of the tab's process, all its threads.
"""

import base64
import contextlib
import functools
import http.server
import json
import re
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import psutil
from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks import measuring
from benchmarks.live_canvas import DRAG, DRAG_SECONDS, VIEWPORT, WATCH_POINTER, draw_strokes, settle_ours
from pix2pix import config as configs
from pix2pix.commands.site import site
from pix2pix.inference import Translator, checkpoint
from pix2pix.inference.onnx_session import OnnxNetwork
from pix2pix.synthetic import label_map

STROKES, QUICK_STROKES = 30, 5
ROUNDS, QUICK_ROUNDS = 6, 2  # of PICTURES by each, in turns
PICTURES = 25
WARM_UP = 40  # pictures: WebAssembly is compiled for speed meanwhile
FIRST_VISITS, QUICK_VISITS = 3, 1
PATIENCE = 300_000  # milliseconds
MB = 1e6

LARGE = re.compile(r"(?<!-live)/weights\.bin$")  # asked for as soon as there is a first picture

PAINTED, REFINED = "canvas.generated[data-picture]", "canvas.generated[data-painter=refined]"
FIRST_PICTURE = """() => {
  addEventListener("DOMContentLoaded", () => {
    const canvas = document.querySelector("canvas.generated");
    new MutationObserver((_, observer) => {
      window.first ??= performance.now();
      observer.disconnect();
    }).observe(canvas, { attributeFilter: ["data-picture"] });
  });
}"""
WATCH = """() => {
  const canvas = document.querySelector("canvas.generated");
  window.pictures = []; // when the frame with each was painted while drawing goes on, or as the last one
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => pictures.push(performance.now());
  new MutationObserver(() => {
    if (canvas.dataset.painter !== "refined") requestAnimationFrame(() => port2.postMessage(null));
  }).observe(canvas, { attributeFilter: ["data-picture"] });
}"""
OPEN = """async ([code, site, base, drawings]) => {
  const { BrowserPainter } = await import(code);
  window.painter = new BrowserPainter(site, new URL(base));
  window.drawings = drawings.map((text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)));
}"""
PAINT = """async ([model, count]) => {
  const times = [];
  for (let at = 0; at < count; at++) {
    const started = performance.now();
    const choice = { variation: null, wall: null, sky: null, format: "shown" };
    await painter.generate({ labels: drawings[at % drawings.length], model, ...choice });
    times.push((performance.now() - started) / 1000);
  }
  return times;
}"""


class Handler(http.server.SimpleHTTPRequestHandler):
    """Files of a folder, their bytes counted."""

    protocol_version = "HTTP/1.1"
    sent = 0

    def log_message(self, *_: object) -> None:
        """Silence."""

    def copyfile(self, source, output) -> None:
        content = source.read()
        output.write(content)
        Handler.sent += len(content)

    def handle(self) -> None:
        with contextlib.suppress(ConnectionError):  # a page that is closed wants nothing more
            super().handle()


@contextmanager
def serving_files(folder: Path, handler: Callable = Handler) -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(handler, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()


def renderers() -> list[psutil.Process]:
    """The processes of tabs that this one has started."""
    found = []
    for process in psutil.Process().children(recursive=True):
        try:
            if "--type=renderer" in process.cmdline():
                found.append(process)
        except psutil.Error:
            continue
    return found


def tab_seconds() -> float:
    """Processor time that all tabs have used, threads and all."""
    return sum(sum(process.cpu_times()[:2]) for process in renderers())


# --- Load


def measure_load(browser: Browser, url: str, visits: int) -> dict:
    """The first picture of a new visitor and of one who comes again: seconds and bytes."""
    cold, warm, sent = [], [], []
    for _ in range(visits):
        context = browser.new_context(viewport=VIEWPORT)
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        page.add_init_script(f"({FIRST_PICTURE})()")
        held = HeldBack(page)
        before = Handler.sent
        page.goto(url)
        page.wait_for_selector(PAINTED)
        sent.append(Handler.sent - before)
        held.release()
        cold.append(page.evaluate("first / 1000"))
        page.wait_for_selector(REFINED)
        page.wait_for_function("() => navigator.serviceWorker.controller")
        page.reload()
        page.wait_for_selector(PAINTED)
        warm.append(page.evaluate("first / 1000"))
        context.close()
    return {
        "first_visit": measuring.summary(cold),
        "second_visit": measuring.summary(warm),
        "megabytes_until_first_picture": max(sent) / MB,
    }


class HeldBack:
    """Requests for the large network, which a page makes as soon as there is a first picture: not let through yet."""

    def __init__(self, page: Page):
        self.routes, self.is_open = [], False
        page.route(LARGE, self.handle)

    def handle(self, route) -> None:
        if self.is_open:
            route.continue_()
        else:
            self.routes.append(route)

    def release(self) -> None:
        self.is_open = True
        for route in self.routes:
            route.continue_()


# --- A picture


def measure_picture(page: Page, told: dict, model: str, folder: Path, rounds: int) -> dict:
    """CPU and wall time of a picture in the worker and in Python, in turns."""
    config = configs.read(folder / checkpoint.CONFIG)
    translator = Translator(config, OnnxNetwork(folder, threads=1), model, checkpoint.read_styles(folder, config))
    drawings = [label_map(seed, 256, 256) for seed in range(PICTURES)]
    texts = [base64.b64encode(drawing.tobytes()).decode() for drawing in drawings]
    page.goto(f"{told['base']}icon-192.png")  # any page of the site's that does not paint by itself
    page.evaluate(OPEN, [f"{told['base']}js/browser/painter.js", told["site"], told["base"], texts])
    page.evaluate(PAINT, [model, WARM_UP])
    times = {name: {"cpu": [], "wall": []} for name in ("browser", "python")}
    for drawing in drawings[:3]:
        translator(drawing)
    for _ in range(rounds):
        before = tab_seconds()
        walls = page.evaluate(PAINT, [model, PICTURES])
        times["browser"]["cpu"].append((tab_seconds() - before) / PICTURES)
        times["browser"]["wall"] += walls
        before = time.process_time()
        for drawing in drawings:
            started = time.perf_counter()
            translator(drawing)
            times["python"]["wall"].append(time.perf_counter() - started)
        times["python"]["cpu"].append((time.process_time() - before) / PICTURES)
    ratios = [ours / theirs for ours, theirs in zip(times["browser"]["cpu"], times["python"]["cpu"], strict=True)]
    return {
        **{f"{name}_{kind}": measuring.summary(seconds) for name, of in times.items() for kind, seconds in of.items()},
        "cpu_ratio": float(np.median(ratios)),
        "cpu_ratio_range": [min(ratios), max(ratios)],
    }


# --- Pointer to frame


def measure_strokes(page: Page, url: str, strokes: int) -> dict:
    page.goto(url)
    page.wait_for_selector(REFINED)
    page.evaluate(WATCH)
    page.evaluate(WATCH_POINTER)
    waits = []
    for stroke in draw_strokes(page, ".overlay", strokes, "3456789"):
        settle_ours(page)
        page.wait_for_timeout(300 + stroke % 7 * 10)
        last, lifted = page.evaluate("[pictures.at(-1) ?? 0, lifted]")
        waits.append(max(0, last - lifted) / 1000)  # the picture may be there before the pointer is lifted
    page.click("[data-action=empty]")
    settle_ours(page)
    return {
        "pointer_up_to_frame": measuring.summary(waits),
        "pictures_per_second_in_a_drag": round(page.evaluate(DRAG, [".overlay", DRAG_SECONDS]), 1),
    }


def told_by(page: Page, url: str) -> dict:
    """What the page of a site tells its painter, and where its files lie."""
    text = page.request.get(url).text()
    told = json.loads(re.search(r"site: (\{.*\}) \}\);", text)[1])
    folder = re.search(r'new URL\("(site-[^"]+)"', text)[1]
    return {"site": told, "base": f"{url}{folder}"}


def main() -> None:
    parser = measuring.flags(__doc__)
    parser.add_argument("--model", default="facades", help="checkpoint by name or folder, with NAME-live beside it")
    parser.add_argument("--runtime", type=Path, help="npm's package onnxruntime-web; fetched unless given")
    options = parser.parse_args()
    strokes, rounds, visits = (
        (QUICK_STROKES, QUICK_ROUNDS, QUICK_VISITS) if options.quick else (STROKES, ROUNDS, FIRST_VISITS)
    )
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as driver:
        folder = Path(scratch) / "site"
        site(options.model, folder, runtime=options.runtime)
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        with serving_files(folder) as url:
            page = browser.new_page(viewport=VIEWPORT)
            page.set_default_timeout(PATIENCE)
            told = told_by(page, url)
            pictures = {
                name: measure_picture(page, told, name, checkpoint.find(folder_of(options.model, name)), rounds)
                for name in told["site"]["models"]
            }
            page.close()
            page = browser.new_page(viewport=VIEWPORT)
            page.set_default_timeout(PATIENCE)
            frames = measure_strokes(page, url, strokes)
            page.close()
            load = measure_load(browser, url, visits)
            browser.close()

    rows = []
    for name, result in pictures.items():
        for what in ("browser_cpu", "python_cpu", "browser_wall", "python_wall"):
            rows.append((f"{name}: {what.replace('_', ', ')}", result[what]["median_ms"], result[what]["p95_ms"]))
        rows.append((f"{name}: CPU, browser / Python", round(result["cpu_ratio"], 2), None))
    lasting = {"pointer up to painted frame": frames["pointer_up_to_frame"]}
    lasting |= {f"{visit} visit, until the first picture": load[f"{visit}_visit"] for visit in ("first", "second")}
    rows += [(what, found["median_ms"], found["p95_ms"]) for what, found in lasting.items()]
    rows.append(("pictures a second in a drag", frames["pictures_per_second_in_a_drag"], None))
    rows.append(("MB until the first live picture", round(load["megabytes_until_first_picture"], 2), None))
    measuring.table(("what", "median", "p95"), rows)
    print()

    def draw(axes) -> None:
        names = list(pictures)
        for at, (who, color) in enumerate((("browser", measuring.OURS), ("python", measuring.PEER))):
            places = [place + 0.4 * at for place in range(len(names))]
            axes.bar(places, [pictures[name][f"{who}_cpu"]["median_ms"] for name in names], 0.4, color=color, label=who)
        axes.set_xticks([place + 0.2 for place in range(len(names))], names)
        axes.set(title="CPU time of a picture, one thread", ylabel="milliseconds")
        axes.legend()

    measuring.report(options, "browser", {"pictures": pictures, "frames": frames, "load": load}, draw)


def folder_of(model: str, name: str) -> str:
    """The checkpoint that a site of `model` calls `name`: it, or its fast model beside it."""
    return model if checkpoint.shown_name(model) == name else str(checkpoint.find(model).with_name(name))


if __name__ == "__main__":
    main()
