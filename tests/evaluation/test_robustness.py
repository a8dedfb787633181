"""The measures of drawings by hand, on stand-ins that each have one fault and on one that has none."""

from functools import lru_cache

import numpy as np
import pytest

from pix2pix.evaluation import test_drawings
from pix2pix.evaluation.artifacts import find_artifacts
from pix2pix.evaluation.robustness import LIMITS, RING, drawing_scores, table
from pix2pix.images import read_image, split_pair
from pix2pix.labels import INDEX
from pix2pix.synthetic.statistics import labels_from_jpeg
from pix2pix.walls import with_walls
from tests.helpers.real_facades import FACADES, needs_real_facades

SHOWN = ("empty_wall", "half_empty", "palazzo")
# In the order of the classes: what stands on a wall differs from it by 60 levels and more.
TONES = np.array([250, 185, 60, 40, 245, 250, 90, 110, 120, 125, 120, 50], np.float64)
ROWS, COLUMNS = np.mgrid[:256, :256]
NOISE = np.random.default_rng(0).normal(size=(256, 256, 3))


def plastered(drawing: np.ndarray) -> np.ndarray:
    """A tone for each class and a fine grey grain: nothing to find fault with."""
    return TONES[drawing][..., None] + 3 * NOISE[..., :1] + np.zeros(3)


def colour_noise(drawing):
    return plastered(drawing) + 8 * NOISE


def woven(drawing):
    """Streaks from rim to rim, in both directions."""
    return plastered(drawing) + 6 * (NOISE[:, :1, :1] + NOISE[:1, :, :1])


def checkered(drawing):
    """The grid of period 8 that strided decoders leave."""
    return plastered(drawing) + 8 * ((COLUMNS % 8 < 4) * 1.0 + (ROWS % 8 < 4))[..., None]


def mushy(drawing):
    """The picture at an eighth of its size."""
    small = plastered(drawing).reshape(32, 8, 32, 8, 3).mean(axis=(1, 3))
    ramps = np.linspace(0, 31, 256)
    low = np.floor(ramps).astype(int)
    high, part = np.minimum(low + 1, 31), (ramps - low)[:, None, None]
    tall = small[low] * (1 - part) + small[high] * part
    return tall[:, low] * (1 - part.transpose(1, 0, 2)) + tall[:, high] * part.transpose(1, 0, 2)


def constant(drawing):
    return np.full((*drawing.shape, 3), 128.0)


def smudged(drawing):
    """Darker and darker towards both lower corners."""
    return plastered(drawing) - 175 * (ROWS / 255 * np.abs(COLUMNS / 127.5 - 1))[..., None]


def stained(drawing):
    return plastered(drawing) + np.where(ROWS < 128, 1, -1)[..., None] * [18, 0, -18]


def lopsided(drawing):
    return plastered(drawing) - 30 * (COLUMNS / 255)[..., None]


def stuck(drawing):
    """Follows the drawing in steps of four pixels."""
    return plastered(np.kron(drawing[::4, ::4], np.ones((4, 4), np.uint8)))


def moody(drawing):
    """A little more window, and the whole house is darker."""
    return plastered(drawing) - 10 * ((drawing == INDEX["window"]).sum() // (26 * 18) % 2)


def nervous(drawing):
    """Any pixel changes everything."""
    return plastered(drawing) + 8 * np.random.default_rng(int(drawing.astype(int).sum())).normal(size=(256, 256, 1))


@lru_cache
def failed(fault) -> set[str]:
    """The measures that at least one drawing fails."""

    def generate(drawing: np.ndarray) -> np.ndarray:
        return np.clip(np.rint(fault(drawing)), 0, 255).astype(np.uint8)

    return {measure for measure, names in drawing_scores(generate, SHOWN)["failed"].items() if names}


def test_a_picture_without_fault_passes_every_measure():
    assert failed(plastered) == set()


@pytest.mark.parametrize(
    ("fault", "measures"),
    [
        (colour_noise, {"noise"}),
        (woven, {"stripes"}),
        (checkered, {"grid"}),
        (mushy, {"edges"}),
        (constant, {"edges"}),
        (smudged, {"shading"}),
        (stained, {"colour_unevenness"}),
        (lopsided, {"mirror"}),
        (stuck, {"shift"}),
        (moody, {"rectangle", "rectangle_reach"}),
        (nervous, {"rectangle", "rectangle_reach", "dab", "dab_reach"}),
    ],
)
def test_a_fault_is_caught_by_its_measure(fault, measures):
    assert measures <= failed(fault)


@pytest.mark.parametrize("fault", [colour_noise, woven, checkered, constant, smudged, stained, moody])
def test_a_fault_is_not_mistaken_for_another(fault):
    own = {
        colour_noise: {"noise", "shift"},  # noise that stays in place does not move with the drawing
        woven: {"stripes", "mirror", "shift"},
        checkered: {"grid", "mirror", "shift"},
        constant: {"edges"},
        smudged: {"shading"},
        stained: {"colour_unevenness"},
        moody: {"rectangle", "rectangle_reach"},
    }
    assert failed(fault) <= own[fault]


def test_the_wall_that_a_window_in_the_sky_gets_is_part_of_the_edit():
    """Beside the tower a window gets one, which our generator sees and paints as it should."""

    def scores(fault) -> dict[str, float]:
        generate = lambda drawing: fault(with_walls(drawing)).round().clip(0, 255).astype(np.uint8)  # noqa: E731
        return drawing_scores(generate, ("tower",))["drawings"]["tower"]

    assert scores(plastered)["rectangle"] == 0
    assert scores(plastered)["rectangle_reach"] == RING  # the edit itself
    assert scores(moody)["rectangle"] > LIMITS["rectangle"].value


def test_courses_of_one_direction_are_no_weave():
    """Bricks and boards run level; only streaks of both directions are a fabric."""
    wall = np.full((256, 256), INDEX["facade"], np.uint8)
    courses = np.repeat(128 + 10 * NOISE[:, :1, :1] + 2 * NOISE[..., :1], 3, axis=2).clip(0, 255).astype(np.uint8)
    assert find_artifacts(wall, courses)["stripes"] < LIMITS["stripes"].value / 2


def test_what_has_no_place_has_no_number_and_fails_nothing():
    scores = drawing_scores(lambda drawing: np.full((*drawing.shape, 3), 128, np.uint8), ("windows_only",))
    assert scores["drawings"]["windows_only"]["edges"] is None
    assert scores["drawings"]["windows_only"]["shading"] is None
    assert scores["means"]["edges"] is None
    assert not any(scores["failed"].values())


def test_scores_are_the_same_twice_and_the_table_names_what_failed():
    def generate(drawing):
        return constant(drawing).astype(np.uint8)

    scores = drawing_scores(generate, SHOWN)
    assert scores == drawing_scores(generate, SHOWN)
    lines = table(scores).splitlines()
    assert len(lines) == 1 + len(LIMITS)
    assert lines[1].split()[0] == "edges" and lines[1].endswith("2 half_empty, palazzo")


@needs_real_facades
def test_most_real_photos_keep_the_limits_that_come_from_them():
    kept = {"edges": [], "stripes": [], "noise": []}
    for path in sorted((FACADES / "val").glob("*.jpg"))[:20]:
        photo, painted = split_pair(read_image(path))
        scores = find_artifacts(labels_from_jpeg(painted), photo)
        for measure, holds in kept.items():
            holds.append(LIMITS[measure].holds(scores[measure]))
    assert min(np.mean(holds) for holds in kept.values()) >= 0.8


def test_every_drawing_has_a_place_for_most_measures():
    """A set on which a measure says nothing would pass it in silence."""
    flat = [
        find_artifacts(test_drawings.load(name), np.full((256, 256, 3), 128, np.uint8)) for name in test_drawings.NAMES
    ]
    for measure in flat[0]:
        assert sum(not np.isnan(each[measure]) for each in flat) >= 20
