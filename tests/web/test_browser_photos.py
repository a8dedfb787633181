"""What a site's browser reads off photos, in Node, against Python: rendered houses, none, and real ones."""

import base64
import json
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from pix2pix import inference
from pix2pix.config import Config
from pix2pix.data.decoded import load_pairs
from pix2pix.inference import browser_form, checkpoint
from pix2pix.inference.perspective import check_corners, front_of, rectified
from pix2pix.inference.rectangles import find_rectangles
from pix2pix.inference.segmenter import load_segmenter
from pix2pix.labels import CMP_PALETTE, DRAWING_ORDER, INDEX, PALETTES
from pix2pix.synthetic import facade
from pix2pix.utils import UserError
from tests.helpers.house_session import CORNERS
from tests.helpers.real_facades import FACADES, needs_real_facades

JS = Path(__file__).parents[2] / "pix2pix" / "web" / "canvas" / "js" / "browser"
NODE = shutil.which("node")
SIDE = 256
MODEL = "facades-live"
SOME = 5  # real photos
HELP = """
  const bytes = (text) => new Uint8ClampedArray(Buffer.from(text, "base64"));
  const base64 = (numbers) => Buffer.from(numbers.buffer, numbers.byteOffset, numbers.byteLength).toString("base64");
"""

pytestmark = pytest.mark.skipif(NODE is None, reason="node is not installed")


def run_node(script: str, given: object) -> object:
    """What `script`, which finds the modules that read photos, and `given`, puts into `told`."""
    names = ("cleaning", "perspective", "rectangles", "segmenter")
    imports = "".join(f'import * as {name} from "{JS.as_uri()}/{name}.js";' for name in names)
    reading = "let text = ''; for await (const chunk of process.stdin) text += chunk; const given = JSON.parse(text);"
    code = f"{imports}{reading}{HELP}let told;{script};console.log(JSON.stringify(told))"
    command = [NODE, "--input-type=module", "--eval", code]
    result = subprocess.run(command, input=json.dumps(given), capture_output=True, text=True, timeout=300)
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def text_of(numbers: np.ndarray) -> str:
    return base64.b64encode(numbers.tobytes()).decode()


def numbers_in(text: str, kind: type = np.uint8) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), kind)


def rgba(picture: np.ndarray) -> str:
    """A picture `(H, W, 3)` as a canvas gives it."""
    return text_of(np.dstack([picture, np.full(picture.shape[:2], 255, np.uint8)]))


def with_all_that_is_cleaned(house: np.ndarray) -> np.ndarray:
    """A house with a margin, ivy, a hedge of another colour at its foot, and a sky."""
    photo, stream = house.copy(), np.random.default_rng(0)
    photo[:, :9] = 0
    photo[:30] = (150, 180, 220)
    photo[120:180, 60:120] = stream.integers(0, 90, (60, 60, 1)) * np.array([0.6, 1.2, 0.5])
    photo[230:] = (140, 40, 30)
    return photo


def check_reading(photos: list[np.ndarray]) -> None:
    """Both languages read the same off photos, of which the network has seen the same."""
    segmenter, translator = load_segmenter(), inference.load(MODEL)
    shares = [segmenter(photo) for photo in photos]
    given = [
        {"photo": rgba(photo), "seen": text_of(each.argmax(0).astype(np.uint8)), "shares": text_of(each)}
        for photo, each in zip(photos, shares, strict=True)
    ]
    form = json.loads(browser_form.read(checkpoint.find(MODEL)).form)
    script = """
      told = given.photos.map((each) => {
        const [photo, seen, size] = [bytes(each.photo), new Uint8Array(bytes(each.seen)), given.size];
        const shares = new Float32Array(bytes(each.shares).buffer);
        const found = segmenter.read(seen, photo, size, given.palettes);
        const edges = ({ label, left, top, right, bottom }) => [label, left, top, right, bottom];
        return {
          ...found, labels: base64(found.labels), seen: base64(segmenter.labelsOf(shares, size)),
          rectangles: rectangles.findRectangles(seen, size).map(edges),
          style: segmenter.nearestStyle(given.form, found.wall, found.sky),
          front: perspective.frontOf(segmenter.houseIn(shares, size), size),
        };
      });
    """
    palettes = {name: palette.tolist() for name, palette in PALETTES.items()}
    told = run_node(script, {"photos": given, "form": form, "size": SIDE, "palettes": palettes})
    for each, photo, classes in zip(told, photos, shares, strict=True):
        seen, expected = classes.argmax(0).astype(np.uint8), inference.segment(photo, translator)
        assert (numbers_in(each["seen"]).reshape(SIDE, SIDE) == seen).all()
        assert each["rectangles"] == [[int(edge) for edge in one] for one in find_rectangles(seen)]
        assert (numbers_in(each["labels"]).reshape(SIDE, SIDE) == expected.labels).all()
        assert (each["style"], each["doubt"]) == (expected.style, expected.doubt)
        for part in ("wall", "sky"):
            mine, theirs = (one and np.array([*bytes.fromhex(one[1:])]) for one in (each[part], expected.facts[part]))
            assert mine is theirs or np.abs(mine - theirs).max() <= 1
        front = front_of(classes[INDEX["background"]] < 0.5)
        assert each["front"] == front or np.abs(np.array(each["front"]) - front).max() < 1e-6


def test_drawing_colours_style_and_doubt_are_those_of_python():
    houses = [facade(seed)[1] for seed in (3, 12)]
    noise = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE, 3)).astype(np.uint8)
    drawing, night = CMP_PALETTE[facade(3)[0]], np.full((SIDE, SIDE, 3), 7, np.uint8)
    check_reading([*houses, with_all_that_is_cleaned(houses[1]), noise, drawing, night])


@needs_real_facades
def test_real_houses_are_read_as_python_reads_them():
    pairs = load_pairs(str(FACADES), "val", Config.of())
    check_reading([np.ascontiguousarray(pair.target) for pair in pairs[:: len(pairs) // SOME]])


@pytest.mark.parametrize(
    ("shape", "corners"),
    [
        ((1500, 2000), CORNERS),  # made smaller first, to where the last pixels are means of fewer
        ((1130, 1601), [(40, 30), (1600.4, 12), (1590, 1130), (0, 1101.5)]),
        ((300, 400), [(10.5, 20.25), (380, 60), (390, 290), (0, 300)]),
        ((40, 700), None),
    ],
)
def test_a_photo_is_rectified_as_by_pillow(shape, corners):
    stream = np.random.default_rng(0)
    photo = np.kron(stream.integers(0, 256, (shape[0] // 8 + 1, shape[1] // 8 + 1, 3)), np.ones((8, 8, 1)))
    photo = photo[: shape[0], : shape[1]].astype(np.uint8)
    script = """
      const photo = { data: bytes(given.photo), width: given.width, height: given.height };
      const { corners, size } = given;
      const picture = corners ? perspective.rectified(photo, corners, size) : perspective.resized(photo, size);
      told = base64(picture.data);
    """
    given = {"photo": rgba(photo), "width": shape[1], "height": shape[0], "corners": corners, "size": SIDE}
    ours = numbers_in(run_node(script, given)).reshape(SIDE, SIDE, 4)[..., :3]
    differences = np.abs(ours.astype(int) - rectified(photo, corners, SIDE, SIDE))
    assert differences.max() <= 1 and (differences > 0).mean() < 0.001


def test_the_graph_gets_the_photo_and_its_mirror_image_and_their_mean_is_taken():
    stream = np.random.default_rng(0)
    photo = stream.integers(0, 256, (32, 32, 3)).astype(np.uint8)
    logits = stream.normal(0, 4, (2, 12, 32, 32)).astype(np.float32)
    segmenter = object.__new__(type(load_segmenter()))

    class Session:
        def run(self, _, given: dict) -> list:
            self.photos = given["photos"]
            return [logits]

    segmenter.session = Session()
    expected = segmenter(photo)
    script = """
      const planes = [false, true].map((isMirrored) => base64(segmenter.planesOf(bytes(given.photo), 32, isMirrored)));
      const [one, other] = given.logits.map((logits) => new Float32Array(bytes(logits).buffer));
      told = { planes, shares: base64(segmenter.probabilities(one, other, 32)) };
    """
    told = run_node(script, {"photo": rgba(photo), "logits": [text_of(each) for each in logits]})
    for planes, of_python in zip(told["planes"], segmenter.session.photos, strict=True):
        assert np.abs(numbers_in(planes, np.float32) - of_python.ravel()).max() < 1e-6
    assert np.abs(numbers_in(told["shares"], np.float32) - expected.ravel()).max() < 1e-6


@pytest.mark.parametrize(
    "corners",
    [
        [(0, 0), (99, 0), (99, 99), (0, 99)],
        [(0, 0), (0, 99), (99, 99), (99, 0)],
        [(0, 0), (99, 99), (99, 0), (0, 99)],
        [(0, 0), (99, 0), (20, 20), (0, 99)],
        [(0, 0), (99, 0), (99, 15), (0, 15)],
    ],
)
def test_corners_are_refused_in_the_words_of_python(corners):
    told = run_node("told = perspective.faultOf(given)", corners)
    try:
        check_corners(corners, 100, 100)
    except UserError as error:
        assert told == str(error)
    else:
        assert told == ""


def test_both_languages_draw_in_one_order():
    text = (JS / "rectangles.js").read_text(encoding="utf-8")
    order = json.loads(re.search(r"^const ORDER = (\[.*?\]);", text, re.M)[1])
    assert order == [INDEX[name] for name in DRAWING_ORDER]
