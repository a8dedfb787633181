"""Numbers of any range and maps of classes: what a set holds is looked at, told, and never cut down or averaged."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pix2pix import config as configs
from pix2pix import images, labels
from pix2pix.config import Config
from pix2pix.data import values
from pix2pix.data.dataset import PairDataset
from pix2pix.data.decoded import load_pairs
from tests.helpers.pairs_on_disk import SIZE, labelled, load_set, write, write_ab

PHOTO = Config.of(task="photo", size=SIZE, base_channels=2, jitter=False, hflip=False)
FACADES = PHOTO.replace(task="facades")


def field(seed: int) -> np.ndarray:
    """A smooth field from 0 to 1, both included."""
    coarse = np.random.default_rng(seed).random((5, 5)).astype(np.float32)
    fine = np.asarray(Image.fromarray(coarse).resize((SIZE, SIZE), Image.Resampling.BICUBIC))
    return (fine - fine.min()) / np.ptp(fine)


def write_set(folder: Path, write_input, count: int = 10) -> Path:
    """Pairs of an input that `write_input(path without extension, seed)` writes, and a photo; the tenth is for val."""
    for seed in range(count):
        (folder / "input").mkdir(parents=True, exist_ok=True)
        write_input(folder / "input" / f"{seed}", seed)
        noise = np.random.default_rng(seed).integers(0, 256, (SIZE, SIZE, 3), dtype=np.uint8)
        write(folder / "target" / f"{seed}.png", noise)
    return folder


def as_image(suffix: str, dtype: type, low: float, high: float):
    def write_input(path: Path, seed: int) -> None:
        numbers = (low + (high - low) * field(seed)).astype(dtype)
        if suffix == ".npy":
            np.save(path.with_suffix(suffix), numbers)
        else:
            Image.fromarray(numbers).save(path.with_suffix(suffix))

    return write_input


RANGES = {
    "X-rays of 12 bits": (".png", np.uint16, 0, 4095),
    "metres": (".tif", np.float32, 200, 1700),
    "floats to 255": (".tif", np.float32, 0, 255),
    "whole numbers of 32 bits": (".tif", np.int32, 100_000, 600_000),
    "signed": (".tif", np.int32, -1000, 1000),
    "floats to 255, array": (".npy", np.float32, 0, 255),
    "Hounsfield units": (".npy", np.int16, -1000, 1000),
    "from -1 to 1": (".npy", np.float64, -1, 1),
}


@pytest.mark.parametrize("kind", RANGES)
def test_other_ranges_are_scaled_by_the_set_and_its_config_keeps_them_for_serving(tmp_path, kind):
    suffix, _, low, high = RANGES[kind]
    write_set(tmp_path, as_image(*RANGES[kind]))
    config, pairs, _ = load_set(str(tmp_path), PHOTO)
    assert config.data.input_range == pytest.approx((low, high), abs=1)
    assert f"inputs hold numbers from {config.data.input_range[0]:g} to" in pairs.about
    assert (config.architecture.in_channels, config.architecture.out_channels) == (1, 3)
    for seed, pair in enumerate(pairs):
        assert np.abs(pair.input[..., 0] - 255 * field(seed)).max() <= 1
    served = values.read_input(tmp_path / "input" / f"3{suffix}", configs.from_json(configs.to_json(config)))
    assert (served == pairs[3].input).all()


@pytest.mark.parametrize(
    ("write_input", "value_range"),
    [
        (as_image(".png", np.uint16, 0, 65535), (0, 65535)),
        (as_image(".tif", np.float32, 0, 1), (0, 1)),
        (as_image(".png", np.uint8, 0, 255), (0, 0)),
    ],
)
def test_usual_ranges_are_taken_whole_and_nothing_is_said(tmp_path, write_input, value_range):
    config, pairs, _ = load_set(str(write_set(tmp_path, write_input)), PHOTO)
    assert config.data.input_range == value_range
    assert "numbers" not in pairs.about
    assert np.ptp(pairs[0].input) == 255


@pytest.mark.parametrize("kind", RANGES)
def test_a_model_of_plain_pictures_refuses_other_ranges_in_one_line(tmp_path, kind):
    as_image(*RANGES[kind])(tmp_path / "1", 1)
    with pytest.raises(ValueError, match=r"^1\.\w+ holds numbers from .* scale them") as caught:
        values.read_input(next(tmp_path.iterdir()), PHOTO)
    assert "\n" not in str(caught.value)


def test_channels_of_unlike_ranges_are_refused(tmp_path):
    def write_input(path: Path, seed: int) -> None:
        np.save(path.with_suffix(".npy"), np.dstack([field(seed), 1000 * field(seed + 50)]))

    with pytest.raises(ValueError, match=r"the channels of the inputs .* bring all to one range"):
        load_set(str(write_set(tmp_path, write_input)), PHOTO)


def numbers(seed: int, first: int, last: int) -> np.ndarray:
    """A map of squares: the first picture of a set holds every number."""
    every = np.arange(first, last + 1)
    chosen = np.random.default_rng(seed).choice(every, 64) if seed else np.resize(every, 64)
    return chosen.reshape(8, 8).repeat(SIZE // 8, 0).repeat(SIZE // 8, 1)


def as_numbers(kind: str, first: int, last: int):
    def write_input(path: Path, seed: int) -> None:
        image = Image.fromarray(numbers(seed, first, last).astype(np.uint16 if kind == "16 bit" else np.uint8))
        if kind == "palette":
            image.putpalette([(47 * number) % 256 for number in range(768)])
        image.save(path.with_suffix(".png"))

    return write_input


@pytest.mark.parametrize(("kind", "first", "last"), [("8 bit", 0, 33), ("16 bit", 0, 10), ("8 bit", 0, 1)])
@pytest.mark.parametrize("size", [SIZE, SIZE // 2])
def test_maps_of_class_numbers_become_a_colour_each_and_are_never_averaged(tmp_path, kind, first, last, size):
    write_set(tmp_path, as_numbers(kind, first, last))
    config, pairs, val = load_set(str(tmp_path), PHOTO.replace(size=size, jitter=True))
    assert f"inputs are numbers of {last - first + 1} classes" in pairs.about
    assert (config.data.input_kind, config.architecture.in_channels) == ("numbers", 3)
    allowed = {tuple(color) for color in labels.NUMBER_COLORS[first : last + 1].tolist()}
    seen = [pairs[0].input, val[0].input, PairDataset(pairs, config)[0, 5][0].permute(1, 2, 0).numpy()]
    for picture in seen:
        assert {tuple(color) for color in picture.reshape(-1, 3).tolist()} <= allowed
    assert (values.read_input(tmp_path / "input" / "0.png", config)[:: SIZE // size, :: SIZE // size] == seen[0]).all()


def test_maps_with_a_palette_keep_its_colours_and_are_never_averaged(tmp_path):
    write_set(tmp_path, as_numbers("palette", 0, 8))
    _, pairs, _ = load_set(str(tmp_path), PHOTO.replace(size=SIZE // 2))
    assert "inputs are maps of 9 colours, never averaged" in pairs.about
    stored = images.read_image(tmp_path / "input" / "0.png").reshape(-1, 3)
    assert {*map(tuple, pairs[0].input.reshape(-1, 3).tolist())} <= {*map(tuple, stored.tolist())}


def test_numbers_of_instances_are_refused_with_what_to_give_instead(tmp_path):
    def write_input(path: Path, seed: int) -> None:
        Image.fromarray((numbers(seed, 1, 34) * 1000 + seed).astype(np.uint16)).save(path.with_suffix(".png"))

    with pytest.raises(ValueError, match=r"the inputs hold \d+ numbers.*give those of classes, 0 to 255, or colours"):
        load_set(str(write_set(tmp_path, write_input)), PHOTO)


def test_maps_of_classes_as_targets_are_not_averaged_either(tmp_path):
    write_set(tmp_path, as_numbers("8 bit", 0, 20))
    (tmp_path / "input").rename(tmp_path / "swap")
    (tmp_path / "target").rename(tmp_path / "input")
    (tmp_path / "swap").rename(tmp_path / "target")
    config, pairs, _ = load_set(str(tmp_path), PHOTO.replace(size=SIZE // 2))
    assert (config.data.target_kind, config.architecture.out_channels) == ("numbers", 3)
    assert {*map(tuple, pairs[0].target.reshape(-1, 3).tolist())} <= {*map(tuple, labels.NUMBER_COLORS[:21].tolist())}


@pytest.mark.parametrize("kind", ["8 bit", "16 bit", "palette"])
@pytest.mark.parametrize(("first", "last"), [(0, 11), (1, 12)])
def test_facades_are_read_from_their_class_numbers(tmp_path, kind, first, last):
    write_set(tmp_path, as_numbers(kind, first, last))
    config, pairs, val = load_set(str(tmp_path), FACADES)
    assert f"inputs are numbers of classes, {first} to {last}" in pairs.about
    for pair, seed in ((pairs[0], 0), (val[0], 9)):
        assert (pair.input == numbers(seed, first, last) - first).all()
    reopened = load_pairs(str(tmp_path), "val", configs.from_json(configs.to_json(config)))
    assert (reopened[0].input == val[0].input).all()
    file = tmp_path / "input" / "0.png"
    for served in (config, FACADES):  # also by a model that was trained on colours
        assert (values.read_input(file, served) == pairs[0].input).all()


def test_a_map_without_the_first_class_is_read_as_the_set_was(tmp_path):
    write_set(tmp_path, as_numbers("8 bit", 0, 11))
    config, _, _ = load_set(str(tmp_path), FACADES)
    as_numbers("8 bit", 3, 9)(tmp_path / "one", 0)
    assert (values.read_input(tmp_path / "one.png", config) == numbers(0, 3, 9)).all()


OF_CMP = [(0, 0, 255), (255, 0, 0), (255, 255, 0), (0, 255, 255)]
OWN = np.array([*OF_CMP, (0, 255, 0), (255, 255, 255), (128, 128, 128), (255, 0, 255)], np.uint8)


def test_labels_of_another_palette_are_no_facades_and_the_advice_works(tmp_path):
    def write_input(path: Path, seed: int) -> None:
        chosen = np.minimum(numbers(seed, 0, 15), 7) if seed else numbers(seed, 0, 7)
        chosen = np.where(np.arange(SIZE)[:, None] < SIZE * 3 // 4, chosen % len(OF_CMP), chosen)
        Image.fromarray(OWN[chosen]).save(path.with_suffix(".png"))

    write_set(tmp_path, write_input)
    with pytest.raises(ValueError, match=r"labels of another palette: 4 of their colours .*#00ff00"):
        load_set(str(tmp_path), FACADES)
    _, pairs, _ = load_set(str(tmp_path), PHOTO)
    assert {*map(tuple, pairs[0].input.reshape(-1, 3).tolist())} == {*map(tuple, OWN.tolist())}


def test_facade_labels_in_either_palette_exact_or_compressed_are_no_foreign_ones(tmp_path):
    for kind in ("png", "jpg"):
        load_set(str(write_ab(tmp_path / kind, 12, kind=kind)), FACADES)
    for number in range(3):
        inputs, photo = labelled(number)
        write(tmp_path / "cmp" / f"{number}.png", np.hstack([photo, labels.CMP_PALETTE[labels.snap(inputs)]]))
    _, pairs, _ = load_set(str(tmp_path / "cmp"), FACADES)
    assert (labels.shown(pairs[1].input) == labelled(1)[0]).all()
    for name, palette in labels.PALETTES.items():
        write(tmp_path / f"{name}.png", palette[pairs[1].input])
        assert (values.read_input(tmp_path / f"{name}.png", FACADES) == pairs[1].input).all()


def test_class_numbers_are_no_lines(tmp_path):
    with pytest.raises(ValueError, match="which are no lines: give --task photo"):
        load_set(str(write_set(tmp_path, as_numbers("8 bit", 0, 5))), PHOTO.replace(task="edges"))


def test_a_set_is_opened_once_for_each_split(tmp_path, monkeypatch):
    from pix2pix.data import layouts

    found, find = [], layouts.find
    monkeypatch.setattr(layouts, "find", lambda *given: found.append(given[1]) or find(*given))
    load_set(str(write_ab(tmp_path, 12)), FACADES)
    assert found == ["train", "val"]
