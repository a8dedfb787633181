"""What all benchmarks share: their flags, the facts of the machine, median and p95, and a JSON file with a plot."""

import argparse
import json
import os
import platform
import time
from collections.abc import Callable, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pix2pix.utils import available_cores, write_atomically

ROOT = Path(__file__).resolve().parents[1]
os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")  # nothing that is measured asks the network


PACKAGES = ("gradio", "numpy", "onnxruntime", "pillow", "torch")
PICTURES_BEFORE = 3  # a contender that are not counted
LEFT = "left"
OURS, PEER = "#2f6f8f", "#b9b4aa"
LOOK = {
    "figure.facecolor": "white",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#888",
    "axes.titlelocation": LEFT,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#e8e8e4",
    "font.size": 10,
    "legend.frameon": False,
}


def flags(description: str) -> argparse.ArgumentParser:
    """A parser with the flags of every benchmark; `description` is its module's docstring."""
    parser = argparse.ArgumentParser(description=description.splitlines()[0])
    parser.add_argument("--output", type=Path, help="folder that takes NAME.json and NAME.png")
    parser.add_argument("--quick", action="store_true", help="a smoke run: fewer repetitions, figures not to be quoted")
    return parser


def in_turns(contenders: dict[str, Callable[[int], object]], rounds: int, warm_up: int) -> dict[str, list[float]]:
    """Seconds of each of `rounds` calls with the turn's number, by contender, after `warm_up` that are not counted.

    One after the other in every turn, so that whatever else the machine does falls on each alike.
    """
    seconds = {name: [] for name in contenders}
    for turn in range(warm_up + rounds):
        for name, call in contenders.items():
            start = time.perf_counter()
            call(turn)
            if turn >= warm_up:
                seconds[name].append(time.perf_counter() - start)
    return seconds


def pictures_in_turns(translators: dict, rounds: int) -> dict[str, list[float]]:
    """Seconds of each of `rounds` pictures of 256x256 pixels, by translator; the drawings are made before."""
    from pix2pix import synthetic

    drawings = [synthetic.label_map(turn) for turn in range(PICTURES_BEFORE + rounds)]

    def painter(translator):
        return lambda turn: translator(drawings[turn])

    return in_turns({name: painter(each) for name, each in translators.items()}, rounds, PICTURES_BEFORE)


def summary(seconds: Sequence[float]) -> dict[str, float]:
    """n, median, 95th percentile and maximum in milliseconds; `{"n": 0}` of nothing."""
    if not len(seconds):
        return {"n": 0}
    milliseconds = 1000 * np.asarray(seconds)
    middle, high, most = np.percentile(milliseconds, (50, 95, 100)).round(2).tolist()
    return {"n": len(milliseconds), "median_ms": middle, "p95_ms": high, "max_ms": most}


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print a Markdown table, ready for docs/benchmarks.md; floats with one decimal, None as a dash."""
    texts = [[_cell(cell) for cell in row] for row in (head, *rows)]
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    texts.insert(1, ["-" * width for width in widths])
    for row in texts:
        print("| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |")


def report(options: argparse.Namespace, name: str, results: dict, draw: Callable[[Axes], None]) -> None:
    """Print where this was measured, and write `results` and their plot into `--output` where it is given."""
    facts = machine()
    print(", ".join([facts["cpu"], f"{facts['cores']} cores", *(f"{k} {v}" for k, v in facts["versions"].items())]))
    if not options.output:
        return
    options.output.mkdir(parents=True, exist_ok=True)
    document = {"machine": facts, "quick": options.quick, "results": results}
    write_atomically(options.output / f"{name}.json", (json.dumps(document, indent=2) + "\n").encode())
    with rc_context(LOOK):
        figure = Figure(figsize=(7, 3.6), layout="constrained")
        axes = figure.subplots()
        draw(axes)
        if options.quick:
            axes.set_title(f"{axes.get_title(LEFT)} (smoke run)")
        figure.savefig(options.output / f"{name}.png", dpi=150)


def machine() -> dict:
    """CPU, cores that this process may use, memory, system, and the versions of what does the work."""
    return {
        "cpu": _cpu(),
        "cores": available_cores(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "system": platform.platform(),
        "versions": {"python": platform.python_version(), **{name: _version(name) for name in PACKAGES}},
    }


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _cell(value: object) -> str:
    return "-" if value is None else f"{value:,.1f}" if isinstance(value, float) else str(value)
