"""Pushing beside the training: what waits, what is left out, what is told; and runs that go on on another machine."""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import torch

import train
from pix2pix.commands import push as push_command
from pix2pix.hub.background import Push, Pusher
from pix2pix.inference import checkpoint
from pix2pix.networks import build_generator
from pix2pix.recipes import RECIPES
from pix2pix.training import launch, options, plans
from pix2pix.training.run import Run
from tests.helpers.hub_helpers import ROOT, TINY, make_trained, run_python, same
from tests.helpers.hub_server import READER

REPO = "anna/facades"
SMALL = ["--recipe", "paper", "--size", "32", "--depth", "3", "--base-channels", "2", "--discriminator-channels", "2"]
SMALL += ["--log-every", "1"]


@pytest.fixture
def run(tmp_path) -> Path:
    folder = tmp_path / "run"
    folder.mkdir()
    for name in checkpoint.RUN_FILES:
        (folder / name).write_text("first")
    return folder


class Slow:
    """Pushes when it is let, or fails when it is stopped, and remembers what it pushed."""

    def __init__(self):
        self.started, self.go_on, self.pushed = threading.Semaphore(0), threading.Semaphore(0), []

    def __call__(self, push: Push, stop: threading.Event) -> str:
        self.started.release()
        while not self.go_on.acquire(timeout=0.02):
            if stop.is_set():
                raise ValueError("it was stopped")
        self.pushed.append(push.checkpoint.name)
        return "address"


def test_training_never_waits_and_only_the_newest_is_pushed_next(run):
    slow, said = Slow(), []
    pusher = Pusher(REPO, say=said.append, push=slow)
    start = time.perf_counter()
    for step in range(1, 100):
        pusher.submit(Path(f"step-{step}"), run)
        if step == 1:
            assert slow.started.acquire(timeout=10)
    assert time.perf_counter() - start < 5
    slow.go_on.release(2)
    pusher.close()
    assert slow.pushed == ["step-1", "step-99"]
    assert said[-1] == "step-99 is on the Hub: address"


def test_the_state_is_pushed_as_it_was_when_the_checkpoint_was_saved(run):
    seen = []
    slow = Slow()

    def push(job: Push, stop: threading.Event) -> str:
        slow(job, stop)
        seen.append({path.name: path.read_text() for path in job.frozen.iterdir()})
        return "address"

    pusher = Pusher(REPO, state=checkpoint.run_files, say=lambda _: None, push=push)
    pusher.submit(Path("step-1"), run)
    (run / "new").write_text("second")
    (run / "new").replace(run / "state.pt")
    with (run / "log.jsonl").open("a") as log:
        log.write(" and more")
    slow.go_on.release()
    pusher.close()
    assert seen == [dict.fromkeys(checkpoint.RUN_FILES, "first")]
    assert sorted(path.name for path in run.iterdir()) == sorted(checkpoint.RUN_FILES), "copies are left"


def test_what_was_not_pushed_is_told_at_the_end_with_the_command_that_pushes_it(run):
    said = []

    def fail(push: Push, stop: threading.Event) -> str:
        raise RuntimeError("no network")

    pusher = Pusher(REPO, private=True, state=checkpoint.run_files, say=said.append, push=fail)
    pusher.submit(Path("/runs/a b/step-1"), run)
    pusher.close()
    told = [line for line in said if "Ctrl-C" not in line]  # said where the push outlasts the training
    assert told == [
        "step-1 was not pushed: no network",
        f"step-1 is not on the Hub: no network; to push it:\n"
        f"python -m pix2pix push '/runs/a b/step-1' {REPO} --private --run {run}",
    ]


def test_a_later_push_makes_up_for_one_that_failed(run):
    said, outcomes = [], iter([ValueError("the Hub answers 500"), None])

    def push(job: Push, stop: threading.Event) -> str:
        if error := next(outcomes):
            raise error
        return "address"

    pusher = Pusher(REPO, say=said.append, push=push)
    pusher.submit(Path("step-1"), run)
    while not said:
        time.sleep(0.01)
    pusher.submit(Path("step-2"), run)
    pusher.close()
    assert said[0] == "step-1 was not pushed: the Hub answers 500"
    assert said[-1] == "step-2 is on the Hub: address"


def test_an_interrupted_run_does_not_wait_for_a_slow_push(run):
    slow, said = Slow(), []
    pusher = Pusher(REPO, say=said.append, push=slow)
    pusher.submit(Path("/runs/step-1"), run)
    start = time.perf_counter()
    pusher.close(patience=0.1)
    assert time.perf_counter() - start < 5
    assert said[-1] == (
        f"step-1 is not on the Hub: it was stopped; to push it:\npython -m pix2pix push /runs/step-1 {REPO}"
    )


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    """A published set of four training pairs and one more."""
    import numpy as np

    from pix2pix import images, labels
    from pix2pix.synthetic import facade

    folder = tmp_path_factory.mktemp("data")
    for split, count in (("train", 4), ("val", 1)):
        (folder / split).mkdir()
        for index in range(count):
            drawn, photo = facade(index, 32, 32)
            images.write_png(folder / split / f"{index}.png", np.hstack([photo, labels.colorize(drawn)]))
    return folder


def run_training(*arguments) -> subprocess.CompletedProcess:
    return run_python(str(ROOT / "train.py"), *map(str, arguments))


@pytest.mark.slow
def test_a_run_goes_on_without_the_folder_of_its_teacher_here_and_elsewhere(the_hub, data, tmp_path):
    ours = RECIPES["perceptual"].replace(size=32, depth=3, base_channels=2)
    teacher = build_generator(ours.architecture)
    checkpoint.save(tmp_path / "teacher", ours, teacher, "card")
    taught = ["--recipe", "live", "--objective", "paper", "--decay-epochs", "0", "--teacher", tmp_path / "teacher"]
    pushed = ["--push-to-hub", REPO, "--push-state"]
    arguments = ["--data", data, *SMALL[2:], *taught, "--epochs", "1", "--output", tmp_path / "here", *pushed]
    train.main([*map(str, arguments)])
    shutil.rmtree(tmp_path / "teacher")
    train.main(["--resume", str(tmp_path / "here")])
    train.main(["--resume", REPO, "--output", str(tmp_path / "there")])
    kept = checkpoint.load(Run.open(tmp_path / "there").teacher)[1].state_dict()
    assert all(torch.equal(kept[name], weights) for name, weights in teacher.state_dict().items())

    shutil.rmtree(tmp_path / "there" / "teacher")  # as of a run from before there were copies
    with pytest.raises(ValueError, match=f"^no checkpoint at {tmp_path / 'teacher'}: give a folder"):
        train.main(["--resume", str(tmp_path / "there")])


@pytest.mark.slow
def test_a_run_that_was_pushed_goes_on_on_another_machine_to_the_same_weights(the_hub, data, tmp_path):
    """Stopped in its third epoch of four, after two pushes, the first machine is lost with all of its files."""
    arguments = ["--data", data, *SMALL, "--epochs", "4"]
    whole = run_training(*arguments, "--output", tmp_path / "whole")
    assert whole.returncode == 0, whole.stderr

    lost = tmp_path / "lost"
    flags = ["--push-to-hub", REPO, "--push-every", "1", "--push-state"]
    command = [sys.executable, str(ROOT / "train.py"), *map(str, [*arguments, "--output", lost, *flags])]
    first = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        for _ in range(1200):
            if the_hub.state.path("models", REPO).exists() and the_hub.state.messages("models", REPO):
                break
            assert first.poll() in (None, 0), first.communicate()
            time.sleep(0.05)
    finally:
        first.kill()
        first.communicate()

    found = run_training("--resume", REPO, "--output", tmp_path / "found")
    assert found.returncode == 0, found.stderr
    last = sorted((tmp_path / "whole" / "checkpoints").iterdir())[-1].name
    assert same(tmp_path / "found" / "checkpoints" / last, tmp_path / "whole" / "checkpoints" / last)
    steps = [line.split('"step": ')[1].split(",")[0] for line in (tmp_path / "found" / "log.jsonl").open()]
    assert steps == [str(step) for step in range(1, 17)]


@pytest.mark.slow
def test_training_ends_well_when_the_hub_does_not_answer_and_says_what_to_do(the_hub, data, tmp_path):
    output = tmp_path / "run"
    command = [sys.executable, ROOT / "train.py", "--data", data, *SMALL, "--epochs", "1", "--output", output]
    nobody = os.environ | {"HF_ENDPOINT": "http://127.0.0.1:9"}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    listens = {"preexec_fn": lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)}  # also where a shell had it ignored
    training = subprocess.Popen([*map(str, command), "--push-to-hub", REPO], cwd=ROOT, env=nobody, **pipes, **listens)
    said = ""
    while "Ctrl-C leaves that undone" not in said:
        line = training.stdout.readline()
        assert line, said
        said += line
    training.send_signal(signal.SIGINT)
    rest, _ = training.communicate(timeout=180)
    assert training.returncode == 0, said + rest
    assert "the Hub cannot be reached (ConnectError); training starts all the same" in said
    kept = next((output / "checkpoints").iterdir())
    assert f"is not on the Hub: it was stopped; to push it:\npython -m pix2pix push {kept} {REPO}\n" in rest
    assert not list(output.glob(".pushing*"))


def test_a_refusal_of_the_hub_comes_before_the_training(the_hub, data, tmp_path, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", READER)
    arguments = ["--data", data, *SMALL, "--output", tmp_path / "run", "--push-to-hub", REPO]
    with pytest.raises(ValueError, match=f"the token may only read; pushing to {REPO} needs one that may write"):
        train.main([*map(str, arguments)])
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("flag", [["--private"], ["--push-every", "3"], ["--push-state"]])
def test_flags_of_a_push_that_is_not_asked_for_are_refused(data, tmp_path, flag):
    with pytest.raises(
        ValueError, match="--private, --license, --push-every and --push-state need --push-to-hub USER/REPO"
    ):
        train.main([*map(str, ["--data", data, *SMALL, "--output", tmp_path / "run"]), *flag])


def test_training_starts_from_a_checkpoint_on_the_hub(the_hub, tmp_path):
    trained = make_trained(tmp_path / "step-000000100")
    push_command.push(str(trained), REPO)
    generator = build_generator(TINY.architecture)
    launch.start_with(generator, TINY, REPO)
    for ours, theirs in zip(generator.parameters(), checkpoint.load(trained)[1].parameters(), strict=True):
        assert torch.equal(ours, theirs)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--resume", REPO, "--output", "x"], REPO),
        ([f"--resume={REPO}@v1"], f"{REPO}@v1"),
        (["--resume", "x"], "x"),
        (["--resume", "--output", "x"], "x"),
        (["--output", "x", "--resume"], "x"),
    ],
)
def test_resume_names_a_run_here_or_on_the_hub(arguments, named):
    assert options.read(arguments).resume == named


def test_a_repository_without_state_is_not_resumed(the_hub, tmp_path):
    push_command.push(str(make_trained(tmp_path / "step-000000100")), REPO)
    with pytest.raises(ValueError, match=f"{REPO} has no run/run.json: it was pushed without --push-state"):
        plans.open_run(options.read(["--resume", REPO, "--output", str(tmp_path / "run")]))
    assert not (tmp_path / "run").exists()
