"""The app's page in a real Chromium, whose own painter takes over from a slow server, and gives back what fails."""

import time

import numpy as np
import pytest

from pix2pix import inference
from pix2pix.inference import checkpoint
from pix2pix.web.browser import BrowserPainting
from pix2pix.web.canvas import Painter, find_examples
from pix2pix.web.serving import FairQueue, Models
from tests.conftest import DESKTOP
from tests.helpers.canvas_page import CanvasPage
from tests.helpers.running_app import RunningApp

pytestmark = [pytest.mark.browser, pytest.mark.slow]

LIVE = "facades-live"
SLOW = 1.5  # seconds of a picture: more than a browser takes on a busy machine
FAIL = """() => {
  const post = self.postMessage.bind(self);
  self.onmessage = () => post({ error: "no more", isMemory: true });
}"""
PAINT = """async (variations) => {
  const generated = document.querySelector("canvas.generated");
  const slider = document.querySelector("[data-control=variation]");
  for (const variation of variations) {
    const painted = new Promise((resolve) =>
      new MutationObserver(resolve).observe(generated, { attributeFilter: ["data-picture"] }));
    slider.value = variation;
    slider.dispatchEvent(new Event("input", { bubbles: true }));
    await painted;
    await new Promise(requestAnimationFrame);
  }
  return document.querySelector(".studio").dataset.by;
}"""
FITS = """() => {
  const time = document.querySelector(".time");
  time.textContent = "refined · 1240 ms · server"; // the longest
  return time.scrollWidth <= time.clientWidth;
}"""
SAVE_DATA = 'Object.defineProperty(navigator, "connection", { value: { saveData: true } })'


class SlowTranslator:
    """A translator that a network lies before."""

    def __init__(self):
        self.translator = inference.load(LIVE)
        self.delay = SLOW
        self.takes_colours, self.styles = self.translator.takes_colours, self.translator.styles

    def __call__(self, labels, variation=None, cancel=None, **options):
        time.sleep(self.delay)
        return self.translator(labels, variation, cancel, **options)


@pytest.fixture(scope="module")
def slow_app(browser_runtime):
    model, listed = SlowTranslator(), {LIVE: checkpoint.find(LIVE)}
    painting = BrowserPainting(listed, browser_runtime)
    app = RunningApp(Painter(Models(lambda _: model, listed), find_examples(None), FairQueue(), browser=painting))
    app.model = model
    yield app
    app.close()


def opened(chromium, app, script: str = "") -> CanvasPage:
    context = chromium.new_context(**DESKTOP)
    context.set_default_timeout(60_000)
    page = context.new_page()
    page.add_init_script(script)
    page.asked = []
    page.on("request", lambda request: page.asked.append(request.url))
    return CanvasPage(page, app.url).open()


def paint(canvas: CanvasPage, variations: range) -> str:
    """Have these variations painted one after the other; returns where the last picture was."""
    return canvas.page.evaluate(PAINT, list(variations))


def test_a_browser_quicker_than_the_server_takes_over_with_the_same_pictures_and_gives_back_when_it_fails(
    chromium, slow_app
):
    canvas = opened(chromium, slow_app)
    page = canvas.page
    assert paint(canvas, range(1, 4)) == ""
    assert not any("browser/" in url for url in page.asked), "something came before it was wanted"
    paint(canvas, range(4, 11))
    by = ""
    for at in range(30):
        page.wait_for_timeout(2000)
        if (by := paint(canvas, range(20 + at, 21 + at))) == "browser":
            break
    assert by == "browser", page.inner_text(".time")
    assert page.inner_text(".time").endswith("· here")
    assert page.get_attribute(".time", "title") == "Painted in your browser"

    page.fill("[data-control=variation]", "7")
    page.check("[name=wall][value='#a0604c']")
    canvas.settle()
    assert page.get_attribute(".studio", "data-by") == "browser"
    translator = slow_app.model.translator
    sky = page.evaluate("() => document.querySelector('[name=sky]:checked').value")
    colours = inference.read_colours(translator, "#a0604c", sky)
    expected = translator(canvas.labels().astype(np.uint8), 7, **colours)
    assert np.abs(canvas.generated().astype(int) - expected).max() <= 2

    page.set_viewport_size({"width": 360, "height": 740})
    assert page.evaluate(FITS), "on a phone it is cut, who painted"
    page.set_viewport_size(DESKTOP["viewport"])

    page.workers[0].evaluate(FAIL)
    assert paint(canvas, range(8, 9)) == ""
    assert canvas.message().startswith("The server paints again: this browser has too little memory")
    assert page.inner_text(".time").endswith("ms")
    assert canvas.errors == []
    page.context.close()


def test_where_data_are_saved_nothing_is_fetched(chromium, slow_app):
    canvas = opened(chromium, slow_app, SAVE_DATA)
    paint(canvas, range(1, 12))
    canvas.page.wait_for_timeout(2500)
    assert not any("canvas/browser" in url for url in canvas.page.asked)
    canvas.page.context.close()
