"""What a refusal tells to do is done here, and works."""

import json
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import train
from pix2pix.config import Config
from pix2pix.inference import checkpoint
from pix2pix.networks import build_generator
from pix2pix.recipes import RECIPES
from pix2pix.training.run import Run
from tests.helpers import advice
from tests.helpers.advice import advised
from tests.helpers.pairs_on_disk import write_ab

pytestmark = pytest.mark.usefixtures("traced_once")
SMALL = ["--size", "32", "--discriminator-channels", "2", "--objective", "paper", "--epochs", "1", "--log-every", "1"]
TINY = ["--recipe", "paper", "--depth", "3", "--base-channels", "2", *SMALL]


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    write_ab(folder / "train", 3)
    write_ab(folder / "val", 1, first=4)
    return folder


@pytest.fixture(scope="module")
def finished(data, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "finished"
    train.main([*TINY, "--data", str(data), "--output", str(folder)])
    return folder


@pytest.fixture
def run(finished, tmp_path) -> Path:
    return Path(shutil.copytree(finished, tmp_path / "a run"))


refusal = partial(advice.refusal, train.main)


def saved(name: Path, **changes) -> str:
    """An untrained checkpoint."""
    config = Config.of(size=32, depth=3, base_channels=2).replace(**changes)
    checkpoint.save(name, config, build_generator(config.architecture), "card")
    return str(name)


def last_step(run: Path) -> int:
    return Run.open(run).load_state()[1]


def set_facts(run: Path, **changes) -> None:
    facts = json.loads((run / "run.json").read_text())
    facts["config"]["training"] |= changes.pop("training", {})
    (run / "run.json").write_text(json.dumps(facts | changes))


def test_a_run_that_has_ended_goes_on_for_more_epochs(run):
    train.main(["--resume", str(run), "--epochs", "3"])
    assert last_step(run) == 9
    assert Run.open(run).config.training.epochs == 3
    assert [entry["step"] for entry in Run.open(run).read_log()] == list(range(1, 10))


def test_a_dry_run_of_a_run_counts_the_steps_that_are_left(run, capsys):
    train.main(["--resume", str(run), "--epochs", "3", "--dry-run"])
    assert " to go: 6 of 9 steps, " in capsys.readouterr().out
    (run / "state.pt").write_bytes(b"")
    train.main(["--resume", str(run), "--epochs", "3", "--dry-run"])
    assert " to go: 6 of 9 steps, " in capsys.readouterr().out


def test_the_learning_rate_falls_in_the_same_share_of_more_epochs(run, capsys):
    set_facts(run, training={"decay_epochs": 1})
    train.main(["--resume", str(run), "--epochs", "2"])
    assert "2 epochs instead of 1: the learning rate falls over the last 2" in capsys.readouterr().out
    rates = [entry["learning_rate"] for entry in Run.open(run).read_log()][3:]
    assert rates == pytest.approx([2e-4 / 3] * 3)


def test_fewer_epochs_than_there_were(run):
    train.main(["--resume", str(run), "--epochs", "4"])
    said = refusal("--resume", run, "--epochs", "3")
    assert said == "the run has 4 epochs already: give --epochs more than that, or leave it out"
    train.main(["--resume", str(run)])
    train.main(["--resume", str(run), "--epochs", "5"])
    assert last_step(run) == 15


def test_the_line_at_the_end_of_a_run_tells_how_to_go_on(run, capsys):
    train.main(["--resume", str(run)])
    train.main([*advised(capsys.readouterr().out, r"for more: python train.py (.*) NUMBER"), "2"])
    assert last_step(run) == 6


@pytest.mark.parametrize(
    "flags",
    [["--recipe", "paper"], ["--epochs", "2", "--learning-rate", "0.0002"], ["--no-hflip"], ["--init-from", "x"]],
)
def test_flags_that_a_run_cannot_take(run, data, flags, tmp_path):
    said = refusal("--resume", run, *flags)
    name = flags[-2] if flags[-1] != "--no-hflip" else "--hflip"
    assert f"leave {name} out" in said
    start = advised(said, "with (--init-from .*) instead of --resume")
    train.main([*TINY, "--data", str(data), "--output", str(tmp_path / "other"), *start])


def test_a_folder_that_holds_a_run(run, data):
    said = refusal(*TINY, "--data", data, "--output", run)
    train.main(advised(said, "or continue it with (.*)"))


def test_a_run_that_was_killed_before_it_began(data, tmp_path):
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / ".run.json.abcd.tmp").write_text("{")
    assert "start it with --data instead of --resume" in refusal("--resume", folder)
    train.main([*TINY, "--data", str(data), "--output", str(folder)])
    assert {path.name for path in folder.glob(".*")} <= {".lock"}


def test_a_run_that_was_killed_before_its_first_save(run):
    (run / "state.pt").unlink()
    shutil.rmtree(run / "checkpoints")
    with (run / "log.jsonl").open("a") as log:
        log.write('{"step": 4, "epo')
    with pytest.raises(ValueError, match="is a run without a checkpoint so far") as refused:
        checkpoint.find(run)
    train.main(advised(str(refused.value), r"python train.py (.*)"))
    assert [entry["step"] for entry in map(json.loads, (run / "log.jsonl").open())] == [1, 2, 3]
    assert checkpoint.find(run).name == "step-000000003"


def test_a_run_from_a_checkpoint_that_was_killed_before_its_first_save_starts_with_it_again(finished, data, tmp_path):
    start = [*TINY, "--data", str(data), "--init-from", str(finished)]
    train.main([*start, "--output", str(tmp_path / "whole")])
    killed = Path(shutil.copytree(tmp_path / "whole", tmp_path / "killed"))
    (killed / "state.pt").unlink()
    shutil.rmtree(killed / "checkpoints")
    train.main(["--resume", str(killed)])
    ours, whole = (checkpoint.find(folder) / "model.safetensors" for folder in (killed, tmp_path / "whole"))
    assert ours.read_bytes() == whole.read_bytes()


@pytest.mark.parametrize("cut", [0, 1000])
def test_a_state_that_is_damaged(run, cut, capsys):
    (run / "state.pt").write_bytes((run / "state.pt").read_bytes()[:cut])
    train.main(["--resume", str(run), "--epochs", "2"])
    said = capsys.readouterr().out
    assert "state.pt is damaged" in said and "going on from" in said and "step-000000003" in said
    assert last_step(run) == 6

    (run / "state.pt").write_bytes(b"")
    shutil.rmtree(run / "checkpoints")
    assert "there is no checkpoint: delete it to start from the first step" in refusal("--resume", run)
    (run / "state.pt").unlink()
    train.main(["--resume", str(run)])
    assert last_step(run) == 6


def test_data_that_has_moved(run, data, tmp_path):
    set_facts(run, data=str(tmp_path / "before"))
    assert "is now: --data DIR" in refusal("--resume", run)
    train.main(["--resume", str(run), "--data", str(data)])
    train.main(["--resume", str(run)])


def test_pairs_that_have_become_fewer(run, data, tmp_path):
    fewer = Path(shutil.copytree(data, tmp_path / "fewer"))
    (fewer / "train" / "1.png").unlink()
    said = refusal("--resume", run, "--data", fewer)
    assert "has 2 training pairs" in said
    start = advised(said, "start another run, with (.*) instead of --resume")
    train.main([*TINY, "--data", str(fewer), "--output", str(tmp_path / "other"), *start])
    train.main(["--resume", str(run), "--data", str(data)])


@pytest.mark.parametrize("split", ["train", "val"])
def test_pairs_that_have_other_names(run, data, tmp_path, split, capsys):
    other = Path(shutil.copytree(data, tmp_path / "other"))
    (other / split / ("1.png" if split == "train" else "4.png")).rename(other / split / "new.png")
    if split == "val":
        train.main(["--resume", str(run), "--data", str(other)])
        assert "other validation pairs than at the start, 1 of which are gone, without new" in capsys.readouterr().out
        return
    said = refusal("--resume", run, "--data", other)
    assert "has 3 training pairs" in said and "was started with 3, 1 of which are gone, without new: name" in said
    train.main(["--resume", str(run), "--data", str(data)])


def test_a_run_from_before_names_were_recorded(run, data):
    facts = json.loads((run / "run.json").read_text())
    (run / "run.json").write_text(json.dumps({name: facts[name] for name in facts if not name.endswith("_digests")}))
    train.main(["--resume", str(run), "--data", str(data)])
    assert len(Run.open(run).metadata["train_digests"]) == 3 * 6


def test_two_trainings_in_one_folder(run, data, tmp_path):
    hold = "import sys, time; from pathlib import Path; from pix2pix.training.run import locked\n"
    hold += "with locked(Path(sys.argv[1])): print('held', flush=True); time.sleep(600)"
    new = tmp_path / "new"
    start = [*TINY, "--data", str(data), "--output", str(new)]
    others = [subprocess.Popen([sys.executable, "-c", hold, str(each)], stdout=subprocess.PIPE) for each in (run, new)]
    try:
        assert all(other.stdout.readline() for other in others)
        for arguments, folder in ((["--resume", str(run)], run), (start, new)):
            assert refusal(*arguments) == f"another training is writing into {folder}: let it end first"
    finally:
        for other in others:
            other.kill()
            other.wait()
            other.stdout.close()
    train.main(["--resume", str(run)])
    train.main(start)
    assert last_step(new) == 3


def test_a_state_beyond_the_end(run):
    train.main(["--resume", str(run), "--epochs", "2"])
    set_facts(run, training={"epochs": 1})
    train.main(["--resume", str(run), *advised(refusal("--resume", run), "give (.*)")])


def test_results_that_were_lost_are_made_up(run):
    shutil.rmtree(run / "results")
    shutil.rmtree(run / "samples")
    next((run / "checkpoints").glob("*/model.onnx")).unlink()
    train.main(["--resume", str(run)])
    assert "finished" in (run / "results" / "index.html").read_text()
    assert (run / "results" / "images" / "4-outputs.png").is_file()
    assert (run / "samples" / "step-000000003.png").is_file()
    assert (checkpoint.find(run) / "model.onnx").is_file()


@pytest.mark.parametrize("flags", [["--base-channels", "4"], ["--in-channels", "1"], ["--max-channel-multiplier", "2"]])
def test_a_generator_of_another_shape_than_that_to_start_with(flags, data, tmp_path):
    start = ["--task", "photo", "--data", data, "--output", tmp_path / "run", "--init-from", saved(tmp_path / "start")]
    said = refusal("--recipe", "paper", *SMALL, *start, *flags)
    assert f"{' '.join(flags)} asks for: leave that out" in said
    train.main([*map(str, ["--recipe", "paper", *SMALL, *start])])


@pytest.mark.parametrize("recipe", RECIPES)
@pytest.mark.parametrize("generator", ["unet", "noise"])
def test_any_checkpoint_is_started_from_with_any_recipe(recipe, generator, data, tmp_path):
    changes = {"generator": generator, "color_code": generator == "noise", "base_channels": 4}
    start = ["--init-from", saved(tmp_path / "start", **changes), "--data", data, "--output", tmp_path / "run"]
    arguments = ["--recipe", recipe, *SMALL, *start]
    if recipe == "projected":
        arguments += advised(refusal(*arguments), "for --objective projected: give (.*)")
    train.main([*map(str, arguments)])
    net = Run.open(tmp_path / "run").config.architecture
    has_code = generator == "noise"
    assert (net.generator, net.base_channels, net.depth, net.color_code) == (generator, 4, 3, has_code)


def test_a_colour_checkpoint_goes_on_with_grey_pictures(data, tmp_path):
    for path in (data / "train").iterdir():
        (tmp_path / "grey" / "train").mkdir(parents=True, exist_ok=True)
        Image.open(path).convert("L").save(tmp_path / "grey" / "train" / path.name)
    start = ["--task", "photo", "--data", tmp_path / "grey", "--init-from", saved(tmp_path / "start")]
    train.main([*map(str, [*TINY, *start, "--output", tmp_path / "run", "--in-channels", "3"])])
    assert Run.open(tmp_path / "run").config.architecture.in_channels == 3


def test_a_checkpoint_that_is_deeper_than_the_pictures_are_large(data, tmp_path):
    start = ["--data", data, "--output", tmp_path / "run", "--init-from", saved(tmp_path / "start", size=64, depth=6)]
    flags = advised(refusal("--recipe", "paper", *SMALL, *start), "give (.*)")
    train.main([*map(str, ["--recipe", "paper", *SMALL, *start]), *flags])


@pytest.mark.parametrize("changes", [{"depth": 3}, {"color_code": False}, {"in_channels": 1, "task": "photo"}])
def test_a_teacher_that_takes_other_inputs(changes, data, tmp_path):
    live = RECIPES["live"].replace(size=32, base_channels=2, epochs=1)
    config = live.replace(**changes)
    checkpoint.save(tmp_path / "teacher", config, build_generator(config.architecture), "card")
    start = ["--recipe", "live", "--base-channels", "2", *SMALL, "--data", data, "--teacher", tmp_path / "teacher"]
    flags = advised(refusal(*start, "--output", tmp_path / "run"), "cannot teach this generator: give (.*)")
    train.main([*map(str, start), *flags, "--output", str(tmp_path / "run")])


def test_a_folder_that_is_no_run_is_not_looked_for_on_the_hub(data):
    assert "is not a run folder: it has no run.json" in refusal("--resume", data)


@pytest.mark.parametrize("recipe", RECIPES)
def test_targets_that_are_no_pictures(recipe, tmp_path):
    """Of the default recipe the style, too, is measured in pictures."""
    for split in ("train", "val"):
        for side, channels in (("input", 3), ("target", 5)):
            (tmp_path / split / side).mkdir(parents=True)
            noise = np.random.default_rng(channels).integers(0, 255, (32, 32, channels), dtype=np.uint8)
            np.save(tmp_path / split / side / "one.npy", noise)
    arguments = ["--recipe", recipe, "--task", "photo", "--data", tmp_path, "--output", tmp_path / "run"]
    arguments += ["--size", "32", "--depth", "3", "--base-channels", "2"]
    arguments += ["--discriminator-channels", "2", "--epochs", "1"]
    if recipe != "paper":
        arguments += advised(refusal(*arguments), "no pictures: give (.*)")
    train.main([*map(str, arguments)])
    assert Run.open(tmp_path / "run").config.architecture.out_channels == 5
