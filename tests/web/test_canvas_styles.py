"""The named styles of a model: small photos of the drawing in each, chosen on the page, kept, and taken along."""

import pytest

from pix2pix.web.canvas import Painter, find_examples
from pix2pix.web.serving import FairQueue, Models
from tests.conftest import DESKTOP, PHONE
from tests.helpers.canvas_page import CanvasPage
from tests.helpers.running_app import RunningApp, StandIn

pytestmark = pytest.mark.browser
STYLES = {"plaster": 0, "brick": 60}
BRICK = ".styles [data-style=brick]"


@pytest.fixture(scope="module")
def styled(example_pairs):
    """A model and its fast model that have styles, and one that has none."""
    names = ("best", "best-live", "plain")
    models = {name: StandIn(name, styles=STYLES if name != "plain" else None) for name in names}
    running = RunningApp(
        Painter(Models(models.get, {name: name for name in names}), find_examples(example_pairs), FairQueue())
    )
    yield running
    running.close()


def brightness(canvas: CanvasPage) -> float:
    return float(canvas.generated().mean())


def thumbnails(canvas: CanvasPage) -> list[float]:
    """How bright each small photo is, once all are painted."""
    canvas.page.wait_for_function(
        "[...document.querySelectorAll('.styles img')].every((image) => image.complete && image.naturalWidth)"
    )
    return canvas.page.evaluate("""[...document.querySelectorAll(".styles img")].map((image) => {
        const canvas = new OffscreenCanvas(8, 8), context = canvas.getContext("2d");
        context.drawImage(image, 0, 0, 8, 8);
        const colours = context.getImageData(0, 0, 8, 8).data.filter((_, at) => at % 4 < 3);
        return colours.reduce((sum, value) => sum + value, 0) / colours.length;
    })""")


def sources(canvas: CanvasPage) -> list[str]:
    return canvas.page.locator(".styles img").evaluate_all("(images) => images.map(({src}) => src)")


def chosen(canvas: CanvasPage) -> list[str]:
    return canvas.page.locator(".styles [aria-pressed=true]").all_inner_texts()


def test_styles_are_shown_chosen_kept_linked_and_hidden_where_there_are_none(chromium, styled):
    context = chromium.new_context(**DESKTOP, permissions=["clipboard-read", "clipboard-write"])
    canvas = CanvasPage(context.new_page(), styled.url).open()
    assert canvas.page.locator(".styles button").all_inner_texts() == list(STYLES)
    assert chosen(canvas) == ["plaster"]  # the first is how it comes
    plaster, brick = thumbnails(canvas)
    assert plaster > brick + 20

    before = brightness(canvas)
    canvas.page.click(BRICK)
    canvas.frame()
    canvas.settle()
    assert chosen(canvas) == ["brick"]
    assert before - brightness(canvas) > 20
    shown = sources(canvas)
    canvas.page.click("[data-action=empty]")
    canvas.frame()
    canvas.settle()
    dark = brightness(canvas)
    canvas.page.wait_for_function(
        "(shown) => [...document.querySelectorAll('.styles img')].every(({src}) => !shown.includes(src))", arg=shown
    )
    assert abs(thumbnails(canvas)[1] - dark) < 3

    # The clipboard itself is one for all browsers of this machine.
    canvas.page.evaluate("navigator.clipboard.writeText = async (text) => { window.copied = text; }")
    canvas.page.click("[data-action=copy-link]")
    link = canvas.page.wait_for_function("window.copied").json_value()
    assert "style=brick" in link
    canvas.open()
    assert chosen(canvas) == ["brick"] and abs(brightness(canvas) - dark) < 2
    someone = CanvasPage(chromium.new_context(**PHONE).new_page(), styled.url).open(link[link.index("#") :])
    assert abs(brightness(someone) - dark) < 2
    assert someone.page.locator(".styles img").evaluate_all("(images) => images.some(({src}) => src)") is False
    someone.page.click("[data-sheet=look]")
    assert len(thumbnails(someone)) == 2  # painted once they are seen
    someone.page.context.close()

    canvas.page.select_option("[data-control=model]", "plain")
    canvas.page.wait_for_selector("[data-styles]", state="hidden")
    canvas.settle()
    assert brightness(canvas) > dark + 20
    assert canvas.errors == []
    context.close()
