"""A benchmark as it is run: what it prints and what it leaves behind."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.skipif(not list(ROOT.glob("checkpoints/*/model.onnx")), reason="no checkpoint is bundled")
def test_paths_finds_onnx_runtime_and_torch_alike_and_the_live_model_near_the_best(tmp_path):
    command = [sys.executable, "benchmarks/paths.py", "--data", "synthetic", "--quick", "--output", str(tmp_path)]
    printed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    document = json.loads((tmp_path / "paths.json").read_text())
    paths = document["results"]["paths"]
    assert document["quick"] and document["machine"]["versions"]["onnxruntime"]
    assert (tmp_path / "paths.png").stat().st_size > 10_000
    for name, row in paths.items():
        assert name in printed
        if name.endswith("ONNX Runtime, torch"):
            assert row["greatest_levels"] <= 1 and row["equal_percent"] > 99  # where rounding falls the other way
            assert row["psnr"] is None
        if name.endswith("JPEG, PNG"):
            assert 0 < row["mean_levels"] < 4 and row["ssim"] > 0.95
    live = paths["facades-live, facades"]
    assert 1 < live["mean_levels"] < 25 and 0.5 < live["ssim"] < 1
