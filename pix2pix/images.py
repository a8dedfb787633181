"""Pictures in and out: reading any image file safely, the AB layout, resizing, and the one pixel-range conversion.

A picture is `(H, W, 3)` uint8 RGB in 0..255 everywhere outside the networks. No torch in here: the app starts
without it.
"""

import io
import os
import tempfile
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

EXTENSIONS = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff"})
MOST_PIXELS = 64 * 2**20  # 64 megapixels, 200 MB decoded: larger files are refused before they are decoded


def normalize(pixels):
    """Numpy array or tensor of values in 0..255 -> float in [-1, 1]."""
    return pixels / 127.5 - 1


def denormalize(image: np.ndarray) -> np.ndarray:
    """`(3, H, W)` float in [-1, 1], as the networks give it -> picture `(H, W, 3)` uint8, rounded."""
    return np.clip(np.rint((image.transpose(1, 2, 0) + 1) * 127.5), 0, 255).astype(np.uint8)


def read_image(source: Path | str | bytes | BinaryIO) -> np.ndarray:
    """An image file of any common kind -> picture `(H, W, 3)` uint8.

    Upright by its EXIF orientation, on white where it is transparent, 16-bit grey scaled to 8, CMYK to RGB, the
    first frame of several. Raises ValueError, in one line that names the file, for what is no readable image or
    has more than `MOST_PIXELS` pixels.
    """
    name = Path(source).name if isinstance(source, Path | str) else "the image"
    try:
        with Image.open(io.BytesIO(source) if isinstance(source, bytes) else source) as file:
            if file.width * file.height > MOST_PIXELS:
                raise ValueError(f"{name} is {file.width}x{file.height}; at most {MOST_PIXELS:,} pixels are read")
            return _to_rgb(ImageOps.exif_transpose(file))
    except FileNotFoundError:
        raise ValueError(f"{source} does not exist") from None
    except Image.DecompressionBombError:
        raise ValueError(f"{name} is too large; at most {MOST_PIXELS:,} pixels are read") from None
    except UnidentifiedImageError:
        raise ValueError(f"{name} is not an image file that can be read") from None
    except (OSError, SyntaxError, EOFError) as error:  # what Pillow's decoders raise on broken files
        raise ValueError(f"{name} cannot be read as an image: {error}") from None


def _to_rgb(image: Image.Image) -> np.ndarray:
    if image.mode.startswith("I"):  # Pillow would clip 16-bit grey at 255 instead of scaling it
        image = Image.fromarray((np.asarray(image).astype(np.int32) >> 8).astype(np.uint8))
    if image.has_transparency_data:
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image.convert("RGBA"))
    return np.asarray(image.convert("RGB"))


def split_pair(image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """An AB picture `(H, 2W, 3)` -> its halves (A, B). Raises ValueError for an odd width."""
    width = image.shape[1]
    if width % 2:
        raise ValueError(f"is {width} pixels wide; an AB image holds two halves of equal size, so its width is even")
    return image[:, : width // 2], image[:, width // 2 :]


def resize(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """Area-resize a picture `(H, W, 3)` to `(height, width, 3)`: each pixel is the mean of what it covers."""
    if image.shape[:2] == (height, width):
        return image
    return np.asarray(Image.fromarray(image).resize((width, height), Image.Resampling.BOX))


def resize_labels(labels: np.ndarray, height: int, width: int) -> np.ndarray:
    """Resize a label map `(H, W)` by nearest neighbour: classes cannot be averaged."""
    if labels.shape == (height, width):
        return labels
    return np.asarray(Image.fromarray(labels).resize((width, height), Image.Resampling.NEAREST))


def write_png(path: Path, image: np.ndarray) -> None:
    """Write a picture `(H, W, 3)` as PNG, wholly or not at all."""
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, format="PNG")
    write_atomically(path, buffer.getvalue())


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file wholly or not at all: to a temporary neighbour, synced to the disk, then renamed."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
