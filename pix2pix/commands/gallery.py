"""The command `gallery`: the drawings by hand beside what checkpoints make of them, on one picture."""

import io
from pathlib import Path
from typing import Annotated

import numpy as np
import tyro
from PIL import Image, ImageDraw, ImageFont

from pix2pix import inference, labels
from pix2pix.evaluation import test_drawings
from pix2pix.utils import UserError, check_file_path, counted, write_atomically

FORMATS = {
    ".png": {"format": "PNG", "optimize": True},
    ".webp": {"format": "WEBP", "quality": 90, "method": 6},
    ".jpg": {"format": "JPEG", "quality": 92, "subsampling": 0},
    ".jpeg": {"format": "JPEG", "quality": 92, "subsampling": 0},
}
PICTURES = 6  # side by side, as near as whole groups of drawing and pictures come to it
MAX_SIDE = 256  # pixels: a picture is shown no larger than it was made
MARGIN, BETWEEN, WITHIN = 24, 24, 4  # pixels: around the gallery, between groups, within a group
CAPTION, LEADING = 21, 16  # pixels: the line above each row, and the space above that line
PAPER, INK, PALE = "#ffffff", "#222222", "#8a8a8a"


def gallery(
    checkpoints: Annotated[list[str], tyro.conf.Positional],
    output: Annotated[Path, tyro.conf.arg(metavar="FILE")],
    only: tuple[str, ...] = test_drawings.NAMES,
    styles: tuple[str, ...] = (),
    width: int = 1200,
) -> None:
    """Write one picture of drawings by hand, each beside what every checkpoint makes of it.

    Args:
        checkpoints: Folders, run folders, or USER/REPO on the Hub; facades only.
        output: A .png, .webp or .jpg file.
        only: Names of the drawings to show, in this order; all of them unless given.
        styles: Styles to show each drawing in, by name; that of the checkpoint's default unless given.
        width: Pixels that the gallery has at most.
    """
    if not checkpoints or not only:
        raise UserError("nothing to show: name a checkpoint, and a drawing after --only")
    if output.suffix.lower() not in FORMATS:
        raise UserError(f"{output} is no picture that can be written; end it in {', '.join(FORMATS)}")
    check_file_path(output)
    shown = {name: test_drawings.load(name) for name in only}
    translators = [inference.load(name) for name in checkpoints]
    for translator in translators:
        if translator.config.task != "facades":
            raise UserError(f"{translator.name} is for {translator.config.task}; these are drawings of facades")
    columns = [(translator, style) for translator in translators for style in styles or (None,)]
    groups = [
        [labels.colorize(drawing), *(translator(drawing, style=style) for translator, style in columns)]
        for drawing in shown.values()
    ]
    names = [style or translator.name for translator, style in columns]
    page = compose(groups, [name.replace("_", " ") for name in shown], names, width)
    buffer = io.BytesIO()
    Image.fromarray(page).save(buffer, **FORMATS[output.suffix.lower()])
    write_atomically(output, buffer.getvalue())
    print(f"{counted(len(groups), 'drawing')} by {counted(len(translators), 'checkpoint')} in {output}")


def compose(groups: list[list[np.ndarray]], captions: list[str], names: list[str], width: int) -> np.ndarray:
    """Groups of square pictures, all of one length, in rows: a page `(H, W, 3)` uint8 of at most `width` pixels.

    Each group has its caption above its first picture; the names stand above the others in the first row.
    Raises UserError for a page too narrow to see anything on.
    """
    count = len(groups[0])
    across = min(max(1, PICTURES // count), len(groups))
    gaps = 2 * MARGIN + (across - 1) * BETWEEN + across * (count - 1) * WITHIN
    side = min(MAX_SIDE, (width - gaps) // (across * count))
    if side < 32:
        raise UserError(
            f"a gallery {width} pixels wide cannot show {counted(count, 'picture')} a drawing: give a larger --width"
        )
    rows = -(-len(groups) // across)
    height = 2 * MARGIN + rows * (CAPTION + side) + (rows - 1) * LEADING
    page = Image.new("RGB", (gaps + across * count * side, height), PAPER)
    draw, font = ImageDraw.Draw(page), ImageFont.load_default(size=15)
    for number, (pictures, caption) in enumerate(zip(groups, captions, strict=True)):
        row, column = divmod(number, across)
        top = MARGIN + CAPTION + row * (side + LEADING + CAPTION)
        above = [caption, *(names if row == 0 else [])]
        for place, picture in enumerate(pictures):
            left = MARGIN + column * (count * (side + WITHIN) - WITHIN + BETWEEN) + place * (side + WITHIN)
            page.paste(Image.fromarray(picture).resize((side, side), Image.Resampling.BICUBIC), (left, top))
            if place < len(above):
                text = _fitted(above[place], side, font)
                draw.text((left, top - 8), text, fill=PALE if place else INK, font=font, anchor="ls")
    return np.asarray(page)


def _fitted(text: str, width: int, font: ImageFont.FreeTypeFont) -> str:
    """The text, cut to the pixels that it has."""
    if font.getlength(text) <= width:
        return text
    while text and font.getlength(f"{text}…") > width:
        text = text[:-1]
    return f"{text}…"
