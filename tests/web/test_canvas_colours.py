"""The colours of wall and sky: chosen on the page, painted live, kept, taken along, and left out where not taken."""

import numpy as np
import pytest

from pix2pix.web.canvas import Painter, find_examples
from pix2pix.web.serving import FairQueue, Models
from tests.conftest import DESKTOP, PHONE
from tests.helpers.canvas_page import CanvasPage
from tests.helpers.running_app import RunningApp, StandIn
from tests.web.test_canvas_page import downloaded

pytestmark = pytest.mark.browser
CLEAR, DUSK, BRICK, OCHRE = "#6ea3dc", "#c98f76", "#a0604c", "#c99a54"


class ColoursPage(CanvasPage):
    def choose_colour(self, part: str, name: str) -> None:
        self.page.click(f"[data-colour={part}] [title='{name}']")
        self.settle_on_colours()

    def mix(self, part: str, colour: str) -> None:
        self.page.fill(f"[data-colour={part}] [type=color]", colour)
        self.settle_on_colours()

    def settle_on_colours(self) -> None:
        self.frame()
        self.settle()

    def colour(self, part: str) -> str:
        """What the page says it paints that in."""
        return self.page.inner_text(f"[data-colour={part}] output")

    def painted(self, part: str) -> str:
        """What colour the stand-in was asked for: that of a pixel, up to JPEG."""
        return "#" + bytes(self.generated()[200 if part == "wall" else 60, 9]).hex()


class ColoursApp(RunningApp):
    """A model and its fast model that take colours, and one that takes none."""

    def __init__(self, examples):
        self.models = {name: StandIn(name, takes_colours=name != "plain") for name in ("best", "best-live", "plain")}
        models = Models(self.models.get, {name: name for name in self.models})
        super().__init__(Painter(models, find_examples(examples), FairQueue()))


@pytest.fixture(scope="module")
def coloured(example_pairs):
    running = ColoursApp(example_pairs)
    yield running
    running.close()


@pytest.fixture
def visit(chromium, coloured):
    """Open the page as a new visitor; takes the options of a browser context."""
    coloured.models["best"].delay = 0.0
    opened = []

    def open_page(fragment: str = "", **options) -> ColoursPage:
        opened.append(ColoursPage(chromium.new_context(**{**DESKTOP, **options}).new_page(), coloured.url))
        return opened[-1].open(fragment)

    yield open_page
    for canvas in opened:
        assert canvas.errors == []
        canvas.page.context.close()


def near(one: str, other: str) -> bool:
    first, second = (np.frombuffer(bytes.fromhex(colour[1:]), np.uint8).astype(int) for colour in (one, other))
    return bool(np.abs(first - second).max() <= 3)  # JPEG


def test_a_visitor_begins_with_an_ochre_wall_under_a_clear_sky(visit):
    canvas = visit()
    assert (canvas.colour("wall"), canvas.colour("sky")) == ("ochre", "clear")
    assert near(canvas.painted("sky"), CLEAR)
    assert near(canvas.painted("wall"), OCHRE)


def test_a_chosen_colour_is_painted_live_and_then_refined_and_the_same_one_again_is_not(visit, coloured):
    canvas = visit()
    coloured.models["best"].delay = 0.3
    canvas.page.click("[data-colour=wall] [title=brick]")
    canvas.page.wait_for_selector("canvas.generated[data-painter=live]")
    assert near(canvas.painted("wall"), BRICK)
    canvas.settle()
    assert canvas.page.get_attribute("canvas.generated", "data-painter") == "refined"
    assert near(canvas.painted("wall"), BRICK)
    assert near(canvas.painted("sky"), CLEAR)
    painted = [model.painted for model in coloured.models.values()]
    canvas.page.click("[data-colour=wall] [title=brick]")
    canvas.page.wait_for_timeout(300)
    assert [model.painted for model in coloured.models.values()] == painted
    canvas.choose_colour("wall", "automatic")
    assert not near(canvas.painted("wall"), BRICK)


def test_another_colour_gives_refining_up(visit, coloured):
    canvas = visit()
    coloured.models["best"].delay = 4.0
    with canvas.page.expect_request(lambda request: '"best"' in (request.post_data or "")) as refining:
        canvas.page.click("[data-colour=sky] [title=dusk]")
    with canvas.page.expect_event("requestfailed", lambda request: request == refining.value):
        canvas.page.click("[data-colour=sky] [title=clear]")
    canvas.page.wait_for_selector("canvas.generated[data-painter=refined]")
    assert near(canvas.painted("sky"), CLEAR)


def test_any_other_colour_can_be_mixed_and_left_again(visit):
    canvas = visit()
    canvas.mix("sky", "#7a5fa0")
    assert near(canvas.painted("sky"), "#7a5fa0")
    assert canvas.colour("sky") == "#7a5fa0"
    assert canvas.page.locator("[data-colour=sky] :checked").count() == 0
    canvas.choose_colour("sky", "dusk")
    assert near(canvas.painted("sky"), DUSK)
    assert canvas.page.input_value("[data-colour=sky] [type=color]") == DUSK  # where mixing starts from
    assert canvas.page.locator("[data-colour=sky] [data-chosen]").count() == 0


def test_colours_are_chosen_by_arrow_keys_and_the_keys_of_tools_still_work(visit):
    canvas = visit()
    canvas.page.focus("[data-colour=wall] :checked")
    for key in ("ArrowLeft", "ArrowRight", "ArrowRight"):
        canvas.page.keyboard.press(key)
    canvas.settle_on_colours()
    assert canvas.colour("wall") == "brick"
    assert near(canvas.painted("wall"), BRICK)
    canvas.key("b")
    assert canvas.page.get_attribute("[data-tool=brush]", "aria-pressed") == "true"
    canvas.key("Tab")
    canvas.key("Tab")
    assert canvas.page.evaluate("document.activeElement.title") == "clear"  # each group is one stop, and so is mixing


def test_colours_are_kept_through_a_reload(visit):
    canvas = visit()
    canvas.choose_colour("wall", "ochre")
    canvas.choose_colour("sky", "automatic")
    canvas.open()
    assert (canvas.colour("wall"), canvas.colour("sky")) == ("ochre", "automatic")
    assert near(canvas.painted("wall"), OCHRE)


def test_a_link_brings_colours_and_variation_to_someone_else(visit):
    canvas = visit(permissions=["clipboard-read", "clipboard-write"])
    canvas.choose_colour("wall", "ochre")
    canvas.mix("sky", "#7a5fa0")
    canvas.page.fill("[data-control=variation]", "20")
    canvas.do("copy-link")
    canvas.page.wait_for_function("document.querySelector('.message').textContent.startsWith('Copied a link')")
    link = canvas.page.evaluate("navigator.clipboard.readText()")
    other = visit(link.removeprefix(canvas.url))
    assert (other.colour("wall"), other.colour("sky")) == ("ochre", "#7a5fa0")
    assert other.page.input_value("[data-control=variation]") == "20"
    assert near(other.painted("wall"), OCHRE)
    assert near(other.painted("sky"), "#7a5fa0")


def test_the_saved_photo_has_the_chosen_colours(visit):
    canvas = visit()
    canvas.choose_colour("wall", "brick")
    photo = downloaded(canvas, "save-photo")
    assert [bytes(photo[row, 9]).hex() for row in (60, 200)] == [CLEAR[1:], BRICK[1:]]


def test_a_model_that_takes_no_colours_says_so_and_the_next_one_takes_those_chosen_before(visit):
    canvas = visit()
    canvas.choose_colour("wall", "brick")
    boxes = [row.bounding_box() for row in canvas.page.locator(".shelf .row").all()]
    canvas.page.select_option("[data-control=model]", "plain")
    canvas.page.wait_for_selector("[data-colour=wall]:disabled")
    assert (canvas.colour("wall"), canvas.colour("sky")) == ("not with this model", "not with this model")
    assert canvas.page.locator("[data-colour=sky]:disabled").count() == 1
    assert [row.bounding_box() for row in canvas.page.locator(".shelf .row").all()] == boxes
    canvas.settle()
    assert not near(canvas.painted("wall"), BRICK)
    canvas.page.select_option("[data-control=model]", "best")
    canvas.page.wait_for_selector("[data-colour=wall]:enabled")
    canvas.settle_on_colours()
    assert (canvas.colour("wall"), canvas.colour("sky")) == ("brick", "clear")
    assert near(canvas.painted("wall"), BRICK)


def test_on_a_phone_swatches_are_as_large_as_a_finger_and_fit_beside_each_other(visit):
    canvas = visit(**PHONE)
    canvas.page.tap(".dock [data-sheet=look]")
    for part in ("wall", "sky"):
        boxes = [swatch.bounding_box() for swatch in canvas.page.locator(f"[data-colour={part}] input").all()]
        assert len(boxes) == 7
        assert {(box["width"], box["height"], box["y"]) for box in boxes} == {(44, 44, boxes[0]["y"])}
        assert boxes[-1]["x"] + 44 <= PHONE["viewport"]["width"]
    canvas.page.locator("[data-colour=wall] [title=sage]").tap()
    assert canvas.colour("wall") == "sage"


@pytest.mark.parametrize("device", [{}, PHONE], ids=["desktop", "phone"])
def test_axe_finds_no_violation_where_colours_are_offered(visit, device):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")
    canvas = visit(**device, reduced_motion="reduce")  # colours change at once
    if device:
        canvas.page.tap(".dock [data-sheet=look]")
    for scheme in ("light", "dark"):
        canvas.page.emulate_media(color_scheme=scheme)
        found = axe.Axe().run(canvas.page, context="#sheet-look").response["violations"]
        assert [(each["id"], [node["html"][:200] for node in each["nodes"]]) for each in found] == []
