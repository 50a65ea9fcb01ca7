"""The losses and the metric of a training run, from what its trainer logged."""

import math
from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from lessons_lib.palette import BLACK, BLUE, GREEN, ORANGE
from lessons_lib.plots.lines import Lines, lines_text
from lessons_lib.plots.phrases import joined, number
from lessons_lib.plots.picture import axes_or_new, describe
from lessons_lib.plots.trend import trend

Log = Sequence[Mapping[str, float]]


def plot_losses(log_history: Log, ax: Axes | None = None) -> Axes:
    """Draw the training loss and, where there is one, the validation loss from `trainer.state.log_history`.

    >>> plot_losses([{"epoch": 1, "loss": 0.7}, {"epoch": 2, "loss": 0.4}]).figure.get_label()
    'One line shows cross-entropy over epoch (1 to 2): training loss falls from 0.70 to 0.40.'
    """
    ax, lines = axes_or_new(ax), _losses(log_history)
    styles = {"training loss": (BLUE, "o"), "validation loss": (ORANGE, "s")}
    for name, points in lines.items():
        color, marker = styles[name]
        ax.plot(*points, color=color, marker=marker, label=name)
    ax.set(xlabel="epoch", ylabel="cross-entropy")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    if lines:
        ax.legend(frameon=False)
    return describe(ax, lines_text(lines, "epoch", "cross-entropy"))


def plot_loss_and_metric(log_history: Log, line: tuple[str, float], metric: str = "eval_accuracy") -> Axes:
    """Draw both losses on the left, and on the right one metric of the validation pairs, epoch by epoch.

    `line` names the metric's baseline and says how high it is. Raises `ValueError` where the metric was never logged.
    """
    epochs, values = _logged(log_history, metric)
    if not values:
        there = joined(sorted({name for entry in log_history for name in entry if name.startswith("eval_")}), most=12)
        raise ValueError(f"No log has {metric!r}. What was logged of the validation: {there or 'nothing'}.")
    _, (left, right) = plt.subplots(1, 2, figsize=(9, 3.2), layout="constrained")
    plot_losses(log_history, ax=left)
    right.plot(epochs, values, color=GREEN, marker="^")
    right.axhline(line[1], color=BLACK, linestyle="--", linewidth=1, label=line[0])
    right.legend(frameon=False)
    right.xaxis.set_major_locator(MaxNLocator(integer=True))
    name = metric.removeprefix("eval_") + " on validation"
    right.set(xlabel="epoch", ylabel=name)
    right.spines[["top", "right"]].set_visible(False)
    text = f"{name} {trend(epochs, values, 'epoch {}')}; {_against(values, line)}"
    return describe(right, f"Left: {left.get_label()} Right: {text}.", whole=True)


def _losses(log_history: Log) -> Lines:
    """Return the losses that were logged, each a name with its epochs and its values."""
    logged = {"training loss": _logged(log_history, "loss"), "validation loss": _logged(log_history, "eval_loss")}
    return {name: points for name, points in logged.items() if points[1]}


def _logged(log_history: Log, column: str) -> tuple[list[float], list[float]]:
    """Return the epochs and the values of the entries that have `column`.

    >>> _logged([{"epoch": 1, "loss": 0.7}, {"epoch": 1, "eval_loss": 0.6}], "loss")
    ([1.0], [0.7])
    """
    entries = [entry for entry in log_history if entry.get(column) is not None]
    return [float(entry["epoch"]) for entry in entries], [float(entry[column]) for entry in entries]


def _against(values: Sequence[float], line: tuple[str, float]) -> str:
    """Say where the last value is, seen from the dashed line.

    >>> _against([0.6, 0.8], ("always yes", 0.7))
    'it ends above the dashed line, always yes, at 0.70'
    """
    last, level = values[-1], line[1]
    where = "on" if number(last) == number(level) else "above" if last > level else "below"
    ends = "" if math.isnan(last) else f"it ends {where} "
    return f"{ends}the dashed line, {line[0]}, at {number(level)}"
