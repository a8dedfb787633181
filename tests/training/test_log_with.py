"""--log-with: losses, scores and samples of a run in other people's programs, read back as those read them."""

import pytest

import train
from pix2pix.training import options

SMALL = ["--data", "synthetic-edges", "--task", "edges", "--recipe", "paper", "--size", "32", "--depth", "3"]
SMALL += ["--base-channels", "2", "--discriminator-channels", "2", "--log-every", "10", "--sample-every", "10"]


@pytest.mark.slow
def test_tensorboard_shows_what_the_log_holds(tmp_path, monkeypatch):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    from pix2pix.training.run import Run

    monkeypatch.setattr("pix2pix.data.generated.SYNTHETIC_TRAIN", 20)
    arguments = [*SMALL, "--epochs", "1", "--output", str(tmp_path / "run"), "--log-with", "tensorboard"]
    train.main(arguments)
    (events,) = {path.parent for path in (tmp_path / "run" / "tensorboard" / "pix2pix").glob("events*")}
    shown = EventAccumulator(str(events), size_guidance={"images": 0, "scalars": 0}).Reload()
    lines = Run.open(tmp_path / "run").read_log()
    for name in ("discriminator", "l1", "learning_rate", "psnr"):
        logged = [(line["step"], line[name]) for line in lines if name in line]
        assert [(event.step, pytest.approx(event.value, rel=1e-5)) for event in shown.Scalars(name)] == logged
    assert [event.step for event in shown.Images("samples")] == [10, 20]


@pytest.mark.parametrize("package", ["tensorboard", "wandb", "trackio"])
def test_a_logger_that_is_not_installed_is_told_before_the_training(monkeypatch, package):
    monkeypatch.setattr(options, "find_spec", lambda name: None)
    with pytest.raises(ValueError, match=f"--log-with {package} needs one more package: pip install {package}"):
        options.read([*SMALL, "--log-with", package])
