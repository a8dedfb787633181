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

HANDLES = ".from-photo .handle"


@pytest.fixture(scope="module")
def askew() -> dict:
    """A large photo of a rendered house, seen from the side, with a street around it: as an upload."""
    house = Image.fromarray(facade(12, 1024, 1024)[1])
    photo = Image.new("RGB", (2000, 1500), (120, 120, 118))
    corners = [(400, 150), (1700, 300), (1700, 1300), (400, 1400)]
    rows, values = [], []
    for (x, y), (u, v) in zip(corners, [(0, 0), (1024, 0), (1024, 1024), (0, 1024)], strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        values += [u, v]
    places = np.linalg.solve(np.array(rows, float), np.array(values, float)).tolist()
    photo = house.transform(photo.size, Image.Transform.PERSPECTIVE, places, Image.BILINEAR, fillcolor=(120, 120, 118))
    return {"corners": [(x / 2000, y / 1500) for x, y in corners], "file": upload(photo)}


def upload(photo: Image.Image) -> dict:
    buffer = io.BytesIO()
    photo.save(buffer, "JPEG", quality=92)
    return {"name": "house.jpg", "mimeType": "image/jpeg", "buffer": buffer.getvalue()}


def mark(canvas, corners: list[tuple[float, float]]) -> None:
    """Drag the corners onto their places, shares of the photo."""
    page = canvas.page
    box = page.locator(".from-photo img").bounding_box()
    for handle, (x, y) in zip(page.locator(HANDLES).all(), corners, strict=True):
        at = handle.bounding_box()
        page.mouse.move(at["x"] + at["width"] / 2, at["y"] + at["height"] / 2)
        page.mouse.down()
        page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"], steps=3)
        page.mouse.up()


@pytest.mark.browser
@pytest.mark.parametrize("options", [{}, PHONE], ids=["desktop", "phone"])
def test_a_house_is_drawn_from_a_photo_painted_compared_and_undone(visit, askew, options):
    canvas = visit(**options)
    page, before = canvas.page, canvas.labels()
    page.set_input_files(".from-photo input[type=file]", askew["file"])
    page.wait_for_selector(".from-photo[open]")
    mark(canvas, askew["corners"])
    with page.expect_response("**/segment?*") as answered:
        page.click("[data-action=draw-photo]")
    page.wait_for_selector(".from-photo", state="hidden")
    canvas.settle()
    read = canvas.labels()
    photo = read_image(base64.b64decode(answered.value.json()["photo"].partition(",")[2]))
    likeness = np.corrcoef(photo.ravel(), facade(12)[1].ravel())[0, 1]
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
def test_what_is_no_photo_and_no_corner_is_told_in_one_line(running_app, askew, body, query, reason):
    answer = httpx.post(
        f"{running_app.url}canvas/segment{query}", content=askew["file"]["buffer"] if body is None else body
    )
    assert answer.status_code == 422 and re.search(reason, answer.json()["error"])
