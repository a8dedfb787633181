"""Pictures of the bundled checkpoint: what a shared link shows, and the README's house from a photo.

python -m benchmarks.preview     # writes pix2pix/web/canvas/preview.jpg and docs/own-house.webp
"""

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from pix2pix import images, inference, labels
from pix2pix.inference.perspective import homography
from pix2pix.synthetic import facade

ROOT = Path(__file__).parents[1]
SHOWN = {"palazzo": ("#d8b27a", "#9cc3e6"), "shop_street": ("#b5654a", "#c9d6e2"), "cottage": ("#e6dcc8", "#7fb0dd"),
         "tower": ("#a8a39a", "#e3c9b0")}  # fmt: skip
WIDTH, HEIGHT, TILE, GAP = 1200, 630, 294, 6  # pixels; the size that sites ask for
PAGE = (247, 247, 245)

HOUSE, FRONT = 12, 1024  # a rendered facade, on which nobody has rights: seed, pixels
VIEW, HORIZON = (1024, 768), 640  # pixels of the photo of it, and where its street begins
CORNERS = [(170, 50), (905, 140), (905, 660), (170, 715)]  # of the house in the photo
SKY, STREET, LINE, HANDLE = (176, 205, 232), (126, 124, 120), (255, 255, 255), (29, 78, 216)
ANOTHER_WALL = "#b06a55"


def main() -> None:
    translator = inference.load(ROOT / "checkpoints" / "facades")
    link_preview(translator).save(ROOT / "pix2pix" / "web" / "canvas" / "preview.jpg", quality=88)
    own_house(translator).save(ROOT / "docs" / "own-house.webp", quality=88, method=6)


def link_preview(translator: inference.Translator) -> Image.Image:
    """Drawings made by hand above what becomes of them."""
    sheet = np.full((HEIGHT, WIDTH, 3), PAGE, np.uint8)
    for column, (name, (wall, sky)) in enumerate(SHOWN.items()):
        drawing = images.read_image(ROOT / "pix2pix" / "evaluation" / "test_drawings" / f"{name}.png")
        photo = translator(drawing, 1, **inference.read_colours(translator, wall, sky))
        for row, picture in enumerate((drawing, photo)):
            scaled = Image.fromarray(picture).resize(
                (TILE, TILE), Image.Resampling.NEAREST if row == 0 else Image.Resampling.LANCZOS
            )
            top = (HEIGHT - 2 * TILE - GAP) // 2 + row * (TILE + GAP)
            left = (WIDTH - len(SHOWN) * TILE - (len(SHOWN) - 1) * GAP) // 2 + column * (TILE + GAP)
            sheet[top : top + TILE, left : left + TILE] = np.asarray(scaled)
    return Image.fromarray(sheet)


def own_house(translator: inference.Translator) -> Image.Image:
    """A photo of a house with its corners marked, its drawing, that painted in its colours, and with another wall."""
    photo = seen_askew(Image.fromarray(facade(HOUSE, FRONT, FRONT)[1]))
    found = inference.segment(np.asarray(photo), translator, CORNERS)
    own = {"style": found.style, "wall": found.wall, "sky": found.sky}
    other = own | inference.read_colours(translator, ANOTHER_WALL, None)
    draw = ImageDraw.Draw(photo)
    draw.line([*CORNERS, CORNERS[0]], LINE, width=5, joint="curve")
    for corner in CORNERS:
        draw.circle(corner, 15, HANDLE, LINE, width=5)
    drawing = labels.colorize(found.labels)
    side = len(drawing)
    first = photo.resize((side * VIEW[0] // VIEW[1], side), Image.Resampling.LANCZOS)
    shown = [np.asarray(first), drawing, translator(found.labels, **own), translator(found.labels, **other)]
    gap = np.full((side, GAP, 3), PAGE, np.uint8)
    return Image.fromarray(np.hstack([part for picture in shown for part in (picture, gap)][:-1]))


def seen_askew(front: Image.Image) -> Image.Image:
    """A photo of a house front that stands in a street, its corners at `CORNERS`."""
    photo = Image.new("RGB", VIEW, SKY)
    photo.paste(STREET, (0, HORIZON, *VIEW))
    upright = np.append(homography(np.array(CORNERS), *front.size), 1).reshape(3, 3)
    askew = np.linalg.inv(upright)
    transform = (
        VIEW,
        Image.Transform.PERSPECTIVE,
        (askew / askew[2, 2]).ravel()[:8].tolist(),
        Image.Resampling.BICUBIC,
    )
    photo.paste(front.transform(*transform), mask=Image.new("L", front.size, 255).transform(*transform))
    return photo


if __name__ == "__main__":
    main()
