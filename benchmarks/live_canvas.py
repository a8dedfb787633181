"""How live the page is: pointer-up to new picture, and pictures a second during a drag, in a real Chromium.

python benchmarks/live_canvas.py [--model NAME|FOLDER] [--stand-in MILLISECONDS] [--json FILE]

Without --stand-in the bundled checkpoint paints. Needs playwright and a Chromium.
"""

import argparse
import json
import shutil
import socket
import statistics
import sys
import time
from pathlib import Path

import numpy as np
from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

import app  # noqa: E402
from pix2pix.canvas import Painter, find_examples  # noqa: E402
from pix2pix.labels import colorize  # noqa: E402
from pix2pix.serving import Line, Models, listed_models  # noqa: E402

STROKES = 60
DRAG_SECONDS = 5

# Note when the pointer was lifted and when each picture was drawn.
WATCH = """() => {
  window.pictures = [];
  const drawn = new MutationObserver(() => pictures.push(performance.now()));
  drawn.observe(document.querySelector("canvas.generated"), { attributeFilter: ["data-picture"] });
  document.querySelector(".overlay").addEventListener("pointerup", () => (window.lifted = performance.now()));
}"""
# Drag in loops for some seconds, one move a frame.
DRAG = """seconds => new Promise(done => {
  const overlay = document.querySelector(".overlay"), box = overlay.getBoundingClientRect();
  const send = (type, x, y) => overlay.dispatchEvent(new PointerEvent(type, {
    pointerId: 1, pointerType: "mouse", button: 0, bubbles: true,
    clientX: box.left + x * box.width, clientY: box.top + y * box.height,
  }));
  overlay.setPointerCapture = () => {}; // refuses pointers that no hardware made
  const start = performance.now(), before = pictures.length;
  send("pointerdown", 0.1, 0.1);
  const step = () => {
    const now = (performance.now() - start) / 1000;
    if (now < seconds) {
      send("pointermove", 0.5 + 0.4 * Math.sin(now * 3), 0.5 + 0.4 * Math.cos(now * 2));
      requestAnimationFrame(step);
    } else {
      done((pictures.length - before) / now);
      send("pointerup", 0.5, 0.5);
    }
  };
  step();
})"""


def measure(page: Page) -> dict:
    page.wait_for_selector("[data-live=live]")
    page.wait_for_load_state("networkidle")  # the thumbnails of the examples are painted at the first visit
    page.evaluate(WATCH)
    box = page.locator(".overlay").bounding_box()
    random = np.random.default_rng(0)
    waits = []
    for stroke in range(STROKES):
        page.keyboard.press("3456789"[stroke % 7])  # another class each time, so that each stroke changes the drawing
        (x0, x1), (y0, y1) = random.uniform(0.05, 0.95, (2, 2))
        page.mouse.move(box["x"] + x0 * box["width"], box["y"] + y0 * box["height"])
        page.mouse.down()
        page.mouse.move(box["x"] + x1 * box["width"], box["y"] + y1 * box["height"])
        page.mouse.up()
        page.wait_for_timeout(random.uniform(250, 350))
        waits.append(page.evaluate("pictures.at(-1) - lifted"))
    page.click("[data-action=empty]")
    page.wait_for_timeout(500)
    waits.sort()
    return {
        "pointer_up_to_picture_ms_median": round(statistics.median(waits), 1),
        "pointer_up_to_picture_ms_p95": round(waits[int(0.95 * len(waits))], 1),
        "strokes": STROKES,
        "pictures_per_second_in_a_drag": round(page.evaluate(DRAG, DRAG_SECONDS), 1),
        "drag_seconds": DRAG_SECONDS,
    }


def stand_in(milliseconds: float):
    def paint(labels: np.ndarray, variation: int | None = None) -> np.ndarray:
        time.sleep(milliseconds / 1000)
        return colorize(labels)

    return lambda name: paint


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", help="checkpoint by name or folder; the bundled one by default")
    parser.add_argument("--stand-in", type=float, help="paint with a model that only takes this many milliseconds")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()

    if options.stand_in is None:
        models = Models(app.load, listed_models(ROOT / "checkpoints", options.model))
    else:
        models = Models(stand_in(options.stand_in), {"stand-in": ""})
    models.get()
    painter = Painter(models, find_examples(None), Line())
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    app.launch(app.build(painter), painter, server_port=port, prevent_thread_lock=True, quiet=True)
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 860})
        page.goto(f"http://127.0.0.1:{port}/")
        result = {"model": models.default, **measure(page)}
        browser.close()
    print(json.dumps(result, indent=2))
    if options.json:
        options.json.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
