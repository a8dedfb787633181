"""The live panes, and what the page does when the connection or the model fails."""

import pytest

from pix2pix.labels import INDEX, PALETTE
from tests.helpers.running_app import grey_of

pytestmark = pytest.mark.browser
WALL, WINDOW, DOOR = (INDEX[name] for name in ("facade", "window", "door"))


# --- Live panes


def test_holding_compares_the_generated_photo_with_the_target(canvas):
    canvas.example("pair 1")
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
    assert canvas.page.locator(".pane:visible").count() == 2  # there is no target, and no room kept for one
    canvas.example("pair 1")
    boxes = [pane.bounding_box() for pane in canvas.page.locator(".pane").all()]
    assert len(boxes) == 3
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
    canvas.drag(20.5, 20.5, 40.5, 40.5)  # what was offered shows a drawing that is no more
    assert not canvas.page.locator(".variations button").count()
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
