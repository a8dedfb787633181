"""One facade from an empty wall to finished, as a person would paint it: a test, and the picture in the README.

python -m tests.helpers.facade_session OUT.webp [OUT.png]  # records the bundled model: an animation, and its last frame
"""

import io
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.helpers.canvas_page import CanvasPage

STYLES = (1, 4, 0)  # places of the styles that the animation shows at its end
Drag = tuple[str, tuple[float, float, float, float]]  # class, and the drag's start and end in drawing pixels


def select(canvas: CanvasPage, x0: float, y0: float, x1: float, y1: float) -> None:
    canvas.tool("select")
    canvas.drag(x0 + 0.5, y0 + 0.5, x1 - 0.5, y1 - 0.5)


def repeat(canvas: CanvasPage, direction: str, gap: int, count: int | str = "") -> None:
    canvas.page.fill("[data-control=gap]", str(gap))
    canvas.page.fill("[data-control=count]", str(count))
    canvas.page.click(f"[data-action=repeat-{direction}]")
    canvas.page.fill("[data-control=count]", "")


def steps(canvas: CanvasPage) -> Iterator[None]:
    """The session, one yield after each visible step."""

    def drag(name: str, x0: float, y0: float, x1: float, y1: float) -> None:
        """Paint a rectangle of a class, [x0, x1) x [y0, y1)."""
        canvas.tool("rectangle")
        canvas.choose(name)
        canvas.drag(x0 + 0.5, y0 + 0.5, x1 - 0.5, y1 - 0.5)

    canvas.empty_wall()
    yield
    drag("sky", 0, 0, 256, 20)
    yield
    drag("molding", 0, 20, 256, 30)
    yield
    drag("molding", 0, 182, 256, 190)
    yield
    drag("shop", 8, 198, 104, 256)
    yield
    drag("shop", 152, 198, 248, 256)
    yield
    drag("door", 114, 202, 142, 256)
    yield
    drag("window", 16, 44, 40, 78)
    yield
    drag("cornice", 14, 38, 42, 43)
    yield
    drag("sill", 14, 78, 42, 82)
    yield
    select(canvas, 14, 38, 42, 82)
    repeat(canvas, "right", 22)
    yield
    repeat(canvas, "down", 6, 2)
    yield
    canvas.key("Escape")
    for x in (62, 162):
        drag("balcony", x, 122, x + 32, 134)
        yield
    drag("balcony", 0, 172, 256, 182)
    yield


def record(animation: Path, still: Path | None = None) -> None:
    from PIL import Image
    from playwright.sync_api import sync_playwright

    import app
    from pix2pix.web.canvas import Painter, find_examples
    from pix2pix.web.serving import FairQueue, Models, listed_models
    from tests.conftest import CHROMIUM
    from tests.helpers.running_app import RunningApp

    models = Models(app.load, listed_models(app.ROOT / "checkpoints"))
    models.get()
    running = RunningApp(Painter(models, find_examples(None), FairQueue()))
    frames = []
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 740})
        canvas = CanvasPage(page, running.url).open()
        page.wait_for_load_state("networkidle")

        for _ in steps(canvas):
            canvas.settle()
            frames.append(Image.open(io.BytesIO(page.screenshot())).convert("RGB"))
        for place in STYLES:
            page.locator("[data-styles] button").nth(place).click()
            canvas.settle()
            page.wait_for_timeout(2000)  # until it is refined, and the small photos of the styles are there
            frames.append(Image.open(io.BytesIO(page.screenshot())).convert("RGB"))
        browser.close()
    durations = [500] * (len(frames) - 1 - len(STYLES)) + [1500] * len(STYLES) + [3000]  # milliseconds
    frames[0].save(animation, save_all=True, append_images=frames[1:], duration=durations, loop=0, quality=80)
    if still:
        frames[-1].save(still)


if __name__ == "__main__":
    record(*map(Path, sys.argv[1:3]))
