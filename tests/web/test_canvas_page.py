"""The promises of the page: what a visitor finds, brings, keeps and takes away."""

import io

import numpy as np
import pytest
from PIL import Image

from pix2pix.evaluation import test_drawings
from pix2pix.images import read_image
from pix2pix.labels import CMP_PALETTE, INDEX, PALETTE, colorize, snap
from pix2pix.web.canvas import Painter
from pix2pix.web.examples import Examples, HandDrawings, SyntheticPairs
from pix2pix.web.serving import FairQueue, Models
from tests.conftest import DESKTOP
from tests.helpers.canvas_page import CanvasPage
from tests.helpers.running_app import RunningApp, StandIn

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


def test_a_first_visitor_finds_a_drawing_its_photo_and_one_line_of_what_to_do(visit):
    canvas = visit()
    labels = test_drawings.load("palazzo")
    assert (canvas.labels() == labels).all()
    expected = colorize(labels).astype(int).sum(axis=-1) // 4
    assert np.abs(canvas.generated()[..., 0].astype(int) - expected).mean() < 3  # JPEG
    assert not canvas.page.locator("img.target").is_visible()
    assert "Drag" in canvas.message()
    assert canvas.page.get_attribute("[data-example='0']", "aria-pressed") == "true"


def test_an_example_brings_its_target_and_a_free_drawing_has_none(canvas, example_pairs):
    canvas.example("pair 2")
    assert (canvas.labels() == example_labels(example_pairs, 2)).all()
    assert canvas.page.get_attribute("img.target", "alt") == "Target: the true photo of this facade"
    canvas.empty_wall()
    assert not canvas.page.locator("img.target").is_visible()


def test_a_drawn_target_is_called_drawn_and_pairs_that_come_later_are_added(chromium):
    examples = Examples(HandDrawings(), complete=False)
    running = RunningApp(Painter(Models(StandIn, {"facades": "facades"}), examples, FairQueue()))
    context = chromium.new_context(**DESKTOP)
    canvas = CanvasPage(context.new_page(), running.url).open()
    assert canvas.page.locator("[data-example]").count() == len(examples.listed) == 5
    examples.add(SyntheticPairs())
    canvas.page.wait_for_selector("[data-example='16']", timeout=60_000)
    canvas.example("facade 2")
    assert canvas.page.get_attribute("img.target", "alt") == "Target: drawn, not a photo"
    assert canvas.page.inner_text("[data-shows=target]") == "Target, drawn"
    assert canvas.errors == []
    context.close()
    running.close()


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
    canvas.close_photo()


# --- Undo, redo, keeping


def test_undo_and_redo_go_through_painting_loading_and_clearing(canvas, example_pairs):
    canvas.drag(20.5, 20.5, 60.5, 60.5)
    painted = canvas.labels()
    canvas.example("pair 3")
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
    canvas.example("pair 1")
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
    canvas.example("pair 1")
    sheet = downloaded(canvas, "save-sheet")
    assert sheet.shape == (256, 3 * 256 + 2 * 8, 3)
    assert (sheet[:, :256] == PALETTE[canvas.labels()]).all()
    assert sheet[:, 528:].std() > 10  # the target's photo, not paper


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


def test_the_chosen_model_variation_and_tools_are_kept_through_a_reload(visit):
    canvas = visit()
    canvas.page.select_option("[data-control=model]", "other")
    canvas.page.wait_for_function("document.querySelector('.message').textContent.includes('other is painting')")
    canvas.page.fill("[data-control=variation]", "20")
    canvas.choose("door")
    canvas.tool("brush")
    canvas.do("mirror")
    canvas.page.wait_for_timeout(400)  # until it is kept
    canvas.open()
    canvas.page.wait_for_function("document.querySelector('[data-control=model]').value === 'other'")
    assert canvas.page.input_value("[data-control=variation]") == "20"
    for pressed in ("[data-tool=brush]", "[data-label='3']", "[data-action=mirror]"):
        assert canvas.page.get_attribute(pressed, "aria-pressed") == "true"
