"""The step against its definition, and runs that stop, go on and end."""

import copy
import json
import math
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from accelerate import Accelerator
from PIL import Image
from safetensors.torch import load_file

import train
from pix2pix import images, labels, synthetic
from pix2pix.cli import run_command
from pix2pix.config import Config
from pix2pix.data.decoded import load_pairs
from pix2pix.inference import checkpoint
from pix2pix.networks.patchgan import PatchGAN
from pix2pix.networks.unet import UNet
from pix2pix.training import processes
from pix2pix.training.loop import Diverged
from pix2pix.training.loop import train as train_loop
from pix2pix.training.losses import adversarial_loss, discriminator_loss, l1_loss
from pix2pix.training.run import Run
from pix2pix.training.trainer import Trainer, saturated

ROOT = Path(__file__).parents[2]
TINY = ["--recipe", "paper", "--size", "64", "--depth", "6", "--base-channels", "2", "--discriminator-channels", "2"]


def pair() -> tuple[torch.Tensor, torch.Tensor]:
    stream = torch.Generator().manual_seed(0)
    inputs, targets = (torch.rand(1, 3, 64, 64, generator=stream) * 2 - 1 for _ in range(2))
    return inputs, targets


@pytest.fixture
def trainer():
    torch.manual_seed(0)
    config = Config.of(task="photo", size=64, depth=6, ema_decay=0.9)
    return Trainer(config, UNet(base_channels=2, depth=6).eval(), PatchGAN(base_channels=2), Accelerator(cpu=True))


def changed(before: dict, module: torch.nn.Module) -> bool:
    return any(not torch.equal(before[name], value) for name, value in module.state_dict().items())


def test_an_update_is_ds_adam_step_and_then_gs_through_the_updated_d(trainer):
    """The same step, written out by hand with plain torch."""
    inputs, targets = pair()
    generator, discriminator = copy.deepcopy(trainer.generator), copy.deepcopy(trainer.discriminator)
    trainer.update(inputs, targets)

    adam = {"lr": 2e-4, "betas": (0.5, 0.999)}
    d_optimizer = torch.optim.Adam(discriminator.parameters(), **adam)
    g_optimizer = torch.optim.Adam(generator.parameters(), **adam)
    discriminator_loss(discriminator(inputs, targets), discriminator(inputs, generator(inputs).detach())).backward()
    d_optimizer.step()
    generated = generator(inputs)
    (adversarial_loss(discriminator(inputs, generated)) + 100 * l1_loss(generated, targets)).backward()
    g_optimizer.step()

    for ours, plain in ((trainer.discriminator, discriminator), (trainer.generator, generator)):
        for one, other in zip(ours.parameters(), plain.parameters(), strict=True):
            assert torch.allclose(one, other, atol=1e-6)


def test_the_discriminator_is_frozen_while_the_generator_steps(trainer):
    seen = {}

    def look(optimizer, args, kwargs):
        seen["frozen"] = not any(p.requires_grad for p in trainer.discriminator.parameters())
        seen["gradients"] = [p.grad.clone() for p in trainer.discriminator.parameters()]

    trainer.discriminator_optimizer.optimizer.register_step_post_hook(
        lambda *_: seen.update(after_d=[p.grad.clone() for p in trainer.discriminator.parameters()])
    )
    trainer.generator_optimizer.optimizer.register_step_pre_hook(look)
    trainer.update(*pair())
    assert seen["frozen"]
    assert all(torch.equal(a, b) for a, b in zip(seen["after_d"], seen["gradients"], strict=True))
    assert all(p.requires_grad for p in trainer.discriminator.parameters())


def test_the_average_moves_towards_the_weights_and_is_the_result(trainer):
    start = copy.deepcopy(trainer.average.state_dict())
    trainer.update(*pair())
    assert trainer.result is trainer.average
    for name, mean in trainer.average.state_dict().items():
        goal = trainer.generator.state_dict()[name]
        assert torch.allclose(mean, start[name].lerp(goal, 1 - 1 / 10), atol=1e-7)


def test_shown_losses_start_at_the_first_loss_not_at_zero(trainer):
    trainer.update(*pair())
    first = trainer.shown_losses()
    assert first["discriminator"] == pytest.approx(2 * math.log(2), rel=0.5)
    assert first["l1"] > 0.1


def test_the_shares_are_of_logits_on_the_right_side_of_zero(trainer):
    """D judges twice a step: the real picture and the fake, and the fake again for G."""
    logits = iter([torch.tensor([1.0, 2.0, 3.0, -1.0, -1.0, 1.0, 1.0, 1.0]), torch.zeros(8)])
    trainer.discriminator.register_forward_hook(lambda module, args, made: made.flatten()[:8] * 0 + next(logits))
    trainer.update(*pair())
    shown = trainer.shown_losses()
    assert shown["right_on_real"] == pytest.approx(0.75)
    assert shown["right_on_fake"] == pytest.approx(0.25)


def test_saturated_values_count_where_the_targets_are_not():
    generated = torch.tensor([1.0, -1.0, 0.995, 0.5, 1.0, 1.0])
    targets = torch.tensor([0.0, 0.5, 0.2, 0.1, 1.0, -1.0])
    assert saturated(generated, targets).item() == pytest.approx(0.75)
    assert saturated(generated, torch.ones(6)) == 0


def test_a_state_from_before_the_shares_goes_on(trainer):
    trainer.update(*pair())
    state = copy.deepcopy(trainer.state())
    state["losses"] = state["losses"][:3]
    trainer.load_state(state)
    trainer.update(*pair())
    assert 0.4 < trainer.losses[3] < 0.6
    assert trainer.losses[2] > 0


def test_the_learning_rate_is_constant_then_falls_linearly_and_never_reaches_zero(trainer):
    trainer.config = Config.of(task="photo", size=64, depth=6, epochs=10, decay_epochs=4)
    rates = []
    for epoch in range(10):
        trainer.set_learning_rate(epoch)
        rates.append(trainer.learning_rate / 2e-4)
    assert rates == pytest.approx([1] * 6 + [0.8, 0.6, 0.4, 0.2])


def test_the_learning_rate_grows_over_the_warm_up_and_goes_on_growing_after_a_resume(trainer):
    trainer.config = trainer.config.replace(warmup_steps=4)
    rates = []
    for step in range(6):
        if step == 2:
            trainer.load_state(trainer.state())
        trainer.set_learning_rate(0)
        rates.append(trainer.learning_rate / 2e-4)
        trainer.update(*pair())
    assert rates == pytest.approx([0.2, 0.4, 0.6, 0.8, 1, 1])


def test_a_state_holds_plain_values_and_tensors_only(trainer, tmp_path):
    trainer.update(*pair())
    torch.save(trainer.state(), tmp_path / "state.pt")
    state = torch.load(tmp_path / "state.pt", weights_only=True)
    before = copy.deepcopy(trainer.generator.state_dict())
    trainer.update(*pair())
    assert changed(before, trainer.generator)
    trainer.load_state(state)
    assert not changed(before, trainer.generator)


# Whole runs, as their users start them.


@pytest.fixture(scope="module")
def pairs(tmp_path_factory):
    """Ten training and three validation pairs in the published layout."""
    folder = tmp_path_factory.mktemp("facades")
    for split, count in (("train", 10), ("val", 3)):
        (folder / split).mkdir()
        for index in range(count):
            drawn, photo = synthetic.facade(synthetic.pair_seed(split, index), 64, 64)
            Image.fromarray(np.hstack([photo, labels.colorize(drawn)])).save(folder / split / f"{index + 1}.png")
    return folder


def start(*arguments, **kwargs) -> subprocess.Popen:
    command = [sys.executable, str(ROOT / "train.py"), *map(str, arguments)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(command, **(pipes | kwargs))


def finish(process: subprocess.Popen) -> tuple[int, str, str]:
    output, errors = process.communicate(timeout=240)
    return process.returncode, output, errors


def final_weights(run: Path) -> dict[str, torch.Tensor]:
    return load_file(sorted((run / "checkpoints").iterdir())[-1] / "model.safetensors")


def same(one: dict, other: dict) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def wait_for_step(run: Path, process: subprocess.Popen, step: int) -> None:
    for _ in range(2400):
        if (run / "log.jsonl").exists() and f'"step": {step},' in (run / "log.jsonl").read_text():
            return
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)
    raise AssertionError(f"step {step} was never logged")


RUN = [
    *TINY,
    "--epochs",
    "3",
    "--decay-epochs",
    "1",
    "--warmup-steps",
    "20",
    "--ema-decay",
    "0.9",
    "--log-every",
    "1",
    "--save-every",
    "5",
]


@pytest.fixture(scope="module")
def uninterrupted(pairs, tmp_path_factory):
    run = tmp_path_factory.mktemp("runs") / "whole"
    code, _, errors = finish(start("--data", pairs, "--output", run, *RUN))
    assert code == 0, errors
    return run


@pytest.mark.slow
def test_a_run_killed_at_step_17_and_resumed_ends_with_the_same_weights(pairs, uninterrupted, tmp_path):
    run = tmp_path / "killed"
    process = start("--data", pairs, "--output", run, *RUN)
    wait_for_step(run, process, 17)
    process.kill()
    finish(process)
    code, _, errors = finish(start("--resume", run, "--workers", "2"))
    assert code == 0, errors
    assert same(final_weights(run), final_weights(uninterrupted))
    steps = [json.loads(line)["step"] for line in (run / "log.jsonl").read_text().splitlines()]
    assert steps == list(range(1, 31))
    assert (run / "log.jsonl").read_text() == (uninterrupted / "log.jsonl").read_text()


@pytest.mark.slow
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_run_asked_to_stop_saves_and_prints_the_command_that_resumes(pairs, uninterrupted, tmp_path, number, code):
    run = tmp_path / "stopped"
    process = start("--data", pairs, "--output", run, *RUN)
    wait_for_step(run, process, 7)
    process.send_signal(number)
    left, output, _ = finish(process)
    assert left == code
    assert checkpoint.find(run).name == f"step-{Run.open(run).load_state()[1]:09d}"
    command = re.search(r"to go on: python train\.py (.*)", output).group(1)
    assert finish(start(*command.split()))[0] == 0
    assert same(final_weights(run), final_weights(uninterrupted))


@pytest.mark.slow
def test_a_finished_run_has_its_results_page_samples_and_a_loadable_checkpoint(uninterrupted):
    page = (uninterrupted / "results" / "index.html").read_text()
    for name in ("1", "2", "3"):
        for kind in ("inputs", "outputs", "targets"):
            assert f'src="images/{name}-{kind}.png"' in page
            assert images.read_image(uninterrupted / "results" / "images" / f"{name}-{kind}.png").shape == (64, 64, 3)
    sheet = images.read_image(uninterrupted / "samples" / "step-000000030.png")
    assert sheet.shape == (3 * 64, 3 * 64, 3)
    newest = sorted((uninterrupted / "checkpoints").iterdir())[-1]
    assert {file.name for file in newest.iterdir()} == {"config.json", "model.safetensors", "model.onnx", "README.md"}
    card = (newest / "README.md").read_text()
    assert "10 training pairs" in card and "30 steps" in card and "PSNR" in card


@pytest.mark.slow
def test_two_processes_train_together(pairs, tmp_path):
    run = tmp_path / "two"
    command = [str(Path(sys.executable).with_name("torchrun")), "--nproc-per-node", "2", str(ROOT / "train.py")]
    command += ["--data", str(pairs), "--output", str(run), *TINY, "--epochs", "1", "--log-every", "1"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("results:") == 1
    assert len((run / "log.jsonl").read_text().splitlines()) == 5  # ten pairs, two at a time
    assert "5 steps of 2" in next((run / "checkpoints").iterdir()).joinpath("README.md").read_text()

    with pytest.raises(ValueError, match="was started with 2 processes, and here 1 would go on") as refused:
        train.main(["--resume", str(run), "--epochs", "2"])
    advised = shlex.split(str(refused.value).split("give: ")[1])
    command = [str(Path(sys.executable).with_name(advised[0])), *advised[1:], "--epochs", "2"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert len((run / "log.jsonl").read_text().splitlines()) == 10


def test_processes_that_do_not_find_each_other_are_refused(monkeypatch):
    monkeypatch.setattr(processes, "count", lambda: 2)
    with pytest.raises(ValueError, match="2 processes were started and do not find each other: each counts 1"):
        processes.join("no")


@pytest.mark.slow
def test_bfloat16_trains(pairs, tmp_path):
    run = tmp_path / "bf16"
    code, _, errors = finish(start("--data", pairs, "--output", run, *TINY, "--epochs", "1", "--precision", "bf16"))
    assert code == 0, errors
    assert all(torch.isfinite(weight).all() for weight in final_weights(run).values())


def test_losses_that_are_no_numbers_stop_the_run_and_keep_the_last_good_checkpoint(pairs, trainer, tmp_path):
    settings = {"task": "photo", "size": 64, "depth": 6, "base_channels": 2, "ema_decay": 0.9}
    trainer.config = Config.of(**settings, epochs=1, log_every=1, save_every=4)
    metadata = {
        "data": "pairs",
        "train_pairs": 10,
        "processes": 1,
        "command": "",
        "commit": "",
        "hardware": "",
        "torch": "",
    }
    run = Run.create(tmp_path / "run", trainer.config, metadata)
    breaks = iter([False] * 2 * 6 + [True] * 30)  # two judgements a step: the seventh step's losses are NaN
    trainer.discriminator.register_forward_hook(
        lambda module, inputs, logits: logits * (math.nan if next(breaks) else 1)
    )
    with pytest.raises(Diverged, match="no longer numbers at step 7"):
        train_loop(trainer, load_pairs(str(pairs), "train", trainer.config), [], run)
    assert [folder.name for folder in (run.folder / "checkpoints").iterdir()] == ["step-000000004"]
    assert run.load_state()[1] == 4
    assert all(torch.isfinite(weight).all() for weight in final_weights(run.folder).values())


def test_a_dry_run_tells_first_how_long_it_will_take_and_writes_nothing(pairs, tmp_path):
    code, output, _ = finish(start("--data", pairs, "--output", tmp_path / "dry", *TINY, "--dry-run", cwd=tmp_path))
    assert code == 0
    assert "10 training and 3 validation pairs" in output
    lines = output.splitlines()
    assert re.fullmatch(r"(less than a minute|[\dhmin ]+) in all: 2,000 steps, [\d.]+ s each on 1 x \w+.*", lines[0])
    assert lines[-1].startswith("settings: recipe ") and "--discriminator-channels 2" in lines[-1]
    assert "--beta1" not in lines[-1] and len(lines) < 10
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["train.py", "--help"], "--push-to-hub"),
        (["train.py", "--data", "synthetic", "--epohcs", "3"], "Unrecognized options: --epohcs"),
        (["train.py", "--data", "nowhere"], "no data at nowhere"),
        (["train.py", "--resume", "nowhere"], "there is no run at nowhere"),
        (["train.py", "--data", "synthetic"], "training needs torch: pip install -r requirements-train.txt"),
        (["-m", "pix2pix", "--help"], "evaluate"),
    ],
)
def test_help_and_what_is_wrong_with_the_flags_are_told_without_torch(command, said, tmp_path):
    (tmp_path / "torch.py").write_text("raise ModuleNotFoundError(\"No module named 'torch'\", name='torch')")
    environment = os.environ | {"PYTHONPATH": str(tmp_path)}
    done = subprocess.run([sys.executable, *command], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert said in (done.stdout if "--help" in command else done.stderr)
    assert done.returncode == (0 if "--help" in command else 2)
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--data", "nowhere"], "no data at nowhere"),
        (["--data", "."], "what is understood"),
        ([], "no data: give --data"),
        (["--data", "synthetic", "--recipe", "best-ever"], "unknown recipe 'best-ever'; there are: projected, perce"),
        (["--data", "synthetic", "--task=cats"], "unknown task 'cats'; there are: facades, edges, colors, photo, map2"),
        (["--data", "synthetic", "--biases"], "Unrecognized options: --biases"),
        (["--data", "synthetic", "--batch-size", "0"], "error: batch_size is 0"),
        (["--data", "synthetic", "--beta2", "1"], "error: beta2 is 1.0; it must lie between 0 and 0.999999"),
        (["--data", "synthetic", "--size", "16", "--recipe", "paper"], "from 32 pixels a side on, not 16x16: give a l"),
        (["--data", "synthetic", "--workers", "-1"], "error: --workers is -1"),
        (["--data", "synthetic", "--epohcs", "3"], "Unrecognized options: --epohcs"),
        (["--resume", "."], "is not a run folder"),
        (["--resume", "--output", "."], "is not a run folder"),
        (["--resume"], "--resume names the run to continue"),
        (["--data", "synthetic", "--output", "."], "exists already"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(arguments, said, tmp_path, monkeypatch, capsys):
    (tmp_path / "file.txt").write_text("not empty")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as stop:
        run_command(train.main, arguments)
    assert stop.value.code == 2
    errors = capsys.readouterr().err
    assert said in errors
    assert len(errors.strip().splitlines()) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["file.txt"]
