"""What Windows answers differently, imitated: everything is saved all the same, and every name can be printed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pix2pix.commands.push import collect
from pix2pix.config import Config
from pix2pix.inference import checkpoint
from pix2pix.networks import build_generator
from tests.helpers import windows
from tests.helpers.pairs_on_disk import write_ab, write_two_folders

ROOT = Path(__file__).parents[1]
TINY = ["--recipe", "paper", "--size", "32", "--depth", "3", "--base-channels", "2", "--discriminator-channels", "2"]


def run(*arguments, cwd: Path, encoding: str = "utf-8") -> subprocess.CompletedProcess:
    """Run a command of ours as on Windows, its output redirected."""
    command = [sys.executable, str(ROOT / "tests" / "helpers" / "windows.py"), *map(str, arguments)]
    environment = os.environ | {"PYTHONIOENCODING": encoding}  # of a redirected output, which Windows sets by itself
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True)
    assert b"Traceback" not in done.stderr
    assert done.returncode == 0, done.stderr
    return done


def test_sets_are_split_and_paired(tmp_path):
    write_ab(tmp_path / "pairs", 10)
    write_two_folders(tmp_path / "labels", tmp_path / "photos", 3)
    run("p2p", "data", "split", "pairs", "split", cwd=tmp_path)
    assert len(list((tmp_path / "split").rglob("*.png"))) == 10
    run("p2p", "data", "pair", "labels", "photos", "ab", cwd=tmp_path)
    assert len(list((tmp_path / "ab").rglob("*.png"))) == 3


@pytest.mark.slow
def test_a_training_ends_with_its_checkpoint_and_prints_names_that_the_console_does_not_know(tmp_path):
    write_ab(tmp_path / "建物" / "train", 3)
    done = run("train", "--data", "建物", *TINY, "--epochs", "1", "--output", "run", cwd=tmp_path, encoding="cp1252")
    assert rb"\u5efa\u7269: 3 training" in done.stdout
    assert (tmp_path / "run" / "state.pt").is_file()
    newest = checkpoint.find(tmp_path / "run")
    assert {path.name for path in newest.iterdir()} == {"config.json", "model.safetensors", "model.onnx", "README.md"}


def test_a_folder_whose_name_the_console_does_not_know_is_checked(tmp_path):
    write_ab(tmp_path / "建物" / "train", 12)
    write_ab(tmp_path / "建物" / "val", 2, first=13)
    assert rb"\u5efa\u7269" in run("p2p", "data", "check", "建物", cwd=tmp_path, encoding="cp1252").stdout


def test_a_graph_is_made_for_a_push_without_a_symlink(tmp_path, monkeypatch):
    config = Config.of(size=32, depth=3, base_channels=2)
    checkpoint.save(tmp_path / "tiny", config, build_generator(config.architecture), "card")
    (tmp_path / "scratch").mkdir()
    monkeypatch.setattr("os.symlink", windows.symlink)
    files = collect(tmp_path / "tiny", "anna/facades", tmp_path / "scratch")
    assert files["model.onnx"].is_file()
