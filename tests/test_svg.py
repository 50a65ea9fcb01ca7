"""The live chart puts each point where it belongs, thins long curves, and does not stumble over what is not finite."""

import itertools
import re
from xml.etree import ElementTree

import pytest

from lessons_lib.dashboard import svg


def polylines(drawn: str) -> list[list[tuple[float, float]]]:
    found = re.findall(r'<polyline points="([^"]*)"', drawn)
    return [[tuple(map(float, point.split(","))) for point in line.split()] for line in found]


def test_points_stand_where_their_values_say():
    [line] = polylines(svg.line_chart({"loss": [(0, 0.0), (50, 0.5), (100, 1.0)]}, "loss", xmax=100))
    (left, bottom), middle, (right, top) = line
    assert (left, bottom) == (svg.LEFT, svg.HEIGHT - svg.BOTTOM)
    assert (right, top) == (svg.WIDTH - svg.RIGHT, svg.TOP)
    assert middle == pytest.approx(((left + right) / 2, (top + bottom) / 2))


def test_long_curves_are_thinned_and_keep_their_last_point():
    points = [(step, step) for step in range(1, 100_001)]
    [line] = polylines(svg.line_chart({"loss": points}, "loss", xmax=100_000))
    assert len(line) <= svg.MOST_POINTS
    assert line[-1] == (svg.WIDTH - svg.RIGHT, svg.TOP)


@pytest.mark.parametrize("points", [[], [(1, float("nan"))], [(1, float("inf"))], [(1, 0.0)], [(1, -3.0), (2, -3.0)]])
def test_odd_curves_are_drawn(points):
    ElementTree.fromstring(svg.line_chart({"loss": points}, "loss"))


@pytest.mark.parametrize(("low", "high"), [(0, 1), (0.31, 0.69), (-2, 5), (1e-5, 5e-5), (7, 7), (0, 12345), (-1, -1)])
def test_ticks_cover_what_they_label(low, high):
    found = svg.ticks(low, high)
    assert found[0] <= low <= high <= found[-1]
    assert 2 <= len(found) <= 9
    steps = {round(b - a, 9) for a, b in itertools.pairwise(found)}
    assert len(steps) == 1


@pytest.mark.parametrize("low", [0, 0.5, 0.75, 1, 100, 1e6, -3])
@pytest.mark.parametrize("apart", [0, 1e-16, 1e-12, 1e-6])
def test_values_that_hardly_differ_are_drawn(low, apart):
    ElementTree.fromstring(svg.line_chart({"loss": [(1, low), (2, low * (1 + apart))]}, "loss"))
    found = svg.ticks(low, low * (1 + apart))
    assert found[0] <= low <= found[-1]
    assert len(set(found)) == len(found) >= 2


def y_labels(drawn: str) -> list[str]:
    return re.findall(rf'<text x="{svg.LEFT - 5:.1f}" y="[^"]*" text-anchor="end">([^<]*)<', drawn)


@pytest.mark.parametrize("exponent", [-15, -12, -9, -6, -5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5, 6, 9, 12, 15])
@pytest.mark.parametrize("factor", [1, 1.5, 3.3, 9.99])
def test_labels_of_values_differ_and_fit_whatever_their_size(exponent, factor):
    drawn = svg.line_chart({"loss": [(0, 0), (1, factor * 10.0**exponent)]}, "loss")
    labels, [((_, low), (_, high))] = y_labels(drawn), polylines(drawn)
    assert len(set(labels)) == len(labels) >= 2
    assert max(map(len, labels)) * 6.2 <= svg.LEFT - 4
    assert low - high > 0.6 * (svg.HEIGHT - svg.TOP - svg.BOTTOM)


@pytest.mark.parametrize("values", [(0.5, 0.501), (0.62, 0.69), (0.8, 0.80012), (990, 1010), (-0.5, 0.5)])
def test_labels_of_a_narrow_range_differ(values):
    labels = y_labels(svg.line_chart({"loss": list(enumerate(values))}, "loss"))
    assert len(set(labels)) == len(labels) >= 2
    assert max(map(len, labels)) * 6.2 <= svg.LEFT - 4


def test_only_what_is_visible_is_drawn():
    nan = float("nan")
    series = {"a": [(1, nan)], "b": [(1, 0.5), (2, nan)], "c": [(step, 1.0) for step in range(1000)]}
    found = svg.visible(series)
    assert list(found) == ["b", "c"]
    assert found["b"] == [(1, 0.5)]
    assert len(found["c"]) <= svg.MOST_POINTS and found["c"][-1] == (999, 1.0)
    drawn = svg.line_chart(series, "metrics")
    assert [len(line) for line in polylines(drawn)] == [1, len(found["c"])]
    assert ">a<" not in drawn


def test_long_names_stay_apart_in_the_legend():
    names = [f"validation of all languages, cosine accuracy@{number}" for number in (1, 3)]
    drawn = svg.line_chart({name: [(1, 0.5)] for name in names}, "metrics")
    legend = re.findall(r">(validation[^<]*)<", drawn)
    assert len(set(legend)) == 2


def test_two_curves_differ_by_more_than_colour():
    dashes = [dash for _, dash, _ in svg.STYLES]
    assert len(set(dashes)) == len(dashes)


@pytest.mark.parametrize("count", [1, 2, 6, 12])
def test_many_curves_have_room_and_rise_where_they_rise(count):
    names = {f"metric {number}": [(0, 0.0), (1, 1.0)] for number in range(count)}
    drawn = svg.line_chart(names, "metrics", xmax=1)
    baselines = [float(y) for y in re.findall(r'y="([^"]*)">metric', drawn)]
    assert len(set(baselines)) == len(polylines(drawn)) == min(count, len(svg.STYLES))
    for (_, low), (_, high) in polylines(drawn):
        assert low - high == pytest.approx(svg.HEIGHT - svg.TOP - svg.BOTTOM)  # down is up in SVG
        assert max(baselines) < high


@pytest.mark.parametrize("steps", [10, 240, 10_000, 100_000])
def test_labels_of_steps_do_not_meet(steps):
    drawn = svg.line_chart({"loss": [(steps, 1.0)]}, "loss", xmax=steps)
    labels = re.findall(r'<text x="([\d.]+)" y="[\d.]+" text-anchor="(middle|end)">([\d,]+)</text>', drawn)
    ends = []
    count = sum(tick <= steps for tick in svg.ticks(0, steps, most=3, whole=True))
    for x, anchor, text in labels[-count:]:
        width = 6.2 * len(text)
        left = float(x) - (width if anchor == "end" else width / 2)
        ends.append((left, left + width))
    assert all(one[1] < other[0] for one, other in itertools.pairwise(ends)), ends
    assert ends[-1][1] <= svg.WIDTH
