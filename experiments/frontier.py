"""The frontier: what a picture scores against what it costs, for every checkpoint that `evaluate` has scored.

python -m pix2pix evaluate CHECKPOINT... --data DIR --json scores.json
python -m experiments.frontier scores.json [--score mean_iou] [--output DIR] [--quick]

Milliseconds are those of 256x256 pixels, each checkpoint as it is served, in turns, so that whatever else the machine
does falls on each alike. The line joins those that score better than every quicker one.
"""

import json
import math
import tempfile
from pathlib import Path

import onnxruntime

from benchmarks import measuring
from pix2pix import inference, synthetic
from pix2pix.evaluation.scores import SCORES
from pix2pix.inference import checkpoint
from pix2pix.inference.onnx_session import read_header

ROUNDS, QUICK_ROUNDS = 60, 5


def main() -> None:
    parser = measuring.flags(__doc__)
    parser.add_argument("scores", type=Path, help="the JSON file of evaluate")
    parser.add_argument("--score", choices=SCORES, default="mean_iou", help="which score; mean_iou if not given")
    options = parser.parse_args()
    scored = json.loads(options.scores.read_text(encoding="utf-8"))
    scores = {each["checkpoint"]: each["scores"][options.score] for each in scored["checkpoints"]}
    translators = {name: inference.load(name) for name in scores}
    seconds = measuring.pictures_in_turns(translators, QUICK_ROUNDS if options.quick else ROUNDS)
    results = {
        name: measuring.summary(seconds[name])
        | {"parameters": parameters(name), "multiplications": multiplications(name, translators[name])}
        | {options.score: score}
        for name, score in sorted(scores.items(), key=lambda each: sum(seconds[each[0]]))
    }
    title, better = SCORES[options.score]
    best = frontier(results, options.score, better)
    rows = [
        (
            Path(name).name,
            f"{row['parameters'] / 1e6:.2f}",
            f"{row['multiplications'] / 1e6:.0f}",
            row["median_ms"],
            row["p95_ms"],
            interval(row[options.score]),
        )
        for name, row in results.items()
    ]
    measuring.table(("checkpoint", "M parameters", "M multiplications", "median ms", "p95 ms", title), rows)

    def draw(axes) -> None:
        for name, row in results.items():
            score, colour = row[options.score], measuring.OURS if name in best else measuring.PEER
            reach = [[score["value"] - score["low"]], [score["high"] - score["value"]]]
            axes.errorbar(row["median_ms"], score["value"], reach, fmt="o", color=colour, elinewidth=0.8)
        corners = [(results[name]["median_ms"], results[name][options.score]["value"]) for name in best]
        axes.plot(*zip(*corners, strict=True), color=measuring.OURS, zorder=0)
        if (photos := scored["photos"].get(options.score)) is not None:
            axes.axhline(photos, color=measuring.PEER, linestyle="--")
            axes.annotate("real photos", (1, photos), (-4, -12), ("axes fraction", "data"), "offset points", ha="right")
        axes.set(title=f"{title} ({better} is better) against cost", xlabel="milliseconds a picture", xscale="log")
        axes.xaxis.set_major_formatter("{x:g}")
        axes.xaxis.set_minor_formatter("{x:g}")
        axes.tick_params(which="both", length=3, pad=4)
        label(axes, {name: (row["median_ms"], row[options.score]["value"]) for name, row in results.items()})

    measuring.report(options, "frontier", results, draw)


def label(axes, points: dict[str, tuple[float, float]]) -> None:
    """Name the points in a column to the right of the plot, from the highest down, each with a line to its own."""
    low, high = axes.get_ylim()
    gap, height = (high - low) / 14, high
    for name, (x, y) in sorted(points.items(), key=lambda each: -each[1][1]):
        height = min(y, height - gap)
        line = {"arrowstyle": "-", "color": measuring.PEER, "linewidth": 0.6, "relpos": (0, 0.5)}
        place = axes.get_yaxis_transform()  # the plot's right edge across, data upwards
        axes.annotate(Path(name).name, (x, y), (1.03, height), "data", place, line, va="center", fontsize=8)


def parameters(name: str) -> int:
    """How many numbers a checkpoint's weights are, from the file's header: no network is built."""
    header = json.loads(read_header(checkpoint.find(name) / checkpoint.WEIGHTS))
    return sum(math.prod(entry["shape"]) for key, entry in header.items() if key != "__metadata__")


def multiplications(name: str, translator: inference.Translator) -> int:
    """In the convolutions of one picture of 256x256, from the shapes that ONNX Runtime notes as it paints one."""
    inputs, latents = translator.network_inputs(synthetic.label_map(0))
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC  # channels not yet in blocks
    options.add_session_config_entry("session.disable_prepacking", "1")  # packed filters have no shape
    options.enable_profiling = True
    with tempfile.TemporaryDirectory() as folder:
        options.profile_file_prefix = str(Path(folder) / "profile")
        session = onnxruntime.InferenceSession(checkpoint.find(name) / checkpoint.ONNX, options)
        names = [each.name for each in session.get_inputs()]
        session.run(None, dict(zip(names, (inputs, *latents), strict=True)))
        events = json.loads(Path(session.end_profiling()).read_text())
    convolutions = [each["args"] for each in events if each["args"].get("op_name") in ("Conv", "ConvTranspose")]
    return sum(_multiplied(each) for each in convolutions if "output_type_shape" in each)


def _multiplied(convolution: dict) -> int:
    """Every number of a convolution's result, or of what a transposed one is given, meets one filter of every other."""
    (x, weight, *_), (result,) = (
        [next(iter(each.values())) for each in convolution[side]] for side in ("input_type_shape", "output_type_shape")
    )
    return math.prod(result if convolution["op_name"] == "Conv" else x) * math.prod(weight[1:])


def frontier(results: dict[str, dict], score: str, better: str) -> list[str]:
    """The names of those that score better than every quicker one, quickest first."""
    sign, best = (1 if better == "higher" else -1), []
    for name in sorted(results, key=lambda each: results[each]["median_ms"]):
        if not best or sign * (results[name][score]["value"] - results[best[-1]][score]["value"]) > 0:
            best.append(name)
    return best


def interval(score: dict) -> str:
    return f"{score['value']:.3g} [{score['low']:.3g}, {score['high']:.3g}]"


if __name__ == "__main__":
    main()
