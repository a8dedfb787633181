"""How live the page is: pointer-up to new picture, pictures a second during a drag, and where a picture's time goes.

python -m benchmarks.live_canvas [--model NAME|FOLDER] [--output DIR] [--quick]

A real Chromium on a real `python app.py`; needs playwright and a Chromium. The peer, in the same browser after it, is
the same checkpoint in a stock Gradio app.
"""

import shutil

import httpx
import numpy as np
from playwright.sync_api import Browser, Page, TimeoutError, sync_playwright

from benchmarks import measuring
from benchmarks.app_process import OURS, STOCK, serving

STROKES, QUICK_STROKES = 60, 5
DRAG_SECONDS = 5
VIEWPORT = {"width": 1280, "height": 860}
PATIENCE = 30_000  # milliseconds
STOCK_PATIENCE = 5000  # milliseconds: its queue may drop the last change, and then no picture comes
STOCK_STROKES = 20

# The way of a picture: what a stage is, and who says how long it took.
STAGES = {
    "prepare": "browser: the drawing to a request",
    "decode": "server: the request to labels",
    "wait": "server: waiting for a turn",
    "generate": "server: the model",
    "encode": "server: the photo to JPEG",
    "wire": "HTTP both ways, and what browser and server do around it",
    "unpack": "browser: JPEG to pixels",
    "draw": "browser: pixels into the canvas",
    "paint": "browser: until the frame that shows them",
}

# Before the page's own code: note when a picture's stages end. One request is under way at a time.
WATCH_STAGES = """() => {
  let before = 0; // when what a request describes came about: an input, or the answer before
  let received, unpacked; // the picture that has come last that far: the next may be asked for before it is drawn
  window.ways = [];
  for (const type of ["pointerdown", "pointermove", "pointerup", "keydown", "click"])
    addEventListener(type, () => (before = performance.now()), { capture: true });
  const ask = window.fetch;
  window.fetch = async (url, options) => {
    if (!String(url).endsWith("canvas/generate")) return ask(url, options);
    const mine = { asked: performance.now() };
    mine.prepare = mine.asked - before;
    const answer = await ask(url, options);
    mine.server = Object.fromEntries((answer.headers.get("Server-Timing") ?? "").split(", ").filter(Boolean)
      .map((lap) => lap.split(";dur=")).map(([name, milliseconds]) => [name, Number(milliseconds)]));
    const body = answer.blob.bind(answer);
    answer.blob = async () => {
      const blob = await body();
      mine.received = before = performance.now();
      received = mine;
      return blob;
    };
    return answer;
  };
  const unpack = window.createImageBitmap;
  window.createImageBitmap = async (blob) => {
    const mine = received;
    const bitmap = await unpack(blob);
    mine.unpacked = performance.now();
    unpacked = mine;
    return bitmap;
  };
  window.drawn = () => {
    const mine = { ...unpacked, drawn: performance.now() };
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => ways.push({ ...mine, painted: performance.now() });
    requestAnimationFrame(() => port2.postMessage(null)); // arrives after the frame has been painted
  };
}"""
WATCH_OURS = """() => {
  const canvas = document.querySelector("canvas.generated");
  window.pictures = []; // when each was drawn while drawing goes on, or as the last one
  window.refined = []; // when the drawing had come to rest
  new MutationObserver(() => {
    (canvas.dataset.painter === "refined" ? refined : pictures).push(performance.now());
    drawn();
  }).observe(canvas, { attributeFilter: ["data-picture"] });
}"""
WATCH_STOCK = """() => {
  window.pictures = [];
  const photo = document.querySelector("#photo");
  photo.addEventListener("load", () => pictures.push(performance.now()), { capture: true });
}"""
WATCH_POINTER = """() => {
  window.lifted = 0;
  addEventListener("pointerup", () => (lifted = performance.now()), { capture: true });
}"""
# Drag in loops for some seconds, one move a frame.
DRAG = """([selector, seconds]) => new Promise(done => {
  const surface = document.querySelector(selector), box = surface.getBoundingClientRect();
  const send = (type, x, y) => surface.dispatchEvent(new PointerEvent(type, {
    pointerId: 1, pointerType: "mouse", button: 0, buttons: 1, isPrimary: true, bubbles: true,
    clientX: box.left + x * box.width, clientY: box.top + y * box.height,
  }));
  surface.setPointerCapture = () => {}; // refuses pointers that no hardware made
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


def measure_ours(browser: Browser, url: str, strokes: int) -> dict:
    page = browser.new_page(viewport=VIEWPORT)
    page.add_init_script(f"({WATCH_STAGES})()")
    page.goto(url)
    page.wait_for_selector("[data-ready=true]")
    settle_ours(page)
    page.wait_for_load_state("networkidle")  # the thumbnails of the examples are painted at the first visit
    page.evaluate(WATCH_OURS)
    page.evaluate(WATCH_POINTER)
    live, refined = [], []
    for stroke in draw_strokes(page, ".overlay", strokes, "3456789"):
        settle_ours(page)
        page.wait_for_timeout(300 + stroke % 7 * 10)
        last, last_refined, lifted = page.evaluate("[pictures.at(-1), refined.at(-1) ?? 0, lifted]")
        live.append(max(0, last - lifted) / 1000)  # the picture may be there before the pointer is lifted
        if last_refined > lifted:
            refined.append((last_refined - lifted) / 1000)
    ways = page.evaluate("ways")
    page.click("[data-action=empty]")
    settle_ours(page)
    per_second = page.evaluate(DRAG, [".overlay", DRAG_SECONDS])
    page.close()
    return {
        "pointer_up_to_picture": measuring.summary(live),
        "pointer_up_to_refined": measuring.summary(refined),
        "pictures_per_second_in_a_drag": round(per_second, 1),
        "stages": stages(ways),
    }


def measure_stock(browser: Browser, url: str, strokes: int) -> dict:
    page = browser.new_page(viewport=VIEWPORT)
    page.goto(url)
    page.wait_for_selector("canvas")
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(2000)  # until the editor has drawn its background
    page.evaluate(WATCH_STOCK)
    page.evaluate(WATCH_POINTER)
    waits, lost = [], 0
    for stroke in draw_strokes(page, "canvas", strokes + 1, within=(0.35, 0.65)):  # the drawing is in its middle
        if stroke == 0:  # Gradio's editor keeps its first change to itself
            page.wait_for_timeout(1000)
            continue
        try:
            page.wait_for_function("() => (pictures.at(-1) ?? 0) > lifted", timeout=STOCK_PATIENCE)
        except TimeoutError:
            lost += 1
            continue
        page.wait_for_timeout(300)
        waits.append(page.evaluate("pictures.find((when) => when > lifted) - lifted") / 1000)
    per_second = page.evaluate(DRAG, ["canvas", DRAG_SECONDS])
    page.close()
    return {
        "pointer_up_to_picture": measuring.summary(waits),
        "strokes_without_a_picture": lost,
        "pictures_per_second_in_a_drag": round(per_second, 1),
    }


def draw_strokes(page: Page, surface: str, strokes: int, keys: str = "", within: tuple = (0.05, 0.95)):
    """Drags `within` these shares of the surface's sides, each yielded when the pointer was lifted.

    `keys` choose another class each time, so that each stroke changes the drawing.
    """
    box = page.locator(surface).first.bounding_box()
    random = np.random.default_rng(0)
    for stroke in range(strokes):
        if keys:
            page.keyboard.press(keys[stroke % len(keys)])
        (x0, x1), (y0, y1) = random.uniform(*within, (2, 2))
        page.mouse.move(box["x"] + x0 * box["width"], box["y"] + y0 * box["height"])
        page.mouse.down()
        page.mouse.move(box["x"] + x1 * box["width"], box["y"] + y1 * box["height"], steps=10)
        page.mouse.up()
        yield stroke


def settle_ours(page: Page) -> None:
    page.wait_for_selector("[data-live=live]", timeout=PATIENCE)


def stages(ways: list[dict]) -> dict:
    """Median and p95 of each stage over all pictures, in the order of the way."""
    seconds = {name: [] for name in STAGES}
    for way in ways:
        lasted = {
            **way["server"],
            "prepare": way["prepare"],
            "wire": way["received"] - way["asked"] - sum(way["server"].values()),
            "unpack": way["unpacked"] - way["received"],
            "draw": way["drawn"] - way["unpacked"],
            "paint": way["painted"] - way["drawn"],
        }
        for name in STAGES:
            seconds[name].append(lasted[name] / 1000)
    return {name: measuring.summary(times) for name, times in seconds.items()}


def main() -> None:
    parser = measuring.flags(__doc__)
    parser.add_argument("--model", help="checkpoint by name or folder; the bundled one by default")
    options = parser.parse_args()
    strokes = QUICK_STROKES if options.quick else STROKES
    model = ["--model", options.model] if options.model else []

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        with serving(*OURS, *model) as app:
            httpx.post(f"{app.url}canvas/model", json={}, timeout=60, trust_env=False).raise_for_status()
            ours = measure_ours(browser, app.url, strokes)
        with serving(*STOCK) as app:
            stock = measure_stock(browser, app.url, min(strokes, STOCK_STROKES))
        browser.close()

    rows = []
    for name, result in (("python app.py", ours), ("stock Gradio", stock)):
        for what in ("pointer_up_to_picture", "pointer_up_to_refined"):
            row = result.get(what, {"n": 0})
            if row["n"]:
                rows.append((f"{name}: {what.replace('_', ' ')}", row["median_ms"], row["p95_ms"], row["n"]))
        rows.append((f"{name}: pictures a second in a drag", result["pictures_per_second_in_a_drag"], None, None))
    measuring.table(("what", "median ms", "p95 ms", "n"), rows)
    print()
    found = ours["stages"]
    cells = [(what, *(found[name].get(key) for key in ("median_ms", "p95_ms", "n"))) for name, what in STAGES.items()]
    measuring.table(("stage", "median ms", "p95 ms", "n"), cells)
    print()

    def draw(axes) -> None:
        medians = [found[name].get("median_ms", 0) for name in STAGES]
        axes.barh(list(STAGES), medians, color=measuring.OURS)
        axes.invert_yaxis()
        axes.set(title="Where a picture's time goes, median", xlabel="milliseconds")

    measuring.report(options, "live_canvas", {"python app.py": ours, "stock Gradio": stock}, draw)


if __name__ == "__main__":
    main()
