"""A benchmark as it is run: what it prints and what it leaves behind."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from pix2pix import images, inference, labels, synthetic
from pix2pix.export import onnx_graph
from pix2pix.inference import checkpoint, latent_shapes
from pix2pix.networks import build_generator
from pix2pix.recipes import RECIPES

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]


@pytest.mark.skipif(not list(ROOT.glob("checkpoints/*/model.onnx")), reason="no checkpoint is bundled")
def test_paths_finds_onnx_runtime_and_torch_alike_and_the_live_model_near_the_best(tmp_path):
    command = [sys.executable, "-m", "benchmarks.paths", "--data", "synthetic", "--quick", "--output", str(tmp_path)]
    printed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    document = json.loads((tmp_path / "paths.json").read_text())
    paths = document["results"]["paths"]
    assert document["quick"] and document["machine"]["versions"]["onnxruntime"]
    assert (tmp_path / "paths.png").stat().st_size > 10_000
    for name, row in paths.items():
        assert name in printed
        if name.endswith("ONNX Runtime, torch"):
            assert row["greatest_levels"] <= 1 and row["equal_percent"] > 99  # where rounding falls the other way
            assert row["psnr"] is None
        if name.endswith("JPEG, PNG"):
            assert 0 < row["mean_levels"] < 4 and row["ssim"] > 0.95
    live = paths["facades-live, facades"]
    assert 1 < live["mean_levels"] < 25 and 0.5 < live["ssim"] < 1


def test_label_errors_counts_what_photos_contradict(tmp_path):
    """A house under the sky, beside a next house as high as the picture and the end of the photo."""
    classes = np.full((256, 256), labels.INDEX["background"], dtype=np.uint8)
    classes[128:, 64:192] = labels.INDEX["facade"]
    photo = np.full((256, 256, 3), 230, dtype=np.uint8)
    photo[128:, 64:192] = (150, 110, 90)
    photo[:, 192:] = (180, 170, 90)  # the next house
    photo[:, :32] = 0  # where the photo ends
    (tmp_path / "data" / "train").mkdir(parents=True)
    pair = np.hstack([photo, labels.colorize(classes)])
    Image.fromarray(pair).save(tmp_path / "data" / "train" / "1.png")

    command = [sys.executable, "-m", "experiments.label_errors", "--data", tmp_path / "data", "--output", tmp_path]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    results = json.loads((tmp_path / "label_errors.json").read_text())["results"]
    background = 256 * 256 - 128 * 128
    assert results["photos"] == 1 and results["percent_with_margins"] == 100
    assert results["percent"]["background: beyond the photo"] == pytest.approx(100 * 32 * 256 / background, rel=0.12)
    next_houses = results["percent"]["background: wall or roof of a next house"]
    assert next_houses == pytest.approx(100 * 64 * 256 / (background - 32 * 256), rel=0.03)
    assert results["percent"]["wall: beyond the photo"] == 0


def test_branches_fold_into_the_plain_generator_that_paints_the_same():
    from experiments import shapes

    torch.manual_seed(0)
    branched = shapes.OTHER["w16-branches"]().eval()
    inputs = torch.from_numpy(images.batch(synthetic.label_map(0)))
    noise = [
        torch.randn(shape) for shape in latent_shapes(shapes.LIVE.architecture, branched.latent_channels, 256, 256)
    ]
    with torch.inference_mode():
        before = branched(inputs, noise)
        plain = build_generator(shapes.LIVE.architecture).eval()
        plain.load_state_dict(shapes.folded(branched).state_dict())
        torch.testing.assert_close(plain(inputs, noise), before, rtol=0, atol=1e-4)


def test_shapes_that_the_package_cannot_build_become_checkpoints_that_it_paints_with(tmp_path):
    names = ["w16-depth6", "w16-separable-both"]
    command = [sys.executable, "-m", "experiments.shapes", "--data", "synthetic", "--quick", "--output", tmp_path]
    printed = subprocess.run(
        [*command, "--shapes", *names], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout
    drawing = synthetic.label_map(1)
    for name in names:
        assert f"{name}: " in printed
        photos = [inference.load(tmp_path / name)(drawing, seed) for seed in (1, 1, 2)]
        assert photos[0].shape == (256, 256, 3)
        assert (photos[0] == photos[1]).all() and (photos[0] != photos[2]).any()


def test_the_frontier_counts_the_multiplications_that_the_layers_add_up_to(tmp_path):
    from experiments import frontier

    config = RECIPES["paper"].replace(base_channels=4, depth=3)
    checkpoint.save(tmp_path / "paper", config, build_generator(config.architecture), "card")
    onnx_graph.add_onnx(tmp_path / "paper", *checkpoint.load(tmp_path / "paper"))
    encoders = [128**2 * 3 * 4, 64**2 * 4 * 8, 32**2 * 8 * 16]  # places of the result, channels before and after
    decoders = [32**2 * 16 * 8, 64**2 * 16 * 4, 128**2 * 8 * 3]  # places of what they are given, with skips
    counted = frontier.multiplications(str(tmp_path / "paper"), inference.load(tmp_path / "paper"))
    assert counted == 16 * sum(encoders + decoders)


def test_asked_colours_are_measured_in_lab_as_textbooks_have_it():
    from experiments import asked_colours

    assert np.allclose(asked_colours.lab((255, 255, 255)), (100, 0, 0), atol=0.6)
    assert np.allclose(asked_colours.lab((0, 0, 255)), (29.6, 68.3, -112.0), atol=0.8)  # sRGB's blue, for D50
    assert np.allclose(asked_colours.lab((119.4, 119, 119)), (50, 0, 0), atol=0.8)


def test_a_painter_that_gives_what_is_asked_is_at_no_distance_from_it():
    from experiments import asked_colours

    def paint(drawing, wall, sky, shift=0):
        return np.where((drawing == labels.INDEX["background"])[..., None], sky, np.minimum(np.add(wall, shift), 255))

    exact = asked_colours.distances(paint, 7)
    assert {part: max(found) for part, found in exact.items()} == {"wall": 0, "sky": 0}
    lighter = asked_colours.distances(lambda *given, **asked: paint(*given, **asked, shift=40), 7)
    assert max(lighter["sky"]) == 0 and min(lighter["wall"]) > 5
