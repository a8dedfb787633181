"""Checkpoints: what is written is what is read, and nothing else is read."""

import dataclasses
import errno
import json
import os

import pytest
import torch
from safetensors.torch import load_file, save_file

from pix2pix import inference
from pix2pix.config import Config, from_json, to_json
from pix2pix.inference import checkpoint
from pix2pix.networks import build_generator
from pix2pix.recipes import RECIPES
from tests.helpers.hub_helpers import make_trained

TINY = {name: recipe.replace(base_channels=2, discriminator_channels=2) for name, recipe in RECIPES.items()}


@pytest.fixture
def folder(tmp_path):
    torch.manual_seed(0)
    checkpoint.save(tmp_path / "tiny", TINY["paper"], build_generator(TINY["paper"].architecture), "card")
    return tmp_path / "tiny"


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_checkpoint_is_read_as_it_was_written(recipe, tmp_path):
    generator = build_generator(TINY[recipe].architecture)
    checkpoint.save(tmp_path / "tiny", TINY[recipe], generator, "card")
    config, read = checkpoint.load(tmp_path / "tiny")
    assert config == TINY[recipe].model
    assert not read.training
    for name, weight in generator.state_dict().items():
        assert torch.equal(weight, read.state_dict()[name])


def test_a_checkpoint_can_be_stored_at_half_the_size(tmp_path):
    generator = build_generator(TINY["live"].architecture)
    for name, half in (("whole", False), ("half", True)):
        checkpoint.save(tmp_path / name, TINY["live"], generator, "card", half)
    whole, half = ((tmp_path / name / "model.safetensors").stat().st_size for name in ("whole", "half"))
    assert half < 0.6 * whole
    _, read = checkpoint.load(tmp_path / "half")
    for name, weight in generator.state_dict().items():
        assert torch.equal(weight.half().float(), read.state_dict()[name])


def test_a_run_folder_stands_for_its_newest_checkpoint(tmp_path):
    for step in (5, 10):
        checkpoint.save(
            tmp_path / "run" / "checkpoints" / f"step-{step:09d}",
            TINY["live"],
            build_generator(TINY["live"].architecture),
            "card",
        )
    assert checkpoint.find(tmp_path / "run").name == "step-000000010"


def change_weights(folder, change):
    weights = load_file(folder / "model.safetensors")
    change(weights)
    save_file(weights, folder / "model.safetensors")


def change_config(folder, **changes):
    values = json.loads((folder / "config.json").read_text()) | changes
    (folder / "config.json").write_text(json.dumps(values))


def change_architecture(folder, **changes):
    values = json.loads((folder / "config.json").read_text())
    change_config(folder, architecture=values["architecture"] | changes)


FIRST = "encoders.0.weight"


@pytest.mark.parametrize(
    ("breaking", "said"),
    [
        (lambda f: change_weights(f, lambda w: w.pop(FIRST)), f"lacks {FIRST}"),
        (lambda f: change_weights(f, lambda w: w.update(more=torch.zeros(1))), "knows nothing of: more"),
        (lambda f: change_weights(f, lambda w: w.update({FIRST: torch.zeros(2)})), f"{FIRST} is 2, config.json asks"),
        (lambda f: change_weights(f, lambda w: w.update({FIRST: w[FIRST].int()})), "not floating point"),
        (
            lambda f: change_weights(f, lambda w: w.update({FIRST: w[FIRST] * torch.nan})),
            f"model.safetensors: {FIRST} holds NaN or infinity",
        ),
        (lambda f: change_config(f, training={}), "has unknown keys: training"),
        (lambda f: change_config(f, architecture=[3]), "architecture is [3]; it must be an object"),
        (lambda f: change_config(f, format=3), 'its "format" is 3; pix2pix'),
        (lambda f: change_architecture(f, widht=3), "has unknown keys: widht"),
        (lambda f: change_architecture(f, base_channels="64"), 'base_channels is "64"; it must be int'),
        (lambda f: change_architecture(f, base_channels=10**9), "base_channels is 1000000000"),
        (lambda f: change_architecture(f, generator="../../etc"), "generator is"),
        (lambda f: change_architecture(f, unet={"norm": 1}), "norm is 1; it must be bool"),
        (lambda f: change_config(f, model_type="bert"), "not the config of a pix2pix checkpoint"),
        (lambda f: (f / "config.json").write_text("{"), "not valid JSON"),
        (lambda f: (f / "config.json").write_text("[" * 100_000), "not valid JSON"),
        (lambda f: (f / "model.safetensors").write_bytes(b"\x80\x02}q"), "not a readable safetensors file"),
        (lambda f: os.truncate(f / "model.safetensors", 5000), "not a readable safetensors file"),
        (lambda f: (f / "model.safetensors").unlink(), "it has no model.safetensors"),
        (lambda f: (f / "model.safetensors").rename(f / "net.pth"), "net.pth, a pickle, which could run code"),
        (lambda f: (f / "config.json").unlink(), "it has no config.json"),
    ],
)
def test_a_broken_checkpoint_is_refused_in_one_line_that_says_why(folder, breaking, said):
    breaking(folder)
    with pytest.raises(ValueError) as refusal:
        checkpoint.load(folder)
    assert said in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_a_graph_over_weights_that_diverged_does_not_load(tmp_path):
    folder = make_trained(tmp_path / "trained")
    change_weights(folder, lambda weights: weights.update({FIRST: weights[FIRST] * torch.nan}))
    with pytest.raises(ValueError, match=f"model.safetensors: {FIRST} holds NaN or infinity"):
        inference.load(folder)


def test_a_missing_folder_is_refused(tmp_path):
    with pytest.raises(ValueError, match="no checkpoint at"):
        checkpoint.load(tmp_path / "nowhere")


def test_an_existing_folder_is_never_overwritten(folder):
    with pytest.raises(ValueError, match="exists already"):
        checkpoint.save(folder, TINY["paper"], build_generator(TINY["paper"].architecture), "card")


def test_a_full_disk_leaves_the_old_weights_whole_and_nothing_half_written(folder, monkeypatch):
    before = (folder / "model.safetensors").read_bytes()

    def full(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        checkpoint.write_weights(folder, build_generator(TINY["paper"].architecture))
    with pytest.raises(OSError, match="No space left"):
        checkpoint.save(folder.parent / "other", TINY["paper"], build_generator(TINY["paper"].architecture), "card")
    assert (folder / "model.safetensors").read_bytes() == before
    assert sorted(path.name for path in folder.parent.iterdir()) == ["tiny"]
    assert sorted(path.name for path in folder.iterdir()) == ["README.md", "config.json", "model.safetensors"]


def test_a_config_takes_the_defaults_of_what_it_lacks():
    values = json.loads(to_json(TINY["live"]))
    del values["data"]["direction"], values["architecture"]["detail_channels"]
    assert from_json(json.dumps(values)) == TINY["live"].model


def test_a_checkpoint_carries_its_architecture_and_what_serving_needs_and_nothing_else(folder):
    values = json.loads((folder / "config.json").read_text())
    assert values.keys() == {"model_type", "format", "architecture", "data"}
    assert "epochs" not in (folder / "config.json").read_text()
    assert "unet" in values["architecture"]
    assert "unet" not in json.loads(to_json(TINY["live"]))["architecture"]


def test_each_setting_has_one_place_and_is_put_there():
    config = Config.of(size=64, epochs=3, log_every=7, biases=True)
    assert (config.data.size, config.training.epochs, config.logging.log_every) == (64, 3, 7)
    assert config.architecture.unet.biases
    assert config.replace(size=128).training.epochs == 3
    parts = (config.architecture, config.architecture.unet, config.data, config.training, config.logging)
    names = [field.name for part in parts for field in dataclasses.fields(part)]
    assert sorted(names) == sorted({*config.settings, "unet"})
    with pytest.raises(TypeError, match="no part of a config has sise"):
        config.replace(sise=64)


def test_the_paper_recipe_is_the_papers():
    recipe = Config.of(
        direction="BtoA", size=256, hflip=True, generator="unet", base_channels=64, depth=8, bottleneck_norm=False,
        discriminator_channels=64, epochs=200, batch_size=1, learning_rate=2e-4, beta1=0.5, beta2=0.999, decay_epochs=0,
        l1_weight=100, gan_weight=1, ema_decay=0, precision="no", log_every=50, save_every=5000,
    )  # fmt: skip
    assert RECIPES["paper"] == recipe


def test_a_short_run_of_a_long_recipe_falls_from_its_first_epoch_on():
    assert RECIPES["perceptual"].training.decay_epochs == 100
    assert RECIPES["perceptual"].replace(epochs=20).training.decay_epochs == 20
    assert RECIPES["perceptual"].replace(epochs=150).training.decay_epochs == 100
