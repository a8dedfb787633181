"""The canvas's logic apart from the page, in Node's own test runner; and that both languages agree."""

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from pix2pix.labels import decode_runs, encode_runs

JS_TESTS = Path(__file__).parent / "js"
MODULES = Path(__file__).parents[2] / "pix2pix" / "web" / "canvas" / "js"
NODE = shutil.which("node")

pytestmark = pytest.mark.skipif(NODE is None, reason="node is not installed")


@pytest.mark.parametrize("file", sorted(JS_TESTS.rglob("*.test.mjs")), ids=lambda path: path.stem)
def test_logic_in_node(file):
    result = subprocess.run([NODE, "--test", file], capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, result.stdout + result.stderr


def test_python_and_javascript_write_the_same_runs():
    labels = np.random.default_rng(0).integers(0, 12, (256, 256)).astype(np.uint8)
    labels[:200] = 1  # runs longer than a u16, and runs of one
    script = (
        f'import {{ decodeRuns, encodeRuns }} from "{MODULES.as_uri()}/model/runs.js";'
        "let text = ''; for await (const chunk of process.stdin) text += chunk;"
        "console.log(JSON.stringify(encodeRuns(decodeRuns(text, 65536, 12))));"
    )
    command = [NODE, "--input-type=module", "--eval", script]
    result = subprocess.run(command, input=encode_runs(labels), capture_output=True, text=True, check=True, timeout=60)
    text = json.loads(result.stdout)
    assert text == encode_runs(labels)
    assert (decode_runs(text, 256, 256) == labels).all()
