"""From a photo of a house to its drawing, and to the colours and the style that it is painted in.

segmentation = segment(images.read_image("house.jpg"))
segmentation.labels      # (256, 256) uint8: rectangles, as a person would have drawn them

python -m pix2pix segment PHOTO... --output DIR
"""

from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from pix2pix import images
from pix2pix.data.cleaning import corrected
from pix2pix.inference import checkpoint
from pix2pix.inference.perspective import GUESS, Corners, Point, check_corners, front_of, rectified
from pix2pix.inference.rectangles import drawn, find_rectangles
from pix2pix.inference.translator import Colour, Translator, name_colour
from pix2pix.labels import INDEX, is_label_image
from pix2pix.utils import UserError

NAME, GRAPH = "segmenter", "model.onnx"
SIZE, MULTIPLE, MAX_SIDE = 256, 32, 1024  # pixels
MIN_AREA = 0.005  # of the picture: less of wall or of sky tells no colour
OPENINGS = ("window", "door", "shop", "balcony", "blind")
MIN_OPENINGS = 0.08  # of the picture: photos of facades have 0.15 and more, of faces and animals 0.06 and less
MIN_CONTRAST = 3.0  # levels: a darker or plainer photo shows nothing


class Segmentation(NamedTuple):
    """What is seen in a photo of a house.

    labels: label map `(H, W)` uint8.
    style: that of the checkpoint's styles whose colours are nearest; None where it has none, or none was given.
    wall, sky: mean colours (R, G, B); None where there is too little of it.
    photo: the rectified photo `(H, W, 3)` uint8 that the labels belong to.
    doubt: why this may be no house; "" where nothing speaks against it.
    """

    labels: np.ndarray
    style: str | None
    wall: Colour | None
    sky: Colour | None
    photo: np.ndarray
    doubt: str

    @property
    def facts(self) -> dict[str, str | None]:
        """How to paint it, as pages and programs write it: style, wall and sky, "#rrggbb"; and the doubt."""
        return {
            "style": self.style, "wall": name_colour(self.wall), "sky": name_colour(self.sky), "doubt": self.doubt
        }  # fmt: skip


class Segmenter:
    """A segmenter on ONNX Runtime: photo `(H, W, 3)` uint8 -> probabilities of the classes `(12, H, W)`."""

    def __init__(self, folder: Path, threads: int | None = None):
        """Load the graph in `folder`; raises UserError where none is there that loads."""
        import onnxruntime

        from pix2pix.inference.onnx_session import session_options

        path = folder / GRAPH
        if not path.is_file():
            raise UserError(
                f"no segmenter at {folder}: python -m pix2pix segmenter --data DATA --output FOLDER trains one"
            )
        try:
            self.session = onnxruntime.InferenceSession(
                str(path), session_options(threads), providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # onnxruntime raises a kind of its own for each of its states
            raise UserError(f"{path} does not load: {str(error).splitlines()[0][:200]}") from None

    def __call__(self, photo: np.ndarray) -> np.ndarray:
        """Sides are multiples of `MULTIPLE`. The mean of what is seen in the photo and in its mirror image."""
        planes = images.batch(photo)
        seen, mirrored = self.session.run(None, {"photos": np.concatenate([planes, planes[..., ::-1]])})[0]
        return (_softmax(seen) + _softmax(mirrored[..., ::-1])) / 2


def graph() -> bytes:
    """The bundled one's file, as browsers read it too."""
    return (checkpoint.bundle() / NAME / GRAPH).read_bytes()


@cache
def load_segmenter(folder: Path | None = None) -> Segmenter:
    """The segmenter of a folder, loaded once; without one the bundled one."""
    return Segmenter(folder or checkpoint.bundle() / NAME)


def segment(
    photo: np.ndarray,
    translator: Translator | None = None,
    corners: Corners | None = None,
    raw: bool = False,
    height: int = SIZE,
    width: int = SIZE,
    segmenter: Segmenter | None = None,
) -> Segmentation:
    """Read the labels off a photo of a house.

    Args:
        photo: `(H, W, 3)` uint8.
        translator: That which will paint it; its styles are those to choose from.
        corners: Of the facade in the photo, four of (x, y) in its pixels: top left, top right, bottom right, bottom
            left; without them the whole photo is the facade. "guess" where `guess_corners` sees one.
        raw: Return what the network sees, pixel by pixel, instead of rectangles.
        height, width: Of the labels, multiples of 32 from 32 to 1024.
        segmenter: Another than the bundled one.

    Raises UserError for other corners and sizes. A photo without a house is read as well; `doubt` says so.
    """
    check_sides(height, width)
    if corners == GUESS:
        corners = guess_corners(photo, segmenter)
    picture = rectified(photo, corners, height, width)
    probabilities = (segmenter or load_segmenter())(picture)
    seen = probabilities.argmax(axis=0).astype(np.uint8)
    rectangles = find_rectangles(seen)
    doubt = _doubt(picture, float(np.isin(seen, [INDEX[name] for name in OPENINGS]).mean()))
    wall, sky = _colours(seen, picture)
    style = translator.nearest_style(wall, sky) if translator else None
    return Segmentation(seen if raw else drawn(rectangles, height, width), style, wall, sky, picture, doubt)


def check_sides(*sides: int) -> None:
    """Raise UserError for sides, in pixels, that drawings cannot have."""
    for side in sides:
        if side % MULTIPLE or not MULTIPLE <= side <= MAX_SIDE:
            raise UserError(f"the size {side} is no multiple of {MULTIPLE} pixels from {MULTIPLE} to {MAX_SIDE}")


def guess_corners(photo: np.ndarray, segmenter: Segmenter | None = None) -> list[Point] | None:
    """Guess where the house front is in a photo `(H, W, 3)`: its corners, in pixels, as `segment` takes them.

    None where no house is seen.
    """
    height, width = photo.shape[:2]
    probabilities = (segmenter or load_segmenter())(rectified(photo, None, SIZE, SIZE))
    shares = front_of(probabilities[INDEX["background"]] < 0.5)
    corners = [(x * width, y * height) for x, y in shares or ()]
    try:
        check_corners(corners, width, height)
    except UserError:
        return None
    return corners


def _doubt(photo: np.ndarray, openings: float) -> str:
    if photo.std() < MIN_CONTRAST:
        return "this photo is too dark or too plain to see a house in"
    if is_label_image(photo):
        return "this looks like a drawing, not a photo: open it, or translate it, as it is"
    if openings < MIN_OPENINGS:
        return "this does not look like the front of a house"
    return ""


def _colours(labels: np.ndarray, photo: np.ndarray) -> tuple[Colour | None, Colour | None]:
    """The mean colours of wall and sky, as the training measures them: on labels that the photo corrects."""
    labels = corrected(labels, photo)
    is_sky = labels == INDEX["background"]
    is_sky[len(is_sky) // 2 :] = False  # that is the street
    return _mean(photo, labels == INDEX["facade"]), _mean(photo, is_sky)


def _mean(photo: np.ndarray, where: np.ndarray) -> Colour | None:
    if where.mean() < MIN_AREA:
        return None
    red, green, blue = np.rint(photo[where].mean(axis=0)).astype(int).tolist()
    return red, green, blue


def _softmax(logits: np.ndarray) -> np.ndarray:
    probabilities = logits - logits.max(axis=0)
    np.exp(probabilities, out=probabilities)
    probabilities /= probabilities.sum(axis=0)
    return probabilities
