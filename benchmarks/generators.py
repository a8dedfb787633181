"""Milliseconds a picture: the paper's generator in eager torch, the same on ONNX Runtime, and the bundled one.

python benchmarks/generators.py [--checkpoint FOLDER] [--json FILE]

All in one run, in turns, so that whatever else the machine does falls on each alike. 256x256 pixels, one picture.
"""

import argparse
import json
import platform
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import onnxruntime
import torch

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from pix2pix import checkpoint, export, inference, labels, synthetic  # noqa: E402
from pix2pix.config import PRESETS  # noqa: E402
from pix2pix.machine import available_cores  # noqa: E402
from pix2pix.networks import build_generator  # noqa: E402

ROUNDS = 30


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--checkpoint", type=Path, default=ROOT / "checkpoints" / "facades")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(available_cores())

    with tempfile.TemporaryDirectory() as folder:
        paper = Path(folder) / "paper"
        checkpoint.save(paper, PRESETS["paper"], build_generator(PRESETS["paper"]), "")
        export.add_onnx(paper, *checkpoint.load(paper))
        contenders = {
            "paper, eager torch": inference.load_torch(paper),
            "paper, ONNX Runtime": inference.load(paper),
            f"{options.checkpoint.name}, eager torch": inference.load_torch(options.checkpoint),
            f"{options.checkpoint.name}, ONNX Runtime": inference.load(options.checkpoint),
        }
        seconds = {name: [] for name in contenders}
        for turn in range(ROUNDS + 3):
            drawing = labels.colorize(synthetic.label_map(turn))
            for name, translator in contenders.items():
                start = time.perf_counter()
                translator(drawing)
                if turn >= 3:  # the first pictures warm up
                    seconds[name].append(time.perf_counter() - start)

    report = {name: summary(times) for name, times in seconds.items()}
    slowest = report["paper, eager torch"]["median_ms"]
    for name, row in report.items():
        row["speed_up"] = slowest / row["median_ms"]
        print(f"{name:28} median {row['median_ms']:7.1f} ms   p95 {row['p95_ms']:7.1f} ms   {row['speed_up']:5.1f}x")
    versions = {"torch": torch.__version__, "onnxruntime": onnxruntime.__version__, "numpy": np.__version__}
    machine = {"machine": platform.platform(), "cores": available_cores(), "rounds": ROUNDS, **versions}
    print(", ".join(f"{key} {value}" for key, value in machine.items()))
    if options.json:
        options.json.write_text(json.dumps({"machine": machine, "results": report}, indent=2) + "\n")


def summary(times: list[float]) -> dict[str, float]:
    return {"median_ms": 1e3 * statistics.median(times), "p95_ms": 1e3 * statistics.quantiles(times, n=20)[-1]}


if __name__ == "__main__":
    main()
