"""Pictures in and out: reading any image file safely, the AB layout, resizing, and the one pixel-range conversion.

A picture is `(H, W, C)` uint8 in 0..255 everywhere outside the networks: RGB with C = 3, grey with 1, RGBA with 4, and
with any other number what an array file holds. No torch in here: the app starts without it.
"""

import io
import os
import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Literal, NamedTuple

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from pix2pix.utils import UserError, counted, write_atomically

# The formats that are read, as Pillow names them, whatever a file's own name says. Pillow would open many more: EPS is
# a program for Ghostscript, IPTC and icons hold files of other formats, and sets of pictures hardly use the rest.
FORMATS = ("PNG", "JPEG", "WEBP", "TIFF", "BMP", "GIF", "AVIF", "PPM")
EXTENSIONS = frozenset(
    {".jpg", ".jpeg", ".jfif", ".png", ".webp", ".bmp", ".tif", ".tiff", ".gif", ".avif"}
    | {".ppm", ".pgm", ".pbm", ".npy"}
)
MAX_DEEP = 65535.0
MIN_DEEP = 2**12  # 16-bit numbers that stay below would be left with 16 levels of 256
MAX_PIXELS = 64 * 2**20  # 64 megapixels, 200 MB decoded: larger files are refused before they are decoded
MAX_WEB_PIXELS = 8 * 2**20  # of what visitors upload: a screen of 3840x2160 is read, and takes up to 200 MB meanwhile
MAX_SCANS = 64  # of a JPEG from a stranger: encoders write about ten
_TILE_WIDTH, _TILE_LENGTH = 322, 323  # TIFF tags
_JPEG_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")  # between them: coded pixels, with their restarts
_MODES = {1: "L", 3: "RGB", 4: "RGBA"}
_GREY_MODES = frozenset({"1", "L", "LA", "F"})
_ORIENTATION = 0x0112  # the EXIF tag
warnings.filterwarnings("ignore", module=r"PIL\.")  # of damaged metadata: a picture is read, or refused in our words


def normalize(pixels):
    """Numpy array or tensor of values in 0..255 -> float in [-1, 1]; float32 of a uint8 tensor."""
    return pixels / 127.5 - 1


def to_network(side):
    """Bring a uint8 batch to what networks take: pictures `(N, C, H, W)` to [-1, 1]; label maps `(N, H, W)` stay."""
    return normalize(side) if side.ndim == 4 else side


def planes(picture: np.ndarray) -> np.ndarray:
    """Picture `(H, W, C)` -> `(C, H, W)`, contiguous; not copied where it lies in memory so already."""
    return np.ascontiguousarray(picture.transpose(2, 0, 1))


def batch(picture: np.ndarray) -> np.ndarray:
    """Make a batch for the networks: of a picture `(H, W, C)` uint8 `(1, C, H, W)` float32 in [-1, 1]; of a label map
    `(H, W)` the same, `(1, H, W)`."""
    return picture[None] if picture.ndim == 2 else planes(normalize(picture.astype(np.float32)))[None]


def denormalize(image: np.ndarray) -> np.ndarray:
    """`(3, H, W)` float in [-1, 1], as the networks give it -> picture `(H, W, 3)` uint8, rounded."""
    return np.clip(np.rint((image + 1) * 127.5), 0, 255).astype(np.uint8).transpose(1, 2, 0).copy()


def read_image(source: Path | str | bytes | BinaryIO, channels: int = 3, most_pixels: int = MAX_PIXELS) -> np.ndarray:
    """An image file in one of `FORMATS`, or an array file (`.npy`) -> picture `(H, W, channels)` uint8.

    Upright by its EXIF orientation, on white where it is transparent (unless 4 channels are asked for), 16-bit grey
    scaled to 8, CMYK to RGB, the first frame of several. Arrays are `(H, W)` or `(H, W, C)`: uint8, uint16, or floats
    in 0..1. Raises UserError, in one line that names the file, for what is no readable image, has more than
    `most_pixels` pixels, holds numbers of another range, or cannot be brought to that many channels. With fewer than
    `MAX_PIXELS`, larger JPEG files are decoded at a half, a quarter or an eighth of their size.
    """
    stored = read_stored(source, most_pixels)
    try:
        return to_channels(to_levels(stored), channels)
    except UserError as error:
        raise UserError(f"{name_of(source)} {error}") from None


def read_stored(source: Path | str | bytes | BinaryIO, most_pixels: int = MAX_PIXELS) -> np.ndarray:
    """Read a file as `read_image` does, but as it is stored: numbers `(H, W, C)` of any kind, transparency included."""
    if _is_array(source):
        array = _read_array(Path(source))
        return np.array(array if array.ndim == 3 else array[..., None])
    with opened(source, most_pixels) as image:
        return _from_image(image)


def read_numbers(source: Path | str | bytes | BinaryIO, most_pixels: int = MAX_PIXELS) -> np.ndarray | None:
    """Read the whole numbers `(H, W)` of a file of one channel, or the indices of one with a palette; else None."""
    if not _is_array(source):
        with opened(source, most_pixels) as image:
            if image.mode == "P":
                return np.array(ImageOps.exif_transpose(image))
    stored = read_stored(source, most_pixels)
    return stored[..., 0] if stored.shape[2] == 1 and stored.dtype.kind in "ui" else None


def to_levels(stored: np.ndarray, value_range: tuple[float, float] = (0.0, 0.0)) -> np.ndarray:
    """Bring stored numbers `(H, W, C)` to a picture of 0..255; those of 8 bits are one already.

    `value_range` is what becomes 0 and 255. Without one (0, 0), 16 bits are scaled by 256 and floats in 0..1 by 255;
    UserError for numbers that this would make black, white, or a few levels.
    """
    if stored.dtype == np.uint8:
        return stored
    if stored.dtype == bool:
        return stored * np.uint8(255)
    if stored.dtype.kind not in "uif":
        raise UserError(f"holds {stored.dtype}; a picture holds numbers")
    low, high = value_range
    if low == high:
        known = stored[~np.isnan(stored)] if stored.dtype.kind == "f" else stored
        if not known.size:
            raise UserError("holds no numbers at all")
        least, most = known.min(), known.max()
        high = 1.0 if stored.dtype.kind == "f" else MAX_DEEP
        if least < low - 0.01 or most > high * 1.01 or (high > 1 and 0 < most < MIN_DEEP):
            raise UserError(
                f"holds numbers from {least:g} to {most:g} ({stored.dtype}), no picture of 8 bits, of all 16, or "
                "of floats from 0 to 1: scale them, or use a model that was trained on such a set and knows their range"
            )
    if (low, high) == (0.0, MAX_DEEP) and stored.dtype.kind != "f":
        return (stored.clip(0, 0xFFFF).astype(np.uint16) >> 8).astype(np.uint8)
    with np.errstate(invalid="ignore"):  # of NaN, which is black
        levels = (np.nan_to_num(stored.astype(np.float64), nan=low) - low) * (255 / (high - low))
    return np.clip(np.rint(levels), 0, 255).astype(np.uint8)


@contextmanager
def opened(source: Path | str | bytes | BinaryIO, most_pixels: int = MAX_PIXELS) -> Iterator[Image.Image]:
    """An image file, open but not decoded; whatever fails inside the block is a UserError that names the file.

    Nothing else here opens pictures: only `FORMATS` are tried.
    """
    name = name_of(source)
    try:
        with Image.open(io.BytesIO(source) if isinstance(source, bytes) else source, formats=FORMATS) as image:
            refused = _refuse_to_decode(image, most_pixels)
            if not refused:
                yield image
    except FileNotFoundError:
        raise UserError(f"{source} does not exist") from None
    except Image.DecompressionBombError:
        refused = f"is too large; at most {most_pixels:,} pixels are read"
    except UnidentifiedImageError:
        raise UserError(f"{name} is not an image file that can be read; these can: {', '.join(FORMATS)}") from None
    except UserError:
        raise
    except Exception as error:  # each of Pillow's decoders raises kinds of its own for a broken file
        raise UserError(f"{name} cannot be read as an image: {_describe(error)}") from None
    if refused:
        raise UserError(f"{name} {refused}")


def _describe(error: Exception) -> str:
    """Tell in one line what Pillow said of a file; most kinds of errors it only stumbled into."""
    said = getattr(error, "strerror", None) or str(error)
    is_known = isinstance(error, OSError | SyntaxError | ValueError) and said
    return " ".join(said.split()) if is_known else "it is damaged"


def _refuse_to_decode(image: Image.Image, most_pixels: int) -> str | None:
    """Say why an opened image would cost too much memory or time; None where it would not.

    Where fewer than `MAX_PIXELS` are allowed, a JPEG that is too large is set to be decoded at a part of its size.
    One of several scans is kept whole in memory meanwhile, and each scan passes over all of it.
    """
    pixels = image.width * image.height
    if image.format in ("JPEG", "MPO") and pixels <= MAX_PIXELS and most_pixels < MAX_PIXELS:
        scans = _count_scans(image.fp)
        if scans > MAX_SCANS or (scans > 1 and pixels > 2 * most_pixels):
            return f"is a progressive JPEG of {pixels:,} pixels and {scans} scans, too costly to read; save it as PNG"
        part = next((part for part in (1, 2, 4) if pixels <= most_pixels * part**2), 8)
        if part > 1:
            image.draft(None, (image.width // part, image.height // part))
    tile = image.tag_v2.get(_TILE_WIDTH, 0) * image.tag_v2.get(_TILE_LENGTH, 0) if image.format == "TIFF" else 0
    if max(image.width * image.height, tile) > most_pixels:
        return f"is too large; at most {most_pixels:,} pixels are read"
    return None


def _count_scans(file: BinaryIO) -> int:
    """Count the scans of a JPEG file; those of thumbnails in its metadata are none."""
    here = file.tell()
    file.seek(0)
    data = file.read()
    file.seek(here)
    scans, marker = 0, _JPEG_MARKER.search(data, 2)
    while marker and marker[0][1] != 0xD9:
        scans += marker[0][1] == 0xDA
        length = int.from_bytes(data[marker.end() : marker.end() + 2], "big")
        marker = _JPEG_MARKER.search(data, marker.end() + length)
    return scans


class Header(NamedTuple):
    """What is known of a picture without decoding it; `channels` is 1 for grey, 3 for colour, n for arrays."""

    width: int
    height: int
    channels: int


def read_header(path: Path) -> Header:
    """Size and channels of an image file, and a look at whether it is whole; UserError as `read_image`.

    JPEG and PNG files say where they end, so that a truncated one is found without decoding it. What does not end
    as it should is decoded.
    """
    if path.suffix.lower() == ".npy":
        array = _read_array(path)
        return Header(array.shape[1], array.shape[0], array.shape[2] if array.ndim == 3 else 1)
    with opened(path) as image:
        upright = image.getexif().get(_ORIENTATION, 1) < 5
        if not _ends_well(path, image.format):
            image.load()
        width, height = image.size if upright else image.size[::-1]
        return Header(width, height, _stored_channels(image))


def count_channels(source: Path | str | bytes) -> int:
    """1 for an image file that is stored as grey, 3 for colour; UserError as `read_image`."""
    with opened(source) as image:
        return _stored_channels(image)


def to_channels(picture: np.ndarray, channels: int) -> np.ndarray:
    """A picture between grey, RGB and RGBA; raises UserError for any other change of channels."""
    has = picture.shape[2]
    if has == channels:
        return picture
    if not {has, channels} <= _MODES.keys():
        raise UserError(f"has {counted(has, 'channel')}, not {channels}")
    image = _image(picture)
    if has == 4:
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return _array(image.convert(_MODES[channels]))


def to_shown(picture: np.ndarray) -> np.ndarray:
    """A picture of any channels as people can look at it, `(H, W, 3)`: of many channels the first three."""
    if picture.shape[2] not in _MODES:
        picture = np.concatenate([picture, np.zeros_like(picture)], axis=2)[..., :3]
    return to_channels(picture, 3)


def grid(rows: Sequence[Sequence[np.ndarray]]) -> np.ndarray:
    """Rows of pictures of one size, of any channels, as one picture `(H, W, 3)`; white where a row is shorter."""
    shown = [[to_shown(picture) for picture in row] for row in rows]
    longest, blank = max(map(len, shown)), np.full_like(shown[0][0], 255)
    return np.vstack([np.hstack([*row, *[blank] * (longest - len(row))]) for row in shown])


def _stored_channels(image: Image.Image) -> int:
    return 1 if image.mode in _GREY_MODES or image.mode.startswith("I") else 3


def _from_image(image: Image.Image) -> np.ndarray:
    """Numbers `(H, W, C)` with 1, 3 or 4 channels, as the file has them."""
    image = ImageOps.exif_transpose(image)
    if image.mode == "F" or image.mode.startswith("I"):  # Pillow would clip at 255 instead of scaling
        numbers = _array(image)
        is_16_bit = image.mode != "F" and numbers.min() >= 0 and numbers.max() <= 0xFFFF
        return numbers.astype(np.uint16) if is_16_bit else numbers
    if image.has_transparency_data:
        return _array(image.convert("RGBA"))
    return _array(image.convert("L" if _stored_channels(image) == 1 else "RGB"))


def _map_array(path: Path) -> np.ndarray:
    """Open an array file without reading its numbers. What numpy says of a bad one is about its own arguments."""
    try:
        with path.open("rb") as file:
            is_array = file.read(len(np.lib.format.MAGIC_PREFIX)) == np.lib.format.MAGIC_PREFIX
        if is_array:
            return np.load(path, mmap_mode="r", allow_pickle=False)
        reason = "it is no .npy file, whatever its name says"
    except FileNotFoundError:
        raise UserError(f"{path} does not exist") from None
    except OSError as error:
        reason = error.strerror or "it cannot be mapped into memory"
    except Exception:  # numpy raises many kinds
        reason = "it is cut short, damaged, or holds objects instead of numbers"
    raise UserError(f"{path.name} cannot be read as an array: {reason}")


def _read_array(path: Path) -> np.ndarray:
    array = _map_array(path)
    if array.ndim not in (2, 3) or 0 in array.shape:
        raise UserError(f"{path.name} has the shape {array.shape}; a picture is (H, W) or (H, W, C)")
    if array.shape[0] * array.shape[1] > MAX_PIXELS:
        raise UserError(f"{path.name} is too large; at most {MAX_PIXELS:,} pixels are read")
    return array


def _ends_well(path: Path, kind: str | None) -> bool:
    mark = {"JPEG": b"\xff\xd9", "MPO": b"\xff\xd9", "PNG": b"IEND"}.get(kind or "")
    with path.open("rb") as file:
        file.seek(max(0, file.seek(0, os.SEEK_END) - 32))
        return mark is not None and mark in file.read()


def _is_array(source: Path | str | bytes | BinaryIO) -> bool:
    return isinstance(source, Path | str) and Path(source).suffix.lower() == ".npy"


def name_of(source: Path | str | bytes | BinaryIO) -> str:
    return Path(source).name if isinstance(source, Path | str) else "this file"


def _array(image: Image.Image) -> np.ndarray:
    array = np.asarray(image)
    return array if array.ndim == 3 else array[..., None]


def _image(picture: np.ndarray) -> Image.Image:
    return Image.fromarray(picture[..., 0] if picture.shape[2] == 1 else picture)


def split_pair(image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """An AB picture `(H, 2W, C)` -> its halves (A, B). Raises UserError for an odd width."""
    width = image.shape[1]
    if width % 2:
        raise UserError(
            f"is {counted(width, 'pixel')} wide; an AB image holds two halves of equal size, so its width is even"
        )
    return image[:, : width // 2], image[:, width // 2 :]


def resize(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """Area-resize a picture `(H, W, C)` to `(height, width, C)`: each pixel is the mean of what it covers."""
    if image.shape[:2] == (height, width):
        return image
    if image.shape[2] != 3:  # each for itself: Pillow would weigh the others by a fourth, as transparency
        planes = [Image.fromarray(np.ascontiguousarray(plane)) for plane in image.transpose(2, 0, 1)]
        return np.stack([np.asarray(plane.resize((width, height), Image.Resampling.BOX)) for plane in planes], axis=2)
    return np.asarray(Image.fromarray(image).resize((width, height), Image.Resampling.BOX))


def resize_labels(labels: np.ndarray, height: int, width: int) -> np.ndarray:
    """Resize a label map `(H, W)` by nearest neighbour: classes cannot be averaged."""
    if labels.shape == (height, width):
        return labels
    return np.array(Image.fromarray(labels).resize((width, height), Image.Resampling.NEAREST))


def encode(picture: np.ndarray, kind: Literal["PNG", "JPEG"]) -> bytes:
    """A picture as the bytes of a file; JPEG, for pages, takes about 1 ms and keeps colours at full resolution."""
    buffer = io.BytesIO()
    _image(picture).save(buffer, kind, **({"quality": 90, "subsampling": 0} if kind == "JPEG" else {}))
    return buffer.getvalue()


def write_png(path: Path, picture: np.ndarray) -> None:
    """Write a picture as PNG, wholly or not at all; one of many channels as `to_shown` shows it."""
    write_atomically(path, encode(picture if picture.shape[2] in _MODES else to_shown(picture), "PNG"))
