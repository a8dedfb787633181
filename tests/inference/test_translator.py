"""From picture to picture: the rules of `Translator`, ONNX against torch, and the commands built on them."""

import os
import subprocess
import sys
from concurrent.futures import Future
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from PIL import Image

from pix2pix import __main__ as command_line
from pix2pix import config as configs
from pix2pix import images, inference, labels, synthetic
from pix2pix.cli import run_command
from pix2pix.commands.translate import plan
from pix2pix.config import Config
from pix2pix.export import onnx_graph
from pix2pix.inference import checkpoint
from pix2pix.networks import build_generator
from pix2pix.recipes import RECIPES
from pix2pix.utils import UserError

pytestmark = pytest.mark.usefixtures("traced_once")


@pytest.fixture(scope="module", params=RECIPES)
def folder(request, tmp_path_factory):
    """A checkpoint of a small generator with its ONNX graph."""
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("checkpoints") / request.param
    config = RECIPES[request.param].replace(base_channels=4, depth=4)
    checkpoint.save(folder, config, build_generator(config.architecture), "card", half=True)
    onnx_graph.add_onnx(folder, *checkpoint.load(folder))
    return folder


@pytest.fixture(scope="module")
def drawing():
    return labels.colorize(synthetic.label_map(1))


def test_onnx_gives_the_pictures_that_torch_gives(folder, drawing):
    ours, reference = inference.load(folder), inference.load_torch(folder)
    for variation in (None, 3):
        difference = ours(drawing, variation).astype(int) - reference(drawing, variation)
        assert np.abs(difference).max() <= 1  # where rounding falls the other way
    assert onnx_graph.greatest_difference(folder, *checkpoint.load(folder)) < 1e-4


def test_the_same_input_gives_the_same_picture_and_a_variation_another_one(folder, drawing):
    translator = inference.load(folder)
    assert np.array_equal(translator(drawing), translator(drawing))
    assert np.array_equal(translator(drawing, 5), translator(drawing, 5))
    assert not np.array_equal(translator(drawing), translator(drawing, 5))
    assert not np.array_equal(translator(drawing, 6), translator(drawing, 5))


def test_without_a_variation_the_tone_is_the_mean_one():
    shapes = ((1, 1, 2, 2), (1, 1, 4, 4), (1, 6, 1, 1))
    *planes, tone = inference.draw("noise", shapes, None)
    *same, other = inference.draw("noise", shapes, 0)
    assert all(map(np.array_equal, planes, same))
    assert not tone.any() and other.all()


def test_a_tone_is_that_of_the_colours_asked_for():
    stream = np.random.default_rng(0)
    mean, spread = stream.normal(0, 0.1, 6), np.tril(stream.normal(0, 0.2, (6, 6))) + np.eye(6)
    drawn, wall, sky = stream.standard_normal(6), (150, 100, 90), (120, 130, 200)

    def colours(tone: np.ndarray) -> np.ndarray:
        return (mean + spread @ tone + 1) * 127.5

    both = inference.color_code_of(drawn, mean, spread, wall, sky)
    assert colours(both) == pytest.approx([*wall, *sky], abs=1e-3)
    walled = inference.color_code_of(drawn, mean, spread, wall, None)
    assert colours(walled)[:3] == pytest.approx(wall, abs=1e-3)
    assert np.array_equal(walled[3:], drawn[3:])
    under_sky = inference.color_code_of(drawn, mean, spread, None, sky)
    assert np.array_equal(under_sky[:3], drawn[:3])
    assert colours(under_sky)[3:] == pytest.approx(sky, abs=1e-3)
    loud = inference.color_code_of(drawn, mean, spread / 20, (255, 0, 255), None)
    assert np.abs(loud).max() <= inference.MAX_COLOR_CODE


def test_colours_change_the_picture_of_those_who_take_them(folder, drawing):
    brick, blue = (170, 90, 70), (90, 130, 200)
    asked = ({}, {"wall": brick}, {"sky": blue}, {"wall": brick, "sky": blue})
    for load in (inference.load, inference.load_torch):
        translator = load(folder)
        assert translator.takes_colours == translator.config.architecture.color_code
        pictures = [translator(drawing, **colours) for colours in asked]
        assert len({picture.tobytes() for picture in pictures}) == (4 if translator.takes_colours else 1)
        assert np.array_equal(pictures[3], translator(drawing, **asked[3]))


def test_a_label_map_gives_the_picture_of_its_label_image(folder):
    translator, label_map = inference.load(folder), synthetic.label_map(2)
    assert np.array_equal(translator(label_map), translator(labels.colorize(label_map)))


def test_a_label_image_that_went_through_jpeg_is_snapped_first(folder, drawing):
    translator = inference.load(folder)
    noisy = drawing.astype(int) + np.random.default_rng(0).integers(-15, 16, drawing.shape)
    assert np.array_equal(translator(noisy.clip(0, 255).astype(np.uint8)), translator(drawing))


@pytest.mark.parametrize(("height", "width"), [(1, 1), (100, 300), (256, 512)])
def test_any_size_gives_a_picture_of_that_size(folder, height, width):
    assert inference.load(folder)(np.zeros((height, width, 3), np.uint8)).shape == (height, width, 3)


def test_sides_that_fit_no_multiple_are_continued_by_reflection_and_cropped_back(folder):
    translator, drawn = inference.load(folder), labels.colorize(synthetic.label_map(3, 200, 256))
    mirrored = np.vstack([drawn, drawn[-1:-9:-1]])
    assert np.array_equal(translator(drawn), translator(mirrored)[:200])


def test_a_graph_made_for_other_weights_is_refused(folder, tmp_path):
    config = checkpoint.load(folder)[0].replace(base_channels=5)
    checkpoint.save(tmp_path / "other", config, build_generator(config.architecture), "card")
    (tmp_path / "other" / "model.onnx").write_bytes((folder / "model.onnx").read_bytes())
    with pytest.raises(ValueError, match=r"made for other weights|does not load"):
        inference.load(tmp_path / "other")


def test_a_graph_of_facades_that_takes_colours_is_refused_and_the_advice_works(tmp_path):
    """As all did that were exported before label maps went to the network."""
    config = Config.of(task="photo", size=64, base_channels=2, depth=2)
    checkpoint.save(tmp_path / "old", config, build_generator(config.architecture), "card")
    onnx_graph.add_onnx(tmp_path / "old", *checkpoint.load(tmp_path / "old"))
    (tmp_path / "old" / "config.json").write_text(configs.to_json(config.replace(task="facades")))
    with pytest.raises(ValueError, match=r"inputs is tensor\(float\) .*, not uint8.*pix2pix export .*old"):
        inference.load(tmp_path / "old")
    onnx_graph.add_onnx(tmp_path / "old", *checkpoint.load(tmp_path / "old"))
    assert inference.load(tmp_path / "old")(np.zeros((64, 64), np.uint8)).shape == (64, 64, 3)


def test_a_checkpoint_without_a_graph_runs_on_torch(folder, tmp_path, drawing):
    config, generator = checkpoint.load(folder)
    checkpoint.save(tmp_path / "plain", config, generator, "card")
    difference = inference.load(tmp_path / "plain")(drawing).astype(int) - inference.load(folder)(drawing)
    assert np.abs(difference).max() <= 1


def test_serving_imports_neither_torch_nor_gradio(folder):
    code = (
        "import sys; from pix2pix import inference; import numpy; "
        f"inference.load({str(folder)!r})(numpy.zeros((256, 256), 'uint8')); "
        "assert not {'torch', 'gradio', 'matplotlib'} & sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[2])


def test_the_graph_holds_no_weights_and_nothing_of_the_machine_that_made_it(folder):
    graph = (folder / "model.onnx").read_bytes()
    inside = onnx.load(folder / "model.onnx", load_external_data=False).graph.initializer
    assert sum(len(tensor.raw_data) for tensor in inside) < 10_000 < (folder / "model.safetensors").stat().st_size
    assert str(Path(__file__).parents[2]).encode() not in graph


def test_a_gpu_that_onnxruntime_knows_is_preferred(folder, monkeypatch):
    asked = {}
    open_session = onnxruntime.InferenceSession

    def note(path, options, providers, **further):
        asked["providers"] = providers
        return open_session(path, options, providers=["CPUExecutionProvider"], **further)

    monkeypatch.setattr(
        onnxruntime, "get_available_providers", lambda: ["CPUExecutionProvider", "CUDAExecutionProvider"]
    )
    monkeypatch.setattr(onnxruntime, "InferenceSession", note)
    inference.load(folder)
    assert asked["providers"] == ["CUDAExecutionProvider", "CPUExecutionProvider"]


# The commands.


def command(*arguments) -> int:
    with pytest.raises(SystemExit) as stop:
        run_command(command_line.main, [str(argument) for argument in arguments])
    return stop.value.code


def test_translate_turns_files_and_folders_into_pictures_of_the_same_names(folder, drawing, tmp_path):
    (tmp_path / "more").mkdir()
    for name in ("one.png", "more/two.png", "more/three.png"):
        images.write_png(tmp_path / name, drawing)
    (tmp_path / "more" / "notes.txt").write_text("no picture")
    goal = tmp_path / "photos"
    command_line.main(
        ["translate", str(folder), *map(str, (tmp_path / "one.png", tmp_path / "more")), "--output", str(goal)]
    )
    assert sorted(path.name for path in goal.iterdir()) == ["one.png", "three.png", "two.png"]
    assert np.array_equal(images.read_image(goal / "two.png"), inference.load(folder)(drawing))


def test_translate_paints_in_the_colours_asked_for(folder, drawing, tmp_path, capsys):
    images.write_png(tmp_path / "one.png", drawing)
    translator, goal = inference.load(folder), tmp_path / "photos"
    translate = ("translate", folder, tmp_path / "one.png", "--output", goal)
    coloured = (*translate, "--wall", "a0604c", "--sky", "#6EA3DC")
    assert command(*translate, "--wall", "reddish") == 2
    assert "wall is 'reddish'" in capsys.readouterr().err
    if translator.takes_colours:
        command_line.main([str(argument) for argument in coloured])
        expected = translator(drawing, wall=(0xA0, 0x60, 0x4C), sky=(0x6E, 0xA3, 0xDC))
        assert np.array_equal(images.read_image(goal / "one.png"), expected)
    else:
        assert command(*coloured) == 2
        assert f"{translator.name} takes no colours" in capsys.readouterr().err
        assert not goal.exists()


def test_translate_goes_on_after_bad_files_and_where_it_stopped(folder, drawing, tmp_path, capsys):
    for name in ("1.png", "2.png", "deep/1.png", "deep/3.gif"):
        (tmp_path / "in" / "deep").mkdir(parents=True, exist_ok=True)
        Image.fromarray(drawing).save(tmp_path / "in" / name)
    whole = (tmp_path / "in" / "2.png").read_bytes()
    (tmp_path / "in" / "2.png").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "in" / "._1.png").write_bytes(b"resource fork")
    (tmp_path / "in" / "4.heic").write_bytes(b"")
    translate = ("translate", folder, tmp_path / "in", "--output", tmp_path / "out")
    assert command(*translate) == 1
    said = capsys.readouterr()
    assert said.err.splitlines()[0] == "error: not translated:"
    assert said.err.splitlines()[1].startswith("2.png cannot be read")
    assert "3 pictures in" in said.out
    assert "1 hidden" in said.out
    assert "1 .heic" in said.out
    (tmp_path / "in" / "2.png").write_bytes(whole)
    first = (tmp_path / "out" / "1.png").stat().st_mtime_ns
    assert command(*translate) == 2
    assert "--skip-existing makes the others" in capsys.readouterr().err
    command_line.main([*map(str, translate), "--skip-existing"])
    assert "1 picture in" in capsys.readouterr().out
    made = sorted(path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*.png"))
    assert made == ["1.png", "2.png", "deep/1.png", "deep/3.png"]
    assert (tmp_path / "out" / "1.png").stat().st_mtime_ns == first


def test_inputs_that_give_nothing_stop_no_others(tmp_path, monkeypatch):
    def scandir(path, inner=os.scandir):
        if Path(path).name == "locked":
            raise PermissionError(13, "Permission denied", str(path))
        return inner(path)

    monkeypatch.setattr(os, "scandir", scandir)
    for folder in ("empty", "locked", "full"):
        (tmp_path / folder).mkdir()
    (tmp_path / "full" / "1.png").write_bytes(b"")
    inputs = [tmp_path / name for name in ("empty", "full", "locked", "nowhere.png")]
    goals, _, bad = plan(inputs, tmp_path / "out")
    assert goals == {tmp_path / "full" / "1.png": tmp_path / "out" / "1.png"}
    assert bad == [
        f"no images in {tmp_path / 'empty'}",
        f"{tmp_path / 'locked'} cannot be read: Permission denied",
        f"{tmp_path / 'nowhere.png'} does not exist",
    ]
    with pytest.raises(UserError, match=r"no images in .*; .* cannot be read"):
        plan([tmp_path / "empty", tmp_path / "locked"], tmp_path / "out")


def test_translate_takes_no_input_for_its_result(folder, drawing, tmp_path, capsys):
    images.write_png(tmp_path / "in.png", drawing)
    assert command("translate", folder, tmp_path / "in.png", "--output", tmp_path, "--skip-existing") == 2
    assert "is an input itself" in capsys.readouterr().err


def test_translate_overwrites_nothing_and_writes_nothing_for_bad_input(folder, drawing, tmp_path, capsys):
    images.write_png(tmp_path / "one.png", drawing)
    (tmp_path / "sub").mkdir()
    images.write_png(tmp_path / "sub" / "one.png", drawing)
    (tmp_path / "broken.png").write_bytes(b"no picture")
    images.write_png(tmp_path / "photo.png", synthetic.facade(1)[1])
    images.write_png(tmp_path / "numbers.png", np.repeat(synthetic.label_map(1)[..., None], 3, axis=2))
    (tmp_path / "empty").mkdir()
    goal = tmp_path / "photos"
    cases = [
        ([tmp_path / "one.png", tmp_path / "sub"], "would both become", 2),
        ([tmp_path / "nowhere.png"], "does not exist", 2),
        ([tmp_path / "empty"], "no images in", 2),
        ([tmp_path / "broken.png"], "not an image file", 1),
        ([tmp_path / "photo.png"], "is no label image", 1),
        ([tmp_path / "numbers.png"], "is no label image", 1),
    ]
    for inputs, said, code in cases:
        assert command("translate", folder, *inputs, "--output", goal) == code
        printed = capsys.readouterr()
        assert said in printed.err and not printed.out
        assert not goal.exists() or not any(goal.iterdir())
    assert command("translate", folder, tmp_path / "one.png", "--output", goal, "--variation", "-1") == 2
    assert "--variation is -1" in capsys.readouterr().err
    for output, said in ((tmp_path, "exists already"), (tmp_path / "broken.png", "is a file: --output names a folder")):
        assert command("translate", folder, tmp_path / "one.png", "--output", output) == 2
        assert said in capsys.readouterr().err


def test_export_writes_half_precision_weights_and_their_graph_together(folder, tmp_path, capsys):
    config, generator = checkpoint.load(folder)
    checkpoint.save(tmp_path / "whole", config, generator, "card")
    before = (tmp_path / "whole" / "model.safetensors").stat().st_size
    command_line.main(["export", str(tmp_path / "whole"), "--half"])
    assert "from torch" in capsys.readouterr().out
    assert (tmp_path / "whole" / "model.safetensors").stat().st_size < 0.6 * before
    assert inference.load(tmp_path / "whole").network.__class__.__name__ == "OnnxNetwork"


def test_an_unknown_command_is_one_line(capsys):
    assert command("trnslate") == 2
    assert capsys.readouterr().err.startswith("error: unknown command 'trnslate'; there are: ")


def test_a_picture_that_is_not_wanted_any_more_is_ended_early_and_the_next_one_is_whole(folder, drawing):
    translator, cancel = inference.load(folder), Future()
    before = translator(drawing)
    cancel.cancel()
    with pytest.raises(Exception, match="terminate flag"):
        translator(drawing, cancel=cancel)
    assert np.array_equal(translator(drawing, cancel=Future()), before)
