"""The live chart puts each point where it belongs, thins long curves, and does not stumble over what is not finite."""

import itertools
import re
from xml.etree import ElementTree

import pytest

from lessons_lib import charts


def polylines(svg: str) -> list[list[tuple[float, float]]]:
    found = re.findall(r'<polyline points="([^"]*)"', svg)
    return [[tuple(map(float, point.split(","))) for point in line.split()] for line in found]


def test_points_stand_where_their_values_say():
    [line] = polylines(charts.line_chart({"loss": [(0, 0.0), (50, 0.5), (100, 1.0)]}, "loss", xmax=100))
    (left, bottom), middle, (right, top) = line
    assert (left, bottom) == (charts.LEFT, charts.HEIGHT - charts.BOTTOM)
    assert (right, top) == (charts.WIDTH - charts.RIGHT, charts.TOP)
    assert middle == pytest.approx(((left + right) / 2, (top + bottom) / 2))


def test_long_curves_are_thinned_and_keep_their_last_point():
    points = [(step, step) for step in range(1, 100_001)]
    [line] = polylines(charts.line_chart({"loss": points}, "loss", xmax=100_000))
    assert len(line) <= charts.MOST_POINTS
    assert line[-1] == (charts.WIDTH - charts.RIGHT, charts.TOP)


@pytest.mark.parametrize("points", [[], [(1, float("nan"))], [(1, float("inf"))], [(1, 0.0)], [(1, -3.0), (2, -3.0)]])
def test_odd_curves_are_drawn(points):
    ElementTree.fromstring(charts.line_chart({"loss": points}, "loss"))


@pytest.mark.parametrize(("low", "high"), [(0, 1), (0.31, 0.69), (-2, 5), (1e-5, 5e-5), (7, 7), (0, 12345), (-1, -1)])
def test_ticks_cover_what_they_label(low, high):
    found = charts.ticks(low, high)
    assert found[0] <= low <= high <= found[-1]
    assert 2 <= len(found) <= 9
    steps = {round(b - a, 9) for a, b in itertools.pairwise(found)}
    assert len(steps) == 1


def test_two_curves_differ_by_more_than_colour():
    dashes = [dash for _, dash, _ in charts.STYLES]
    assert len(set(dashes)) == len(dashes)


def test_legend_leaves_room_for_each_name():
    names = {f"metric {number}": [(0, 0.0), (1, 1.0)] for number in range(6)}
    svg = charts.line_chart(names, "metrics", xmax=1)
    baselines = [float(y) for y in re.findall(r'y="([^"]*)">metric', svg)]
    assert len(set(baselines)) == 6
    assert max(baselines) < min(y for line in polylines(svg) for _, y in line)
