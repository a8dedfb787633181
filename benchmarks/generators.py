"""Milliseconds a picture: the paper's generator in eager torch, on ONNX Runtime and in int8, and the bundled ones.

python -m benchmarks.generators [--checkpoint FOLDER] [--output DIR] [--quick]

All in one run, in turns, so that whatever else the machine does falls on each alike. 256x256 pixels, one picture.
"""

import shutil
import tempfile
from pathlib import Path

import torch

from benchmarks import measuring
from pix2pix import inference
from pix2pix.commands import export as export_command
from pix2pix.inference import checkpoint
from pix2pix.networks import build_generator
from pix2pix.recipes import RECIPES
from pix2pix.utils import available_cores

ROUNDS, QUICK_ROUNDS = 60, 5


def main() -> None:
    parser = measuring.flags(__doc__)
    parser.add_argument("--checkpoint", type=Path, default=measuring.ROOT / "checkpoints" / "facades")
    options = parser.parse_args()
    rounds = QUICK_ROUNDS if options.quick else ROUNDS
    torch.set_num_threads(available_cores())

    with tempfile.TemporaryDirectory() as folder:
        paper, int8, bundled = Path(folder) / "paper", Path(folder) / "int8", options.checkpoint
        checkpoint.save(paper, RECIPES["paper"], build_generator(RECIPES["paper"].architecture), "")
        shutil.copytree(paper, int8)
        export_command.export(paper)
        export_command.export(int8, int8="synthetic")
        contenders = {
            "paper, eager torch": inference.load_torch(paper),
            "paper, ONNX Runtime": inference.load(paper),
            "paper, ONNX Runtime, int8": inference.load(int8),
            f"{bundled.name}, ONNX Runtime": inference.load(bundled),
        }
        if (fast := bundled.with_name(f"{bundled.name}-live")).is_dir():
            contenders[f"{fast.name}, ONNX Runtime"] = inference.load(fast)
        seconds = measuring.pictures_in_turns(contenders, rounds)

    results = {name: measuring.summary(times) for name, times in seconds.items()}
    slowest = results["paper, eager torch"]["median_ms"]
    for row in results.values():
        row["speed_up"] = round(slowest / row["median_ms"], 2)
    rows = [(name, row["median_ms"], row["p95_ms"], row["n"], row["speed_up"]) for name, row in results.items()]
    measuring.table(("generator", "median ms", "p95 ms", "n", "times as fast"), rows)

    def draw(axes) -> None:
        colours = [measuring.OURS if "ONNX" in name else measuring.PEER for name in results]
        axes.barh(list(results), [row["median_ms"] for row in results.values()], color=colours)
        axes.invert_yaxis()
        axes.set(title="One picture of 256x256, median", xlabel="milliseconds")

    measuring.report(options, "generators", results, draw)


if __name__ == "__main__":
    main()
