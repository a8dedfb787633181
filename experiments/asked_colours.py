"""How near the wall and the sky of a picture come to the colours that were asked for.

python -m experiments.asked_colours [CHECKPOINT...] [--output DIR] [--quick]

Random drawings, each with another pair of colours, in the style that is the default. The distance is that of the mean
colour, painted and asked, in CIE Lab: 2 is just seen, 10 is another shade, 50 another colour.
"""

import numpy as np
from PIL import Image, ImageCms

from benchmarks import measuring
from pix2pix import inference, labels, synthetic

DRAWINGS, QUICK_DRAWINGS = 50, 6
MIN_AREA = 0.01  # of the picture: a mean of less says little
COLOURS = {  # as people pick them: plaster, brick, stone, paint; clear, overcast, evening
    "wall": ("#c98f76", "#e2cdaa", "#a0a09e", "#b25642", "#d6b25e", "#788296", "#e8e2d6", "#96aa8c"),
    "sky": ("#78aae6", "#c8d6e2", "#f0f4f8", "#5a6e96", "#ebb48c", "#aabed2", "#c98f76"),
}
CLASSES = {"wall": "facade", "sky": "background"}
TO_LAB = ImageCms.buildTransform(ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), "RGB", "LAB")


def main() -> None:
    parser = measuring.flags(__doc__)
    parser.add_argument("checkpoints", nargs="*", default=["facades", "facades-live"], help="trained with colours")
    options = parser.parse_args()
    translators = {name: inference.load(name) for name in options.checkpoints}
    if plain := [name for name, translator in translators.items() if not translator.takes_colours]:
        parser.error(f"{', '.join(plain)}: no colours can be asked for there")

    count = QUICK_DRAWINGS if options.quick else DRAWINGS
    results, rows = {}, []
    for name, translator in translators.items():
        for part, found in distances(translator, count).items():
            nine_tenths = float(np.percentile(found, 90))
            results[f"{name}, {part}"] = {"drawings": len(found), "mean": float(np.mean(found)), "p90": nine_tenths}
            rows.append((name, part, len(found), float(np.mean(found)), nine_tenths))
    measuring.table(("checkpoint", "part", "drawings", "mean", "90 % below"), rows)

    def draw(axes) -> None:
        axes.barh(list(results), [each["mean"] for each in results.values()], color=measuring.OURS)
        axes.invert_yaxis()
        axes.set(title="From the colour that was asked for to the one painted", xlabel="mean distance in CIE Lab")

    measuring.report(options, "asked_colours", results, draw)


def distances(translator: inference.Translator, count: int) -> dict[str, list[float]]:
    """Lab distances of the mean colours of wall and sky, of drawings that show enough of them, by part."""
    found = {part: [] for part in COLOURS}
    for seed in range(count):
        drawing = synthetic.label_map(seed)
        asked = {part: colours[seed % len(colours)] for part, colours in COLOURS.items()}
        painted = translator(drawing, **{part: inference.read_colour(colour, part) for part, colour in asked.items()})
        for part, colour in asked.items():
            where = drawing == labels.INDEX[CLASSES[part]]
            if part == "sky":
                where[len(where) // 2 :] = False  # that is the street
            if where.mean() >= MIN_AREA:
                wanted = inference.read_colour(colour, part)
                found[part].append(float(np.linalg.norm(lab(painted[where].mean(axis=0)) - lab(wanted))))
    return found


def lab(colour) -> np.ndarray:
    """A colour (R, G, B) in 0..255 -> (L, a, b), L in 0..100."""
    pixel = Image.new("RGB", (1, 1), tuple(round(float(level)) for level in colour))
    levels = np.array(ImageCms.applyTransform(pixel, TO_LAB))[0, 0]
    return np.array([float(levels[0]) * 100 / 255, *levels[1:].view(np.int8)])


if __name__ == "__main__":
    main()
