"""From a photo in the visitor's browser: time from the corners to the drawing, beside Python's, and bytes.

python -m benchmarks.browser_photo [--model NAME|FOLDER] [--runtime FILE] [--output DIR] [--quick]

A site as `benchmarks.browser` has it; the photos are rendered houses in 1600x1200 pixels. Reading is decoding,
rectifying, the network, rectangles, colours and style. Worker and Python, one thread each, read in turns. CPU time is
that of the tab's process, all its threads.
"""

import shutil
import tempfile
import time
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from benchmarks import measuring
from benchmarks.browser import MB, OPEN, PATIENCE, VIEWPORT, Handler, serving_files, tab_seconds, told_by
from pix2pix import images, inference
from pix2pix.commands.site import site
from pix2pix.inference import checkpoint
from pix2pix.inference.segmenter import NAME, Segmenter
from pix2pix.synthetic import facade

PHOTOS, QUICK_PHOTOS = 12, 3
WARM_UP = 4  # photos: WebAssembly is compiled for speed meanwhile
PHOTO, FRONT, PLACE = (1600, 1200), 1024, (290, 90)  # pixels: the photo, the house in it, and where that is
CORNERS = [(300, 100), (1310, 95), (1305, 1110), (295, 1105)]
SHARES = " ".join(f"{x / PHOTO[0]:.4f},{y / PHOTO[1]:.4f}" for x, y in CORNERS)
READ = """async ([photo, shares, model]) => {
  const file = await (await fetch(photo)).blob();
  const started = performance.now();
  await (shares ? painter.segment(file, shares, model) : painter.corners(file));
  return (performance.now() - started) / 1000;
}"""


def render_photo(seed: int) -> Image.Image:
    """A house under a sky."""
    photo = Image.new("RGB", PHOTO, (176, 205, 232))
    photo.paste(Image.fromarray(facade(seed, FRONT, FRONT)[1]), PLACE)
    return photo


def write_photos(folder: Path, count: int) -> list[Path]:
    paths = [folder / f"photo-{seed}.jpg" for seed in range(count)]
    for seed, path in enumerate(paths):
        render_photo(seed).save(path, quality=92)
    return paths


def measure_reading(page: Page, url: str, told: dict, model: str, photos: list[Path]) -> dict:
    """Wall and CPU time of the first photo, with what is fetched for it, and of each further one, beside Python's."""
    page.goto(f"{told['base']}icon-192.png")  # any page of the site's that does not paint by itself
    page.evaluate(OPEN, [f"{told['base']}js/browser/painter.js", told["site"], told["base"], []])
    page.evaluate("async (model) => { await painter.generate({ labels: new Uint8Array(65536), model, variation: null, "
                  "wall: null, sky: null, format: 'shown' }); }", model)  # fmt: skip
    sent, before, started = Handler.sent, tab_seconds(), time.perf_counter()
    page.evaluate(READ, [f"{url}{photos[0].name}", None, model])  # the corners, as soon as a photo is chosen
    first = {"wall": time.perf_counter() - started, "cpu": tab_seconds() - before}
    fetched = (Handler.sent - sent - photos[0].stat().st_size) / MB
    for photo in photos[:WARM_UP]:
        page.evaluate(READ, [f"{url}{photo.name}", SHARES, model])
    translator, segmenter = inference.load(model), Segmenter(checkpoint.bundle() / NAME, threads=1)
    times = {f"{who}_{kind}": [] for who in ("browser", "python") for kind in ("wall", "cpu")}
    for photo in photos:
        before = tab_seconds()
        times["browser_wall"].append(page.evaluate(READ, [f"{url}{photo.name}", SHARES, model]))
        times["browser_cpu"].append(tab_seconds() - before)
        before, started = time.process_time(), time.perf_counter()
        inference.segment(images.read_image(photo), translator, CORNERS, segmenter=segmenter)
        times["python_wall"].append(time.perf_counter() - started)
        times["python_cpu"].append(time.process_time() - before)
    reading = {name: measuring.summary(seconds) for name, seconds in times.items()}
    return {**reading, "first": first, "megabytes_fetched": fetched}


def main() -> None:
    parser = measuring.flags(__doc__)
    parser.add_argument("--model", default="facades", help="checkpoint by name or folder, with NAME-live beside it")
    parser.add_argument("--runtime", type=Path, help="npm's package onnxruntime-web; fetched unless given")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as driver:
        folder = Path(scratch) / "site"
        site(options.model, folder, runtime=options.runtime)
        photos = write_photos(folder, QUICK_PHOTOS if options.quick else PHOTOS)
        with serving_files(folder) as url:
            browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
            page = browser.new_page(viewport=VIEWPORT)
            page.set_default_timeout(PATIENCE)
            told = told_by(page, url)
            live = list(told["site"]["models"])[-1]
            reading = measure_reading(page, url, told, live, photos)
            browser.close()

    rows = [(f"a photo: {name.replace('_', ', ')}", reading[name]["median_ms"], reading[name]["p95_ms"])
            for name in ("browser_cpu", "python_cpu", "browser_wall", "python_wall")]  # fmt: skip
    rows += [(f"guessing the corners of the first, {kind}", 1000 * seconds, None)
             for kind, seconds in reading["first"].items()]  # fmt: skip
    rows.append(("MB fetched for it", round(reading["megabytes_fetched"], 2), None))
    measuring.table(("what", "median", "p95"), rows)
    print()

    def draw(axes) -> None:
        for at, (who, color) in enumerate((("browser", measuring.OURS), ("python", measuring.PEER))):
            axes.bar([at], [reading[f"{who}_cpu"]["median_ms"]], color=color)
        axes.set_xticks([0, 1], ["browser", "Python"])
        axes.set(title="CPU time of reading a photo, one thread", ylabel="milliseconds")

    measuring.report(options, "browser_photo", {"reading": reading}, draw)


if __name__ == "__main__":
    main()
