"""Charts as XML: where their points lie, and what stands beside them."""

import re
from xml.etree import ElementTree

import pytest

from pix2pix.training.report.charts import BOTTOM, HEIGHT, LEFT, MAX_POINTS, RIGHT, TOP, WIDTH, Curve, line_chart


def drawn(*curves: Curve, mark=None) -> ElementTree.Element:
    return ElementTree.fromstring(line_chart("Losses", curves, "epochs", mark))


def points(chart: ElementTree.Element) -> list[list[tuple[float, ...]]]:
    return [[tuple(map(float, p.split(","))) for p in line.get("points").split()] for line in chart.iter("polyline")]


def words(chart: ElementTree.Element) -> list[str]:
    return [text.text for text in chart.iter("text")]


def test_a_line_runs_from_corner_to_corner():
    (line,) = points(drawn(Curve("l1", [(0, 0.0), (5, 0.5), (10, 1.0)])))
    assert line == [
        (LEFT, HEIGHT - BOTTOM),
        ((LEFT + WIDTH - RIGHT) / 2, (TOP + HEIGHT - BOTTOM) / 2),
        (WIDTH - RIGHT, TOP),
    ]


def test_ticks_are_round_and_enclose_the_values():
    shown = words(drawn(Curve("l1", [(0, 0.237), (200, 0.43)])))
    assert [word for word in shown if re.fullmatch(r"0\.\d+", word)] == ["0.20", "0.25", "0.30", "0.35", "0.40", "0.45"]
    assert [word for word in shown if re.fullmatch(r"\d+", word)] == ["0", "50", "100", "150", "200"]


@pytest.mark.parametrize("values", [[0.5], [0.0, 0.0], [3.0, 3.0, 3.0], [-2e-7, 1e9], [100.0], [1e-5, 2e-5]])
def test_any_values_lie_inside(values):
    (line,) = points(drawn(Curve("x", list(enumerate(values)))))
    assert all(LEFT <= x <= WIDTH - RIGHT and TOP <= y <= HEIGHT - BOTTOM for x, y in line)


def test_curves_are_named_at_their_ends_with_their_last_values_and_names_do_not_overlap():
    chart = drawn(Curve("on real", [(0, 0.5), (1, 0.981)]), Curve("on <fake>", [(0, 0.5), (1, 0.98)]))
    assert {"on real 0.981", "on <fake> 0.98"} <= set(words(chart))
    heights = [float(text.get("y")) for text in chart.iter("text") if text.get("class")]
    assert abs(heights[0] - heights[1]) >= 14


def test_a_mark_is_within_the_axis_even_where_no_value_comes_near():
    chart = drawn(Curve("D", [(0, 0.01), (1, 0.02)]), mark=(1.386, "D guesses"))
    (mark,) = (line for line in chart.iter("line") if line.get("class") == "mark")
    assert TOP <= float(mark.get("y1")) <= HEIGHT - BOTTOM
    assert "D guesses" in words(chart)


def test_a_long_curve_is_averaged_down_and_keeps_its_last_point():
    values = [(i, float(i % 2)) for i in range(100_000)]
    chart = drawn(Curve("noise", [*values, (100_000, 1.0)]))
    (line,) = points(chart)
    assert len(line) <= MAX_POINTS + 1
    assert line[-1] == (WIDTH - RIGHT, TOP)
    assert len({y for _, y in line[:-1]}) <= 2, "the mean of a wobble is a level"


def test_nothing_is_said_to_be_nothing():
    assert line_chart("SSIM", [Curve("SSIM", [])], "epochs") == '<p class="none">Nothing yet.</p>'
