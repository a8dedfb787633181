"""Reading any picture, resizing by area, and the one conversion of pixel ranges."""

import io
import struct
import tempfile
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from pix2pix import images
from pix2pix.utils import UserError, write_atomically
from tests.helpers.mutations import damaged

GRADIENT = np.linspace(0, 255, 16 * 12 * 3).reshape(16, 12, 3).astype(np.uint8)


def encoded(image: Image.Image, kind: str = "PNG", **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format=kind, **options)
    return buffer.getvalue()


@given(arrays(np.uint8, (4, 5, 3)))
def test_normalizing_and_back_changes_no_pixel(picture):
    floats = images.batch(picture)
    assert floats.shape == (1, 3, 4, 5)
    assert floats.dtype == np.float32
    assert -1 <= floats.min() <= floats.max() <= 1
    assert (images.denormalize(floats[0]) == picture).all()


def test_denormalizing_adds_one_before_it_halves():
    """`image + 1 / 2` was the source notebook's fault: black became grey."""
    levels = np.array([-1, 0, 1], np.float32).reshape(1, 1, 3)
    assert images.denormalize(levels)[0, :, 0].tolist() == [0, 128, 255]


@given(arrays(np.uint8, (12, 8, 3)))
def test_resizing_by_area_takes_the_mean_of_what_a_pixel_covers(picture):
    blocks = picture.reshape(3, 4, 2, 4, 3).mean(axis=(1, 3))
    assert np.abs(images.resize(picture, 3, 2) - blocks).max() <= 1


@pytest.mark.parametrize("channels", [1, 2, 4, 5])
def test_resizing_keeps_every_channel_to_itself(channels):
    picture = np.random.default_rng(0).integers(0, 256, (8, 8, channels), dtype=np.uint8)
    resized = images.resize(picture, 4, 4)
    assert resized.shape == (4, 4, channels)
    assert np.abs(resized - picture.reshape(4, 2, 4, 2, channels).mean(axis=(1, 3))).max() <= 1


def test_resizing_labels_invents_no_class():
    label_map = np.array([[0, 11], [11, 0]], np.uint8).repeat(5, 0).repeat(5, 1)
    assert set(np.unique(images.resize_labels(label_map, 7, 3))) <= {0, 11}


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16", "F"])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_any_kind_of_picture_is_read_with_any_usual_number_of_channels(mode, channels):
    image = (
        Image.fromarray(np.full((9, 7), 40000, np.uint16))
        if mode == "I;16"
        else Image.fromarray(GRADIENT[..., 0] / np.float32(255))
        if mode == "F"
        else Image.fromarray(GRADIENT).convert(mode)
    )
    picture = images.read_image(encoded(image, "TIFF"), channels)
    assert picture.dtype == np.uint8
    assert picture.shape == (image.height, image.width, channels)


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_sixteen_bit_grey_is_scaled_not_clipped(kind):
    deep = np.array([[0, 256, 32768, 65535]], np.uint16)
    assert images.read_image(encoded(Image.fromarray(deep), kind), 1)[0, :, 0].tolist() == [0, 1, 128, 255]


def test_transparency_is_read_on_white_unless_it_is_asked_for():
    clear = Image.new("RGBA", (2, 2), (255, 0, 0, 0))
    assert (images.read_image(encoded(clear)) == 255).all()
    assert images.read_image(encoded(clear), 4)[0, 0].tolist() == [255, 0, 0, 0]


def test_palette_pictures_keep_their_colours():
    indexed = Image.new("P", (2, 1), 1)
    indexed.putpalette([9, 9, 9, 1, 2, 3])
    assert images.read_image(encoded(indexed))[0, 0].tolist() == [1, 2, 3]


def test_photos_stand_upright_by_their_exif_orientation(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    Image.fromarray(GRADIENT).save(tmp_path / "turned.png", exif=exif)
    picture = images.read_image(tmp_path / "turned.png")
    assert (picture == np.rot90(GRADIENT, -1)).all()
    assert images.read_header(tmp_path / "turned.png") == (16, 12, 3)


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (np.full((2, 3, 5), 7, np.uint8), 7),
        (np.full((2, 3, 5), 70 * 256, np.uint16), 70),
        (np.full((2, 3, 5), 0.5, np.float32), 128),
        (np.full((2, 3, 5), True), 255),
    ],
)
def test_arrays_are_pictures_of_any_number_of_channels(tmp_path, array, expected):
    np.save(tmp_path / "a.npy", array)
    assert images.read_header(tmp_path / "a.npy") == (3, 2, 5)
    assert (images.read_image(tmp_path / "a.npy", 5) == expected).all()


@pytest.mark.parametrize(
    "array",
    [np.full((2, 3), 4095, np.uint16), np.full((2, 3), -1, np.int16), np.full((2, 3), 7.0), np.ones((2, 3), "m8")],
)
def test_numbers_that_would_become_black_or_white_are_refused(tmp_path, array):
    np.save(tmp_path / "a.npy", array)
    with pytest.raises(ValueError, match=r"^a\.npy holds"):
        images.read_image(tmp_path / "a.npy", 1)


def test_arrays_that_would_run_code_are_refused(tmp_path):
    np.save(tmp_path / "a.npy", np.array([print], dtype=object), allow_pickle=True)
    with pytest.raises(ValueError, match=r"a\.npy cannot be read as an array: it is cut short, damaged, or holds"):
        images.read_image(tmp_path / "a.npy")


def archive_of_arrays(path) -> None:
    with path.open("wb") as file:
        np.savez(file, a=np.zeros((4, 4, 3), np.uint8))


def half_an_array(path) -> None:
    np.save(path, np.zeros((64, 64, 3), np.uint8))
    path.write_bytes(path.read_bytes()[:1000])


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (archive_of_arrays, "it is no .npy file, whatever its name says"),
        (lambda path: path.write_bytes(b""), "it is no .npy file"),
        (lambda path: path.write_bytes(b"PK\x03\x04"), "it is no .npy file"),
        (
            lambda path: path.write_bytes(b"\x93NUMPY\x01\x00\x16\x00{'descr': '|u1', (((  \n"),
            "it is cut short, damaged",
        ),
        (half_an_array, "it is cut short, damaged"),
        (lambda path: path.mkdir(), "Is a directory"),
    ],
)
def test_a_bad_array_file_is_refused_in_our_own_words(tmp_path, make, reason):
    make(tmp_path / "a.npy")
    with pytest.raises(ValueError) as refusal:
        images.read_image(tmp_path / "a.npy", 3)
    assert str(refusal.value).startswith(f"a.npy cannot be read as an array: {reason}")
    assert "pickle" not in str(refusal.value)


@pytest.mark.parametrize("channels", [1, 2, 3, 4, 5])
def test_what_is_written_as_png_can_be_looked_at(tmp_path, channels):
    picture = np.random.default_rng(0).integers(0, 256, (4, 4, channels), dtype=np.uint8)
    images.write_png(tmp_path / "picture.png", picture)
    if channels in (1, 3, 4):
        assert (images.read_image(tmp_path / "picture.png", channels) == picture).all()
    assert images.to_shown(picture).shape == (4, 4, 3)


def test_five_channels_cannot_become_three():
    with pytest.raises(ValueError, match="5 channels, not 3"):
        images.to_channels(np.zeros((2, 2, 5), np.uint8), 3)


def bomb(width: int, height: int) -> bytes:
    """A PNG header that promises this many pixels."""
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header)) + b"\0\0\0\1IDAT"
    return b"\x89PNG\r\n\x1a\n" + chunks


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "not an image file"),
        (b"hello", "not an image file"),
        (encoded(Image.fromarray(GRADIENT))[:-40], "cannot be read as an image"),
        (encoded(Image.fromarray(GRADIENT), "JPEG")[:-100], "cannot be read as an image"),
        (bomb(50_000, 50_000), "too large"),
        (bomb(9_000, 9_000), "too large"),
    ],
)
@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_broken_files_are_one_line_that_names_them(tmp_path, content, complaint):
    path = tmp_path / "some.png"
    path.write_bytes(content)
    for read in (images.read_image, images.read_header):
        with pytest.raises(ValueError, match=complaint) as caught:
            read(path)
        assert "some.png" in str(caught.value)
        assert "\n" not in str(caught.value)


def test_a_missing_file_is_named():
    with pytest.raises(ValueError, match=r"nowhere\.png does not exist"):
        images.read_image(Path("nowhere.png"))


def samples() -> dict[str, bytes]:
    """A small file of each format, and of the forms of it that other code reads."""
    colour, deep = Image.fromarray(GRADIENT), Image.fromarray(np.arange(192, dtype=np.uint16).reshape(16, 12) * 300)
    palette, lines = colour.quantize(8), colour.convert("1")
    exif = Image.Exif()
    exif[0x0112] = 6
    saved = {kind: encoded(colour, kind) for kind in images.FORMATS}
    return saved | {
        "PNG of a palette": encoded(palette, transparency=0),
        "PNG of 16 bits": encoded(deep),
        "PNG of several frames": encoded(colour, save_all=True, append_images=[colour.rotate(90)]),
        "JPEG, progressive": encoded(colour, "JPEG", progressive=True),
        "JPEG, turned": encoded(colour, "JPEG", exif=exif),
        "JPEG, CMYK": encoded(colour.convert("CMYK"), "JPEG"),
        "MPO": encoded(colour, "MPO", save_all=True, append_images=[colour]),
        "WEBP without loss": encoded(colour.convert("RGBA"), "WEBP", lossless=True),
        "TIFF of floats": encoded(Image.fromarray(np.float32(GRADIENT[..., 0])), "TIFF"),
        "PPM of floats": encoded(Image.fromarray(np.float32(GRADIENT[..., 0] / 255)), "PPM"),
        "TIFF, LZW": encoded(colour, "TIFF", compression="tiff_lzw"),
        "TIFF, fax": encoded(lines, "TIFF", compression="group4"),
        "BMP of a palette": encoded(palette, "BMP"),
        "PPM of bits": encoded(lines, "PPM"),
    }


SAMPLES = samples()


def assert_read_or_refused(data: bytes) -> None:
    """A picture, or one line that names the file; no warning and nothing else."""
    reads = (images.read_image, images.read_numbers, images.count_channels)
    for read in reads:
        try:
            read(data)
        except UserError as error:
            assert str(error).startswith("this file") and len(str(error).splitlines()) == 1


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
@given(st.data())
@settings(max_examples=300, deadline=None)
def test_a_damaged_picture_is_a_picture_or_one_line(data):
    """300 damaged files, each of one of 22 forms of the 8 formats."""
    assert_read_or_refused(data.draw(damaged(SAMPLES[data.draw(st.sampled_from(sorted(SAMPLES)))], head=64)))


@given(st.data())
@settings(max_examples=100, deadline=None)
def test_a_damaged_png_whose_checksums_are_right_is_a_picture_or_one_line(data):
    """100 files: damage behind right checksums reaches the decoder."""
    broken = data.draw(damaged(SAMPLES[data.draw(st.sampled_from([n for n in SAMPLES if n.startswith("PNG")]))]))
    assert_read_or_refused(with_checksums(broken))


def with_checksums(png: bytes) -> bytes:
    """The chunks of a PNG file, as far as they are whole, with their checksums as they ought to be."""
    out, at = bytearray(png[:8]), 8
    while at + 12 <= len(png) and at + 12 + (length := int.from_bytes(png[at : at + 4], "big")) <= len(png):
        chunk = png[at : at + 8 + length]
        out += chunk + zlib.crc32(chunk[4:]).to_bytes(4, "big")
        at += 12 + length
    return bytes(out) + png[at:]


@given(st.data())
@settings(max_examples=50, deadline=None)
def test_a_damaged_array_file_is_a_picture_or_one_line(data):
    """50 damaged .npy files."""
    buffer = io.BytesIO()
    np.save(buffer, GRADIENT)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "some.npy"
        path.write_bytes(data.draw(damaged(buffer.getvalue(), head=128)))
        try:
            images.read_image(path)
        except UserError as error:
            assert "some.npy" in str(error) and len(str(error).splitlines()) == 1


def test_an_odd_width_has_no_halves():
    with pytest.raises(ValueError, match="3 pixels wide"):
        images.split_pair(np.zeros((2, 3, 3), np.uint8))


def test_the_left_half_comes_first():
    a, b = images.split_pair(np.arange(8, dtype=np.uint8).reshape(1, 8, 1))
    assert a.ravel().tolist() == [0, 1, 2, 3]
    assert b.ravel().tolist() == [4, 5, 6, 7]


def test_a_write_that_fails_leaves_the_file_as_it_was(tmp_path, monkeypatch):
    path = tmp_path / "file"
    write_atomically(path, b"before")

    def full_disk(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full_disk)
    with pytest.raises(OSError, match="No space left"):
        write_atomically(path, b"after")
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]
