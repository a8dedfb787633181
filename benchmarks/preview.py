"""The picture that a shared link shows, of drawings made by hand and what the bundled checkpoint makes of them.

python -m benchmarks.preview     # writes pix2pix/web/canvas/preview.jpg
"""

from pathlib import Path

import numpy as np
from PIL import Image

from pix2pix import images, inference

ROOT = Path(__file__).parents[1]
SHOWN = {"palazzo": ("#d8b27a", "#9cc3e6"), "shop_street": ("#b5654a", "#c9d6e2"), "cottage": ("#e6dcc8", "#7fb0dd"),
         "tower": ("#a8a39a", "#e3c9b0")}  # fmt: skip
WIDTH, HEIGHT, TILE, GAP = 1200, 630, 294, 6  # pixels; the size that sites ask for
PAGE = (247, 247, 245)


def main() -> None:
    translator = inference.load(ROOT / "checkpoints" / "facades")
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
    Image.fromarray(sheet).save(ROOT / "pix2pix" / "web" / "canvas" / "preview.jpg", quality=88)


if __name__ == "__main__":
    main()
