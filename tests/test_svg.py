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
