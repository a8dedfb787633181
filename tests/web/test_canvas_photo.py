"""From a photo: corners marked on a photo of a house, its drawing with the photo as target, and all of it undone."""

import base64
import io
import re

import httpx
import numpy as np
import pytest
from PIL import Image

from pix2pix.images import read_image
from pix2pix.labels import INDEX
from pix2pix.synthetic import facade
from tests.conftest import PHONE
from tests.helpers.house_session import SHARES, askew, guessed, mark, upload

HANDLES = ".from-photo .handle"


@pytest.fixture(scope="module")
def photo() -> dict:
    """A large photo of a rendered house, seen from the side."""
    return askew(Image.fromarray(facade(12, 1024, 1024)[1]))


@pytest.mark.browser
@pytest.mark.parametrize("options", [{}, PHONE], ids=["desktop", "phone"])
def test_a_house_is_drawn_from_a_photo_painted_compared_and_undone(visit, photo, options):
    canvas = visit(**options)
    page, before = canvas.page, canvas.labels()
    page.set_input_files(".from-photo input[type=file]", photo)
    page.wait_for_selector(".from-photo[open]")
    assert np.abs(guessed(page) - SHARES).max() < 0.08
    mark(canvas, SHARES)
    with page.expect_response("**/segment?*") as answered:
        page.click("[data-action=draw-photo]")
    page.wait_for_selector(".from-photo", state="hidden")
    canvas.settle()
    read = canvas.labels()
    rectified = read_image(base64.b64decode(answered.value.json()["photo"].partition(",")[2]))
    likeness = np.corrcoef(rectified.ravel(), facade(12)[1].ravel())[0, 1]
    assert likeness > 0.8, "the corners were not taken"
    assert (read == INDEX["window"]).mean() > 0.02
    assert page.get_attribute("img.target", "src").startswith("data:image/jpeg")
    assert page.input_value("[data-colour=wall] [type=color]") == answered.value.json()["wall"]
    assert page.is_enabled("[data-action=compare]")
    canvas.drag(100.5, 100.5, 140.5, 140.5)
    assert not (canvas.labels() == read).all()
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    canvas.frame()
    assert (canvas.labels() == before).all()
    assert page.is_checked("[name=wall][value='#c99a54']"), "the colours before are not back"
    page.wait_for_selector("figure.truth[hidden]", state="attached")
    page.keyboard.press("Control+Shift+z")
    canvas.frame()
    assert (canvas.labels() == read).all()
    page.wait_for_function("document.querySelector('img.target').src.startsWith('data:image')")
    assert canvas.errors == []


@pytest.mark.browser
def test_a_photo_where_labels_are_expected_is_offered_to_be_drawn_and_no_house_is_told(visit):
    canvas = visit()
    page, before = canvas.page, canvas.labels()
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (300, 200, 3)).astype(np.uint8))
    page.set_input_files("#sheet-start input[type=file]", upload(noise))
    page.wait_for_selector(".from-photo[open]")
    guessed(page)
    left = page.locator(HANDLES).first.bounding_box()["x"]
    page.keyboard.press("Shift+ArrowRight")
    assert page.locator(HANDLES).first.bounding_box()["x"] > left
    page.click("[data-action=draw-photo]")
    page.wait_for_selector("[data-action=draw-photo]:text-is('Draw it anyway')")
    assert "front of a house" in page.inner_text(".from-photo [role=status]")
    assert (canvas.labels() == before).all()
    page.locator(HANDLES).nth(1).focus()
    for _ in range(20):
        page.keyboard.press("Shift+ArrowLeft")  # past the other corner
    page.click("[data-action=draw-photo]:text-is('Draw it')")
    page.wait_for_function("/cross/.test(document.querySelector('.from-photo [role=status]').textContent)")
    page.keyboard.press("Escape")
    page.wait_for_selector(".from-photo", state="hidden")
    assert (canvas.labels() == before).all() and canvas.errors == []


GIVE = """([kind, selector, base64, padding]) => {
  const files = new DataTransfer();
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  files.items.add(new File([bytes, new Uint8Array(padding)], "house.jpg", { type: "image/jpeg" }));
  const event = kind === "drop"
    ? new DragEvent("drop", { dataTransfer: files, bubbles: true, cancelable: true })
    : new ClipboardEvent("paste", { clipboardData: files, bubbles: true, cancelable: true });
  document.querySelector(selector).dispatchEvent(event);
}"""


def give(page, kind: str, selector: str, photo: dict, padding: int = 0) -> None:
    page.evaluate(GIVE, [kind, selector, base64.b64encode(photo["buffer"]).decode(), padding])


def sides(page) -> list[int]:
    return page.locator(".from-photo img").evaluate("image => [image.naturalWidth, image.naturalHeight]")


@pytest.mark.browser
def test_a_photo_is_dropped_or_pasted_on_the_page_and_another_on_its_dialog(visit, photo):
    page = visit().page
    small = upload(Image.fromarray(facade(3, 300, 200)[1]))
    for kind, selector in (("drop", ".studio"), ("paste", "body")):
        give(page, kind, selector, photo)
        page.wait_for_selector(".from-photo[open] img[src]")
        assert sides(page) == [1600, 1200]
        with page.expect_request("blob:**"):  # shown, without asking whether it holds labels
            give(page, kind, ".from-photo", small)
        page.wait_for_function("document.querySelector('.from-photo img').naturalWidth === 200")
        page.keyboard.press("Escape")
        page.wait_for_selector(".from-photo", state="hidden")


@pytest.mark.browser
def test_a_photo_that_is_too_large_for_the_server_is_offered_as_well_and_sent_smaller(visit, photo):
    page = visit().page
    panorama = Image.linear_gradient("L").resize((4500, 2000))
    buffer = io.BytesIO()
    panorama.save(buffer, "PNG")
    give(page, "drop", ".studio", {"buffer": buffer.getvalue()})
    page.wait_for_selector(".from-photo[open] img[src]")
    assert "too large" in page.inner_text(".message") and sides(page) == [1600, 711]
    page.keyboard.press("Escape")
    page.wait_for_selector(".from-photo", state="hidden")
    give(page, "drop", ".studio", photo, padding=21 * 2**20)
    page.wait_for_selector(".from-photo[open] img[src]")
    assert sides(page) == [1600, 1200]


@pytest.mark.browser
def test_a_phone_photographs_a_house_with_its_camera_and_a_desktop_is_not_offered_to(visit, photo):
    assert visit().page.locator("[data-action=take-photo]").is_hidden()
    canvas = visit(**PHONE)
    with canvas.page.expect_file_chooser() as chooser:
        canvas.press_button("[data-action=take-photo]")
    camera = chooser.value.element
    assert (camera.get_attribute("capture"), camera.get_attribute("accept")) == ("environment", "image/*")
    chooser.value.set_files(photo)
    canvas.page.wait_for_selector(".from-photo[open] img[src]")
    assert "arrow keys" not in canvas.page.inner_text(".from-photo")


@pytest.mark.parametrize(
    ("body", "query", "reason"),
    [
        (b"", "", "not an image"),
        (b"\xff\xd8none", "", "cannot be read|not an image"),
        (None, "?corners=0,0 1,0 1,1", "four corners"),
        (None, "?corners=0,0 2,0 1,1 0,1", "outside"),
        (None, "?corners=nonsense", "written x,y"),
    ],
)
def test_what_is_no_photo_and_no_corner_is_told_in_one_line(running_app, photo, body, query, reason):
    answer = httpx.post(f"{running_app.url}canvas/segment{query}", content=photo["buffer"] if body is None else body)
    assert answer.status_code == 422 and re.search(reason, answer.json()["error"])
