"""A line chart as SVG text, drawn in about a millisecond: for what is redrawn while a model trains."""

import base64
import math
import re
from collections.abc import Mapping, Sequence
from html import escape

from lessons_lib.palette import BLACK, BLUE, DARK_GREEN, DARK_GREY, DARK_ORANGE, DARK_PURPLE

WIDTH, HEIGHT = 240, 190
LEFT, RIGHT, TOP, BOTTOM = 48, 12, 34, 30
LEGEND = 14  # the height of a name in the legend
STYLES = (
    (BLUE, "", "circle"),
    (DARK_ORANGE, "5 3", "square"),
    (DARK_GREEN, "2 2", "circle"),
    (DARK_PURPLE, "8 3", "square"),
    (DARK_GREY, "8 3 2 3", "circle"),
    (BLACK, "1 3", "square"),
)
MOST_POINTS = 150
UNITS = ((1e12, 12, "T"), (1e9, 9, "G"), (1e6, 6, "M"), (1e5, 3, "k"))  # from what on, the power of ten, its letter

Points = Sequence[tuple[float, float]]


def line_chart(series: Mapping[str, Points], title: str, xlabel: str = "step", xmax: float | None = None) -> str:
    """Return the SVG of one line a name through those of its `(x, y)` points that are `visible`.

    As many lines are drawn as there are `STYLES` to tell them apart. `xmax` is how far the x axis reaches.

    >>> line_chart({"loss": [(1, 0.7), (2, 0.5)]}, "loss").count("<polyline")
    1
    """
    drawn = dict(list(visible(series).items())[: len(STYLES)])
    everything = [point for points in drawn.values() for point in points]
    ys = [y for _, y in everything] or [0.0, 1.0]
    yticks = ticks(min(ys), max(ys))
    right = max([x for x, _ in everything] + [xmax or 1])
    xticks = [tick for tick in ticks(0, right, most=3, whole=True) if tick <= right]
    low, high = min(*ys, yticks[0]), max(*ys, yticks[-1])
    height = HEIGHT + LEGEND * max(len(drawn) - 1, 0)  # the legend pushes the curves down, and never together
    top, bottom = TOP + height - HEIGHT, height - BOTTOM

    def place(x: float, y: float) -> tuple[float, float]:
        across = LEFT + (WIDTH - LEFT - RIGHT) * x / right
        return across, bottom - (bottom - top) * (y - low) / (high - low)

    parts = [_grid(place, xticks, yticks, low, xlabel)]
    for number, ((name, points), style) in enumerate(zip(drawn.items(), STYLES, strict=False)):
        parts.append(_line([place(*point) for point in points], *style))
        if name != title:
            parts.append(_legend(number, name, *style))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
        f'font-family="sans-serif" font-size="11"><rect width="100%" height="100%" fill="#FFF"/>'
        f'<text x="{LEFT}" y="13" font-weight="bold">{escape(title)}</text>{"".join(parts)}</svg>'
    )


def visible(series: Mapping[str, Points]) -> dict[str, list[tuple[float, float]]]:
    """Return the points that a chart draws: finite ones, at most `MOST_POINTS` a line, always with the last one.

    A line without any is left out.

    >>> visible({"loss": [(1, 0.7), (2, float("nan"))], "f1": [(2, float("nan"))]})
    {'loss': [(1, 0.7)]}
    """
    finite = {name: [(x, y) for x, y in points if math.isfinite(y)] for name, points in series.items()}
    return {name: _thinned(points) for name, points in finite.items() if points}


def picture(svg: str, alt: str) -> str:
    """Return the HTML of `svg` as a picture with an alternative text; in a picture nothing can run."""
    data = base64.b64encode(svg.encode()).decode("ascii")
    return (
        f'<img alt="{escape(alt)}" width="{WIDTH}" style="vertical-align: top" src="data:image/svg+xml;base64,{data}">'
    )


def ticks(low: float, high: float, most: int = 5, whole: bool = False) -> list[float]:
    """Return about `most` round numbers that cover `low` to `high`; what hardly differs counts as equal.

    >>> ticks(0, 240, whole=True), ticks(0.5, 0.5)
    ([0.0, 50.0, 100.0, 150.0, 200.0, 250.0], [0.0, 0.2, 0.4, 0.6, 0.8, 1.0])
    """
    if high - low <= 1e-4 * max(abs(low), abs(high)):
        low, high = (low, low + 1) if whole or low == 0 else (min(0.0, 2 * low), max(0.0, 2 * low))
    rough = (high - low) / most
    power = 10.0 ** math.floor(math.log10(rough))
    step = power * next(factor for factor in (1, 2, 5, 10) if factor * power >= rough * 0.95)
    step = max(1.0, step) if whole else step
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [float(f"{number * step:.12g}") for number in range(first, last + 1)]


def tick_labels(values: Sequence[float]) -> list[str]:
    """Return the labels of evenly spaced `values`, short enough for the margin whatever their size.

    >>> tick_labels([0, 0.5, 1]), tick_labels([0, 5e5, 1e6]), tick_labels([0, 5e-07])
    (['0', '0.5', '1.0'], ['0', '0.5M', '1.0M'], ['0', '5.0e-7'])
    """
    largest, exponent = max(map(abs, values)), math.floor(math.log10(values[1] - values[0]) + 1e-9)
    if largest < 0.001 or exponent < -5 or largest >= 1e15:
        digits = min(2, max(1, math.floor(math.log10(largest)) - exponent))
        return [re.sub(r"e([+-])0", r"e\1", f"{value:.{digits}e}") if value else "0" for value in values]
    power, letter = next((unit[1:] for unit in UNITS if largest >= unit[0]), (0, ""))
    decimals = max(0, power - exponent)
    return [f"{value / 10**power:,.{decimals}f}{letter}" if value else "0" for value in values]


def _thinned(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    stride = math.ceil(len(points) / MOST_POINTS) or 1
    return points[::-1][::stride][::-1]  # counted from the end, so that the last one stays


def _grid(place, xticks: list[float], yticks: list[float], low: float, xlabel: str) -> str:
    lines = []
    for tick, label in zip(yticks, tick_labels(yticks), strict=True):
        x, y = place(0, tick)
        lines.append(f'<line x1="{x:.1f}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="#DDD"/>')
        lines.append(f'<text x="{x - 5:.1f}" y="{y + 4:.1f}" text-anchor="end">{label}</text>')
    for tick in xticks:
        x, y = place(tick, low)
        anchor = "middle" if x < WIDTH - 30 else "end"
        lines.append(f'<text x="{x:.1f}" y="{y + 13:.1f}" text-anchor="{anchor}">{tick:,.0f}</text>')
    lines.append(f'<text x="{WIDTH - RIGHT}" y="{y + 26:.1f}" text-anchor="end">{escape(xlabel)}</text>')
    return "".join(lines)


def _line(points: Points, color: str, dash: str, marker: str) -> str:
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    drawn = f'<polyline points="{path}" fill="none" stroke="{color}" stroke-width="1.8" stroke-dasharray="{dash}"/>'
    spots = points if len(points) <= 20 else points[-1:]
    return drawn + "".join(_spot(x, y, color, marker) for x, y in spots)


def _spot(x: float, y: float, color: str, marker: str) -> str:
    if marker == "circle":
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{color}"/>'
    return f'<rect x="{x - 3:.1f}" y="{y - 3:.1f}" width="6" height="6" fill="{color}"/>'


def _legend(number: int, name: str, color: str, dash: str, marker: str) -> str:
    x, y = LEFT, 25 + LEGEND * number
    short = name if len(name) <= 28 else f"{name[:13]}…{name[-14:]}"  # names may differ in their last letters alone
    line = f'<line x1="{x:.0f}" x2="{x + 18:.0f}" y1="{y}" y2="{y}" stroke="{color}" stroke-dasharray="{dash}"/>'
    return f'{line}{_spot(x + 9, y, color, marker)}<text x="{x + 23:.0f}" y="{y + 4}">{escape(short)}</text>'
