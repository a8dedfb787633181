"""Selecting, moving, copying, mirroring, deleting and repeating; a whole facade in few actions."""

import numpy as np
import pytest

from pix2pix.labels import INDEX
from tests.web.test_canvas_tools import rectangle

pytestmark = pytest.mark.browser
WALL, WINDOW, DOOR, BACKGROUND, SHOP = (INDEX[name] for name in ("facade", "window", "door", "background", "shop"))


@pytest.fixture
def selected(canvas):
    """A 20x30 window at (40, 50), selected exactly."""
    canvas.drag(40.5, 50.5, 59.5, 79.5)
    canvas.tool("select")
    canvas.drag(40.5, 50.5, 59.5, 79.5)
    return canvas


def test_a_selection_is_moved_and_leaves_wall(selected):
    selected.drag(50, 60, 90, 100)
    assert (selected.labels() == rectangle(WINDOW, 80, 90, 20, 30)).all()


def test_a_selection_moved_twice_leaves_no_trail(selected):
    selected.key("Escape")
    selected.tool("rectangle")
    selected.choose("door")
    selected.drag(100.5, 50.5, 139.5, 89.5)
    selected.tool("select")
    selected.drag(40.5, 50.5, 59.5, 79.5)
    selected.drag(50, 60, 120, 70)  # onto the door
    selected.drag(120, 70, 50, 160)  # and off it again
    expected = rectangle(WINDOW, 40, 150, 20, 30, on=rectangle(DOOR, 100, 50, 40, 40))
    assert (selected.labels() == expected).all()


def test_arrow_keys_nudge_and_one_undo_takes_the_nudges_back(selected):
    for keys in ("ArrowRight", "ArrowRight", "ArrowDown", "Shift+ArrowDown"):
        selected.key(keys)
    assert (selected.labels() == rectangle(WINDOW, 42, 59, 20, 30)).all()
    selected.key("Control+z")
    assert (selected.labels() == rectangle(WINDOW, 40, 50, 20, 30)).all()


def test_ctrl_d_duplicates_and_the_copy_can_be_dragged(selected):
    selected.key("Control+d")
    assert (selected.labels() == rectangle(WINDOW, 48, 58, 20, 30, on=rectangle(WINDOW, 40, 50, 20, 30))).all()
    selected.drag(60, 70, 160, 70)
    assert (selected.labels() == rectangle(WINDOW, 148, 58, 20, 30, on=rectangle(WINDOW, 40, 50, 20, 30))).all()


def test_an_alt_drag_copies(selected):
    selected.page.keyboard.down("Alt")
    selected.drag(50, 60, 150, 60)
    selected.page.keyboard.up("Alt")
    assert (selected.labels() == rectangle(WINDOW, 140, 50, 20, 30, on=rectangle(WINDOW, 40, 50, 20, 30))).all()


def test_a_selection_is_mirrored(canvas):
    canvas.drag(40.5, 50.5, 49.5, 79.5)
    canvas.tool("select")
    canvas.drag(40.5, 50.5, 69.5, 79.5)
    canvas.key("h")
    assert (canvas.labels() == rectangle(WINDOW, 60, 50, 10, 30)).all()


def test_delete_leaves_the_erasers_class(selected):
    selected.page.select_option("[data-control=eraser]", "sky")
    selected.key("Delete")
    assert (selected.labels() == rectangle(BACKGROUND, 40, 50, 20, 30)).all()


def test_repeat_makes_the_chosen_number_of_copies(selected):
    selected.page.fill("[data-control=count]", "3")
    selected.page.fill("[data-control=gap]", "10")
    selected.page.click("[data-action=repeat-right]")
    selected.page.fill("[data-control=count]", "")
    expected = np.full((256, 256), WALL)
    for x in (40, 70, 100, 130):
        expected = rectangle(WINDOW, x, 50, 20, 30, on=expected)
    assert (selected.labels() == expected).all()


def test_a_window_becomes_a_row_and_the_row_becomes_storeys_to_the_edge(selected):
    selected.page.fill("[data-control=gap]", "20")
    selected.page.click("[data-action=repeat-right]")
    selected.key("Control+ArrowDown")
    expected = np.full((256, 256), WALL)
    for y in (50, 100, 150, 200):
        for x in (40, 80, 120, 160, 200):
            expected = rectangle(WINDOW, x, y, 20, 30, on=expected)
    assert (selected.labels() == expected).all()


def test_repeat_says_when_there_is_no_room(selected):
    selected.page.fill("[data-control=gap]", "128")
    selected.page.click("[data-action=repeat-up]")
    assert "no room" in selected.message()


def test_a_selection_dragged_over_the_edge_comes_back_whole(selected):
    selected.drag(50, 60, 1, 60)
    assert (selected.labels() == rectangle(WINDOW, 0, 50, 11, 30)).all()
    selected.drag(5, 60, 54, 60)
    assert (selected.labels() == rectangle(WINDOW, 40, 50, 20, 30)).all()


def test_a_full_facade_takes_fewer_than_twenty_actions(canvas):
    actions = 0

    def act(action, *values):
        nonlocal actions
        actions += 1
        action(*values)

    act(canvas.choose, "sky")
    act(canvas.drag, 0.5, 0.5, 255.5, 23.5)  # sky
    act(canvas.choose, "shop")
    act(canvas.drag, 8.5, 206.5, 247.5, 255.5)
    act(canvas.choose, "door")
    act(canvas.drag, 112.5, 216.5, 143.5, 255.5)
    act(canvas.choose, "window")
    act(canvas.drag, 16.5, 40.5, 39.5, 71.5)
    act(canvas.choose, "sill")
    act(canvas.drag, 14.5, 72.5, 41.5, 76.5)
    act(canvas.tool, "select")
    act(canvas.drag, 14.5, 40.5, 41.5, 76.5)
    act(canvas.page.fill, "[data-control=gap]", "21")
    act(canvas.page.click, "[data-action=repeat-right]")
    act(canvas.page.fill, "[data-control=count]", "3")
    act(canvas.page.click, "[data-action=repeat-down]")
    canvas.page.fill("[data-control=count]", "")
    labels = canvas.labels()
    assert actions < 20
    assert (labels == WINDOW).sum() == 4 * 5 * 24 * 32
    assert {INDEX["background"], WALL, WINDOW, DOOR, SHOP, INDEX["sill"]} == set(np.unique(labels))


def test_select_all_takes_the_drawing_wherever_the_focus_is_and_painting_goes_on(canvas):
    canvas.page.click("[data-action=clear]")  # the focus is on a button
    canvas.key("Control+a")
    assert canvas.page.evaluate("getSelection().toString()") == ""
    assert canvas.page.get_attribute("[data-tool=select]", "aria-pressed") == "true"
    canvas.key("Delete")
    canvas.tool("rectangle")
    canvas.drag(20.5, 30.5, 59.5, 89.5)
    assert (canvas.labels()[30:90, 20:60] == WINDOW).all()


def test_a_drag_paints_though_text_of_the_page_around_is_selected(canvas):
    canvas.page.evaluate("getSelection().selectAllChildren(document.body)")
    for x in (20, 80, 140):
        canvas.drag(x + 0.5, 30.5, x + 39.5, 89.5)
        assert (canvas.labels()[30:90, x : x + 40] == WINDOW).all()
