"""Windows that are drawn without a wall get one, which stands on the ground; all else stays as it is drawn."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from pix2pix import labels
from pix2pix.evaluation import test_drawings as drawings
from pix2pix.synthetic import label_map
from pix2pix.walls import street, with_walls

SKY, WALL, WINDOW, CORNICE, BLIND = map(labels.NAMES.index, ("background", "facade", "window", "cornice", "blind"))


def empty() -> np.ndarray:
    return np.full((256, 256), SKY, np.uint8)


def test_a_window_in_the_sky_gets_a_wall_that_stands_on_the_ground_and_nothing_else_changes():
    drawing = empty()
    drawing[60:220, 120:200] = WALL
    drawing[100:120, 20:40] = WINDOW
    seen = with_walls(drawing)
    assert (seen[94:126, 14:46] != SKY).all()  # around it
    assert (seen[126:220, 20:40] == WALL).all()  # down to the street
    assert (seen[220:] == SKY).all()  # where the house ends
    assert (seen[100:220, :20] == WALL).all()  # on to the edge, which is near
    assert (seen[:80] == drawing[:80]).all() and (seen[:, 60:] == drawing[:, 60:]).all()
    assert np.array_equal(seen[drawing != SKY], drawing[drawing != SKY])


def test_walls_are_joined_to_a_house_that_is_near():
    drawing = empty()
    drawing[60:, 80:200] = WALL
    drawing[100:120, 40:60] = WINDOW
    assert (with_walls(drawing)[100:, 60:80] == WALL).all()


def test_windows_without_a_house_become_one():
    drawing = drawings.load("no_wall").copy()
    seen = with_walls(drawing)
    assert (seen == WALL).mean() > 0.5
    rows, columns = np.nonzero(drawing != SKY)
    assert (seen[rows.min() : rows.max(), columns.min() : columns.max()] != SKY).all()
    drawing[130:] = SKY
    assert (with_walls(drawing)[-1] == WALL).mean() > 0.5  # it stands on the lower edge


def test_what_has_a_wall_or_needs_none_stays():
    for name in (
        "palazzo",
        "cottage",
        "tower",
        "shop_street",
        "letters",
        "asymmetric",
        "background_only",
        "empty_wall",
    ):
        drawing = drawings.load(name)
        assert with_walls(drawing) is drawing, name
    for seed in range(20):
        drawing = label_map(seed, 256, 256)
        assert (with_walls(drawing) != drawing).mean() < 0.1, seed
    speck = empty()
    speck[100:103, 40:43] = WINDOW
    assert with_walls(speck) is speck
    sun = empty()
    sun[20:40, 20:40], sun[20:30, 200:240] = BLIND, CORNICE
    assert with_walls(sun) is sun


def test_distances_grow_with_the_picture():
    drawing = empty()
    drawing[100:120, 60:80] = WINDOW
    large = with_walls(drawing.repeat(2, axis=0).repeat(2, axis=1))
    assert np.array_equal(large, with_walls(drawing).repeat(2, axis=0).repeat(2, axis=1))


def test_the_street_begins_below_the_house():
    drawing = empty()
    assert street(drawing) == 256  # there is no house
    drawing[60:200, 120:140] = WALL
    assert street(drawing) == 256  # nor is that one yet
    drawing[60:90, 100:200] = WALL
    drawing[230, 3] = WINDOW  # a speck
    assert street(drawing) == 200
    drawing[-1] = labels.VOID
    assert street(drawing) == 200


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(8, 300), st.integers(8, 300))
def test_only_background_becomes_wall_whatever_is_drawn(seed, height, width):
    stream = np.random.default_rng(seed)
    drawing = np.full((height, width), SKY, np.uint8)
    for _ in range(6):
        top, left = stream.integers(height), stream.integers(width)
        drawing[top : top + stream.integers(1, 60), left : left + stream.integers(1, 60)] = stream.integers(12)
    seen = with_walls(drawing)
    changed = seen != drawing
    assert (drawing[changed] == SKY).all() and (seen[changed] == WALL).all()
    assert seen.dtype == np.uint8
