"""What every command answers before it loads what takes seconds: its help, and names of what is not there."""

import subprocess
import sys

import pytest

from pix2pix.__main__ import COMMANDS
from tests.helpers.hub_helpers import ROOT

HEAVY = "torch gradio accelerate onnxruntime datasets torchvision torchmetrics"
CALLED = f"""
import runpy, sys
sys.argv = sys.argv[1:]
try:
    if sys.argv[0] == "pix2pix":
        runpy.run_module("pix2pix", run_name="__main__", alter_sys=True)
    else:
        runpy.run_path(sys.argv[0], run_name="__main__")
finally:
    print("loaded:", *sys.modules.keys() & set("{HEAVY}".split()), file=sys.stderr)
"""


def call(*arguments: str) -> tuple[int, str, list[str]]:
    """Exit code, output of both kinds, and what was loaded that takes long."""
    done = subprocess.run([sys.executable, "-c", CALLED, *arguments], cwd=ROOT, capture_output=True, text=True)
    said, _, loaded = done.stderr.partition("loaded:")
    return done.returncode, done.stdout + said, loaded.split()


@pytest.mark.parametrize("program", ["app.py", "train.py", "pix2pix", *(f"pix2pix {name}" for name in COMMANDS)])
def test_help_comes_before_anything_that_takes_long(program):
    code, said, loaded = call(*program.split(), "--help")
    assert code == 0 and "usage" in said
    assert loaded == []


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ("pix2pix translate nowhere README.md --output x", "no checkpoint at nowhere"),
        ("pix2pix evaluate facades nowhere missing --data synthetic", "no checkpoint at missing"),
        ("pix2pix evaluate checkpoints/facades --data nowhere", "nowhere does not exist"),
        ("pix2pix export nowhere", "no folder at nowhere"),
        ("pix2pix export checkpoints/facades --int8 nowhere", "nowhere does not exist"),
        ("pix2pix convert nowhere.pth out", "nowhere.pth: no such file"),
        ("pix2pix push nowhere anna/model", "no checkpoint at nowhere"),
        ("pix2pix deploy paint", "'paint' is no name on the Hub"),
        ("pix2pix gallery nowhere --output x.webp", "no checkpoint at nowhere"),
        ("app.py --model nowhere", "no checkpoint at nowhere"),
        ("app.py --data nowhere", "no folder of pairs at nowhere"),
    ],
)
def test_what_is_not_there_is_told_before_anything_that_takes_long(arguments, line):
    code, said, loaded = call(*arguments.split())
    assert code == 2
    assert line in said
    assert loaded == []
