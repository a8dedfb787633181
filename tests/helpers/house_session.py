"""A visitor's own house, from a photo of it to a picture of it changed: a test in the page, step by step."""

import io
from collections.abc import Iterator

import numpy as np
from PIL import Image

from pix2pix.inference.rectangles import Area, areas
from pix2pix.labels import INDEX
from tests.helpers.canvas_page import CanvasPage

SKY, STREET = (176, 205, 232), (120, 120, 118)
PHOTO, HORIZON = (2000, 1500), 1200  # pixels
CORNERS = [(400, 150), (1700, 300), (1700, 1300), (400, 1400)]  # of the house front in the photo
SHARES = [(x / PHOTO[0], y / PHOTO[1]) for x, y in CORNERS]
MOVED = 24  # pixels of the drawing


def askew(front: Image.Image) -> dict:
    """A large photo of a house front, seen from the side, in a street: as an upload."""
    width, height = front.size
    rows, values = [], []
    for (x, y), (u, v) in zip(CORNERS, [(0, 0), (width, 0), (width, height), (0, height)], strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        values += [u, v]
    places = np.linalg.solve(np.array(rows, float), np.array(values, float)).tolist()
    photo = Image.new("RGB", PHOTO, SKY)
    photo.paste(STREET, (0, HORIZON, *PHOTO))
    seen = (PHOTO, Image.Transform.PERSPECTIVE, places, Image.BILINEAR)
    photo.paste(front.transform(*seen), mask=Image.new("L", front.size, 255).transform(*seen))
    return upload(photo)


def upload(photo: Image.Image) -> dict:
    buffer = io.BytesIO()
    photo.save(buffer, "JPEG", quality=92)
    return {"name": "house.jpg", "mimeType": "image/jpeg", "buffer": buffer.getvalue()}


def guessed(page) -> np.ndarray:
    """Where the page puts the corners by itself, `(4, 2)` shares of the photo."""
    page.wait_for_selector(".from-photo:is([data-corners=guessed], [data-corners=unknown])")
    return corners_shown(page)


def corners_shown(page) -> np.ndarray:
    """Where the corners are on the page, `(4, 2)` shares of the photo."""
    return np.array(
        page.locator(".from-photo .handle").evaluate_all(
            "handles => handles.map(({ style }) => [parseFloat(style.left) / 100, parseFloat(style.top) / 100])"
        )
    )


def mark(canvas: CanvasPage, corners: list[tuple[float, float]]) -> None:
    """Drag the corners onto their places, shares of the photo: by mouse, or by finger where the page knows fingers."""
    page = canvas.page
    box = page.locator(".from-photo img").bounding_box()
    drag = _by_finger if page.evaluate("navigator.maxTouchPoints") else _by_mouse
    for handle, (x, y) in zip(page.locator(".from-photo .handle").all(), corners, strict=True):
        at = handle.bounding_box()
        start = at["x"] + at["width"] / 2, at["y"] + at["height"] / 2
        drag(page, start, (box["x"] + x * box["width"], box["y"] + y * box["height"]))


def _by_mouse(page, start: tuple[float, float], end: tuple[float, float]) -> None:
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(*end, steps=3)
    page.mouse.up()


def _by_finger(page, start: tuple[float, float], end: tuple[float, float]) -> None:
    finger = page.context.new_cdp_session(page)
    for kind, places in (("touchStart", [start]), ("touchMove", [end]), ("touchEnd", [])):
        points = [{"x": x, "y": y} for x, y in places]
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    finger.detach()


def steps(canvas: CanvasPage, photo: dict) -> Iterator[str]:
    """From a photo to its drawing, with one window moved and repainted; a name after each step."""
    page = canvas.page
    with page.expect_file_chooser() as chooser:
        canvas.press_button("[data-action=photo]")
    chooser.value.set_files(photo)
    page.wait_for_selector(".from-photo[open]")
    assert np.abs(guessed(page) - SHARES).max() < 0.08
    yield "opened"
    mark(canvas, SHARES)
    yield "marked"
    page.click("[data-action=draw-photo]")
    page.wait_for_selector(".from-photo", state="hidden")
    page.wait_for_selector("img.target:not([hidden])", state="attached")
    canvas.settle()
    yield "drawn"
    window = window_to_move(canvas.labels())
    middle = (window.left + window.right) / 2, (window.top + window.bottom) / 2
    canvas.tool("select")
    canvas.page.mouse.dblclick(*canvas.at(*middle))
    canvas.frame()
    canvas.drag(*middle, middle[0] + MOVED, middle[1])
    canvas.key("Escape")
    canvas.settle()
    yield "moved"


def window_to_move(labels: np.ndarray) -> Area:
    """The largest window that has wall at its right to be moved onto."""
    free = labels == INDEX["facade"]
    windows = [
        area for area in areas(labels)[INDEX["window"]]
        if area.mask.mean() > 0.95 and free[area.top : area.bottom, area.right : area.right + 4].mean() > 0.9
    ]  # fmt: skip
    return max(windows, key=lambda area: area.mask.sum())
