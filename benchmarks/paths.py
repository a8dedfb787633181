"""How near the quick paths are to the exact ones: ONNX Runtime to torch, live to refined pictures, JPEG to PNG.

python -m benchmarks.paths --data DIR [--output DIR] [--quick]

For every bundled checkpoint, over all validation pairs of DIR (or `synthetic`), as label images, with several
variations each. Differences in grey levels, of 255; PSNR, SSIM and perceptual distance as in
`python -m pix2pix evaluate`.
"""

from collections.abc import Callable
from itertools import product

import numpy as np

from benchmarks import measuring
from pix2pix import images, inference
from pix2pix.data.decoded import load_pairs
from pix2pix.evaluation import features
from pix2pix.evaluation.metrics import pair_scores
from pix2pix.images import encode
from pix2pix.web.serving import LIVE, listed_models

VARIATIONS = (None, 1, 2)
QUICK_PAIRS = 2

Painter = Callable[[np.ndarray, int | None], np.ndarray]


def main() -> None:
    parser = measuring.flags(__doc__)
    parser.add_argument("--data", required=True, help="folder of pairs, or synthetic")
    options = parser.parse_args()
    models = {name: inference.load(path) for name, path in listed_models(measuring.ROOT / "checkpoints").items()}
    pairs = load_pairs(options.data, "val", next(iter(models.values())).config)
    drawings = [pair.input for pair in pairs[: QUICK_PAIRS if options.quick else len(pairs)]]

    results = {}
    for name, model in models.items():
        exact = inference.load_torch(measuring.ROOT / "checkpoints" / name)
        results[f"{name}: ONNX Runtime, torch"] = compare(model, exact, drawings)
        results[f"{name}: JPEG, PNG"] = compare(through_jpeg(model), model, drawings)
        if best := models.get(name.removesuffix(LIVE)) if name.endswith(LIVE) else None:
            results[f"{name}, {best.name}"] = compare(model, best, drawings)
    print(f"{len(drawings)} validation pairs of {options.data}, {len(VARIATIONS)} variations each")
    head = (
        "quick, exact",
        "mean levels",
        "99.9 %",
        "greatest",
        "equal pixels, %",
        "PSNR, dB",
        "SSIM",
        "perceptual distance",
    )
    cells = [[None if value is None else f"{value:.3g}" for value in row.values()] for row in results.values()]
    measuring.table(head, [(name, *row) for name, row in zip(results, cells, strict=True)])

    def draw(axes) -> None:
        axes.barh(list(results), [row["mean_levels"] for row in results.values()], color=measuring.OURS)
        axes.invert_yaxis()
        axes.set(title="Quick path against exact path", xlabel="mean difference, grey levels of 255", xscale="log")

    measuring.report(options, "paths", {"pairs": len(drawings), "paths": results}, draw)


def compare(quick: Painter, exact: Painter, drawings: list[np.ndarray]) -> dict[str, float | None]:
    """Compare all drawings in all variations; PSNR, SSIM and perceptual distance where any differ visibly.

    Then they are means over the pictures; None where none differs so.
    """
    counts, scores = np.zeros(256, np.int64), []
    for drawing, variation in product(drawings, VARIATIONS):
        ours, theirs = quick(drawing, variation), exact(drawing, variation)
        levels = np.bincount(np.abs(ours.astype(int) - theirs).ravel(), minlength=256)
        counts += levels
        if levels[2:].any():
            distance = features.distance(features.stages(ours), features.stages(theirs))
            scores.append((*pair_scores(ours, theirs)[1:], distance))
    shares = counts / counts.sum()
    psnr, ssim, perceptual = np.mean(scores, axis=0).tolist() if scores else (None, None, None)
    return {
        "mean_levels": float(shares @ np.arange(256)),
        "high_levels": int(np.searchsorted(shares.cumsum(), 0.999)),
        "greatest_levels": int(counts.nonzero()[0][-1]),
        "equal_percent": float(100 * shares[0]),
        "psnr": psnr,
        "ssim": ssim,
        "perceptual_distance": perceptual,
    }


def through_jpeg(model: inference.Translator) -> Painter:
    """The pictures as a browser gets them while somebody draws."""

    def paint(drawing: np.ndarray, variation: int | None) -> np.ndarray:
        return images.read_image(encode(model(drawing, variation), "JPEG"))

    return paint


if __name__ == "__main__":
    main()
