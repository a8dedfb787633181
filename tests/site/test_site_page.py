"""A site in a real Chromium, behind a plain file server: the page paints, and the server only hands out files."""

import io
import re
import shutil
import time

import numpy as np
import pytest
from PIL import Image

from pix2pix import inference
from pix2pix.labels import CMP_PALETTE, colorize
from pix2pix.synthetic import label_map
from tests.conftest import DESKTOP, PHONE
from tests.helpers.canvas_page import CanvasPage
from tests.helpers.site_server import serving

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PATIENCE = 120_000  # milliseconds, on a busy machine
MAX_FIRST_VISIT = 6.5e6  # bytes until the first live picture
COLOUR = "name => document.querySelector(`[name=${name}]:checked`).value"
KEPT = """async () => {
  const weights = performance.getEntriesByType("resource").find(({ name }) => name.endsWith("/facades/weights.bin"));
  return !!(await caches.match(weights.name));
}"""
PAINTED, REFINED = "canvas.generated[data-picture]", "canvas.generated[data-painter=refined]"


@pytest.fixture(scope="module")
def server(site_folder):
    with serving(site_folder.parent) as running:  # the site lies below a path of its own
        running.url += "painter/"
        yield running


@pytest.fixture
def visitor(chromium, server):
    """A new visitor, whose page is not open yet."""
    context = chromium.new_context(**DESKTOP)
    context.set_default_timeout(PATIENCE)
    yield CanvasPage(context.new_page(), server.url)
    context.close()


def saved(canvas: CanvasPage, action: str = "save-photo") -> np.ndarray:
    with canvas.page.expect_download(timeout=PATIENCE) as download:
        canvas.page.click(f"[data-action={action}]")
    return np.asarray(Image.open(io.BytesIO(download.value.path().read_bytes())).convert("RGB"))


def levels_apart(canvas: CanvasPage, translator, **options) -> int:
    """Of a saved picture from Translator's: greatest difference, in grey levels."""
    colours = {name: canvas.page.evaluate(COLOUR, name) for name in ("wall", "sky")}
    colours = inference.read_colours(translator, **colours)
    expected = translator(canvas.labels().astype(np.uint8), **options, **colours)
    return int(np.abs(saved(canvas).astype(int) - expected).max())


def test_a_visitor_paints_refines_chooses_and_saves_what_translate_gives(visitor, server):
    page, translator = visitor.page, inference.load("facades")
    before, held, let_through = server.sent, [], []
    # Files of the large model are asked for as soon as there is a picture: not let through before this one.
    page.route("**/facades/*", lambda route: route.continue_() if let_through else held.append(route))
    page.goto(server.url)
    page.wait_for_selector(PAINTED)
    assert server.sent - before < MAX_FIRST_VISIT
    assert not any("/facades/" in path for _, path in server.asked), "the large model came before the first picture"
    let_through.append(True)
    for route in held:
        route.continue_()

    page.wait_for_selector(REFINED)
    assert levels_apart(visitor, translator) <= 2

    visitor.empty_wall()
    shown = page.get_attribute("canvas.generated", "data-picture")
    visitor.press(60, 60)
    visitor.move(120, 150)
    page.wait_for_selector(f'canvas.generated[data-painter=live]:not([data-picture="{shown}"])')  # the button is down
    visitor.release()
    page.check("[name=wall][value='#a0604c']")
    page.fill("[data-control=variation]", "7")
    visitor.settle()
    assert levels_apart(visitor, translator, variation=7) <= 2

    visitor.do("random")
    visitor.settle()
    drawn = visitor.labels()
    assert any((label_map(seed, 256, 256) == drawn).all() for seed in range(300))
    visitor.do("variations")
    page.wait_for_selector(".variations button:nth-child(4) img")

    file = io.BytesIO()
    Image.fromarray(CMP_PALETTE[label_map(77, 256, 256)]).save(file, "PNG")
    page.set_input_files("input[type=file]", {"name": "mine.png", "mimeType": "image/png", "buffer": file.getvalue()})
    page.wait_for_function("() => document.querySelector('.message').textContent.startsWith('Opened')")
    assert (visitor.labels() == label_map(77, 256, 256)).all() and "CMP palette" in visitor.message()
    assert (saved(visitor, "save-labels") == colorize(label_map(77, 256, 256))).all()
    assert {method for method, _ in server.asked} == {"GET"}
    assert visitor.errors == []


def test_the_second_visit_needs_no_server_and_a_newer_version_replaces_all_of_the_older_one(
    visitor, server, site_folder
):
    page = visitor.page
    page.goto(server.url)
    page.wait_for_selector(REFINED)
    page.wait_for_function("() => navigator.serviceWorker.controller")
    page.wait_for_function(KEPT)  # what was fetched before there was a service worker, it asks for once more
    page.context.set_offline(True)
    page.reload()
    page.wait_for_selector(REFINED)
    visitor.do("empty")
    visitor.settle()
    assert visitor.errors == []
    page.context.set_offline(False)

    [old] = [path.name for path in site_folder.glob("site-*")]
    new = "site-" + "0" * 12
    kept = site_folder.with_name("kept")
    shutil.copytree(site_folder, kept)
    try:
        (site_folder / old).rename(site_folder / new)
        for name in ("index.html", "service_worker.js", "manifest.webmanifest"):
            text = (site_folder / name).read_text(encoding="utf-8")
            (site_folder / name).write_text(text.replace(old, new), encoding="utf-8")
        page.reload()
        names = "async () => (await caches.keys()).map((name) => name.split(' ').at(-1)).join()"
        for _ in range(600):
            if page.evaluate(names) == new:
                break
            time.sleep(0.1)
        assert page.evaluate(names) == new
        page.reload()
        page.wait_for_selector(PAINTED)
        assert new in page.get_attribute("link[rel=icon]", "href")
        loaded = page.evaluate("() => performance.getEntriesByType('resource').map(({ name }) => name)")
        assert any(f"/{new}/js/main.js" in name for name in loaded) and not any(old in name for name in loaded)
    finally:
        shutil.rmtree(site_folder)
        kept.rename(site_folder)


def test_a_damaged_file_is_named_and_fetched_again_and_a_browser_without_wasm_is_told_so(chromium, server):
    server.cut += ["facades-live/weights.bin"]
    context = chromium.new_context(**PHONE)
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    page.goto(server.url)
    page.wait_for_selector(PAINTED)
    fetched = [path for _, path in server.asked if path.endswith("facades-live/weights.bin")]
    assert server.cut == [] and len(fetched) >= 2
    width = page.evaluate("() => document.documentElement.scrollWidth")
    assert width <= 360, f"a phone has to scroll sideways: {width}"

    page = context.new_page()
    page.add_init_script("delete window.WebAssembly")
    page.goto(server.url)
    page.wait_for_selector("[data-live=failed]")
    message = page.inner_text(".message")
    assert re.match("This browser cannot paint, for it has no WebAssembly", message)
    context.close()


def test_a_site_is_accessible(visitor, server):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    visitor.page.goto(server.url)
    visitor.page.wait_for_selector(PAINTED)
    found = axe.Axe().run(visitor.page).response["violations"]
    assert [rule["id"] for rule in found if rule["impact"] in ("serious", "critical")] == []
