"""Uploaded images: label images, either palette or class numbers, told apart from photos; and photos of houses."""

from pix2pix.data.values import LabelImage, read_label_image
from pix2pix.images import MAX_WEB_PIXELS, read_image, resize_labels
from pix2pix.inference import Segmentation, Translator, guess_corners, segment
from pix2pix.inference.perspective import GUESS, Corners, Point
from pix2pix.utils import UserError


def read_labels(data: bytes, height: int, width: int) -> LabelImage:
    """Read a label image file as a label map of this size. Raises UserError, in one line for people, else."""
    found = read_label_image(data, most_pixels=MAX_WEB_PIXELS, shrink=True)
    if found is None:
        raise UserError(
            "this looks like a photo, not a label image: its colours are not those of the 12 classes, and it holds no "
            "numbers of classes either, 0 to 11 or 1 to 12"
        )
    return found._replace(labels=resize_labels(found.labels, height, width))


def guess_corners_of_upload(data: bytes) -> list[Point] | None:
    """Guess where the house front is in a photo's file: its corners, as shares of width and height."""
    photo = read_image(data, most_pixels=MAX_WEB_PIXELS)
    height, width = photo.shape[:2]
    corners = guess_corners(photo)
    return corners and [(x / width, y / height) for x, y in corners]


def segment_upload(data: bytes, corners: Corners | None, translator: Translator | None) -> Segmentation:
    """Read the labels off a photo's file; `corners` are shares of its width and height, since it may be read smaller.

    Raises UserError, in one line for people, for a file or corners that are none.
    """
    photo = read_image(data, most_pixels=MAX_WEB_PIXELS)
    height, width = photo.shape[:2]
    if corners and corners != GUESS:
        corners = [(x * width, y * height) for x, y in corners]
    return segment(photo, translator, corners)
