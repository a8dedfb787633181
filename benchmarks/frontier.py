"""The frontier: what a picture scores against what it costs, for every checkpoint that `evaluate` has scored.

python -m pix2pix evaluate CHECKPOINT... --data DIR --json scores.json
python benchmarks/frontier.py scores.json [--output DIR] [--quick]

Milliseconds are those of 256x256 pixels on ONNX Runtime, one checkpoint after the other, each in a session of its own.
"""

import json
import tempfile
import time
from pathlib import Path

import measuring

from pix2pix import checkpoint, export, inference, synthetic

ROUNDS, QUICK_ROUNDS = 60, 5
WARM_UP = 3  # rounds that are not counted


def main() -> None:
    parser = measuring.flags(__doc__)
    parser.add_argument("scores", type=Path, help="the JSON file of evaluate")
    options = parser.parse_args()
    scored = json.loads(options.scores.read_text(encoding="utf-8"))
    results = {}
    for each in scored["checkpoints"]:
        config, generator = checkpoint.load(each["checkpoint"])
        row = measuring.summary(timed(config, generator, QUICK_ROUNDS if options.quick else ROUNDS))
        row["parameters"] = sum(weights.numel() for weights in generator.parameters())
        results[each["checkpoint"]] = row | {key: each["scores"][key] for key in ("mean_iou", "kid_lite2")}
    rows = [
        (
            Path(name).name,
            round(row["parameters"] / 1e6, 1),
            row["median_ms"],
            row["p95_ms"],
            interval(row["mean_iou"]),
            interval(row["kid_lite2"]),
        )
        for name, row in results.items()
    ]
    measuring.table(("checkpoint", "M parameters", "median ms", "p95 ms", "FCN mean IoU", "KID (lite2)"), rows)

    def draw(axes) -> None:
        for name, row in results.items():
            score = row["mean_iou"]
            reach = [[score["value"] - score["low"]], [score["high"] - score["value"]]]
            axes.errorbar(row["median_ms"], score["value"], reach, fmt="o", color=measuring.OURS, capsize=3)
            axes.annotate(Path(name).name, (row["median_ms"], score["value"]), (6, 4), textcoords="offset points")
        axes.axhline(scored["photos"]["mean_iou"], color=measuring.PEER, linestyle="--")
        axes.annotate("real photos", (0, scored["photos"]["mean_iou"]), (4, 3), textcoords="offset points")
        axes.set(
            title="FCN mean IoU (higher is better) against cost", xlabel="milliseconds a picture", ylabel="mean IoU"
        )
        axes.set_xlim(left=0)

    measuring.report(options, "frontier", results, draw)


def interval(score: dict) -> str:
    return f"{score['value']:.3g} [{score['low']:.3g}, {score['high']:.3g}]"


def timed(config, generator, rounds: int) -> list[float]:
    """Seconds of each of `rounds` pictures."""
    with tempfile.TemporaryDirectory() as folder:
        own = Path(folder) / "checkpoint"
        checkpoint.save(own, config, generator, "")
        export.add_onnx(own, config, generator)
        translator, seconds = inference.load(own), []
        for turn in range(rounds + WARM_UP):
            drawing = synthetic.label_map(turn)
            start = time.perf_counter()
            translator(drawing)
            seconds.append(time.perf_counter() - start)
    return seconds[WARM_UP:]


if __name__ == "__main__":
    main()
