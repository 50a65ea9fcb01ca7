"""Several ways to begin, compared over seeds and over the number of training pairs."""

from collections.abc import Mapping

import pandas as pd
from matplotlib.axes import Axes

from lessons_lib.palette import BLACK, BLUE, GREEN, GREY, ORANGE
from lessons_lib.plots.lines import lines_text
from lessons_lib.plots.phrases import beyond, joined, longest_bars, number
from lessons_lib.plots.picture import axes_or_new, describe


def plot_starts(table: pd.DataFrame, baselines: Mapping[str, float], line: str, ax: Axes | None = None) -> Axes:
    """Draw the accuracy of several starts: a bar each with its interval over seeds, and `baselines` above them.

    `table` comes from `compare.seed_table`; `line` names the baseline that is also drawn across.
    """
    ax = axes_or_new(ax, width=8, height=0.9 + 0.42 * (len(table) + len(baselines)))
    bars = [*baselines.items(), *table["accuracy"].items()]
    reach = [*(0.0 for _ in baselines), *(table["high"] - table["accuracy"])]
    names, values = zip(*bars, strict=True)
    drawn = ax.barh(names, values, color=[GREY] * len(baselines) + [BLUE] * len(table))
    for patch in drawn[: len(baselines)]:
        patch.set_hatch("///")
    ax.errorbar(
        values[len(baselines) :], names[len(baselines) :], xerr=reach[len(baselines) :], fmt="none", color=BLACK
    )
    for name, value, far in zip(names, values, reach, strict=True):
        ax.annotate(f"{value:.2f}", (value + far, name), (5, -4), textcoords="offset points")
    ax.axvline(baselines[line], color=ORANGE, linestyle="--", label=line)
    ax.invert_yaxis()
    ax.set(xlabel="accuracy on validation", xlim=(0, 1.02))
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), frameon=False)
    return describe(ax, _starts_text(table, baselines, line))


def _starts_text(table: pd.DataFrame, baselines: Mapping[str, float], line: str) -> str:
    """Return what the bars show, and which of them are beyond the line with their whole interval.

    >>> table = pd.DataFrame({"accuracy": [0.8], "low": [0.7], "high": [0.9]}, index=["cosine"])
    >>> _starts_text(table, {"majority": 0.6}, "majority").split(". ")[0]
    'Bars of accuracy on validation with their intervals over seeds: cosine 0.80 (0.70 to 0.90)'
    """
    rows = [(name, *(number(row[each]) for each in ("accuracy", "low", "high"))) for name, row in table.iterrows()]
    each = joined((f"{name} {mean} ({low} to {high})" for name, mean, low, high in rows), most=4)
    longest = longest_bars(dict(table["accuracy"]), {name: mean for name, mean, _, _ in rows})
    hatched = joined(f"{name} {number(value)}" for name, value in baselines.items())
    past = beyond(int((table["low"] > baselines[line]).sum()), len(table))
    text = f"Bars of accuracy on validation with their intervals over seeds: {each or 'none'}. {longest}".rstrip()
    text = f"{text} Hatched above, {hatched}. A dashed line marks {line}"
    return f"{text}: {past} with the whole interval." if len(table) else f"{text}."


def plot_learning_curve(
    tables: Mapping[str, pd.DataFrame], line: tuple[str, float], crossing: float | None = None, ax: Axes | None = None
) -> Axes:
    """Draw accuracy over the number of training pairs, one line a name with its interval over seeds as a band.

    Each table comes from `compare.seed_table(runs, by="train_size")`; `line` is a `(name, value)` to compare with, and
    `crossing` the number of pairs to mark, where there is one.
    """
    ax = axes_or_new(ax)
    styles = ((ORANGE, "-.", "D"), (GREEN, "--", "s"), (BLUE, "-", "o"), (GREY, "--", "^"))
    tables = {name: table.sort_index() for name, table in tables.items()}
    for place, (name, table) in enumerate(tables.items()):
        color, style, marker = styles[place % len(styles)]
        ax.plot(table.index, table["accuracy"], color=color, linestyle=style, marker=marker, label=name)
        ax.fill_between(table.index, table["low"], table["high"], color=color, alpha=0.15)
    ax.axhline(line[1], color=BLACK, linestyle=":", label=line[0])
    sizes = sorted({size for table in tables.values() for size in table.index})
    mark = ""
    if crossing:
        ax.axvline(crossing, color=BLACK, linewidth=0.8)
        mark, at = f"about {float(f'{crossing:.2g}'):,.0f} pairs", ("data", "axes fraction")
        ax.annotate(mark, (crossing, 0.93), (-5, 0), xycoords=at, textcoords="offset points", ha="right")
    ax.set(xscale="log", xlabel="training pairs", ylabel="accuracy on validation")
    ax.set_xticks(sizes, [f"{size:,}" for size in sizes])
    ax.minorticks_off()
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3, frameon=False)
    curves = {name: table["accuracy"].dropna() for name, table in tables.items()}
    lines = {name: (curve.index, curve) for name, curve in curves.items()}
    text = lines_text(lines, "training pairs", "accuracy on validation", at="{} pairs", straight=False)
    text += _highest(curves, sizes) + f" A dotted line marks {line[0]} at {number(line[1])}"
    return describe(ax, text + (f", a vertical one {mark}." if mark else "."))


def _highest(curves: Mapping[str, pd.Series], sizes: list[int]) -> str:
    """Say which line is the highest at the fewest and at the most training pairs.

    >>> _highest({"a": pd.Series([0.6, 0.9], [100, 400]), "b": pd.Series([0.7, 0.8], [100, 400])}, [100, 400])
    ' Highest at 100 pairs: b; at 400 pairs: a.'
    """
    said = []
    for size in dict.fromkeys(sizes[:1] + sizes[-1:]):
        values = {name: curve[size] for name, curve in curves.items() if size in curve.index}
        if len(values) > 1:
            best = number(max(values.values()))
            names = joined(name for name, value in values.items() if number(value) == best)
            said.append(f"at {number(size)} pairs: {names}")
    return f" Highest {'; '.join(said)}." if said else ""
