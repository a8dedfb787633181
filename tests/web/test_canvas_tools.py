"""Every tool paints what it should: drags in a real browser, the canvas's pixels read back."""

import numpy as np
import pytest

from pix2pix.labels import INDEX, PALETTE
from tests.helpers.running_app import grey_of

pytestmark = pytest.mark.browser
WALL, WINDOW, DOOR, BACKGROUND = (INDEX[name] for name in ("facade", "window", "door", "background"))


def rectangle(label: int, x: int, y: int, width: int, height: int, on: np.ndarray | None = None) -> np.ndarray:
    labels = np.full((256, 256), WALL) if on is None else on.copy()
    labels[y : y + height, x : x + width] = label
    return labels


def test_a_rectangle_covers_exactly_the_pixels_touched(canvas):
    canvas.drag(20.5, 30.5, 59.5, 89.5)
    assert (canvas.labels() == rectangle(WINDOW, 20, 30, 40, 60)).all()


def test_a_rectangle_can_be_dragged_in_any_direction_and_over_the_edge(canvas):
    canvas.drag(230.5, 240.5, 200.5, 262)
    assert (canvas.labels() == rectangle(WINDOW, 200, 240, 31, 16)).all()


def test_a_drag_may_begin_in_the_outermost_corner(canvas):
    canvas.drag(0.1, 0.1, 59.5, 29.5)
    assert (canvas.labels() == rectangle(WINDOW, 0, 0, 60, 30)).all()


def test_shift_makes_a_square(canvas):
    canvas.page.keyboard.down("Shift")
    canvas.drag(20.5, 30.5, 29.5, 69.5)
    canvas.page.keyboard.up("Shift")
    assert (canvas.labels() == rectangle(WINDOW, 20, 30, 40, 40)).all()


def test_the_picture_changes_under_the_pointer_before_it_is_released(canvas):
    canvas.settle()
    before = canvas.generated()[60, 60]
    canvas.press(40.5, 40.5)
    canvas.move(90.5, 90.5)
    canvas.settle()
    while_dragging = canvas.generated()[60, 60]
    canvas.release()
    assert abs(int(before[0]) - grey_of(PALETTE[WALL].tolist())) <= 2
    assert abs(int(while_dragging[0]) - grey_of(PALETTE[WINDOW].tolist())) <= 2


def test_escape_drops_a_drag(canvas):
    canvas.press(40.5, 40.5)
    canvas.move(90.5, 90.5)
    canvas.key("Escape")
    canvas.release()
    assert (canvas.labels() == WALL).all()


def test_the_size_is_read_out_while_dragging(canvas):
    canvas.press(20.5, 30.5)
    canvas.move(53.5, 81.5)
    assert canvas.page.inner_text(".readout") == "34 × 52"  # noqa: RUF001
    canvas.release()


def test_the_class_under_the_pointer_is_named(canvas):
    canvas.drag(20.5, 30.5, 59.5, 89.5)
    canvas.move(30.5, 40.5)
    assert canvas.page.inner_text(".readout").split() == ["window", "30,", "40"]


def test_the_brush_paints_as_wide_as_its_size(canvas):
    canvas.tool("brush")
    canvas.page.fill("[data-control=size]", "10")
    canvas.drag(60, 100, 160, 100)
    painted = canvas.labels() == WINDOW
    assert painted[:, 110].sum() == 10
    assert np.flatnonzero(painted[:, 110]).tolist() == list(range(95, 105))
    assert painted[100].sum() == 110  # the stroke and half a stamp at each end


def test_a_line_is_straight_from_press_to_release_however_the_pointer_went(canvas):
    canvas.tool("line")
    canvas.page.fill("[data-control=size]", "4")
    canvas.press(50, 50)
    canvas.move(100, 200)
    canvas.move(150, 50)
    canvas.release()
    rows = np.flatnonzero((canvas.labels() == WINDOW).any(axis=1))
    assert rows.tolist() == [48, 49, 50, 51]


def test_fill_fills_one_area_up_to_its_border(canvas):
    canvas.drag(50.5, 50.5, 99.5, 99.5)
    canvas.tool("fill")
    canvas.choose("door")
    canvas.click_at(70.5, 70.5)
    assert (canvas.labels() == rectangle(DOOR, 50, 50, 50, 50)).all()


def test_the_eyedropper_picks_the_class_under_it(canvas):
    canvas.drag(50.5, 50.5, 99.5, 99.5)
    canvas.choose("door")
    canvas.tool("pick")
    canvas.click_at(70.5, 70.5)
    assert canvas.page.get_attribute(".palette [aria-pressed=true]", "data-label") == str(WINDOW)
    assert canvas.page.get_attribute("[data-tool=rectangle]", "aria-pressed") == "true"  # the tool before is back


def test_alt_is_the_eyedropper_for_as_long_as_it_is_held(canvas):
    canvas.page.keyboard.down("Alt")
    canvas.click_at(70.5, 70.5)
    canvas.page.keyboard.up("Alt")
    assert canvas.page.get_attribute(".palette [aria-pressed=true]", "data-label") == str(WALL)
    assert canvas.page.get_attribute("[data-tool=rectangle]", "aria-pressed") == "true"


@pytest.mark.parametrize(("leaves", "label"), [("wall", WALL), ("sky", BACKGROUND)])
def test_the_eraser_leaves_wall_or_background(canvas, leaves, label):
    canvas.drag(20.5, 20.5, 219.5, 219.5)
    canvas.tool("eraser")
    canvas.page.select_option("[data-control=eraser]", leaves)
    canvas.drag(60, 100, 160, 100)
    assert (canvas.labels()[98:102, 60:160] == label).all()


def test_mirror_painting_paints_both_sides(canvas):
    canvas.do("mirror")
    canvas.drag(20.5, 30.5, 39.5, 49.5)
    canvas.tool("brush")
    canvas.drag(60, 100, 80, 140)
    labels = canvas.labels()
    assert (labels == labels[:, ::-1]).all()
    assert (labels[30:50, 216:236] == WINDOW).all()


def test_snap_grows_a_rectangle_to_the_grid_cells_it_touches(canvas):
    canvas.page.select_option("[data-control=grid]", "16")
    canvas.drag(20.5, 35.5, 50.5, 50.5)
    assert (canvas.labels() == rectangle(WINDOW, 16, 32, 48, 32)).all()


def test_shares_of_the_classes_show_on_demand(canvas):
    canvas.drag(0.5, 0.5, 127.5, 255.5)
    canvas.do("shares")
    shown = canvas.page.locator(".palette kbd").all_inner_texts()
    assert (shown[WALL], shown[WINDOW], shown[DOOR]) == ("50%", "50%", "0%")
    canvas.do("shares")
    assert canvas.page.locator(".palette kbd").all_inner_texts()[WINDOW] == "3"


def test_nothing_moves_when_the_tool_changes(canvas):
    places = set()
    for tool in ("rectangle", "brush", "line", "fill", "pick", "eraser", "select"):
        canvas.tool(tool)
        places.add(canvas.page.locator(".overlay").bounding_box()["y"])
    assert len(places) == 1


def test_the_key_of_a_chosen_class_stays_in_its_frame(canvas):
    overhangs = """button => {
      button.click();
      return button.querySelector("kbd").getBoundingClientRect().right > button.getBoundingClientRect().right - 4;
    }"""
    buttons = canvas.page.locator(".palette [data-label]").all()
    assert [each.inner_text() for each in buttons if each.evaluate(overhangs)] == []


def test_each_tool_is_told_what_holds_for_it_alone(canvas):
    for tool, words in {"rectangle": "square", "fill": "area", "pick": "take the class"}.items():
        canvas.tool(tool)
        shown = canvas.page.locator(".hint:visible").all_inner_texts()
        assert len(shown) == 1
        assert words in shown[0]
    canvas.tool("brush")
    assert canvas.page.locator(".hint:visible").count() == 0


def test_a_touch_screen_is_told_of_no_keys(visit):
    canvas = visit(viewport={"width": 1024, "height": 768}, has_touch=True, is_mobile=True)
    assert canvas.page.locator(".hint:visible").inner_text() == "Drag a rectangle."
