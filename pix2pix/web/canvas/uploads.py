"""Uploaded label images: either palette or class numbers, any size, told apart from photos."""

from pix2pix.data.values import LabelImage, read_label_image
from pix2pix.images import MAX_WEB_PIXELS, resize_labels
from pix2pix.utils import UserError


def read_labels(data: bytes, height: int, width: int) -> LabelImage:
    """Read a label image file as a label map of this size. Raises ValueError, in one line for people, else."""
    found = read_label_image(data, most_pixels=MAX_WEB_PIXELS, shrink=True)
    if found is None:
        raise UserError(
            "this looks like a photo, not a label image: its colours are not those of the 12 classes, and it holds no "
            "numbers of classes either, 0 to 11 or 1 to 12"
        )
    return found._replace(labels=resize_labels(found.labels, height, width))
