"""Photo -> drawing -> photo: how well the segmenter reads, and what its drawings become, beside the true labels.

python -m benchmarks.round_trip --data data/facades [--model facades] [--segmenter FOLDER] [--sheet FILE.png]

Reading: scores of the labels against those of the data set, of all that the network sees and of its rectangles; and
elements, connected areas of at least 0.06 % of the picture that are neither wall nor background, over the true ones, in
all and by class.
Painting: each generated from labels, in the colours and the style of the photo, against the photo.
"""

import argparse
import time
from pathlib import Path

import numpy as np

from pix2pix import images, inference, labels
from pix2pix.config import Config
from pix2pix.data.decoded import load_pairs
from pix2pix.evaluation import features, segmentation
from pix2pix.evaluation.distances import KernelDistance
from pix2pix.evaluation.scores import fcn_score
from pix2pix.inference.rectangles import BASE, areas, tidied
from pix2pix.inference.segmenter import load_segmenter

MIN_ELEMENT = 0.0006  # of the picture: 40 pixels of 256x256
SHOWN = 6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True)
    parser.add_argument("--model", default="facades")
    parser.add_argument("--segmenter", type=Path)
    parser.add_argument("--sheet", type=Path, help="photo, what is seen, drawing, generated of some pairs")
    options = parser.parse_args()
    network, translator = load_segmenter(options.segmenter), inference.load(options.model)
    pairs = load_pairs(options.data, "val", Config.of())
    found, raw, seconds = [], [], []
    for pair in pairs:
        photo = np.ascontiguousarray(pair.target)
        raw.append(inference.segment(photo, translator, raw=True, segmenter=network).labels)
        start = time.perf_counter()
        found.append(inference.segment(photo, translator, segmenter=network))
        seconds.append(time.perf_counter() - start)
    drawings = {"true": [pair.input for pair in pairs], "seen": raw, "rectangles": [each.labels for each in found]}
    true = [pair.input for pair in pairs]
    print(
        f"{len(found)} photos; {1000 * np.median(seconds):.0f} ms each at the median, {1000 * min(seconds):.0f} the "
        f"fastest; {1000 * _tidying(raw):.0f} of them for rectangles"
    )
    for name in ("seen", "rectangles"):
        _print_reading(name, drawings[name], true)
    _print_elements(drawings["rectangles"], true)
    painted = {
        name: [
            translator(one, style=each.style, wall=each.wall, sky=each.sky)
            for one, each in zip(some, found, strict=True)
        ]
        for name, some in drawings.items()
    }
    _print_painting(painted, [pair.target for pair in pairs])
    if options.sheet:
        places = np.linspace(0, len(found) - 1, SHOWN).astype(int)
        columns = [
            [found[at].photo, *(labels.colorize(drawings[name][at]) for name in drawings), painted["rectangles"][at]]
            for at in places
        ]
        images.write_png(options.sheet, images.grid(list(zip(*columns, strict=True))))


def _print_reading(name: str, read: list[np.ndarray], true: list[np.ndarray]) -> None:
    scores = fcn_score(sum(segmentation.confusion(*both) for both in zip(read, true, strict=True)))
    found, expected = (np.array([_elements(drawing).sum() for drawing in drawings]) for drawings in (read, true))
    ratios, total = found / np.maximum(expected, 1), found.sum() / expected.sum()
    print(
        f"{name:11} mean IoU {scores['mean_iou']:.3f}, pixel accuracy {scores['pixel_accuracy']:.3f}; elements "
        f"over the true ones {total:.2f} in all, {np.median(ratios):.2f} in the median picture, "
        f"{np.mean(abs(ratios - 1) <= 0.2):.0%} of the pictures within 20 %"
    )


def _print_elements(read: list[np.ndarray], true: list[np.ndarray]) -> None:
    found, expected = (sum(map(_elements, drawings)) for drawings in (read, true))
    for label, name in enumerate(labels.NAMES):
        if label not in BASE:
            ratio = found[label] / max(expected[label], 1)
            print(f"{name:11} {found[label]} elements, {expected[label]} true ones: {ratio:.2f}")


def _print_painting(painted: dict[str, list[np.ndarray]], photos: list[np.ndarray]) -> None:
    real = [features.stages(photo) for photo in photos]
    every = np.arange(len(photos))
    for name, pictures in painted.items():
        seen = [features.stages(picture) for picture in pictures]
        distance = np.mean([features.distance(*both) for both in zip(seen, real, strict=True)])
        kernel = KernelDistance(*(np.array([features.overall(each) for each in some]) for some in (real, seen)))(every)
        print(f"painted from {name:11} perceptual distance {distance:.3f}, KID {kernel:.1f}")


def _elements(drawing: np.ndarray) -> np.ndarray:
    """How many elements of each class `(12,)`."""
    counts = np.zeros(len(labels.NAMES), int)
    for label, some in areas(drawing).items():
        if label not in BASE:
            counts[label] = sum(area.mask.sum() >= MIN_ELEMENT * drawing.size for area in some)
    return counts


def _tidying(raw: list[np.ndarray]) -> float:
    start = time.perf_counter()
    for each in raw:
        tidied(each)
    return (time.perf_counter() - start) / len(raw)


if __name__ == "__main__":
    main()
