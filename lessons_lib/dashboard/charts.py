"""Which curves share a chart, and each chart as a picture, with an alternative text of what it draws."""

import math
from collections.abc import Iterable, Mapping

from lessons_lib.dashboard import svg
from lessons_lib.dashboard.logs import SETS, figure
from lessons_lib.dashboard.state import Curves, RunState

MOST_CHARTS = 4  # of losses, and as many of metrics


def charts(run: RunState, most_curves: int) -> list[str]:
    """Return the pictures of `run` as HTML: its losses, its metrics, `most_curves` each, and its learning rate."""
    pictures = []
    metrics = run.metrics | _baselines(run)
    for title, curves in {"loss": run.losses, "metrics": metrics, "learning rate": run.learning_rates}.items():
        for drawn in by_size(dict(list(curves.items())[:most_curves]))[:MOST_CHARTS]:
            heading, names = _headed(title, drawn)
            pictures.append(
                svg.picture(svg.line_chart(names, heading, xmax=run.max_steps), alternative(heading, names))
            )
    return pictures


def _baselines(run: RunState) -> Curves:
    """Return a level line for each baseline whose metric is drawn."""
    return {
        f"validation baseline {name}": [(0, value), (run.max_steps, value)]
        for name, value in run.baselines.items()
        if f"validation {name}" in run.metrics
    }


def by_size(series: Mapping[str, svg.Points]) -> list[Curves]:
    """Return the lines to draw, chart by chart: of one size each, and a loss of training with that of validation.

    >>> [list(chart) for chart in by_size({"f1": [(1, 0.5)], "perplexity": [(1, 35.0)], "accuracy": [(1, 0.7)]})]
    [['f1', 'accuracy'], ['perplexity']]
    """
    families: dict[str, Curves] = {}
    for name, points in svg.visible(series).items():
        first, _, rest = name.partition(" ")
        families.setdefault(rest if rest and first in SETS.values() else name, {})[name] = points
    sizes: dict[int, Curves] = {}
    for curves in families.values():
        sizes.setdefault(size(curves.values()), {}).update(curves)
    room = len(svg.STYLES)
    return [
        dict(list(curves.items())[start : start + room])
        for curves in sizes.values()
        for start in range(0, len(curves), room)
    ]


def size(curves: Iterable[svg.Points]) -> int:
    """Return the order of magnitude of the largest value; it is 0 for all from 0.02 to 1, and for 0.

    >>> size([[(1, 0.75)]]), size([[(1, 0.04)]]), size([[(1, 35.0)]]), size([[(1, 1.5e-06)]])
    (0, 0, 2, -6)
    """
    largest = max(abs(y) for points in curves for _, y in points)
    if largest == 0 or 0.02 <= largest <= 1:
        return 0
    return math.floor(math.log10(largest)) + (largest > 1)


def alternative(title: str, drawn: Mapping[str, svg.Points]) -> str:
    """Return the alternative text of a chart: each line that is `drawn`, with its ends.

    >>> alternative("loss", {"training loss": [(1, 0.7), (2, 0.5)]})
    'A curve over the steps: loss. training loss from 0.700 to 0.500.'
    """
    ends = [
        f"{name} from {figure(points[0][1])} to {figure(points[-1][1])}"
        if len(points) > 1
        else f"{name} {figure(points[0][1])}"
        for name, points in drawn.items()
    ]
    return f"A curve over the steps: {title}. {'; '.join(ends)}."


def _headed(title: str, drawn: Curves) -> tuple[str, Curves]:
    """Return the heading of a chart and its lines; metrics of validation alone say so in the heading."""
    if title != "metrics" or not all(name.startswith("validation ") for name in drawn):
        return title, drawn
    return f"{title} on validation", {name.removeprefix("validation "): points for name, points in drawn.items()}
