"""What the page keeps and explains: drawings, saved pictures that open again, About, the tour, tips."""

import json

import numpy as np
import pytest

from pix2pix.labels import INDEX
from tests.conftest import PHONE
from tests.helpers.canvas_page import CanvasPage

pytestmark = pytest.mark.browser
WALL, WINDOW, DOOR = (INDEX[name] for name in ("facade", "window", "door"))
CARDS = ".kept li"
DROP = """async bytes => {
  const files = new DataTransfer();
  files.items.add(new File([new Uint8Array(bytes)], "photo.png", { type: "image/png" }));
  document.querySelector(".studio").dispatchEvent(
    new DragEvent("drop", { dataTransfer: files, bubbles: true, cancelable: true }));
}"""


def wait_for_shelf(canvas, count: int) -> None:
    canvas.page.wait_for_function(f"document.querySelectorAll('{CARDS}').length === {count}")


def test_drawings_are_kept_as_they_are_painted_and_can_be_opened_doubled_deleted_and_taken_along(visit):
    canvas = visit()
    page = canvas.page
    canvas.empty_wall()
    canvas.drag(20.5, 20.5, 60.5, 60.5)
    first = canvas.labels()
    wait_for_shelf(canvas, 1)
    canvas.empty_wall()
    canvas.choose("door")
    canvas.drag(20.5, 20.5, 60.5, 60.5)
    wait_for_shelf(canvas, 2)
    page.wait_for_timeout(400)  # until the drawing that is open is kept too
    canvas.open()
    wait_for_shelf(canvas, 2)
    canvas.drag(120.5, 20.5, 160.5, 60.5)
    page.wait_for_timeout(2000)
    wait_for_shelf(canvas, 2)  # it is the same drawing still

    canvas.do("drawings")
    page.locator(CARDS).nth(1).locator("input").fill("house of my aunt")
    page.locator(CARDS).nth(1).get_by_text("Duplicate").click()
    wait_for_shelf(canvas, 3)
    page.locator(CARDS).first.get_by_text("Delete").click()
    wait_for_shelf(canvas, 2)
    page.click("[data-action=undelete]")
    wait_for_shelf(canvas, 3)
    assert "is back" in page.inner_text("dialog.drawings [role=status]")
    with page.expect_download() as download:
        page.click("[data-action=export-drawings]")
    text = download.value.path().read_text()
    names = [each["name"] for each in json.loads(text)["drawings"]]
    assert "house of my aunt" in names
    file = {"name": "some.json", "mimeType": "application/json", "buffer": text.encode()}
    page.set_input_files("dialog.drawings input[type=file]", file)
    wait_for_shelf(canvas, 6)
    page.set_input_files("dialog.drawings input[type=file]", {**file, "buffer": text[:-20].encode()})
    page.wait_for_function("document.querySelector('dialog.drawings [role=status]').textContent.includes('not a file')")
    page.evaluate(
        """() => [...document.querySelectorAll(".kept li")]
          .find(card => card.querySelector("input").value === "house of my aunt").querySelector(".thumbnail").click()"""
    )
    canvas.frame()
    assert (canvas.labels() == first).all()
    assert canvas.errors == []


def test_a_saved_photo_dropped_on_the_page_opens_as_it_was_made(canvas):
    canvas.choose("door")
    canvas.drag(30.5, 30.5, 80.5, 90.5)
    canvas.page.fill("[data-control=variation]", "7")
    canvas.settle()
    labels = canvas.labels()
    with canvas.page.expect_download() as download:
        canvas.do("save-photo")
    data = download.value.path().read_bytes()
    canvas.do("empty")
    canvas.page.fill("[data-control=variation]", "0")
    canvas.page.evaluate(DROP, list(data))
    canvas.page.wait_for_function("document.querySelector('.message').textContent.includes('as it was made')")
    canvas.frame()  # the message comes at once, the drawing is on show with the next frame
    assert (canvas.labels() == labels).all()
    assert canvas.page.input_value("[data-control=variation]") == "7"
    broken = data.replace(b"#drawing", b"#drawimg")
    with canvas.page.expect_response("**/read"):  # a picture like any other
        canvas.page.evaluate(DROP, list(broken))
    canvas.close_photo()  # which it looks like
    canvas.page.fill("[data-control=variation]", "0")


def test_the_page_explains_itself_its_classes_and_gives_a_tour_that_can_be_skipped(canvas):
    page = canvas.page
    page.hover(".palette [data-label='4']")
    assert "above a window" in page.inner_text(".tip")
    assert page.locator(".tip rect").count() > 10
    page.mouse.move(5, 5)
    assert not page.locator(".tip").is_visible()
    canvas.do("about")
    assert page.locator("dialog.about a[href*='1611.07004']").is_visible()
    assert page.locator("dialog.about a[href='?view=api']").is_visible()
    assert page.inner_text("dialog.about [data-shows=model]") == page.input_value("[data-control=model]")
    page.click("dialog.about [data-action=tour]")
    steps = []
    while page.locator(".tour").is_visible():
        steps.append(page.inner_text(".tour p"))
        card, subject = (page.locator(each).first.bounding_box() for each in (".tour", "[data-toured]"))
        overlap = [
            min(card[at] + card[size], subject[at] + subject[size]) - max(card[at], subject[at])
            for at, size in (("x", "width"), ("y", "height"))
        ]
        if np.prod([subject["width"], subject["height"]]) < 200_000:  # on the large ones it may lie
            assert min(overlap) <= 0
        page.click("[data-action=tour-next]")
    assert len(set(steps)) == 4
    canvas.do("about")
    page.click("dialog.about [data-action=tour]")
    page.keyboard.press("Escape")
    assert not page.locator(".tour").is_visible()
    assert page.evaluate("document.activeElement.className") == "overlay"
    page.evaluate("document.activeElement.blur()")


def test_a_phone_tells_what_a_class_is_after_a_long_press_and_shares_photo_and_link(chromium, running_app):
    context = chromium.new_context(**PHONE)
    context.add_init_script("""
      navigator.canShare = () => true;
      navigator.share = async ({ files, url }) => (window.shared = [files[0].type, files[0].size, url]);
    """)
    page = CanvasPage(context.new_page(), running_app.url).open().page
    page.click("[data-sheet=classes]")
    box = page.locator("[data-label='10']").bounding_box()
    touch = context.new_cdp_session(page)
    finger = {"x": box["x"] + 20, "y": box["y"] + 20}
    touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [finger]})
    page.wait_for_selector(".tip:not([hidden])")
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    told = page.locator(".tip")
    assert told.is_visible() and told.inner_text().startswith(page.inner_text("[data-label='10'] .name"))
    inside = told.bounding_box()
    assert inside["x"] >= 0 and inside["x"] + inside["width"] <= 360 and inside["y"] >= 0
    assert page.get_attribute("[data-label='10']", "aria-pressed") == "false"  # asked for, not chosen
    page.tap("[data-label='10']")
    assert page.get_attribute("[data-label='10']", "aria-pressed") == "true"
    page.tap("[data-sheet=keep]")
    assert page.locator("[data-action=copy-link]").is_hidden()
    page.tap("[data-action=share]")
    kind, size, url = page.wait_for_function("window.shared").json_value()
    assert kind == "image/png" and size > 100 and "#drawing=" in url
    context.close()
