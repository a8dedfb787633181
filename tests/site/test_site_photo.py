"""From a photo on a site, in a real Chromium: read in the browser as Python reads it, undone, and again offline."""

import base64

import numpy as np
import pytest
from PIL import Image

from pix2pix import inference
from pix2pix.images import read_image
from pix2pix.synthetic import facade
from tests.conftest import DESKTOP
from tests.helpers.canvas_page import CanvasPage
from tests.helpers.house_session import SHARES, askew, corners_shown, guessed, mark, upload
from tests.helpers.site_server import serving

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PATIENCE = 120_000  # milliseconds, on a busy machine
REFINED = "canvas.generated[data-painter=refined]"
FILE_OF = """async (selector) => {
  const file = await (await fetch(document.querySelector(selector).src)).blob();
  const reader = new FileReader();
  reader.readAsDataURL(file);
  return new Promise((done) => (reader.onload = () => done(reader.result)));
}"""


def picture_of(page, selector: str) -> np.ndarray:
    return read_image(base64.b64decode(page.evaluate(FILE_OF, selector).partition(",")[2]))


def test_a_house_is_drawn_from_a_photo_in_the_browser_undone_and_drawn_again_offline(chromium, site_folder):
    photo = askew(Image.fromarray(facade(12, 1024, 1024)[1]))
    context = chromium.new_context(**DESKTOP)
    context.set_default_timeout(PATIENCE)
    with serving(site_folder) as server:
        canvas = CanvasPage(context.new_page(), server.url)
        page = canvas.page
        page.goto(server.url)
        page.wait_for_selector(REFINED)
        before = canvas.labels()
        assert not any("/segmenter/" in path for _, path in server.asked), "it came before it was needed"
        server.cut += ["segmenter/weights.bin"]
        page.set_input_files(".from-photo input[type=file]", photo)
        page.wait_for_selector(".from-photo[open]")
        page.wait_for_selector(".from-photo .loading", state="visible")
        assert np.abs(guessed(page) - SHARES).max() < 0.08
        assert server.cut == [], "what came damaged was used"
        mark(canvas, SHARES)
        marked, shown = corners_shown(page), picture_of(page, ".from-photo img")
        page.click("[data-action=draw-photo]")
        page.wait_for_selector(".from-photo", state="hidden")
        canvas.settle()

        read, translator = canvas.labels(), inference.load("facades")
        corners = [(x * shown.shape[1], y * shown.shape[0]) for x, y in marked.round(4)]  # as the page sends them
        expected = inference.segment(shown, translator, corners)
        assert (read == expected.labels).mean() > 0.99
        assert np.abs(picture_of(page, "img.target").astype(int) - expected.photo).mean() < 2
        assert page.input_value("[data-colour=wall] [type=color]") == expected.facts["wall"]
        assert page.get_attribute("[data-style][aria-pressed=true]", "data-style") == expected.style

        page.keyboard.press("Control+z")
        canvas.settle()
        assert (canvas.labels() == before).all()
        page.wait_for_selector("figure.truth[hidden]", state="attached")

        page.wait_for_function("() => navigator.serviceWorker.controller")
        context.set_offline(True)
        page.reload()
        page.wait_for_selector(REFINED)
        noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (300, 200, 3)).astype(np.uint8))
        page.set_input_files("#sheet-start input[type=file]", upload(noise))  # where labels are expected
        page.wait_for_selector(".from-photo[open]")
        guessed(page)
        page.keyboard.press("Shift+ArrowRight")
        page.click("[data-action=draw-photo]")
        page.wait_for_selector("[data-action=draw-photo]:text-is('Draw it anyway')")
        assert "front of a house" in page.inner_text(".from-photo [role=status]")
        for _ in range(20):
            page.locator(".from-photo .handle").nth(1).press("Shift+ArrowLeft")  # past the other corner
        page.click("[data-action=draw-photo]:text-is('Draw it')")
        page.wait_for_function("/cross/.test(document.querySelector('.from-photo [role=status]').textContent)")
        page.set_input_files(".from-photo input[type=file]", photo)
        guessed(page)
        mark(canvas, SHARES)
        page.click("[data-action=draw-photo]")
        page.wait_for_selector(".from-photo", state="hidden")
        canvas.settle()
        assert (canvas.labels() == read).mean() > 0.99
        assert {method for method, _ in server.asked} == {"GET"} and canvas.errors == []
    context.close()
