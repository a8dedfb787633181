"""How much of what labels of facades say is not so in their photos: what `pix2pix.data.cleaning` takes from them.

python -m experiments.label_errors --data DIR [--output DIR] [--quick]

DIR holds published facades pairs; its training split is counted.
"""

import numpy as np

from benchmarks import measuring
from pix2pix import labels
from pix2pix.data.cleaning import astray, dark_spots, foliage, margins, next_houses, sky
from pix2pix.data.decoded import load_pairs
from pix2pix.recipes import RECIPES
from pix2pix.walls import with_walls

TOP_ROWS = 20  # of 256: where roofs are
QUICK_COUNT = 12
MARGIN, SKY, ASTRAY, NEXT_HOUSE = "beyond the photo", "sky", "roof, bush, car or street", "wall or roof of a next house"
LEAVES, SPOTS = "trees and ivy", "dark: bare trees, shutters, shade"


def main() -> None:
    parser = measuring.flags(__doc__)
    parser.add_argument("--data", required=True, help="folder of pairs")
    options = parser.parse_args()
    pairs = load_pairs(options.data, "train", RECIPES["paper"])
    pairs = pairs[: QUICK_COUNT if options.quick else len(pairs)]

    counts = [count(pair.input, pair.target) for pair in pairs]
    shares = {}
    for labelled, found in counts[0]:
        pixels = np.array([each[labelled, found] for each in counts])
        shares[f"{labelled}: {found}"] = 100 * float(pixels[:, 0].sum() / pixels[:, 1].sum())
    with_margins = 100 * float(np.mean([margins(pair.target).any() for pair in pairs]))
    print(f"{len(pairs)} training photos, {with_margins:.0f} % of them with margins")
    measuring.table(("labelled: what the photo shows", "% of its pixels"), list(shares.items()))

    def draw(axes) -> None:
        axes.barh(list(shares), list(shares.values()), color=measuring.OURS)
        axes.invert_yaxis()
        axes.set(title="Labels that their photos contradict", xlabel="% of the pixels so labelled")

    results = {"photos": len(pairs), "percent_with_margins": with_margins, "percent": shares}
    measuring.report(options, "label_errors", results, draw)


def count(classes: np.ndarray, photo: np.ndarray) -> dict[tuple[str, str], tuple[int, int]]:
    """Label map `(H, W)` and photo `(H, W, 3)` -> pixels that show something else, and pixels so labelled, by name.

    Each is counted among what those above it leave.
    """
    beyond = margins(photo)
    is_wall, is_background = (classes == labels.INDEX[name] for name in ("facade", "background"))
    shows_sky = sky(photo, beyond) & ~beyond
    wall, background = is_wall & ~beyond, is_background & ~beyond
    is_sky, top = wall & shows_sky, wall.copy()
    top[round(len(top) * TOP_ROWS / 256) :] = False
    left = wall & ~is_sky
    is_astray = astray(photo, left, background | is_sky | beyond)
    is_known = with_walls(classes) != classes
    is_leaf = foliage(photo, left) & ~is_astray
    plain = np.where(is_sky, labels.INDEX["background"], classes)
    plain[beyond | is_astray | is_leaf] = labels.VOID
    is_other = next_houses(background, shows_sky, beyond)
    found = {
        ("wall", MARGIN): (is_wall & beyond, is_wall),
        ("background", MARGIN): (is_background & beyond, is_background),
        (f"wall in the uppermost {TOP_ROWS} of 256 rows", SKY): (top & shows_sky, top),
        ("wall", ASTRAY): (is_astray, left),
        ("wall", LEAVES): (is_leaf, left & ~is_astray),
        ("wall", SPOTS): (dark_spots(photo, plain), plain == labels.INDEX["facade"]),
        ("background", NEXT_HOUSE): (is_other, background),
        ("background", f"{NEXT_HOUSE}, around its windows"): (is_other & is_known, background),
    }
    return {name: (int(part.sum()), int(whole.sum())) for name, (part, whole) in found.items()}


if __name__ == "__main__":
    main()
