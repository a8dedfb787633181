"""The app with the bundled checkpoint: what a newcomer gets from a clone."""

import itertools
import time

import numpy as np
import pytest
from PIL import Image

import app
from pix2pix import images
from pix2pix.labels import INDEX
from pix2pix.web.canvas import Painter, find_examples
from pix2pix.web.canvas.uploads import read_labels
from pix2pix.web.serving import FairQueue, Models, listed_models
from tests.conftest import DESKTOP, PHONE
from tests.helpers import house_session
from tests.helpers.canvas_page import CanvasPage
from tests.helpers.facade_session import steps
from tests.helpers.real_facades import CMP_SAMPLE, needs_cmp_sample
from tests.helpers.running_app import RunningApp

MODELS = listed_models(app.ROOT / "checkpoints")
pytestmark = [pytest.mark.browser, pytest.mark.skipif(not MODELS, reason="no checkpoint is bundled")]


@pytest.fixture(scope="module")
def bundled():
    models = Models(app.load, MODELS)
    models.get()
    running = RunningApp(Painter(models, find_examples(None), FairQueue()))
    yield running
    running.close()


@pytest.fixture(params=[DESKTOP, PHONE], ids=["desktop", "phone"])
def canvas(request, chromium, bundled):
    context = chromium.new_context(**request.param)
    canvas = CanvasPage(context.new_page(), bundled.url).open()
    yield canvas
    assert canvas.errors == []
    context.close()


def test_each_drag_changes_the_photo_under_it_before_the_pointer_is_released(canvas):
    canvas.empty_wall()
    canvas.page.evaluate("scrollTo(0, 0)")
    rectangles = [(8, 30, 248, 250), *((x, y, x + 40, y + 50) for y in (50, 130) for x in (30, 105, 180))]
    for name, (x0, y0, x1, y1) in zip(["wall", *["window"] * 6], rectangles, strict=True):
        if name == "wall":  # on background, so that there is something to see
            canvas.choose("sky")
            canvas.drag(0.5, 0.5, 255.5, 255.5)
        canvas.choose(name)
        canvas.settle()
        before = canvas.generated().astype(int)
        canvas.press(x0 + 0.5, y0 + 0.5)
        canvas.move(x1 - 0.5, y1 - 0.5)
        canvas.settle()
        change = np.abs(canvas.generated() - before)[y0:y1, x0:x1].mean()
        canvas.release()
        assert change > 3, f"{name} at {x0}, {y0}"
    labels = canvas.labels()  # fails for any colour off the palette
    assert (labels == INDEX["window"]).sum() == 6 * 40 * 50


def test_a_facade_is_painted_from_empty_to_finished_within_a_minute(chromium, bundled):
    context = chromium.new_context(**DESKTOP)
    canvas = CanvasPage(context.new_page(), bundled.url).open()
    started, pictures = time.monotonic(), []

    for _ in steps(canvas):
        canvas.answered()
        pictures.append(canvas.generated().astype(int))
    assert time.monotonic() - started < 60
    assert all(np.abs(after - before).mean() > 0.1 for before, after in itertools.pairwise(pictures))
    labels = canvas.labels()
    windows, behind_balconies = 5 * 3 * 24 * 34, (2 + 5) * 24 * 6  # five bays, three storeys
    assert (labels == INDEX["window"]).sum() == windows - behind_balconies
    assert (labels == INDEX["door"]).sum() == 28 * 54
    context.close()


def test_the_page_opens_in_the_colours_of_the_first_style_and_every_style_looks_different(chromium, bundled):
    context = chromium.new_context(**DESKTOP)
    canvas = CanvasPage(context.new_page(), bundled.url).open()
    checked = canvas.page.locator("[data-colour] :checked")
    assert checked.evaluate_all("(swatches) => swatches.map(({title}) => title)") == ["automatic"] * 2
    canvas.page.wait_for_function(
        "[...document.querySelectorAll('.styles img')].every((image) => image.complete && image.naturalWidth)"
    )
    means = canvas.page.locator(".styles img").evaluate_all("""(images) => images.map((image) => {
        const context = Object.assign(document.createElement("canvas"), {width: 1, height: 1}).getContext("2d");
        context.imageSmoothingQuality = "high";
        context.drawImage(image, 0, 0, 1, 1);
        return [...context.getImageData(0, 0, 1, 1).data].slice(0, 3);
    })""")
    assert len(means) >= 8
    assert all(np.abs(np.subtract(one, other)).max() > 2 for one, other in itertools.combinations(means, 2))
    context.close()


@needs_cmp_sample
def test_a_house_is_photographed_drawn_changed_by_a_window_repainted_compared_and_saved(canvas):
    house, page = CMP_SAMPLE / "cmp_b0006", canvas.page
    front = Image.open(house.with_suffix(".jpg"))
    true = read_labels(house.with_suffix(".png").read_bytes(), 256, 256).labels
    seen = {}
    for step in house_session.steps(canvas, house_session.askew(front)):
        seen[step] = canvas.labels(), canvas.generated().astype(int)
    (read, painted), (changed, repainted) = seen["drawn"], seen["moved"]
    assert (read == true).mean() > 0.5 and (seen["marked"][0] == true).mean() < 0.4
    window = house_session.window_to_move(read)
    old = np.s_[window.top : window.bottom, window.left : window.right]
    new = np.s_[window.top : window.bottom, window.left + house_session.MOVED : window.right + house_session.MOVED]
    assert (changed[new] == INDEX["window"]).mean() > 0.9
    assert (changed[:, : window.left] == read[:, : window.left]).all()
    change = np.abs(repainted - painted).mean(axis=-1)
    assert change[old].mean() > 4 and change[: window.top // 2].mean() < change[old].mean() / 4
    page.locator(".pane:has(canvas.generated)").hover()
    page.mouse.down()
    page.wait_for_selector("img.compared:not([hidden])")
    page.mouse.up()
    page.wait_for_selector("img.compared", state="hidden")
    with page.expect_download() as download:
        canvas.press_button("[data-action=save-sheet]")
    sheet = images.read_image(download.value.path()).astype(int)
    upright = np.asarray(front.resize((256, 256), Image.Resampling.BOX)).astype(int)
    assert sheet.shape == (256, 3 * 256 + 2 * 8, 3)
    assert np.abs(sheet[:, 264:520] - repainted).mean() < 2
    assert np.corrcoef(sheet[:, 528:].ravel(), upright.ravel())[0, 1] > 0.9
