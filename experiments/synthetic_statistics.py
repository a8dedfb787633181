"""Procedural facades against real ones: area share and number of elements of each class.

    python -m experiments.synthetic_statistics --data DATASETS/facades/train [--count 288] [--output DIR]

DIR holds published facades pairs (photo left, label image right). Their labels went through JPEG and are cleaned
first; the synthetic ones go through the same JPEG and the same cleaning, so that both sides are measured alike.
The last lines time the generator on one core.
"""

import time
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks import measuring
from pix2pix.images import read_image, split_pair
from pix2pix.labels import NAMES, colorize, shares
from pix2pix.synthetic import facade, label_map, pair_seed
from pix2pix.synthetic.statistics import components, labels_from_jpeg

QUICK_COUNT = 12


def main() -> None:
    parser = measuring.flags(__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of published facades pairs (*.jpg)")
    parser.add_argument("--count", type=int, default=288, help="how many facades of each side, at most")
    arguments = parser.parse_args()
    if arguments.quick:
        arguments.count = min(arguments.count, QUICK_COUNT)

    paths = sorted(arguments.data.rglob("*.jpg"))[: arguments.count]
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

    def draw(axes) -> None:
        names, height = np.arange(len(NAMES)), 0.4
        for shift, side, label, colour in (
            (0, real, "real", measuring.PEER),
            (height, synthetic, "drawn", measuring.OURS),
        ):
            axes.barh(names + shift, [side["share"][name]["mean"] for name in NAMES], height, label=label, color=colour)
        axes.set_yticks(names + height / 2, NAMES)
        axes.invert_yaxis()
        axes.set(title="Share of the area", xlabel="%")
        axes.legend()

    results = {"real": real, "synthetic": synthetic, "timings": timings}
    measuring.report(arguments, "synthetic_statistics", results, draw)


def read_labels(path: Path) -> np.ndarray:
    """The label map of one published pair."""
    return labels_from_jpeg(split_pair(read_image(path))[1])


def through_jpeg(labels: np.ndarray) -> np.ndarray:
    """The label map as it would come back from a published pair."""
    file = BytesIO()
    Image.fromarray(colorize(labels)).save(file, "JPEG", quality=95)
    return labels_from_jpeg(read_image(file.getvalue()))


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
