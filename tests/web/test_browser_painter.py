"""What the painter in the browser computes itself, in Node, against Python."""

import io
import json
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pix2pix import labels
from pix2pix.labels import CMP_PALETTE, PALETTE, colorize
from pix2pix.recipes import RECIPES
from pix2pix.synthetic import label_map
from pix2pix.walls import street, with_walls
from pix2pix.web.canvas.uploads import read_labels

BROWSER = Path(__file__).parents[2] / "pix2pix" / "web" / "canvas" / "js" / "browser"
NODE = shutil.which("node")
STYLES = {"plaster": [0.1 * at for at in range(9)], "brick": [1.0, -1.5, 2.0, 0.3, 0.1, -0.2, 1.5, 0.2, -0.4]}

pytestmark = pytest.mark.skipif(NODE is None, reason="node is not installed")


def run_node(script: str, given: object) -> object:
    """What `script`, which finds `given` and the functions of five modules of the browser's, puts into `told`."""
    imports = "".join(
        f'import * as {name} from "{BROWSER.as_uri()}/{name}.js";'
        for name in ("noise", "network", "patches", "uploads", "walls")
    )
    read = "let text = ''; for await (const chunk of process.stdin) text += chunk; const given = JSON.parse(text);"
    command = [
        NODE,
        "--input-type=module",
        "--eval",
        f"{imports}{read}let told;{script};console.log(JSON.stringify(told))",
    ]
    result = subprocess.run(command, input=json.dumps(given), capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def test_a_seed_gives_the_numbers_that_it_gives_in_python():
    seeds = [0, 1, 7, 99, 2**31 - 1, *np.random.default_rng(0).integers(2**31, size=15).tolist()]
    ours = np.float32(run_node("told = given.map((seed) => [...new noise.Stream(seed).normals(20000)])", seeds))
    numpy = np.stack([np.random.default_rng(seed).standard_normal(20000, dtype=np.float32) for seed in seeds])
    assert np.abs(ours - numpy).max() <= 1e-6  # in the tails the two languages' logarithms may round unlike
    assert (ours != numpy).mean() < 1e-4


def test_several_numbers_are_one_seed_and_bounded_integers_come_from_its_stream():
    entropy = [[seed, count] for seed in (0, 5, 123456789) for count in (2, 3, 6, 64)]
    script = "told = given.map(([seed, count]) => { const one = new noise.Stream(seed, count);"
    ours = run_node(f"{script} return [one.integer(count), ...one.normals(5)]; }})", entropy)
    for (seed, count), (index, *normals) in zip(entropy, ours, strict=True):
        stream = np.random.default_rng([seed, count])
        assert index == stream.integers(count)
        assert (np.float32(normals) == stream.standard_normal(5, dtype=np.float32)).all()


def test_the_worker_gives_the_graph_what_the_translator_gives_it():
    torch = pytest.importorskip("torch")
    from pix2pix.export import wasm_graph
    from pix2pix.networks import build_generator

    torch.manual_seed(0)
    config = RECIPES["live"].replace(base_channels=4, size=256, color_code=True, style_size=3, detail_channels=3)
    generator = build_generator(config.architecture).eval()
    generator.tone_mean += 0.1 * torch.randn(6)
    generator.tone_spread.copy_(0.3 * torch.eye(6) + 0.05 * torch.randn(6, 6).tril())
    form = wasm_graph.build(config, generator, STYLES)
    translator = wasm_graph.reference(config, generator, "one", STYLES)
    drawing = label_map(3, 256, 256)
    wishes = [
        {"variation": None, "style": None, "wall": None, "sky": None},
        {"variation": None, "style": "brick", "wall": "#c99a54", "sky": None},
        {"variation": 7, "style": None, "wall": None, "sky": "#6ea3dc"},
        {"variation": 12, "style": "plaster", "wall": "#000000", "sky": "#ffffff"},
    ]
    script = """
      const { form, drawing, wishes } = given;
      const tables = Object.entries(form.tables).map(([name, table]) => [name, new network.Table(table)]);
      const labels = Uint8Array.from(drawing);
      const before = labels.map((label, at) => (at > 20000 && at < 40000 ? 11 - label : label)); // rows of it stay
      for (const [, table] of tables) table.convolve(before, form.size);
      const convolved = tables.map(([name, table]) => [name, [...table.convolve(labels, form.size)]]);
      const codes = wishes.map((wish) => [...network.codeOf(form, network.draw(form, wish.variation).code, wish)]);
      const planes = network.draw(form, 7).planes.map((plane) => [...plane.subarray(0, 4)]);
      const sky = [...network.skyShares(labels, 256, form.sky)];
      told = { tables: Object.fromEntries(convolved), codes, planes, sky };
    """
    given = {"form": json.loads(form.to_json()), "drawing": drawing.ravel().tolist(), "wishes": wishes}
    told = run_node(script, given)
    for name, table in form.tables.items():
        assert np.abs(np.float32(told["tables"][name]) - table.convolve(drawing).ravel()).max() < 1e-4
    is_sky = (drawing == 0) & (np.arange(256) < street(drawing))[:, None]
    share = is_sky.reshape(form.sky, 256 // form.sky, form.sky, -1).mean(axis=(1, 3)).ravel()
    assert np.abs(np.float32(told["sky"]) - share).max() < 1e-5
    for wish, code in zip(wishes, told["codes"], strict=True):
        colours = {name: wish[name] and tuple(bytes.fromhex(wish[name][1:])) for name in ("wall", "sky")}
        latents = translator.network_inputs(drawing, wish["variation"], style=wish["style"], **colours)[1]
        assert np.abs(np.float32(code) - latents[-1].ravel()).max() < 1e-4
    latents = translator.network_inputs(drawing, 7)[1]
    assert len(told["planes"]) == len(latents) - 1
    for plane, expected in zip(told["planes"], latents[:-1], strict=True):
        assert np.abs(np.float32(plane) - expected.ravel()[:4]).max() < 1e-6


@pytest.mark.parametrize("kind", ["a house", "an empty one", "chance"])
def test_what_the_second_convolution_sees_is_told_once_for_each_patch_of_labels(kind):
    pytest.importorskip("torch")
    from pix2pix.export import wasm_graph

    chance = np.random.default_rng(0)
    drawing = {"a house": label_map(3, 256, 256), "an empty one": np.ones((256, 256), np.uint8),
               "chance": chance.integers(12, size=(256, 256), dtype=np.uint8)}[kind]  # fmt: skip
    table = wasm_graph.Table(chance.standard_normal((4, 4, 12, 2)).astype(np.float32), np.zeros(2, np.float32), 2)
    script = """
      const one = new patches.Patches();
      one.of(new Uint8Array(65536).map((_, at) => at % 7), 256, new Float32Array(2 * 16384).fill(9), 2);
      const [drawing, encoded] = [Uint8Array.from(given.drawing), Float32Array.from(given.encoded)];
      const { patches: rows, kinds, count } = one.of(drawing, 256, encoded, 2);
      told = { rows: [...rows].map((number) => +number.toFixed(4)), kinds: [...kinds], count };
    """
    encoded = table.convolve(drawing)
    told = run_node(script, {"drawing": drawing.ravel().tolist(), "encoded": encoded.ravel().tolist()})
    expected = wasm_graph.distinct_patches(drawing, encoded)
    assert told["count"] == len(expected["patches"])
    ours = np.float32(told["rows"]).reshape(told["count"], -1)[told["kinds"]]
    assert np.abs(ours - expected["patches"][expected["kinds"]]).max() < 1e-3
    around = np.pad(encoded[0], ((0, 0), (1, 1), (1, 1)))
    assert np.abs(ours.reshape(64, 64, 2, 4, 4)[9, 63] - around[:, 18:22, 126:130]).max() < 1e-3


def test_both_languages_see_the_same_walls_and_the_same_street():
    stream, seen = np.random.default_rng(0), []
    for _ in range(40):
        drawing = np.zeros((256, 256), np.uint8)
        for _ in range(stream.integers(1, 9)):
            top, left, height, width = stream.integers(0, (250, 250, 120, 120))
            drawing[top : top + height + 2, left : left + width + 2] = stream.integers(12)
        seen.append(drawing)
    script = """
      const maps = given.map((numbers) => Uint8Array.from(numbers));
      told = maps.map((map) => [[...walls.withWalls(map, 256)], walls.street(map, 256)]);
    """
    told = run_node(script, [drawing.ravel().tolist() for drawing in seen])
    for drawing, (walled, row) in zip(seen, told, strict=True):
        assert np.array_equal(np.reshape(walled, drawing.shape), with_walls(drawing))
        assert row == street(drawing)
    assert sum((with_walls(drawing) != drawing).any() for drawing in seen) > 10


def test_both_languages_take_the_same_distance_from_the_palette_for_near():
    text = (BROWSER / "uploads.js").read_text(encoding="utf-8")
    told = {
        name: float(re.search(rf"^const {name} = ([\d.]+);", text, re.M)[1]) for name in ("NEAR", "MIN_NEAR", "CLASSES")
    }
    assert told == {"NEAR": labels.NEAR, "MIN_NEAR": labels.MIN_NEAR, "CLASSES": len(labels.CLASSES)}


@pytest.mark.parametrize("kind", ["published", "CMP", "smudged", "numbers from 0", "numbers from 1", "photo"])
def test_an_upload_is_read_as_the_server_reads_it(kind):
    drawing = label_map(4, 128, 96)
    picture = {
        "published": colorize(drawing),
        "CMP": CMP_PALETTE[drawing],
        "smudged": np.clip(colorize(drawing) + np.random.default_rng(0).integers(-9, 10, (128, 96, 3)), 0, 255),
        "numbers from 0": np.repeat(drawing[..., None], 3, axis=2),
        "numbers from 1": np.repeat(drawing[..., None] + 1, 3, axis=2),
        "photo": np.random.default_rng(0).integers(0, 255, (128, 96, 3)),
    }[kind].astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(picture if not kind.startswith("numbers") else picture[..., 0]).save(file, "PNG")
    rgba = np.dstack([picture, np.full((128, 96), 255, np.uint8)])
    script = """
      const data = Uint8ClampedArray.from(given.data);
      const { labels, facts } = uploads.readPixels({ data, width: 96, height: 128 }, 256, given.palettes);
      told = { labels: [...labels], ...facts };
    """
    script = f"try {{ {script} }} catch (error) {{ told = {{ error: error.message }}; }}"
    palettes = {"published": PALETTE.tolist(), "CMP": CMP_PALETTE.tolist()}
    told = run_node(script, {"data": rgba.ravel().tolist(), "palettes": palettes})
    if kind == "photo":
        with pytest.raises(ValueError, match=told["error"]):
            read_labels(file.getvalue(), 256, 256)
        return
    upload = read_labels(file.getvalue(), 256, 256)
    assert (np.uint8(told["labels"]).reshape(256, 256) == upload.labels).all()
    assert (told["off"], told["pixels"], told["palette"]) == (upload.off, upload.pixels, upload.palette)
