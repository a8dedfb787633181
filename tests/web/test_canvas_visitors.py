"""Several visitors, their models, and their phones."""

import pytest

from pix2pix.labels import INDEX, PALETTE
from tests.conftest import PHONE
from tests.helpers.running_app import grey_of

pytestmark = pytest.mark.browser
WALL, WINDOW, DOOR = (INDEX[name] for name in ("facade", "window", "door"))


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
    canvas.empty_wall()
    fingers = Fingers(canvas)
    fingers.touch((40.5, 40.5))
    fingers.slide((99.5, 99.5))
    fingers.lift()
    assert (canvas.labels()[40:100, 40:100] == WINDOW).all()
    assert canvas.page.evaluate("scrollY") == 0


def test_on_a_phone_photo_drawing_and_tools_share_the_screen_and_two_fingers_zoom(visit):
    canvas = visit(**PHONE)
    page, screen = canvas.page, PHONE["viewport"]

    def in_view(selector: str) -> bool:
        box = page.locator(selector).bounding_box()
        return (
            box["x"] >= 0
            and box["y"] >= 0
            and box["x"] + box["width"] <= screen["width"]
            and (box["y"] + box["height"] <= screen["height"])
        )

    always = ("canvas.generated", "canvas.labels", "[data-tool=select]", ".dock [data-sheet=keep]")
    assert all(map(in_view, always))
    page.tap(".dock [data-sheet=classes]")
    assert page.locator(".palette [data-label]").count() == 12
    assert all(in_view(f"[data-label='{label}']") for label in range(12))
    photo = page.locator("canvas.generated").bounding_box()
    assert page.locator("#sheet-classes").bounding_box()["y"] >= photo["y"] + photo["height"]
    page.tap("[data-label='3']")
    assert page.inner_text("[data-shows=class]") == "door"
    assert not page.locator("#sheet-classes").is_visible()
    page.tap("[data-tool=select]")
    for action in ("copy", "paste", "duplicate", "flip", "remove", "repeat-left", "repeat-down"):
        assert in_view(f"[data-action={action}]")
    page.tap("[data-tool=rectangle]")

    canvas.empty_wall()
    fingers = Fingers(canvas)
    fingers.touch((100, 128))
    fingers.touch((100, 128), (156, 128))
    fingers.slide((60, 128), (196, 128))
    fingers.lift()
    zoom = float(page.evaluate("document.querySelector('.panes').style.getPropertyValue('--zoom')"))
    assert 2 < zoom < 3  # 136 / 56 = 2.43
    assert (canvas.labels() == WALL).all()
    fingers.touch((128, 128))
    fingers.slide((192, 192))
    fingers.lift()
    rows, columns = (canvas.labels() == INDEX["door"]).nonzero()
    assert abs(len(set(columns)) - 64 / zoom) <= 2
    assert abs(rows.min() - 128) <= 2


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
