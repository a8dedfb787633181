"""The frontier: what a picture scores against what it costs, for every checkpoint that `evaluate` has scored.

python -m pix2pix evaluate CHECKPOINT... --data DIR --json scores.json
python benchmarks/frontier.py scores.json [--score mean_iou] [--output DIR] [--quick]

Milliseconds are those of 256x256 pixels, each checkpoint as it is served, in turns, so that whatever else the machine
does falls on each alike. The line joins those that score better than every quicker one.
"""

import json
import math
from pathlib import Path

import measuring

from pix2pix import checkpoint, inference
from pix2pix.evaluation.scores import SCORES
from pix2pix.onnx_network import read_header

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
        name: measuring.summary(seconds[name]) | {"parameters": parameters(name), options.score: score}
        for name, score in sorted(scores.items(), key=lambda each: sum(seconds[each[0]]))
    }
    title, better = SCORES[options.score]
    best = frontier(results, options.score, better)
    rows = [
        (
            Path(name).name,
            f"{row['parameters'] / 1e6:.2f}",
            row["median_ms"],
            row["p95_ms"],
            interval(row[options.score]),
        )
        for name, row in results.items()
    ]
    measuring.table(("checkpoint", "M parameters", "median ms", "p95 ms", title), rows)

    def draw(axes) -> None:
        for name, row in results.items():
            score, colour = row[options.score], measuring.OURS if name in best else measuring.PEER
            reach = [[score["value"] - score["low"]], [score["high"] - score["value"]]]
            axes.errorbar(row["median_ms"], score["value"], reach, fmt="o", color=colour, capsize=3)
            side, beside = ("right", (-6, 5)) if name in best else ("left", (6, -13))
            place = row["median_ms"], score["value"]
            axes.annotate(Path(name).name, place, beside, textcoords="offset points", ha=side)
        corners = [(results[name]["median_ms"], results[name][options.score]["value"]) for name in best]
        axes.plot(*zip(*corners, strict=True), color=measuring.OURS, zorder=0)
        if (photos := scored["photos"].get(options.score)) is not None:
            axes.axhline(photos, color=measuring.PEER, linestyle="--")
            axes.annotate("real photos", (0, photos), (4, 3), textcoords="offset points")
        axes.set(title=f"{title} ({better} is better) against cost", xlabel="milliseconds a picture")
        axes.set_xlim(0, 1.15 * max(row["median_ms"] for row in results.values()))

    measuring.report(options, "frontier", results, draw)


def parameters(name: str) -> int:
    """How many numbers a checkpoint's weights are, from the file's header: no network is built."""
    header = json.loads(read_header(checkpoint.find(name) / checkpoint.WEIGHTS))
    return sum(math.prod(entry["shape"]) for key, entry in header.items() if key != "__metadata__")


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
