"""Training from every layout, every kind of picture, every task and other sizes: thirty steps on tiny networks."""

from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch
from accelerate import Accelerator
from PIL import Image

from pix2pix import images, inference, recipes
from pix2pix.config import Config
from pix2pix.data.dataset import PairDataset, batches
from pix2pix.data.decoded import load_pairs
from pix2pix.data.generated import SCENES
from pix2pix.data.pairs import Pair
from pix2pix.data.sources import fit_config, open_source
from pix2pix.inference import TorchNetwork, Translator, checkpoint
from pix2pix.networks import build_discriminator, build_generator
from pix2pix.training.loop import sample_grid
from pix2pix.training.trainer import Trainer, step_seconds
from tests.data.test_layouts import LAYOUTS
from tests.helpers.pairs_on_disk import SIZE, labelled

TINY = Config.of(size=SIZE, base_channels=4, discriminator_channels=4, epochs=100)
STEPS = 30


def trained(config: Config, data: Path | str, steps: int = STEPS) -> tuple[Config, Trainer, list[Pair]]:
    """Train on the first few pairs."""
    config = fit_config(config, open_source(str(data), "train", config))
    pairs = load_pairs(str(data), "train", config)[:8]
    torch.manual_seed(0)
    trainer = Trainer(config, build_generator(config.architecture), build_discriminator(config), Accelerator(cpu=True))
    for inputs, targets in islice(batches(PairDataset(pairs, config), config), steps):
        trainer.update(images.to_network(inputs), images.to_network(targets))
    assert all(np.isfinite(list(trainer.shown_losses().values())))
    return config, trainer, pairs


def used(trainer: Trainer, pairs: list[Pair]) -> np.ndarray:
    """The trained generator on the first pair, as it is served."""
    pair = pairs[0]
    generated = Translator(trainer.config, TorchNetwork(trainer.result))(pair.input)
    assert generated.shape == pair.target.shape
    return generated


def error(trainer: Trainer, pairs: list) -> float:
    translator = Translator(trainer.config, TorchNetwork(trainer.result))
    return float(np.mean([np.abs(translator(pair.input).astype(float) - pair.target).mean() for pair in pairs]))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_training_from_every_layout(tmp_path, layout):
    LAYOUTS[layout](tmp_path)
    _, trainer, pairs = trained(TINY, tmp_path)
    used(trainer, pairs)


def as_stored(kind: str, picture: np.ndarray, path: Path) -> None:
    if kind == "array of 5":
        np.save(path.with_suffix(".npy"), np.concatenate([picture, picture[..., :2]], axis=2))
    elif kind == "array of 2, float":
        np.save(path.with_suffix(".npy"), picture[..., :2] / np.float32(255))
    elif kind == "16 bit":
        Image.fromarray(picture[..., 0].astype(np.uint16) << 8).save(path.with_suffix(".tiff"))
    elif kind == "turned":
        exif = Image.Exif()
        exif[0x0112] = 6
        Image.fromarray(picture).save(path.with_suffix(".jpg"), exif=exif)
    else:
        suffix = ".tif" if kind == "CMYK" else ".png"
        Image.fromarray(picture).convert(kind).save(path.with_suffix(suffix))


def grainy(number: int) -> np.ndarray:
    """A picture that no one takes for a map of classes, `(SIZE, SIZE, 3)` uint8."""
    return np.random.default_rng(number).integers(0, 256, (SIZE, SIZE, 3), dtype=np.uint8)


CHANNELS = {
    "L": 1,
    "RGBA": 3,
    "P": 3,
    "1": 1,
    "CMYK": 3,
    "16 bit": 1,
    "turned": 3,
    "array of 5": 5,
    "array of 2, float": 2,
}


@pytest.mark.parametrize("kind", CHANNELS)
@pytest.mark.parametrize("side", ["input", "target"])
def test_training_from_every_kind_of_picture(tmp_path, kind, side):
    for folder in ("input", "target"):
        (tmp_path / folder).mkdir()
        for number in range(1, 4):
            picture = labelled(number)[0] if folder == "input" else grainy(number)
            as_stored(kind if folder == side else "RGB", picture, tmp_path / folder / f"{number}")
    config, trainer, pairs = trained(TINY.replace(task="photo"), tmp_path)
    assert (config.architecture.in_channels, config.architecture.out_channels) == (
        (CHANNELS[kind], 3) if side == "input" else (3, CHANNELS[kind])
    )
    used(trainer, pairs)
    assert sample_grid(trainer, pairs[:2]).shape == (2 * SIZE, 3 * SIZE, 3)


def test_transparency_can_be_kept(tmp_path):
    for folder in ("input", "target"):
        (tmp_path / folder).mkdir()
        as_stored("RGBA", labelled(1)[0], tmp_path / folder / "1")
    config, trainer, pairs = trained(TINY.replace(task="photo", in_channels=4, out_channels=4), tmp_path)
    assert (config.architecture.in_channels, config.architecture.out_channels) == (4, 4)
    assert used(trainer, pairs).shape == (SIZE, SIZE, 4)


@pytest.mark.parametrize(
    ("size", "width", "depth"),
    [(32, 64, 5), (64, 32, 5), (512, 256, 8), (256, 512, 8), (128, 0, 7), (1024, 0, 8)],
)
def test_small_pictures_have_as_many_levels_as_they_can_be_halved(size, width, depth):
    assert Config.of(size=size, width=width).architecture.depth == depth


@pytest.mark.parametrize(
    ("asked", "advice"),
    [
        ({"size": 300}, ["--size 256", "--size 512"]),
        ({"size": 400}, ["--size 256", "--size 512"]),
        ({"size": 500}, ["--size 256", "--size 512"]),
        ({"size": 720}, ["--size 512", "--size 768"]),
        ({"size": 384}, ["--size 256", "--size 512", "--size 384 --depth 7"]),
        ({"size": 48, "width": 80}, ["--size 32 --width 64", "--size 64 --width 128"]),
        ({"size": 5, "depth": 2}, ["--size 4", "--size 8"]),
    ],
)  # fmt: skip
def test_sides_that_would_leave_a_toy_network_are_refused_with_advice_that_works(asked, advice):
    with pytest.raises(ValueError, match="cannot be halved") as caught:
        Config.of(**asked)
    for flags in advice:
        assert flags.split(" --depth")[0] in str(caught.value) or "--depth" in flags
        words = flags.replace("--", "").split()
        fitting = Config.of(**{name: int(value) for name, value in zip(words[::2], words[1::2], strict=True)})
        assert "--depth" not in flags or f"or --depth {fitting.architecture.depth}" in str(caught.value)
        assert fitting.architecture.depth >= min(8, fitting.data.size.bit_length() - 1) - ("--depth" in flags)


def test_a_depth_that_was_asked_for_is_never_made_less():
    assert Config.of(size=300, depth=2).architecture.depth == 2
    with pytest.raises(ValueError, match="300 cannot be halved 3 times"):
        Config.of(size=300, depth=3)


@pytest.mark.parametrize("generator", ["unet", "noise"])
@pytest.mark.parametrize(("size", "width", "depth"), [(32, 64, 5), (48, 80, 4), (96, 0, 5)])
def test_training_at_other_sizes(generator, size, width, depth):
    config = TINY.replace(size=size, width=width, depth=depth, generator=generator)
    _, trainer, pairs = trained(config, "synthetic", steps=4)
    assert used(trainer, pairs).shape == (size, width or size, 3)
    assert step_seconds(trainer, steps=1) > 0


@pytest.mark.parametrize("size", [(512, 256), (512, 512)])
def test_larger_pictures_are_translated_at_their_own_size(size):
    config = TINY.replace(size=256, base_channels=2)
    translator = Translator(config, TorchNetwork(build_generator(config.architecture)))
    assert translator(np.zeros((*size, 3), np.uint8)).shape == (*size, 3)


@pytest.mark.parametrize("task", ["aerial2map", "edges2photo", "day2night", "colorize"])
def test_every_task_learns_from_drawn_pairs(task):
    config = recipes.defaults("paper", task).replace(
        size=SIZE, base_channels=8, discriminator_channels=4, batch_size=4, learning_rate=2e-3
    )
    name = next(
        name for name in ("synthetic-edges", "synthetic-maps", "synthetic") if config.task in SCENES[name].tasks
    )
    name = "synthetic-night" if "night" in task else name
    config, trainer, pairs = trained(config, name, steps=1)
    before = error(trainer, pairs)
    config, trainer, pairs = trained(config, name, steps=40)
    assert error(trainer, pairs) < 0.97 * before


def test_a_net_of_other_channels_sides_biases_and_dropout_saves_exports_and_loads(tmp_path):
    pytest.importorskip("onnxscript")
    from pix2pix.commands import export as export_command

    other = {"in_channels": 5, "out_channels": 1, "biases": True, "first_dropout_decoder": 1, "dropout_decoders": 2}
    config = TINY.replace(task="photo", size=32, width=64, **other)
    generator = build_generator(config.architecture).eval()
    folder = tmp_path / "five"
    checkpoint.save(folder, config, generator, "card")
    picture = np.random.default_rng(0).integers(0, 256, (32, 64, 5), dtype=np.uint8)
    on_torch = [inference.load(folder)(picture, variation) for variation in (None, 3)]
    export_command.export(folder)
    on_onnx = [inference.load(folder)(picture, variation) for variation in (None, 3)]
    for one, other in zip(on_torch, on_onnx, strict=True):
        assert other.shape == (32, 64, 1)
        assert np.abs(one.astype(int) - other).max() <= 1
    assert (on_onnx[0] != on_onnx[1]).any()
