"""The page of a run: while it trains, when it was stopped, and at its end; and what is said on the way there."""

import json
import signal
from pathlib import Path

import numpy as np
import pytest
import torch
from accelerate import Accelerator

from pix2pix.config import Config
from pix2pix.data.decoded import load_pairs
from pix2pix.data.pairs import Pair
from pix2pix.networks import build_discriminator, build_generator
from pix2pix.recipes import RECIPES
from pix2pix.training import diagnostics, monitor
from pix2pix.training.diagnostics import Finding
from pix2pix.training.loop import Interrupted, train
from pix2pix.training.monitor import Monitor
from pix2pix.training.report import results
from pix2pix.training.report.results import Final, State
from pix2pix.training.run import Run
from pix2pix.training.trainer import Trainer
from tests.conftest import DESKTOP, PHONE

METADATA = {"data": "a <b> & c", "train_pairs": 10, "val_pairs": 3, "processes": 1, "command": "python train.py",
         "commit": "", "hardware": "1 x cpu", "torch": "2"}  # fmt: skip
WELL = {
    "learning_rate": 2e-4,
    "discriminator": 0.7,
    "adversarial": 2.0,
    "l1": 0.3,
    "right_on_real": 0.93,
    "right_on_fake": 0.95,
}
WON = WELL | {"discriminator": 0.01, "adversarial": 6.0, "right_on_real": 0.999, "right_on_fake": 0.999}
SCORES = {"val_l1": 0.32, "psnr": 13.5, "ssim": 0.27, "variety": 0.6}
REFRESH = '<meta http-equiv="refresh" content="30">'


@pytest.fixture
def run(tmp_path) -> Run:
    return Run.create(tmp_path / "run", Config(), METADATA)


def page(run: Run) -> str:
    return (run.folder / "results" / "index.html").read_text()


def line(step: int, **values) -> dict:
    return {"step": step, "epoch": step // 400, **WELL, **values}


def test_the_page_is_there_from_the_start_and_refreshes_until_the_end(run):
    with Monitor(run, 0, 800, 400, print) as kept:
        assert REFRESH in page(run)
        assert "Step 0 of 800 · epoch 0.0 of 2" in page(run)
        assert page(run).count("Nothing yet.") == len(results.charts_of(run.config))
        kept.written = -monitor.PAGE_SECONDS
        kept.add(line(400, **SCORES))
        assert REFRESH in page(run)
        assert "Step 400 of 800 · epoch 1.0 of 2 · less than a minute left" in page(run)
        assert "Nothing yet." not in page(run)
        kept.add(line(800, **SCORES))
    assert "refresh" not in page(run)
    assert "Step 800 of 800 · epoch 2.0 of 2 · finished" in page(run)


def test_the_page_is_not_written_with_every_line_of_a_fast_run(run, monkeypatch):
    written = []
    monkeypatch.setattr(results, "write_page", lambda run, state, *rest: written.append(state.step))
    with Monitor(run, 0, 800, 400, print) as kept:
        for step in range(1, 101):
            kept.add(line(step))
    assert written == [0, 100]


def test_what_ended_a_run_stands_on_its_page(run):
    with pytest.raises(OSError, match="full"), Monitor(run, 0, 800, 400, print) as kept:
        kept.add(line(50))
        raise OSError("the disk is full")
    assert "Step 50 of 800 · epoch 0.1 of 2 · ended: the disk is full" in page(run)
    assert "refresh" not in page(run)


def test_a_warning_is_said_once_and_not_again_after_a_resume(run):
    said = []
    with Monitor(run, 0, 9000, 400, said.append) as kept:
        for step in range(50, 4001, 50):
            kept.add(line(step, **WON))
    assert [text[:24] for text in said] == ["warning: D wins outright"]
    assert "<li>D wins outright: over the last 2,000 steps" in page(run)
    (begun,) = (entry for entry in run.read_log() if "warnings" in entry)
    assert begun["warnings"] == ["D wins"] and 2000 < begun["step"] <= 2500

    with Monitor(run, 4000, 9000, 400, said.append) as kept:
        assert "D wins outright" in page(run)
        for step in range(4050, 7001, 50):
            kept.add(line(step))
    assert len(said) == 1
    assert "D wins outright" not in page(run)
    assert "Nothing stands out in its log: look at the pictures." in page(run)


def test_whatever_a_name_holds_the_page_stays_whole(run):
    final = Final(["1", 'a"#%<b>'], {"l1": 0.3, "psnr": 13.0, "ssim": 0.25})
    results.write_page(run, State(8, 8, 4, ended="finished"), [], [Finding("x", "1 < 2 & $x")], final)
    assert "a &lt;b&gt; &amp; c" in page(run) and "1 &lt; 2 &amp; $x" in page(run)
    assert 'src="images/1-inputs.png"' in page(run)
    assert 'src="images/a%22%23%25%3Cb%3E-outputs.png"' in page(run)
    assert "2 validation pairs · L1 0.300 on [-1, 1] · PSNR 13.000 dB · SSIM 0.250" in page(run)


@pytest.mark.parametrize(
    ("seconds", "words"), [(5, "less than a minute"), (90, "2 min"), (3599, "1 h 0 min"), (7860, "2 h 11 min")]
)
def test_the_time_left_is_told_in_words(run, seconds, words):
    results.write_page(run, State(4, 8, 4, seconds), [], [])
    assert f"· {words} left" in page(run)


def trained(pairs: list[Pair], folder: Path, **settings) -> Run:
    """A whole run on tiny networks, in this process."""
    config = Config.of(**{"size": 64, "jitter": False, "hflip": False, "log_every": 10, **settings})
    torch.manual_seed(0)
    trainer = Trainer(config, build_generator(config.architecture), build_discriminator(config), Accelerator(cpu=True))
    run = Run.create(folder, config, METADATA)
    train(trainer, pairs, pairs[:4], run)
    return run


@pytest.fixture(scope="module")
def pairs() -> list[Pair]:
    return load_pairs("synthetic", "train", Config.of(size=64))[:8]


def test_a_run_that_is_stopped_before_its_first_line_counts_the_steps_that_were_done(pairs, tmp_path, monkeypatch):
    done, update = [], Trainer.update

    def stop_after_two(self, *halves):
        done.append(update(self, *halves))
        if len(done) == 2:
            signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr(Trainer, "update", stop_after_two)
    with pytest.raises(Interrupted):
        trained(pairs, tmp_path / "run", base_channels=1, discriminator_channels=1, epochs=50, log_every=100)
    (folder,) = (tmp_path / "run" / "checkpoints").iterdir()
    assert "2 steps of 1, 0.2 epochs" in (folder / "README.md").read_text()
    assert "Step 2 of 400 · epoch 0.2 of 50 · stopped" in (tmp_path / "run" / results.PAGE).read_text()


@pytest.mark.slow
def test_a_run_in_which_d_is_far_stronger_is_told_so(pairs, tmp_path, monkeypatch, capsys):
    """Eight pairs, which D of 24 filters knows by heart, and G of one; in a window of 100 steps instead of 2000."""
    monkeypatch.setattr(diagnostics, "LONG_STEPS", 100)
    monkeypatch.setattr(monitor, "DIAGNOSED_STEPS", 50)
    run = trained(pairs, tmp_path / "run", base_channels=1, discriminator_channels=24, epochs=70)
    assert capsys.readouterr().out.count("warning: D wins outright") == 1
    assert "<li>D wins outright" in page(run)


@pytest.mark.slow
def test_a_run_in_which_g_collapses_is_told_so(pairs, tmp_path, monkeypatch, capsys):
    """A learning rate a hundred times too high, and no L1 to lead back."""
    monkeypatch.setattr(diagnostics, "YOUNG_STEPS", 48)
    settings = {"base_channels": 4, "discriminator_channels": 4, "epochs": 10, "score_every": 2}
    run = trained(pairs, tmp_path / "run", generator="noise", l1_weight=0, learning_rate=0.02, **settings)
    assert capsys.readouterr().out.count("warning: G collapsed") == 1
    assert "<li>G collapsed" in page(run)
    assert [entry["epoch"] for entry in run.read_log() if "variety" in entry] == [1, 3, 5, 7, 9]


@pytest.mark.slow
def test_a_run_that_is_well_is_told_nothing(pairs, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(diagnostics, "YOUNG_STEPS", 96)
    run = trained(pairs, tmp_path / "run", base_channels=4, discriminator_channels=4, epochs=20, score_every=2)
    assert "warning" not in capsys.readouterr().out
    assert "Nothing stands out in its log: look at the pictures." in page(run)
    for kind in ("inputs", "outputs", "targets"):
        assert page(run).count(f"-{kind}.png") == 4


@pytest.mark.browser
@pytest.mark.parametrize("screen", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_fits_the_screen_and_shows_its_curves_from_a_file(chromium, run, screen, scheme):
    lines = [line(step) for step in range(50, 4001, 50)]
    for step in range(400, 4001, 400):
        lines[step // 50 - 1] |= SCORES
    for step in (1000, 2000, 4000):
        run.save_samples(step, np.full((64, 192, 3), step // 20, np.uint8))
    results.write_page(run, State(4000, 8000, 400, 700), lines, [Finding("x", "Something stands out. " * 9)])
    context = chromium.new_context(**screen, color_scheme=scheme)
    opened, failed = context.new_page(), []
    opened.on("requestfailed", lambda request: failed.append(request.url))
    opened.goto((run.folder / results.PAGE).resolve().as_uri())
    assert opened.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert opened.locator("polyline").count() == 9
    assert opened.get_by_text("on generated 0.95").is_visible()
    assert "step 4,000 · epoch 10.0" in opened.inner_text(".sheet")
    opened.locator(".sheet input").press("Home")
    opened.locator(".sheet input").press("ArrowRight")
    opened.wait_for_function("[...document.querySelectorAll('.sheet img')].every(image => image.complete)")
    opened.reload()  # as it does by itself while the run goes on; a picture still on its way would count as failed
    assert "step 2,000 · epoch 5.0" in opened.inner_text(".sheet")
    opened.wait_for_function("document.querySelector('.sheet img').naturalWidth === 192")
    assert opened.get_attribute(".sheet img", "src").endswith("step-000002000.png")
    heights = opened.locator("svg text").evaluate_all("all => all.map(text => text.getBoundingClientRect().height)")
    assert min(heights) >= 10, "labels are too small to read"
    assert failed == []
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")
    found = [each["id"] for each in axe.Axe().run(opened).response["violations"]]
    assert found == ["meta-refresh"]  # it loads itself anew until the run has ended, and then no more
    context.close()


def test_the_log_of_a_run_is_read_as_it_was_written(run):
    assert run.read_log() == []
    run.log(line(50))
    run.log(line(100, **SCORES))
    assert run.read_log() == [line(50), line(100, **SCORES)]
    assert [json.loads(text)["step"] for text in (run.folder / "log.jsonl").read_text().splitlines()] == [50, 100]


def test_what_the_losses_mean_depends_on_the_objective(tmp_path):
    told = {}
    for recipe in ("perceptual", "projected"):
        run = Run.create(tmp_path / recipe, RECIPES[recipe], METADATA)
        results.write_page(run, State(400, 800, 400), [line(400)], [])
        told[recipe] = page(run)
    assert "D guesses" in told["perceptual"] and "cannot tell" not in told["perceptual"]
    assert "D cannot tell" in told["projected"] and "D guesses" not in told["projected"]
