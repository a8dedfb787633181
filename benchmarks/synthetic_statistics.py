"""Procedural facades against real ones: area share and number of elements of each class.

    python benchmarks/synthetic_statistics.py --data DATASETS/facades/train [--count 288] [--json FILE]

DIR holds published facades pairs (photo left, label image right). Their labels went through JPEG and are cleaned
first; the synthetic ones go through the same JPEG and the same cleaning, so that both sides are measured alike.
The last lines time the generator on one core.
"""

import argparse
import json
import sys
import time
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[1]))

from pix2pix.labels import NAMES, colorize, shares
from pix2pix.synthetic import facade, label_map, pair_seed
from pix2pix.synthetic.statistics import components, labels_from_jpeg


def main() -> None:
    parser = argparse.ArgumentParser(description="Class shares and element counts of synthetic and real facades.")
    parser.add_argument("--data", type=Path, required=True, help="folder of published facades pairs (*.jpg)")
    parser.add_argument("--count", type=int, default=288, help="how many facades of each side, at most")
    parser.add_argument("--json", type=Path, help="also write the numbers here")
    arguments = parser.parse_args()

    paths = sorted(arguments.data.glob("*.jpg"))[: arguments.count]
    if not paths:
        parser.error(f"{arguments.data} holds no *.jpg; give the folder of the published pairs, e.g. facades/train")
    real = measure(read_labels(path) for path in paths)
    synthetic = measure(through_jpeg(label_map(pair_seed("train", index))) for index in range(arguments.count))
    timings = {"label_map_ms": milliseconds(label_map), "facade_ms": milliseconds(facade)}

    print(f"{len(paths)} real, {arguments.count} synthetic facades; share in % of the area, elements per picture")
    print(f"{'class':12}{'real share':>16}{'synthetic':>16}{'real elements':>17}{'synthetic':>16}")
    for name in [*NAMES, "all"]:
        cells = [f"{side[kind][name]['mean']:8.2f} ± {side[kind][name]['sd']:5.2f}"
                 for kind in ("share", "elements") for side in (real, synthetic)]  # fmt: skip
        print(f"{name:12}" + "".join(cells))
    print(", ".join(f"{name} {value:.1f}" for name, value in timings.items()))
    if arguments.json:
        arguments.json.write_text(json.dumps({"real": real, "synthetic": synthetic, "timings": timings}, indent=1))


def read_labels(path: Path) -> np.ndarray:
    """The label map of one published pair."""
    pair = np.asarray(Image.open(path).convert("RGB"))
    return labels_from_jpeg(pair[:, pair.shape[1] // 2 :])


def through_jpeg(labels: np.ndarray) -> np.ndarray:
    """The label map as it would come back from a published pair."""
    file = BytesIO()
    Image.fromarray(colorize(labels)).save(file, "JPEG", quality=95)
    return labels_from_jpeg(np.asarray(Image.open(file)))


def measure(maps) -> dict:
    """Mean and sd of share (%) and elements, per class and for all together."""
    maps = list(maps)
    share = 100 * np.array([shares(labels) for labels in maps])
    elements = np.array([components(labels) for labels in maps])
    return {
        kind: {
            name: {"mean": float(column.mean()), "sd": float(column.std())}
            for name, column in zip([*NAMES, "all"], [*values.T, values.sum(axis=1)], strict=True)
        }
        for kind, values in (("share", share), ("elements", elements))
    }


def milliseconds(draw, count: int = 40) -> float:
    """Mean time of one picture of 256x256."""
    draw(0)
    start = time.perf_counter()
    for seed in range(count):
        draw(seed)
    return 1000 * (time.perf_counter() - start) / count


if __name__ == "__main__":
    main()
