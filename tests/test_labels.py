"""The palettes and the compact text form of label maps."""

import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pix2pix import labels
from tests.helpers.real_facades import CMP_SAMPLE, FACADES, needs_real_facades

label_maps = arrays(np.uint8, st.tuples(st.integers(1, 40), st.integers(1, 40)), elements=st.integers(0, 11))


@given(label_maps)
@settings(max_examples=60, deadline=None)
def test_runs_decode_to_the_map_they_were_made_of(label_map):
    assert (labels.decode_runs(labels.encode_runs(label_map), *label_map.shape) == label_map).all()


@given(label_maps)
@settings(max_examples=30, deadline=None)
def test_painting_and_snapping_are_inverse(label_map):
    assert (labels.snap(labels.colorize(label_map)) == label_map).all()


@given(st.text(max_size=40), st.integers(1, 8), st.integers(1, 8))
def test_any_other_text_is_refused_in_one_line(text, height, width):
    try:
        decoded = labels.decode_runs(text, height, width)
    except ValueError as error:
        assert "\n" not in str(error)
    else:
        assert decoded.shape == (height, width)
        assert decoded.max() < len(labels.CLASSES)


def test_runs_longer_than_sixteen_bits_survive():
    label_map = np.zeros((300, 300), np.uint8)
    label_map[-1, -1] = 11
    text = labels.encode_runs(label_map)
    assert (labels.decode_runs(text, 300, 300) == label_map).all()
    assert len(text) == 12  # runs of 65,535, 24,464 and 1, three bytes each, in base64


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("A" * 1000, "too long"),
        ("?", "base64"),
        ("AAAA", "holds 0 pixels"),
        ("DAEA", "class 12"),
        ("AAE=", "middle of a run"),
    ],
)
def test_each_fault_of_drawing_data_has_its_own_message(text, complaint):
    with pytest.raises(ValueError, match=complaint):
        labels.decode_runs(text, 4, 4)


@given(arrays(np.uint8, (6, 6, 3)))
def test_snapping_takes_the_nearest_colour(image):
    distances = np.square(image[:, :, None].astype(int) - labels.PALETTE.astype(int)).sum(axis=-1)
    snapped = labels.snap(image)
    assert (
        np.take_along_axis(distances, snapped[..., None].astype(int), axis=-1)[..., 0] == distances.min(axis=-1)
    ).all()


def test_a_pixel_is_off_the_palette_beyond_the_tolerance_alone():
    red, green, blue = labels.PALETTE[labels.INDEX["facade"]].tolist()
    image = np.array([[(red, green, blue), (red, green + 6, blue), (red, green + 7, blue)]], dtype=np.uint8)
    assert labels.off_palette(image, tolerance=6).tolist() == [[False, False, True]]


def test_shares_sum_to_one_and_count_areas():
    label_map = np.array([[0, 0, 2, 11]], np.uint8)
    assert labels.shares(label_map).sum() == 1
    assert labels.shares(label_map)[[0, 2, 11]].tolist() == [0.5, 0.25, 0.25]


def test_the_palettes_are_the_published_ones():
    assert labels.PALETTE[labels.INDEX["window"]].tolist() == [0, 128, 255]
    assert labels.PALETTE[labels.INDEX["shop"]].tolist() == [174, 0, 0]
    assert labels.CMP_PALETTE[labels.INDEX["molding"]].tolist() == [255, 85, 0]
    assert len({tuple(colour) for colour in labels.PALETTE}) == len(labels.CLASSES) == 12
    assert sorted(labels.DRAWING_ORDER) == sorted(labels.NAMES)


@needs_real_facades
def test_published_label_halves_sit_near_the_palette_only_in_part():
    from pix2pix.images import read_image, split_pair

    halves = [split_pair(read_image(path))[1] for path in sorted((FACADES / "val").iterdir())[:10]]
    on_palette = 1 - np.mean([labels.off_palette(half).mean() for half in halves])
    assert 0.5 < on_palette < 0.85
    assert np.mean([labels.off_palette(half, tolerance=48).mean() for half in halves]) < 0.2


@needs_real_facades
def test_cmp_label_files_are_exactly_in_the_cmp_palette():
    from pix2pix.images import read_image

    for path in sorted(CMP_SAMPLE.glob("*.png"))[:4]:
        assert not labels.off_palette(read_image(path), labels.CMP_PALETTE, tolerance=0).any()


def test_between_reading_and_showing_labels_are_classes():
    """Colours are known where pictures are read, where people look, and at the door of the paper's networks."""
    package = Path(labels.__file__).parent
    known = {
        path.relative_to(package).as_posix()
        for room in ("networks", "training", "export", "inference", "evaluation")
        for path in (package / room).rglob("*.py")
        if re.search(r"PALETTE|colorize|snap\(|labels\.shown", path.read_text(encoding="utf-8"))
    }
    read = {"inference/translator.py", "evaluation/test_drawings/__init__.py"}
    shown = {"training/loop.py", "training/report/results.py", "evaluation/report.py"}
    assert known == read | shown | {"networks/layers.py"}


def test_void_is_shown_black_and_pictures_as_they_are():
    label_map = np.uint8([[labels.VOID, labels.INDEX["window"]]])
    picture = labels.shown(label_map)
    assert picture.tolist() == [[[0, 0, 0], list(labels.CLASSES[labels.INDEX["window"]].rgb)]]
    assert labels.shown(picture) is picture
