"""Horizontal bars."""

import math
from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes

from lessons_lib.palette import BLUE, LIGHT, ORANGE, RULE
from lessons_lib.plots.phrases import beyond, counted, joined, longest_bars, number, percent, sentence, spelled
from lessons_lib.plots.picture import axes_or_new, describe


def plot_bars(
    values: Mapping[str, float],
    label: str,
    line: tuple[str, float] | None = None,
    written: str = "{:.2f}",
    log: bool = False,
    ax: Axes | None = None,
) -> Axes:
    """Draw one horizontal bar a name, its value `written` at its end; `line` is a `(name, value)` to compare with.

    On a logarithmic axis (`log`) bars start a little below the least value: there is no zero on it.

    >>> plot_bars({"a": 0.5, "b": 0.9}, "accuracy", line=("baseline", 0.7)).figure.get_label().split(". ")[1]
    'The longer one is b'
    """
    ax = axes_or_new(ax, height=0.6 + 0.4 * len(values))
    bars = ax.barh(list(values), list(values.values()), color=BLUE)
    ax.bar_label(bars, fmt=written, padding=4)
    ax.invert_yaxis()
    known = [value for value in values.values() if math.isfinite(value)] or [1.0]
    least, most = min(known), max(known)
    ax.set(xlabel=label, xlim=(least / 10, most * 100) if log else (0, most * 1.15 or 1))
    if log:
        ax.set_xscale("log")
    if line:
        ax.axvline(line[1], color=ORANGE, linestyle="--", label=line[0])
        ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), frameon=False)
    return describe(ax, _bars_text(values, label + " on a logarithmic axis" * log, line, written))


def _bars_text(values: Mapping[str, float], label: str, line: tuple[str, float] | None, written: str) -> str:
    """Return what the bars show.

    >>> _bars_text({"a": 0.5, "b": 0.9}, "accuracy", ("baseline", 0.7), "{:.2f}")[:60]
    'Two bars show accuracy: a 0.50 and b 0.90. The longer one is'
    """

    def say(value: float) -> str:
        return (written.format(value) if math.isfinite(value) else "") or number(value)

    if not values:
        return f"An empty figure of {label}: there are no bars."
    said = {name: say(value) for name, value in values.items()}
    verb = "shows" if len(values) == 1 else "show"
    each = joined(f"{name} {value}" for name, value in said.items())
    text = f"{sentence(counted('bar', len(values)))} {verb} {label}: {each}. {longest_bars(values, said)}"
    if line:
        over = sum(value > line[1] and said[name] != say(line[1]) for name, value in values.items())
        text = f"{text.rstrip()} A dashed line marks {line[0]} at {say(line[1])}: {beyond(over, len(values))}."
    return text.rstrip()


def plot_trainable(parameters: Mapping[str, int], frozen: Sequence[str], ax: Axes | None = None) -> Axes:
    """Draw how many parameters each part of a model has; the parts in `frozen` light and hatched, the others dark.

    >>> plot_trainable({"layer": 3_000_000, "head": 1_000_000}, ["layer"]).figure.get_label().split(". ")[-1]
    'Of the parts one is frozen, hatched; 25.00% of all parameters train.'
    """
    ax = axes_or_new(ax, height=0.9 + 0.26 * len(parameters))
    for name, count in parameters.items():
        still = name in frozen
        color, edge, hatch = (LIGHT, RULE, "///") if still else (BLUE, BLUE, "")
        ax.barh(name, count / 1e6, color=color, edgecolor=edge, hatch=hatch, linewidth=0.5)
        ax.annotate(
            "frozen" if still else "trains", (count / 1e6, name), (4, -3), textcoords="offset points", fontsize=8
        )
    ax.invert_yaxis()
    most = max(parameters.values(), default=0)
    ax.set(xlabel="millions of parameters", xlim=(0, most / 1e6 * 1.12 or 1))
    return describe(ax, _trainable_text(parameters, frozen))


def _trainable_text(parameters: Mapping[str, int], frozen: Sequence[str]) -> str:
    still = [name for name in parameters if name in frozen]
    total = sum(parameters.values())
    training = total - sum(parameters[name] for name in still)
    text = _bars_text({name: count / 1e6 for name, count in parameters.items()}, "millions of parameters", None, "")
    if not still:
        return f"{text} Nothing is frozen: all parameters train."
    verb = "is" if len(still) == 1 else "are"
    return (
        f"{text} Of the parts {spelled(len(still))} {verb} frozen, hatched; "
        f"{percent(training, total, digits=2)} of all parameters train."
    )
