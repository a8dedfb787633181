"""Room and hands: panes as large as the screen allows, zooming, and what is done with a selection."""

import numpy as np
import pytest

from pix2pix.labels import INDEX
from tests.conftest import PHONE
from tests.web.test_canvas_tools import rectangle

pytestmark = pytest.mark.browser
WALL, WINDOW, DOOR = (INDEX[name] for name in ("facade", "window", "door"))
SHIFTS = """() => new Promise(resolve => new PerformanceObserver(list => resolve(
    list.getEntries().map(entry => [entry.value, entry.sources.map(source => source.node?.outerHTML?.slice(0, 80))])
  )).observe({ type: "layout-shift", buffered: true }) ?? setTimeout(() => resolve([]), 500))"""


def side(canvas) -> float:
    return canvas.page.locator(".overlay").bounding_box()["width"]


def test_panes_take_the_room_there_is_and_nothing_shifts_from_the_first_frame(visit):
    canvas = visit()
    shifts = canvas.page.evaluate(SHIFTS)
    assert sum(shift[0] for shift in shifts) < 1e-4, shifts  # a pixel of one line is more
    sides = {}
    for width, height in (
        (1280, 900),
        (1920, 1080),
        (2560, 1440),
        (1180, 820),
        (820, 1180),
        (390, 844),
        (844, 390),
        (640, 450),
    ):
        canvas.page.set_viewport_size({"width": width, "height": height})
        canvas.frame()
        sides[width, height] = side(canvas)
        inner = canvas.page.evaluate("[document.documentElement.scrollWidth, document.documentElement.scrollHeight]")
        places = set()
        for tool in ("rectangle", "select"):
            canvas.tool(tool)
            places.add(canvas.page.locator(".overlay").bounding_box()["y"])
        assert len(places) == 1, f"the drawing moves at {width}x{height}"
        assert inner[0] <= width
        assert inner[1] <= height, f"{width}x{height} scrolls"
        assert 2 * sides[width, height] > 0.6 * min(width, 1.6 * height), f"small panes at {width}x{height}"
    canvas.page.set_viewport_size({"width": 1280, "height": 900})
    canvas.example("pair 1")
    assert side(canvas) == pytest.approx((1280 - 48 - 192 - 32) / 3, abs=1)  # a target takes its third
    pane, save = (canvas.page.locator(each).first.bounding_box() for each in (".pane", ".actions button"))
    assert save["y"] - pane["y"] - pane["height"] < 10, "a gap between panes and what saves them"
    canvas.empty_wall()
    canvas.frame()
    assert side(canvas) == sides[1280, 900]


# Every shift of the layout from now on, also those that a measure of the web would forgive after an input.
WATCH_SHIFTS = """() => {
  window.shifts = [];
  new PerformanceObserver(list => window.shifts.push(...list.getEntries().map(
    entry => [entry.value, entry.sources.map(source => source.node?.outerHTML?.slice(0, 80))]
  ))).observe({ type: "layout-shift" });
}"""


@pytest.mark.parametrize("device", [{}, PHONE], ids=["desktop", "phone"])
def test_nothing_shifts_while_one_paints_changes_tools_and_selects(visit, device):
    canvas = visit(**device)
    canvas.empty_wall()
    canvas.settle()
    canvas.page.evaluate(WATCH_SHIFTS)
    for tool in ("brush", "line", "fill", "eraser", "pick", "select", "rectangle"):
        canvas.tool(tool)
        canvas.drag(40.5, 50.5, 79.5, 99.5)
    canvas.tool("select")
    canvas.page.mouse.dblclick(*canvas.at(60, 70))
    for keys in ("Control+c", "Control+v", "Control+ArrowRight", "ArrowDown", "Escape", "Control+z", "6", "m", "g"):
        canvas.key(keys)
    canvas.do("undo")
    canvas.empty_wall()
    canvas.settle()
    shifts = canvas.page.evaluate("window.shifts")
    assert shifts == [], f"{sum(shift[0] for shift in shifts):.5f} in all"


def test_zooming_shows_the_same_part_in_both_panes_and_strokes_land_where_they_are_made(canvas):
    page = canvas.page
    boxes = "[...document.querySelectorAll('.labels, .generated')].map(each => each.getBoundingClientRect().width)"
    whole = page.evaluate(boxes)
    page.mouse.move(*canvas.at(128, 128))
    page.mouse.wheel(0, -400)
    canvas.frame()
    zoomed = page.evaluate(boxes)
    assert zoomed[0] == pytest.approx(zoomed[1])
    scale = zoomed[0] / whole[0]
    assert scale == pytest.approx(np.exp(0.6), rel=0.01)
    canvas.drag(128, 128, 192, 192)  # of the pane, whose middle stayed where it was
    rows, _ = (canvas.labels() == WINDOW).nonzero()
    assert abs(rows.min() - 128) <= 1
    assert abs(rows.max() - (128 + 64 / scale)) <= 1
    canvas.key("Home")
    assert page.evaluate(boxes) == whole
    for key in ("z", "z", "Shift+Z", "p"):
        canvas.key(key)
    assert page.inner_text("[data-shows=zoom]") == "150%"
    page.wait_for_function("document.fullscreenElement || document.querySelector('[data-full]')")
    canvas.key("p")
    page.wait_for_function("!document.fullscreenElement && !document.querySelector('[data-full]')")
    canvas.key("Home")


def test_a_selection_is_stretched_copied_to_another_drawing_and_found_by_a_double_click(canvas):
    page = canvas.page
    canvas.drag(40.5, 50.5, 79.5, 99.5)
    canvas.tool("select")
    page.mouse.dblclick(*canvas.at(60, 70))
    canvas.frame()
    canvas.drag(80, 100, 100, 120)  # the handle at the lower right
    assert (canvas.labels() == rectangle(WINDOW, 40, 50, 60, 70)).all()
    canvas.key("Alt+ArrowLeft")
    assert (canvas.labels() == rectangle(WINDOW, 40, 50, 59, 70)).all()
    canvas.key("Control+c")
    assert "59 × 70" in canvas.message()  # noqa: RUF001
    canvas.do("empty")
    canvas.key("Control+v")
    assert (canvas.labels() == rectangle(WINDOW, 40, 50, 59, 70)).all()
    assert "Pasted" in canvas.message()
    canvas.key("Control+v")  # beside itself, so that it is seen
    assert (canvas.labels()[58:128, 48:107] == WINDOW).all()
    canvas.key("Control+x")
    assert (canvas.labels() == rectangle(WINDOW, 40, 50, 59, 70)).all()
    canvas.do("undo")
    assert "Undid" in canvas.message()
