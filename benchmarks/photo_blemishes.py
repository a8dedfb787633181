"""What real photos score in the measures of drawings by hand: where the limits of `pix2pix.robustness` come from.

    python benchmarks/photo_blemishes.py --data DATASETS/facades [--json FILE]

DIR holds published facades pairs (photo left, label image right), in itself or in folders.
"""

import argparse
import json
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from pix2pix import images
from pix2pix.blemishes import blemishes
from pix2pix.synthetic.statistics import labels_from_jpeg

PERCENTILES = (5, 25, 50, 75, 95)


def main() -> None:
    parser = argparse.ArgumentParser(description="Percentiles of the blemishes of real photos.")
    parser.add_argument("--data", type=Path, required=True, help="folder of published facades pairs (*.jpg)")
    parser.add_argument("--json", type=Path, help="also write the numbers here")
    arguments = parser.parse_args()

    paths = sorted(arguments.data.rglob("*.jpg"))
    if not paths:
        parser.error(f"{arguments.data} holds no *.jpg; give the folder of the published pairs, e.g. facades")
    scores = [measure(path) for path in paths]
    found = {}
    print(f"{len(paths)} photos{'of them':>12}" + "".join(f"{percentile:>9}%" for percentile in PERCENTILES))
    for name in scores[0]:
        values = np.array([each[name] for each in scores])
        values = values[~np.isnan(values)]
        found[name] = np.percentile(values, PERCENTILES).tolist()
        print(f"{name:12}{values.size:12}" + "".join(f"{value:10.3f}" for value in found[name]))
    if arguments.json:
        facts = {"photos": len(paths), "percentiles": PERCENTILES, "scores": found}
        arguments.json.write_text(json.dumps(facts, indent=1) + "\n")


def measure(path: Path) -> dict[str, float]:
    """The blemishes of one photo, and what it costs to lay it one pixel out of place, as `shift` is measured."""
    photo, labels = images.split_pair(images.read_image(path))
    values = images.normalize(photo.astype(np.float64))
    misplaced = (np.abs(np.diff(values, axis=0)).mean() + np.abs(np.diff(values, axis=1)).mean()) / 2
    return blemishes(labels_from_jpeg(labels), photo) | {"misplaced": float(misplaced)}


if __name__ == "__main__":
    main()
