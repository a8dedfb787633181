"""A site in Debian's Firefox: it paints, also while the mouse is held down, refines, and opens again offline."""

import numpy as np
import pytest

from pix2pix import inference
from pix2pix.labels import PALETTE
from tests.helpers.firefox import FIREFOX, running_firefox
from tests.helpers.site_server import serving

pytestmark = [pytest.mark.slow, pytest.mark.skipif(FIREFOX is None, reason="no firefox-esr or firefox on the PATH")]

PICTURE = "document.querySelector('canvas.generated').dataset.picture"
REFINED = "document.querySelector('canvas.generated').dataset.painter === 'refined'"
SETTLED = f"document.querySelector('[data-live=live]') && {REFINED}"
PLACE = "(({ left, top, width }) => [left, top, width])(document.querySelector('.overlay').getBoundingClientRect())"
CHOSEN = "document.querySelector('[name={}]:checked').value"
PIXELS = """[...document.querySelector('canvas.{}').getContext('2d').getImageData(0, 0, 256, 256).data]"""


def pixels(firefox, name: str):
    return np.uint8(firefox.evaluate(PIXELS.format(name))).reshape(256, 256, 4)[..., :3]


def test_firefox_paints_while_the_mouse_is_down_refines_and_opens_again_offline(site_folder):
    with serving(site_folder.parent) as server, running_firefox() as firefox:
        firefox.open(f"{server.url}painter/")
        firefox.wait_for(PICTURE)
        firefox.wait_for(REFINED)

        left, top, width = firefox.evaluate(PLACE)

        def move(x: float, y: float) -> dict:
            at = {"x": round(left + x * width), "y": round(top + y * width)}
            return {"type": "pointerMove", "duration": 0, "origin": "viewport", **at}

        before = firefox.evaluate(PICTURE)
        firefox.pointer(move(0.3, 0.3), {"type": "pointerDown", "button": 0}, move(0.45, 0.4), move(0.5, 0.6))
        firefox.wait_for(f"{PICTURE} !== {before!r}")  # the button is down
        firefox.pointer({"type": "pointerUp", "button": 0})
        firefox.wait_for(SETTLED)
        matches = (pixels(firefox, "labels")[:, :, None] == PALETTE).all(axis=-1)
        assert matches.any(axis=-1).all()
        labels = matches.argmax(axis=-1).astype("uint8")
        translator = inference.load("facades")
        wall, sky = (firefox.evaluate(CHOSEN.format(name)) for name in ("wall", "sky"))
        expected = translator(labels, **inference.read_colours(translator, wall, sky)).astype(int)
        assert abs(pixels(firefox, "generated") - expected).max() <= 2

        firefox.wait_for("navigator.serviceWorker.controller && true")
        server.shutdown()
        server.server_close()
        firefox.open("about:blank")
        firefox.open(f"{server.url}painter/")
        firefox.wait_for(PICTURE)
