"""The promises of the page: what a visitor finds, keeps, takes away, and is told when something goes wrong."""

import io

import numpy as np
import pytest
from PIL import Image

from pix2pix.images import read_image
from pix2pix.labels import CMP_PALETTE, INDEX, PALETTE, colorize, snap
from tests.conftest import PHONE
from tests.running_app import grey_of

pytestmark = pytest.mark.browser
WALL, WINDOW, DOOR = (INDEX[name] for name in ("facade", "window", "door"))


def example_labels(folder, number: int) -> np.ndarray:
    return snap(read_image(folder / "val" / f"{number}.png")[:, 256:])


def png(image: np.ndarray) -> dict:
    """A picture as an upload."""
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "PNG")
    return {"name": "labels.png", "mimeType": "image/png", "buffer": buffer.getvalue()}


def downloaded(canvas, action: str) -> np.ndarray:
    with canvas.page.expect_download() as download:
        canvas.page.click(f"[data-action={action}]")
    return read_image(download.value.path())


# --- Start


def test_a_first_visitor_finds_a_painted_facade_its_photo_and_one_line_of_what_to_do(visit, example_pairs):
    canvas = visit()
    labels = example_labels(example_pairs, 1)
    assert (canvas.labels() == labels).all()
    expected = colorize(labels).astype(int).sum(axis=-1) // 4
    assert np.abs(canvas.generated()[..., 0].astype(int) - expected).mean() < 3  # JPEG
    assert canvas.page.locator("img.target").is_visible()
    assert "Drag" in canvas.message()


def test_an_example_brings_its_target_and_a_free_drawing_says_that_it_has_none(canvas, example_pairs):
    canvas.page.click("[data-example='1']")
    canvas.page.wait_for_selector("img.target:visible")
    canvas.settle()
    assert (canvas.labels() == example_labels(example_pairs, 2)).all()
    canvas.empty_wall()
    assert not canvas.page.locator("img.target").is_visible()
    assert canvas.page.inner_text(".none") == "A free drawing has no target."


def test_a_random_facade_is_another_one_at_each_press(canvas):
    seen = []
    for _ in range(3):
        with canvas.page.expect_response("**/random/*"):
            canvas.do("random")
        canvas.settle()
        seen.append(canvas.labels())
    assert len(np.unique(seen[0])) > 3
    assert not (seen[0] == seen[1]).all()
    assert not (seen[1] == seen[2]).all()


def upload(canvas, file: dict) -> None:
    with canvas.page.expect_response("**/read"):
        canvas.page.set_input_files("input[type=file]", file)
    canvas.frame()


@pytest.mark.parametrize("palette", [PALETTE, CMP_PALETTE], ids=["published", "cmp"])
def test_an_uploaded_label_image_of_any_size_and_palette_is_opened(canvas, palette):
    labels = np.full((512, 512), WALL, np.uint8)
    labels[100:200, 100:300] = WINDOW
    upload(canvas, png(palette[labels]))
    assert (canvas.labels() == labels[::2, ::2]).all()
    assert "no pixel was off the palette" in canvas.message()


def test_an_upload_says_how_many_pixels_were_off_the_palette(canvas):
    image = colorize(np.full((64, 64), WALL, np.uint8))
    image[:5, :2] = (9, 60, 250)
    upload(canvas, png(image))
    assert (canvas.labels() == WALL).all()
    assert "10 of 4,096 pixels were off the palette" in canvas.message()


def test_a_photo_is_refused_kindly_and_the_drawing_stays(canvas, example_pairs):
    canvas.drag(20.5, 20.5, 60.5, 60.5)
    before = canvas.labels()
    upload(canvas, png(read_image(example_pairs / "val" / "1.png")[:, :256]))
    assert "looks like a photo" in canvas.message()
    assert (canvas.labels() == before).all()


# --- Undo, redo, keeping


def test_undo_and_redo_go_through_painting_loading_and_clearing(canvas, example_pairs):
    canvas.drag(20.5, 20.5, 60.5, 60.5)
    painted = canvas.labels()
    with canvas.page.expect_response("**/examples/2"):
        canvas.page.click("[data-example='2']")
    canvas.settle()
    canvas.do("clear")
    canvas.key("Control+z")
    assert (canvas.labels() == example_labels(example_pairs, 3)).all()
    assert canvas.page.locator("img.target").is_visible()
    canvas.do("undo")
    assert (canvas.labels() == painted).all()
    canvas.do("redo")
    canvas.key("Control+Shift+z")
    assert (canvas.labels() == WALL).all()


def test_a_reload_brings_the_drawing_and_its_target_back(visit):
    canvas = visit()
    canvas.drag(20.5, 20.5, 60.5, 60.5)
    before = canvas.labels()
    canvas.open()
    assert (canvas.labels() == before).all()
    assert canvas.page.locator("img.target").is_visible()


def test_a_link_opens_to_the_same_drawing_for_someone_else(visit):
    canvas = visit(permissions=["clipboard-read", "clipboard-write"])
    canvas.drag(20.5, 20.5, 60.5, 60.5)
    canvas.do("copy-link")
    canvas.page.wait_for_function("document.querySelector('.message').textContent.startsWith('Copied a link')")
    link = canvas.page.evaluate("navigator.clipboard.readText()")
    other = visit(link.removeprefix(canvas.url))
    assert (other.labels() == canvas.labels()).all()


@pytest.mark.parametrize("fragment", ["#drawing=AAAA", "#drawing=%00%FF", "#drawing=" + "A" * 40_000])
def test_a_broken_or_oversized_link_is_told_and_keeps_the_drawing(visit, fragment):
    canvas = visit()
    canvas.empty_wall()
    canvas.page.wait_for_timeout(400)  # until it is kept
    canvas.page.goto("about:blank")
    canvas.open(fragment)
    assert "link cannot be opened" in canvas.message()
    assert (canvas.labels() == WALL).all()


# --- Take away


def test_the_saved_drawing_is_the_drawing_in_the_canonical_palette(canvas):
    canvas.drag(20.5, 20.5, 60.5, 60.5)
    assert (downloaded(canvas, "save-labels") == PALETTE[canvas.labels()]).all()


def test_the_saved_photo_is_what_the_model_painted_without_loss(canvas):
    canvas.drag(20.5, 20.5, 60.5, 60.5)
    expected = PALETTE[canvas.labels()].astype(int).sum(axis=-1) // 4
    assert (downloaded(canvas, "save-photo")[..., 0] == expected).all()


def test_the_sheet_holds_input_generated_and_target_side_by_side(canvas):
    canvas.page.click("[data-example='0']")
    canvas.page.wait_for_selector("img.target:visible")
    canvas.settle()
    sheet = downloaded(canvas, "save-sheet")
    assert sheet.shape == (256, 3 * 256 + 2 * 8, 3)
    assert (sheet[:, :256] == PALETTE[canvas.labels()]).all()
    assert sheet[:, 528:].std() > 10  # the target's photo, not paper


# --- Live panes


def test_holding_compares_the_generated_photo_with_the_target(canvas):
    canvas.page.click("[data-example='0']")
    canvas.page.wait_for_selector("img.target:visible")
    box = canvas.page.locator("canvas.generated").bounding_box()
    canvas.page.mouse.move(box["x"] + 50, box["y"] + 50)
    canvas.page.mouse.down()
    assert canvas.page.locator("img.compared").is_visible()
    canvas.page.mouse.up()
    assert not canvas.page.locator("img.compared").is_visible()


BOXES = """() => [...document.querySelectorAll(".head, .pane, .actions, .bar *, .palette *, .shelf *")]
  .map(part => JSON.stringify(part.getBoundingClientRect()))"""


def test_nothing_on_the_page_moves_while_painting(canvas):
    canvas.settle()
    before = canvas.page.evaluate(BOXES)
    canvas.press(20.5, 20.5)
    for step in range(5):
        canvas.move(60 + 20 * step, 90)
        assert canvas.page.evaluate(BOXES) == before
    canvas.release()
    canvas.settle()
    assert canvas.page.evaluate(BOXES) == before


def test_the_generated_pane_is_never_blank_while_painting(canvas):
    canvas.settle()
    canvas.press(20.5, 20.5)
    for step in range(10):
        canvas.move(40 + 20 * step, 40 + 20 * step, steps=2)
        assert canvas.generated().min() > 0
    canvas.release()


def test_panes_have_equal_size_and_line_up(canvas):
    boxes = [pane.bounding_box() for pane in canvas.page.locator(".pane").all()]
    assert len({(round(box["width"], 2), round(box["height"], 2), box["y"]) for box in boxes}) == 1


def test_a_variation_is_stable_while_painting_and_four_are_offered(canvas):
    canvas.page.fill("[data-control=variation]", "20")
    canvas.settle()
    assert abs(int(canvas.generated()[9, 9, 0]) - grey_of(PALETTE[WALL].tolist(), 20)) <= 2
    canvas.drag(50.5, 50.5, 99.5, 99.5)
    canvas.settle()
    assert abs(int(canvas.generated()[9, 9, 0]) - grey_of(PALETTE[WALL].tolist(), 20)) <= 2
    canvas.do("variations")
    canvas.page.wait_for_function("document.querySelectorAll('.variations img').length === 4")
    chosen = canvas.page.locator(".variations button").nth(2)
    seed = int(chosen.get_attribute("data-seed"))
    chosen.click()
    canvas.settle()
    assert abs(int(canvas.generated()[9, 9, 0]) - grey_of(PALETTE[WALL].tolist(), seed)) <= 2
    canvas.page.fill("[data-control=variation]", "0")


# --- When something goes wrong


def test_a_lost_connection_is_told_painting_goes_on_and_the_picture_comes_when_it_is_back(visit):
    canvas = visit()
    canvas.empty_wall()
    canvas.settle()
    canvas.page.context.set_offline(True)
    canvas.drag(50.5, 50.5, 199.5, 199.5)
    canvas.page.wait_for_function("document.querySelector('.message').textContent.startsWith('Reconnecting')")
    canvas.choose("door")
    canvas.drag(60.5, 60.5, 99.5, 99.5)
    assert canvas.labels()[80, 80] == DOOR
    canvas.page.context.set_offline(False)
    canvas.settle()
    assert abs(int(canvas.generated()[80, 80, 0]) - grey_of(PALETTE[DOOR].tolist())) <= 2
    assert not canvas.message().startswith("Reconnecting")


def test_a_failing_model_is_told_and_the_page_recovers_by_itself(canvas, running_app):
    running_app.models["facades"].failures = 1
    canvas.drag(50.5, 50.5, 199.5, 199.5)
    canvas.page.wait_for_function("document.querySelector('.message').textContent.includes('failed to paint')")
    canvas.settle()
    assert abs(int(canvas.generated()[80, 80, 0]) - grey_of(PALETTE[WINDOW].tolist())) <= 2


def test_a_slow_model_leaves_the_page_usable_and_paints_the_last_state(canvas, running_app):
    canvas.settle()
    running_app.models["facades"].delay = 0.4
    painted = running_app.models["facades"].painted
    for step in range(6):
        canvas.drag(20.5 + 30 * step, 50.5, 39.5 + 30 * step, 99.5)
    canvas.settle()
    canvas.page.wait_for_selector("[data-live=live]")
    assert abs(int(canvas.generated()[80, 180, 0]) - grey_of(PALETTE[WINDOW].tolist())) <= 2
    assert running_app.models["facades"].painted - painted < 30  # not one picture for each pointer event


# --- Models and visitors


def test_two_visitors_keep_their_own_drawing_and_model(visit):
    one, two = visit(), visit()
    one.empty_wall()
    one.page.select_option("[data-control=model]", "other")
    one.page.wait_for_function("document.querySelector('.message').textContent.includes('other is painting')")
    two.empty_wall()
    two.choose("door")
    two.drag(0.5, 0.5, 255.5, 255.5)
    two.settle()
    assert (one.labels() == WALL).all()
    assert (two.labels() == DOOR).all()
    assert two.page.input_value("[data-control=model]") == "facades"
    assert one.page.input_value("[data-control=model]") == "other"


def ask_for_model(canvas, name: str) -> None:
    canvas.page.select_option("[data-control=model]", "Another…")
    canvas.page.fill("dialog.other input", name)
    canvas.page.click("dialog.other button[value=load]")


def test_a_model_from_the_hub_loads_with_progress_and_the_drawing_stays(visit, running_app):
    canvas = visit()
    before = canvas.labels()
    ask_for_model(canvas, "nobody/slow")
    canvas.page.wait_for_selector(".loading", state="visible")
    canvas.page.wait_for_function("document.querySelector('.message').textContent.includes('is painting now')")
    canvas.settle()
    assert canvas.page.input_value("[data-control=model]") == "nobody/slow"
    assert (canvas.labels() == before).all()
    assert running_app.models["nobody/slow"].painted


@pytest.mark.parametrize("name", ["nobody/wrong", "../../etc", "checkpoints"])
def test_a_wrong_model_is_one_friendly_line_and_the_old_one_keeps_painting(canvas, name):
    ask_for_model(canvas, name)
    canvas.page.wait_for_function("document.querySelector('.message').textContent.includes('facades keeps painting')")
    canvas.drag(50.5, 50.5, 199.5, 199.5)
    canvas.settle()
    assert abs(int(canvas.generated()[80, 80, 0]) - grey_of(PALETTE[WINDOW].tolist())) <= 2


# --- Phones


def test_on_a_phone_nothing_is_wider_than_the_screen_and_one_finger_paints(visit):
    canvas = visit(**PHONE)
    assert canvas.page.evaluate("document.documentElement.scrollWidth") <= 360
    canvas.page.click("[data-action=empty]")
    canvas.page.evaluate("scrollTo(0, 0)")
    fingers = Fingers(canvas)
    fingers.touch((40.5, 40.5))
    fingers.slide((99.5, 99.5))
    fingers.lift()
    assert (canvas.labels()[40:100, 40:100] == WINDOW).all()
    assert canvas.page.evaluate("scrollY") == 0


def test_on_a_phone_two_fingers_scroll_and_paint_nothing(visit):
    canvas = visit(**PHONE)
    canvas.page.click("[data-action=empty]")
    canvas.page.evaluate("scrollTo(0, 0)")
    fingers = Fingers(canvas)
    fingers.touch((40, 200))
    fingers.touch((40, 200), (90, 200))
    fingers.slide((40, 80), (90, 80))
    fingers.lift()
    assert canvas.page.evaluate("scrollY") > 60
    assert (canvas.labels() == WALL).all()


class Fingers:
    """Touches through the DevTools protocol, where a finger can come while another lies on the screen."""

    def __init__(self, canvas):
        self.canvas = canvas
        self.session = canvas.page.context.new_cdp_session(canvas.page)
        self.points = ()

    def touch(self, *points) -> None:
        self._send("touchStart", points)

    def slide(self, *points, steps: int = 5) -> None:
        starts, self.points = [self.canvas.at(*point) for point in self.points], points
        ends = [self.canvas.at(*point) for point in points]
        for step in range(1, steps + 1):
            moved = [
                [a + (b - a) * step / steps for a, b in zip(*each, strict=True)]
                for each in zip(starts, ends, strict=True)
            ]
            self._dispatch("touchMove", moved)

    def lift(self) -> None:
        self._dispatch("touchEnd", [])
        self.canvas.frame()

    def _send(self, kind: str, points) -> None:
        self.points = points
        self._dispatch(kind, [self.canvas.at(*point) for point in points])

    def _dispatch(self, kind: str, places) -> None:
        touches = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(places)]
        self.session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})


# --- More ways in and out


def test_the_photo_can_be_copied(visit):
    canvas = visit(permissions=["clipboard-read", "clipboard-write"])
    canvas.page.bring_to_front()
    canvas.do("copy-photo")
    canvas.page.wait_for_function("document.querySelector('.message').textContent === 'Copied the photo.'")
    kinds = canvas.page.evaluate("navigator.clipboard.read().then(items => items.flatMap(item => item.types))")
    assert kinds == ["image/png"]


def test_where_copying_is_not_allowed_the_link_is_shown_to_be_copied_by_hand(visit):
    canvas = visit()
    canvas.page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    canvas.do("copy-link")
    canvas.page.wait_for_selector("dialog.link[open]")
    assert "#drawing=" in canvas.page.input_value("dialog.link input")


def test_a_label_image_can_be_dropped_on_the_page(canvas):
    data = png(colorize(np.full((256, 256), DOOR, np.uint8)))["buffer"]
    with canvas.page.expect_response("**/read"):
        canvas.page.evaluate(
            """bytes => {
              const files = new DataTransfer();
              files.items.add(new File([new Uint8Array(bytes)], "labels.png", { type: "image/png" }));
              document.querySelector(".studio").dispatchEvent(
                new DragEvent("drop", { dataTransfer: files, bubbles: true, cancelable: true }));
            }""",
            list(data),
        )
    canvas.settle()
    assert (canvas.labels() == DOOR).all()


def test_the_chosen_model_and_variation_are_kept_through_a_reload(visit):
    canvas = visit()
    canvas.page.select_option("[data-control=model]", "other")
    canvas.page.wait_for_function("document.querySelector('.message').textContent.includes('other is painting')")
    canvas.page.fill("[data-control=variation]", "20")
    canvas.page.wait_for_timeout(400)  # until it is kept
    canvas.open()
    canvas.page.wait_for_function("document.querySelector('[data-control=model]').value === 'other'")
    assert canvas.page.input_value("[data-control=variation]") == "20"
