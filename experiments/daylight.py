"""How bright walls and windows are from roof to street, in photos and in the pictures of checkpoints.

    python -m experiments.daylight [CHECKPOINT ...] --data data/facades [--split train] [--output DIR]

Each as a part of the mean of all walls, or windows, of a picture; label maps are corrected by their photos first, and
checkpoints paint in their named styles in turn. Where `experiments.retouch` has its light from.
"""

import numpy as np
from tqdm import tqdm

from benchmarks import measuring
from pix2pix import inference, labels
from pix2pix.data.decoded import load_pairs
from pix2pix.evaluation.scores import style_at
from pix2pix.walls import with_walls

STOREYS = 8  # equal parts of a house's height
CLASSES = ("facade", "window")
ENOUGH = 60  # pixels of a class in a storey
QUICK_COUNT = 4


def main() -> None:
    parser = measuring.flags(__doc__)
    parser.add_argument("checkpoints", nargs="*", default=["checkpoints/facades"])
    parser.add_argument("--data", required=True, help="facades")
    parser.add_argument("--split", default="train")
    options = parser.parse_args()

    painters = [inference.load(each) for each in options.checkpoints]
    found: dict[str, dict[str, list]] = {}
    pairs = load_pairs(options.data, options.split, painters[0].config, correct_labels=True)
    for number, pair in enumerate(tqdm(pairs[:QUICK_COUNT] if options.quick else pairs, unit="pair")):
        drawing = with_walls(np.where(pair.input == labels.VOID, np.uint8(labels.INDEX["facade"]), pair.input))
        pictures = {"photos": pair.target}
        for name, painter in zip(options.checkpoints, painters, strict=True):
            pictures[name] = painter(drawing, style=style_at(painter, number))
        for source, picture in pictures.items():
            for name in CLASSES:
                found.setdefault(f"{source}, {name}", []).append(by_storey(picture, pair.input, name))
    means = {name: np.nanmean(values, axis=0).tolist() for name, values in found.items()}
    longest = max(map(len, means))
    for name, values in means.items():
        print(f"{name:{longest}}" + "".join(f"{value:7.2f}" for value in values))

    def draw(axes) -> None:
        for name, values in means.items():
            axes.plot(range(STOREYS), values, label=name)
        axes.set(title="Brightness from roof to street", ylabel="part of the mean", xticks=[0, STOREYS - 1])
        axes.set_xticklabels(["roof", "street"])
        axes.legend()

    measuring.report(options, "daylight", {"pairs": len(next(iter(found.values()))), "brightness": means}, draw)


def by_storey(picture: np.ndarray, drawing: np.ndarray, name: str) -> np.ndarray:
    """Picture `(H, W, 3)`, label map `(H, W)` -> brightness of a class in each part of the house's height, roof first.

    As a part of its mean in the picture; NaN where there is next to none of the class.
    """
    brightness, is_class = picture.mean(axis=2), drawing == labels.INDEX[name]
    rows = np.flatnonzero(((drawing != labels.INDEX["background"]) & (drawing != labels.VOID)).any(axis=1))
    shares = np.full(STOREYS, np.nan)
    for storey, part in enumerate(np.array_split(rows, STOREYS)):
        inside = brightness[part][is_class[part]]
        if len(inside) >= ENOUGH:
            shares[storey] = inside.mean() / brightness[is_class].mean()
    return shares


if __name__ == "__main__":
    main()
