"""Every figure of docs/benchmarks.md, by one command: each benchmark in a process of its own, one after the other.

python -m experiments.all --output DIR [--quick] [--reference PATH] [--data DIR]

DIR gets a JSON file and a plot of each. `--reference` is a clone of pytorch-CycleGAN-and-pix2pix, the peer of the
trainer and the origin of converted weights; `--data` is a folder of published facades pairs. Without them, what needs
them is left out, and said.
"""

import subprocess
import sys
from pathlib import Path

from benchmarks import measuring
from experiments.shapes import SHAPES

ALONE = (
    "benchmarks.start",
    "benchmarks.generators",
    "benchmarks.live_canvas",
    "benchmarks.painters",
    "experiments.asked_colours",
)
BESIDE_PEER = ("benchmarks.training", "experiments.converted")
OF_PAIRS = (
    "experiments.synthetic_statistics",
    "experiments.photo_artifacts",
    "experiments.label_errors",
    "benchmarks.paths",
)


def main() -> None:
    parser = measuring.flags(__doc__)
    parser.add_argument("--reference", type=Path, help="a clone of pytorch-CycleGAN-and-pix2pix")
    parser.add_argument("--data", type=Path, help="folder of published facades pairs")
    options = parser.parse_args()
    if not options.output:
        parser.error("--output DIR is needed: the figures go there")
    output = options.output.resolve()
    quick = ["--quick"] * options.quick
    common = ["--output", output, *quick]
    commands = {name: ["-m", name, *common] for name in ALONE}
    if options.reference:
        for name in BESIDE_PEER:
            commands[name] = ["-m", name, *common, "--reference", options.reference.resolve()]
    else:
        print(f"Left out: {', '.join(BESIDE_PEER)} (give --reference)")
    if options.data:
        data, scores = ["--data", options.data.resolve()], ["--json", output / "scores.json"]
        commands |= {name: ["-m", name, *common, *data] for name in OF_PAIRS}
        commands["shapes"] = ["-m", "experiments.shapes", *quick, *data, "--output", output / "shapes"]
        scored = sorted(path.parent for path in measuring.ROOT.glob("checkpoints/*/config.json"))
        scored += [output / "shapes" / name for name in SHAPES]
        commands["evaluate"] = ["-m", "pix2pix", "evaluate", *scored, *data, *scores]
        commands["frontier"] = ["-m", "experiments.frontier", scores[-1], *common]
    else:
        print(f"Left out: {', '.join(OF_PAIRS)}, shapes, evaluate, frontier (give --data)")

    failed = []
    for name, arguments in commands.items():
        print(f"\n== {name}\n", flush=True)
        if subprocess.run([sys.executable, *map(str, arguments)], check=False, cwd=measuring.ROOT).returncode:
            failed.append(name)
    if failed:
        sys.exit(f"Failed: {', '.join(failed)}")


if __name__ == "__main__":
    main()
