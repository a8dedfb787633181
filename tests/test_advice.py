"""What a refusal tells to do is done here, and works; tests/training/test_advice.py does the same for train.py."""

import shutil
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch

import train
from pix2pix import images, inference
from pix2pix.__main__ import main
from pix2pix.config import Config
from pix2pix.inference import checkpoint
from pix2pix.labels import PALETTE
from pix2pix.networks import build_generator
from pix2pix.web import image_page, options
from pix2pix.web.examples import find_examples
from tests.helpers import advice
from tests.helpers.advice import advised
from tests.helpers.hub_helpers import TINY, make_checkpoint, make_trained
from tests.helpers.pairs_on_disk import labelled, write, write_ab

pytestmark = pytest.mark.usefixtures("traced_once")


@pytest.fixture(scope="module")
def facades(tmp_path_factory) -> Path:
    """A checkpoint with its graph; its name needs quotes."""
    return make_trained(tmp_path_factory.mktemp("kept") / "my facades")


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


refusal = partial(advice.refusal, main)


def drawings(folder: Path, *names: str) -> Path:
    for number, name in enumerate(names):
        write(folder / name, labelled(number)[0])
    return folder


# --- translate


def test_results_that_are_there_already(facades, here):
    drawings(here / "in", "1.png", "2.png")
    main(["translate", str(facades), "in/1.png", "--output", "out"])
    said = refusal("translate", facades, "in", "--output", "out")
    before = (here / "out" / "1.png").stat().st_mtime_ns
    main(["translate", str(facades), "in", "--output", "out", *advised(said, r"(--skip-existing) makes the others")])
    assert (here / "out" / "2.png").is_file() and (here / "out" / "1.png").stat().st_mtime_ns == before
    assert "--output names another folder" in said
    main(["translate", str(facades), "in", "--output", "other"])


def test_two_inputs_that_would_become_one_result(facades, here):
    drawings(here / "in", "a/1.png", "b/1.png")
    said = refusal("translate", facades, "in/a", "in/b", "--output", "out")
    assert "translate them apart, or name the folder above both" in said
    main(["translate", str(facades), "in", "--output", "out"])
    for name in "ab":
        main(["translate", str(facades), f"in/{name}", "--output", f"out-{name}"])
        assert (here / "out" / name / "1.png").is_file() and (here / f"out-{name}" / "1.png").is_file()


def test_results_that_would_take_the_place_of_their_inputs(facades, here):
    drawings(here / "in", "1.png")
    assert "name another --output" in refusal("translate", facades, "in/1.png", "--output", "in", "--skip-existing")
    main(["translate", str(facades), "in/1.png", "--output", "out"])


def test_a_file_that_is_broken_is_named_and_the_others_are_made(facades, here, capsys):
    drawings(here / "in", "1.png", "2.png")
    (here / "in" / "1.png").write_bytes(b"")
    with pytest.raises(SystemExit, match="1"):
        main(["translate", str(facades), "in", "--output", "out"])
    assert "not translated:\n1.png" in capsys.readouterr().err
    drawings(here / "in", "1.png")
    main(["translate", str(facades), "in", "--output", "out", "--skip-existing"])
    assert capsys.readouterr().out.startswith("1 picture in out, 1 was there")


def test_colours_for_a_model_that_takes_none(facades, here):
    drawings(here / "in", "1.png")
    assert "leave wall and sky out" in refusal("translate", facades, "in", "--output", "out", "--wall", "c99a54")
    main(["translate", "facades-live", "in", "--output", "out", "--wall", "#c99a54"])


def test_a_picture_where_the_model_belongs(here):
    drawings(here, "one.png", "the other.png")
    said = refusal("translate", "one.png", "the other.png", "--output", "my out")
    assert "one.png is a file" in said and "bundled (facades, facades-live)" in said
    main(advised(said, r"python -m pix2pix (translate .*)"))
    assert sorted(path.name for path in (here / "my out").iterdir()) == ["one.png", "the other.png"]


def test_a_name_that_is_no_checkpoint(here):
    drawings(here / "in", "1.png")
    name = advised(refusal("translate", "nonsense", "in", "--output", "out"), r"one that is bundled: .*(facades-live)")
    main(["translate", *name, "in", "--output", "out"])


# --- export


def test_a_graph_for_other_weights(facades, here):
    folder = Path(shutil.copytree(facades, here / "a copy"))
    torch.manual_seed(7)
    checkpoint.write_weights(folder, build_generator(TINY.architecture), half=True)
    drawings(here / "in", "1.png")
    said = refusal("translate", folder, "in", "--output", "out")
    main(advised(said, r"python -m pix2pix (export .*)"))
    main(["translate", str(folder), "in", "--output", "out"])


# --- evaluate


@pytest.fixture
def other_half(here) -> Path:
    """AB pictures with the labels on the left."""
    for split, count in (("train", 4), ("val", 2)):
        for number in range(count):
            write(here / "set" / split / f"{number}.png", np.hstack(labelled(number, 64)))
    return here / "set"


def test_pairs_that_are_the_other_half_are_evaluated(facades, other_half, capsys):
    said = refusal("evaluate", facades, "--data", other_half)
    main(["evaluate", str(facades), "--data", str(other_half), *advised(said, r"\? (--direction AtoB)")])
    assert "2 pairs of" in capsys.readouterr().out


def test_a_place_for_scores_that_is_no_folder(facades, other_half, here):
    arguments = ["evaluate", str(facades), "--data", str(other_half), "--direction", "AtoB", "--json", "new/it.json"]
    assert "new is no folder; make it first" in refusal(*arguments)
    (here / "new").mkdir()
    main(arguments)
    assert (here / "new" / "it.json").is_file()


# --- train.py's choice of pairs


@pytest.mark.parametrize("advice", [r"(--direction AtoB)", r"(--task photo)"])
def test_pairs_that_are_no_facade_labels(other_half, advice):
    arguments = ["--recipe", "paper", "--depth", "3", "--base-channels", "2", "--size", "32", "--data", str(other_half)]
    with pytest.raises(ValueError) as refused:
        train.main([*arguments, "--dry-run"])
    train.main([*arguments, *advised(str(refused.value), advice), "--dry-run"])


def test_labels_of_another_palette(here):
    colours = np.uint8([(0, 255, 0), (0, 128, 128), (255, 255, 255), (1, 99, 1)])
    for number in range(4):
        inputs, photo = labelled(number)
        wall = (inputs == PALETTE[1]).all(axis=2)
        write(here / "own" / f"{number}.png", np.hstack([photo, colours[np.where(wall, number, 3 - number)]]))
    arguments = [
        "--recipe",
        "paper",
        "--depth",
        "3",
        "--base-channels",
        "2",
        "--size",
        "32",
        "--data",
        "own",
        "--dry-run",
    ]
    with pytest.raises(ValueError) as refused:
        train.main(arguments)
    train.main([*arguments, *advised(str(refused.value), r"(--task photo)")])


# --- data


def test_a_set_without_val_is_split_as_check_tells(here, capsys):
    write_ab(here / "my set", 12)
    with pytest.raises(SystemExit, match="1"):
        main(["data", "check", "my set"])
    command = advised(capsys.readouterr().out, r"no folder is for val: python -m pix2pix (.*) OUT")
    main([*command, "out"])
    main(["data", "check", "out"])
    assert capsys.readouterr().out.endswith("Nothing to change.\n")


def test_single_pictures_are_joined_as_check_tells(here, capsys):
    for split in ("train", "val"):
        for number in range(3):
            for side, picture in zip("lp", labelled(number + 3 * (split == "val")), strict=True):
                write(here / split / f"{side}{number}.png", picture)
                write(here / side / split / f"{number}.png", picture)
    with pytest.raises(SystemExit, match="1"):
        main(["data", "check", "."])
    command = advised(capsys.readouterr().out, r"python -m pix2pix (data pair) joins two folders")
    for split in ("train", "val"):
        main([*command, f"l/{split}", f"p/{split}", "out", "--split", split])
    main(["data", "check", "out"])


def test_pairs_with_a_broken_one_are_joined_without_it(here):
    for number in range(3):
        for side, picture in zip(("labels", "photos"), labelled(number), strict=True):
            write(here / side / f"{number}.png", picture)
    (here / "photos" / "1.png").write_bytes(b"\x89PNG")
    said = refusal("data", "pair", "labels", "photos", "out")
    main(["data", "pair", "labels", "photos", "out", *advised(said, r"leave them out with (--skip-broken)")])
    said = refusal("data", "pair", "labels", "photos", "out", "--skip-broken")
    assert "name another OUT or --split" in said
    for more in (["out", "--split", "val"], ["other"]):
        main(["data", "pair", "labels", "photos", *more, "--skip-broken"])


# --- push and deploy


def test_a_revision_belongs_to_its_flag(the_hub, facades):
    said = refusal("push", facades, "anna/facades@v2")
    main(["push", str(facades), "anna/facades", *advised(said, r"(--revision v2)")])
    assert checkpoint.find("anna/facades@v2")


def test_a_card_without_licence_and_pictures(the_hub, here, capsys):
    config = Config.of(task="photo", base_channels=2, depth=3, size=32)
    checkpoint.save(here / "own", config, build_generator(config.architecture), "# own\n")
    drawings(here / "in", "1.png")
    main(["push", "own", "anna/own"])
    said = capsys.readouterr().err
    flags = [*advised(said, r"(--license) NAME"), "mit", *advised(said, r"(--samples) FILE"), "in/1.png"]
    main(["push", "own", "anna/own", *flags])
    assert capsys.readouterr().err == ""


def test_a_space_of_a_model_without_graph(the_hub, here, monkeypatch):
    from pix2pix.commands import push

    monkeypatch.setattr(push, "_export", lambda folder, scratch: None)  # as where the training's packages are not
    folder = make_checkpoint(here / "plain", 1)
    main(["push", str(folder), "anna/plain"])
    assert refusal("deploy", "anna/paint", "--model", "anna/plain", "--dry-run").endswith("push it again")
    monkeypatch.undo()
    monkeypatch.chdir(here)
    monkeypatch.setenv("HF_TOKEN", "hf_writerwriterwriter")
    main(["push", str(folder), "anna/plain"])
    main(["deploy", "anna/paint", "--model", "anna/plain", "--dry-run"])


def test_a_folder_as_the_model_of_a_space(the_hub, facades, here, capsys):
    shutil.copytree(facades, here / "runs" / "first")
    said = refusal("deploy", "anna/paint", "--model", "runs/first", "--dry-run")
    assert "runs/first is a folder here" in said
    main([*advised(said, r"python -m pix2pix (push runs/first) USER/REPO"), "anna/first"])
    main(["deploy", "anna/paint", *advised(said, r"(--model) USER/REPO"), "anna/first", "--dry-run"])
    assert "PIX2PIX_MODEL=anna/first" in capsys.readouterr().out


def test_a_folder_that_hides_a_model_of_the_hub(the_hub, facades, here, monkeypatch):
    main(["push", str(facades), "anna/facades"])
    (here / "anna" / "facades").mkdir(parents=True)
    with pytest.raises(ValueError, match="a folder goes before a model of that name on the Hub: call from elsewhere"):
        checkpoint.find("anna/facades")
    monkeypatch.chdir(here / "anna")
    assert inference.load("anna/facades")


def test_a_folder_that_is_not_there_was_looked_for_on_the_hub_too(the_hub, here):
    for asks in (
        lambda: main(["translate", "runs/frist", str(drawings(here / "in", "1.png")), "--output", "out"]),
        lambda: train.main(["--resume", "runs/frist"]),
        lambda: train.main(["--data", "synthetic", "--init-from", "runs/frist", "--dry-run"]),
    ):
        with pytest.raises(
            ValueError, match="there is no folder runs/frist, and on the Hub: the Hub has no runs/frist"
        ):
            asks()
    with pytest.raises(ValueError, match="sets/frist is neither a folder here nor a dataset to be had from the Hub"):
        train.main(["--data", "sets/frist"])


# --- the app


def test_examples_of_the_other_half_are_found_by_themselves(other_half, capsys):
    examples = find_examples(other_half, "BtoA")
    assert "0" in [each["name"].removeprefix("pair ") for each in examples.listed]
    assert capsys.readouterr().out == ""


def test_a_model_of_many_channels_is_for_translate(here):
    config = Config.of(task="photo", base_channels=2, depth=3, size=32, in_channels=5)
    checkpoint.save(here / "bands", config, build_generator(config.architecture), "card")
    write(here / "in" / "1.png", labelled(1)[0])
    with pytest.raises(ValueError) as refused:
        image_page.read_input(here / "in" / "1.png", config)
    command = advised(str(refused.value), r"use python -m pix2pix (translate)")
    np.save(here / "bands.npy", np.zeros((32, 32, 5), np.uint8))
    main([*command, "bands", "bands.npy", "--output", "out"])
    assert images.read_image(here / "out" / "bands.png").shape == (32, 32, 3)


def test_settings_of_the_app(facades, here, monkeypatch, capsys):
    monkeypatch.setenv("PIX2PIX_ALLOW_MODELS", "everybody")
    with pytest.raises(SystemExit):
        options.parse([])
    for allowed in advised(capsys.readouterr().err, r"it can be (.*)"):
        monkeypatch.setenv("PIX2PIX_ALLOW_MODELS", allowed.rstrip(","))
        assert options.parse([]).allow_models == allowed.rstrip(",")
    with pytest.raises(SystemExit):
        options.parse(["--model", "nonsense"])
    name = advised(capsys.readouterr().err, r"one that is bundled: .*(facades-live)")
    assert options.parse(["--model", *name]).model == "facades-live"


# --- the segmenter


def test_the_segmenter_is_trained_on_the_other_half_too(other_half, here, capsys):
    command = ["segmenter", "--data", "set", "--epochs", "1", "--output", "out"]
    main([*command, *advised(refusal(*command), r"(--direction AtoB)")])
    assert (here / "out" / "model.onnx").is_file() and "--data set --segmenter out" in capsys.readouterr().out
