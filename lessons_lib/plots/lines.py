"""Lines over a common axis."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes

from lessons_lib.palette import BLACK, BLUE, GREEN, ORANGE
from lessons_lib.plots.phrases import counted, joined, number, sentence
from lessons_lib.plots.picture import axes_or_new, describe
from lessons_lib.plots.trend import trend

COLORS, STROKES = (ORANGE, BLUE, GREEN, BLACK), (":", "-", "--", "-.")

Lines = Mapping[str, tuple[Sequence[float], Sequence[float]]]


def plot_lines(lines: Lines, xlabel: str, ylabel: str, ax: Axes | None = None) -> Axes:
    """Draw lines, each a name with its x and its y values, told apart by colour and by stroke.

    >>> plot_lines({"a": ([1, 2], [5, 3])}, "step", "loss").figure.get_label()
    'One line shows loss over step (1 to 2): a falls from 5 to 3.'
    """
    ax = axes_or_new(ax)
    for place, (name, (x, y)) in enumerate(lines.items()):
        turn = place // len(COLORS)  # from the fifth line on, each colour comes with another stroke
        color, stroke = COLORS[place % len(COLORS)], STROKES[(place + turn) % len(STROKES)]
        ax.plot(x, y, color=color, linestyle=stroke, label=name)
    ax.set(xlabel=xlabel, ylabel=ylabel)
    if lines:
        ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=min(len(lines), 4), frameon=False)
    return describe(ax, lines_text(lines, xlabel, ylabel))


def lines_text(lines: Lines, xlabel: str, ylabel: str, at: str | None = None, straight: bool = True) -> str:
    """Return what `lines` show, in words.

    `at` names a place on the x axis: unless given, `xlabel` and its value. Pieces are called `straight` only where the
    axes are linear.

    >>> lines_text({"a": ([1, 2, 3], [5, 3, 4]), "b": ([1, 3], [2, 2])}, "step", "loss")
    'Two lines show loss over step (1 to 3): a falls from 5 to 3 at step 2, then rises to 4; and b stays level at 2.'
    """
    at = at or f"{xlabel} {{}}"
    each = joined((f"{name} {trend(x, y, at, straight)}" for name, (x, y) in lines.items()), by=";")
    if not each:
        return f"An empty figure of {ylabel} over {xlabel}."
    verb = "shows" if len(lines) == 1 else "show"
    return f"{sentence(counted('line', len(lines)))} {verb} {ylabel} over {xlabel}{_span(lines)}: {each}."


def _span(lines: Lines) -> str:
    places = [float(place) for x, _ in lines.values() for place in x if np.isfinite(place)]
    ends = list(dict.fromkeys(number(end) for end in (min(places), max(places)))) if places else []
    return f" ({' to '.join(ends)})" if ends else ""
