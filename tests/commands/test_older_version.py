"""What an older version wrote is refused in one line, and what that line says to do works."""

import json
import shlex

import pytest
import torch

from pix2pix import config as configs
from pix2pix.__main__ import main
from pix2pix.config import ModelConfig
from pix2pix.inference import checkpoint
from pix2pix.networks import build_generator
from pix2pix.recipes import RECIPES
from pix2pix.training.plans import take_generator
from pix2pix.training.run import Run
from pix2pix.utils import UserError

FLAT = {
    "task": "facades", "direction": "AtoB", "size": 64, "columns": 32, "jitter": True, "mirror": True,
    "correct_labels": True, "shift": True, "generator": "noise", "width": 2, "width_cap": 4, "depth": 3,
    "in_channels": 3, "out_channels": 3, "norm": True, "bottleneck_norm": False, "biases": False, "dropped": 3,
    "first_dropped": 0, "tone": True, "discriminator_width": 32, "objective": "perceptual", "epochs": 16, "clip": 200.0,
    "ema": 0.999, "log_every": 50,
}  # fmt: skip
SAME = ModelConfig.of(
    direction="AtoB", size=64, width=32, generator="noise", base_channels=2, max_channel_multiplier=4, depth=3,
    color_code=True,
)  # fmt: skip


def written(folder, **changes):
    """A checkpoint as pix2pix 0.1 wrote it."""
    checkpoint.save(folder, SAME, build_generator(SAME.architecture), "card")
    (folder / "config.json").write_text(json.dumps({"model_type": "pix2pix", **FLAT, **changes}))
    return folder


def advised(error, new) -> list[str]:
    """The arguments of the command that a refusal names, with `new` as the folder to write."""
    line = str(error.value)
    assert "pix2pix 0.1 or earlier" in line
    assert "\n" not in line
    command = line.partition("python -m pix2pix ")[2].partition(" NEW")[0]
    return [*shlex.split(command), str(new)]


def test_a_checkpoint_of_an_older_version_is_converted_by_the_command_that_refuses_it(tmp_path, capsys):
    old, new = written(tmp_path / "my old one"), tmp_path / "new"
    with pytest.raises(UserError, match=f"^{old} was written by") as refusal:
        checkpoint.load(old)
    main(advised(refusal, new))
    assert f"open: python app.py --model {new}" in capsys.readouterr().out
    config, generator = checkpoint.load(new)
    assert config == SAME
    weights = checkpoint.read_safetensors(old / checkpoint.WEIGHTS)
    assert all(torch.equal(weights[name], tensor) for name, tensor in generator.state_dict().items())
    assert (new / checkpoint.CARD).read_text() == "card"


def test_a_run_of_an_older_version_lends_its_newest_checkpoint_to_another_run(tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "run.json").write_text(json.dumps({"data": "synthetic", "config": FLAT}))
    with pytest.raises(UserError, match=r"pix2pix 0.1 or earlier.*no checkpoint yet: start another run, with --data"):
        Run.open(tmp_path / "run")
    written(tmp_path / "run" / "checkpoints" / "step-000000005")
    with pytest.raises(UserError, match="--init-from NEW") as refusal:
        Run.open(tmp_path / "run")
    main(advised(refusal, tmp_path / "new"))
    config, _ = take_generator(RECIPES["perceptual"].replace(size=64), str(tmp_path / "new"), ())
    assert config.architecture == SAME.architecture


@pytest.mark.parametrize(
    ("changes", "said"),
    [({"width": "2"}, 'base_channels is "2"; it must be int'), ({"width": 4}, "config.json asks for")],
)
def test_what_cannot_be_converted_leaves_nothing_behind(changes, said, tmp_path):
    written(tmp_path / "old", **changes)
    with pytest.raises(UserError) as refusal:
        main(["convert", str(tmp_path / "old"), str(tmp_path / "new")])
    assert said in str(refusal.value)
    assert [path.name for path in tmp_path.iterdir()] == ["old"]


def test_a_checkpoint_of_this_version_needs_no_conversion(tmp_path):
    checkpoint.save(tmp_path / "one", SAME, build_generator(SAME.architecture), "card")
    with pytest.raises(UserError, match="needs no conversion"):
        main(["convert", str(tmp_path / "one"), str(tmp_path / "new")])


def test_the_bundled_checkpoints_are_of_this_version():
    for folder in checkpoint.bundled().values():
        text = (folder / checkpoint.CONFIG).read_text(encoding="utf-8")
        assert configs.to_json(configs.from_json(text)) == text
