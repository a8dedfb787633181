"""Real photos, by the measures of drawings by hand: where the limits of `pix2pix.evaluation.robustness` come from.

    python -m experiments.photo_artifacts --data DATASETS/facades [--output DIR]

DIR holds published facades pairs (photo left, label image right), in itself or in folders.
"""

from pathlib import Path

import numpy as np

from benchmarks import measuring
from pix2pix import images
from pix2pix.evaluation.artifacts import find_artifacts
from pix2pix.synthetic.statistics import labels_from_jpeg

PERCENTILES = (5, 25, 50, 75, 95)
QUICK_COUNT = 12


def main() -> None:
    parser = measuring.flags(__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of published facades pairs (*.jpg)")
    options = parser.parse_args()

    paths = sorted(options.data.rglob("*.jpg"))[: QUICK_COUNT if options.quick else None]
    if not paths:
        parser.error(f"{options.data} holds no *.jpg; give the folder of the published pairs, e.g. facades")
    scores = [measure(path) for path in paths]
    found = {}
    print(f"{len(paths)} photos{'of them':>12}" + "".join(f"{percentile:>9}%" for percentile in PERCENTILES))
    for name in scores[0]:
        values = np.array([each[name] for each in scores])
        values = values[~np.isnan(values)]
        found[name] = np.percentile(values, PERCENTILES).tolist()
        print(f"{name:12}{values.size:12}" + "".join(f"{value:10.3f}" for value in found[name]))

    def draw(axes) -> None:
        values = np.array(list(found.values()))
        least, low, _, high, most = (values / values[:, [2]]).T
        places = np.arange(len(found))
        axes.hlines(places, least, most, color=measuring.PEER)
        axes.barh(places, high - low, left=low, height=0.5, color=measuring.OURS)
        axes.set_yticks(places, found)
        axes.invert_yaxis()
        axes.set(title="Artifacts of real photos: half of them, and nine tenths", xlabel="as many times the median")

    results = {"photos": len(paths), "percentiles": PERCENTILES, "scores": found}
    measuring.report(options, "photo_artifacts", results, draw)


def measure(path: Path) -> dict[str, float]:
    """The artifacts of one photo, and what it costs to lay it one pixel out of place, as `shift` is measured."""
    photo, labels = images.split_pair(images.read_image(path))
    values = images.normalize(photo.astype(np.float64))
    misplaced = (np.abs(np.diff(values, axis=0)).mean() + np.abs(np.diff(values, axis=1)).mean()) / 2
    return find_artifacts(labels_from_jpeg(labels), photo) | {"misplaced": float(misplaced)}


if __name__ == "__main__":
    main()
