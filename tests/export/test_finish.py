"""What `export` changes of a finished generator's pictures, by every network that paints them: sharpness and noise."""

import numpy as np
import pytest
import torch

from pix2pix import __main__ as command_line
from pix2pix import config as configs
from pix2pix import inference, synthetic
from pix2pix.config import MAX_SHARPENING
from pix2pix.evaluation.metrics import gradient_length
from pix2pix.inference import checkpoint
from pix2pix.networks import build_generator
from pix2pix.networks.layers import Sharpen
from pix2pix.recipes import RECIPES
from pix2pix.utils import UserError

pytestmark = pytest.mark.usefixtures("traced_once")


def export(folder, amount: float, flag: str = "--sharpening") -> None:
    command_line.main(["export", str(folder), flag, str(amount)])


def test_sharpening_adds_what_the_brightness_of_a_pixel_differs_from_its_neighbours_by_and_keeps_colours():
    picture = torch.full((1, 2, 5, 5), 0.25)
    assert torch.allclose(Sharpen(2.0, channels=2)(picture), picture)
    picture[0, 1, 2, 2] = 1.15  # 0.9 more than its eight neighbours; of the brightness 0.45, over a mean of 0.05 more
    sharp = Sharpen(2.0, channels=2)(picture)
    assert sharp[0, 1, 2, 2].item() == pytest.approx(1.15 + 2 * 0.4)
    assert sharp[0, 1, 1, 1].item() == pytest.approx(0.25 - 2 * 0.05)
    assert torch.allclose(sharp[0, 1] - sharp[0, 0], picture[0, 1] - picture[0, 0], atol=1e-6)


def test_export_sharpens_the_pictures_of_torch_and_onnx_alike(tmp_path):
    torch.manual_seed(0)
    config = RECIPES["live"].replace(base_channels=4, depth=4)
    generator = build_generator(config.architecture)
    for name in ("soft", "sharp"):
        checkpoint.save(tmp_path / name, config, generator, "card")
    export(tmp_path / "sharp", MAX_SHARPENING)
    drawing = synthetic.label_map(1)
    soft = inference.load_torch(tmp_path / "soft")(drawing)
    for load in (inference.load, inference.load_torch):
        sharp = load(tmp_path / "sharp")(drawing)
        assert gradient_length(sharp) > 1.3 * gradient_length(soft)
        assert abs(sharp.mean() - soft.mean()) < 1
    export(tmp_path / "sharp", 0)
    assert np.array_equal(inference.load_torch(tmp_path / "sharp")(drawing), soft)


def test_export_takes_the_noise_from_pictures_and_leaves_their_colours(tmp_path):
    torch.manual_seed(0)
    config = RECIPES["live"].replace(base_channels=4, depth=4, style_size=2, detail_channels=2)
    generator = build_generator(config.architecture)
    torch.nn.init.constant_(generator.detail.outer.gain, 1.0)
    checkpoint.save(tmp_path / "one", config, generator, "card", styles={"plaster": [0.5] * 8})
    drawing, code = synthetic.label_map(1), {"wall": (160, 95, 75), "sky": (110, 160, 220), "style": "plaster"}
    noisy, _ = (inference.load_torch(tmp_path / "one")(drawing, seed, **code) for seed in (1, 2))
    export(tmp_path / "one", 0, "--noise-scale")
    for load in (inference.load, inference.load_torch):
        one, other = (load(tmp_path / "one")(drawing, seed, **code) for seed in (1, 2))
        assert np.array_equal(one, other)
        assert not np.array_equal(one, noisy)


@pytest.mark.parametrize(
    ("recipe", "amount", "said"),
    [
        ("live", MAX_SHARPENING + 1, f"sharpening is {MAX_SHARPENING + 1}.0; it must lie between 0 and"),
        ("paper", 0.5, "sharpening is for --generator noise"),
    ],
)
def test_export_refuses_a_sharpening_that_cannot_be_and_changes_nothing(recipe, amount, said, tmp_path):
    config = RECIPES[recipe].replace(base_channels=4, depth=4)
    checkpoint.save(tmp_path / "one", config, build_generator(config.architecture), "card")
    with pytest.raises(UserError, match=said):
        export(tmp_path / "one", amount)
    assert configs.read(tmp_path / "one" / "config.json") == config.model
