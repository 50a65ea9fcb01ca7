"""What the turns come to: the table, what the course's recipe was asked for, the chart."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median

import matplotlib.pyplot as plt
import pandas as pd
from strategies import COMMON, COURSE

from lessons_lib import plots

NOTHING = float("nan")


def speed_table(found: Mapping) -> pd.DataFrame:
    """Return one row a strategy, its figures the medians over rounds.

    - `examples_per_second` at the mean length of the dataset, `real_per_second` tokens of the texts
    - `times` the common recipe's real tokens per second in the same round, which `low` and `high` bound over the rounds
    - `of_course`, `of_course_low`, `of_course_high`: the same beside the course's recipe
    - `computed_per_real` tokens of a whole epoch, counted
    - `of_peak`: operations on real tokens, as a share of the best matrix product of that type
    - `memory_mib` above what the process held before, `millijoules` a real token
    - `waited` for data as a share of the seconds, `cpu_share`, the least of a round, `warmup_seconds`, and `rounds`
    """
    rows = {}
    for name, epoch in found["epochs"].items():
        own = [run for run in found["runs"] if run["strategy"] == name]
        if own:
            peak = max(found["peaks"][epoch["dtype"]])  # the best that was seen
            rows[name] = _row(own, peak, epoch["computed"] / epoch["real"], found["real_per_example"])
            rows[name] |= _ratios(own, found["runs"], COMMON, ("times", "low", "high"))
            rows[name] |= _ratios(own, found["runs"], COURSE, ("of_course", "of_course_low", "of_course_high"))
            rows[name]["memory_mib"] = found["memory"].get(name, {}).get("memory_mib", NOTHING)
    return pd.DataFrame.from_dict(rows, orient="index")


def as_json(table: pd.DataFrame) -> dict[str, dict[str, float | None]]:
    """Return the rows of `table` by name, four significant figures each, and `None` where nothing could be read.

    >>> as_json(pd.DataFrame({"times": [2.34567], "millijoules": [NOTHING]}, index=["a"]))
    {'a': {'times': 2.346, 'millijoules': None}}
    """
    rows = table.to_dict("index")
    return {name: {key: _figure(value) for key, value in row.items()} for name, row in rows.items()}


def _figure(value: float) -> float | None:
    return None if value != value else float(f"{value:.4g}")


def _ratios(own: Sequence[Mapping], runs: Sequence[Mapping], other: str, names: Sequence[str]) -> dict[str, float]:
    """Return the median, the least and the most, by `names`, of speeds over those of `other` in the same round."""

    def at(run: Mapping) -> tuple[int, str | None]:
        return run["round"], run.get("session")

    base = {at(run): _rate(run) for run in runs if run["strategy"] == other}
    ratios = [_rate(run) / base[at(run)] for run in own if at(run) in base] or [NOTHING]
    return dict(zip(names, (median(ratios), min(ratios), max(ratios)), strict=True))


def _row(runs: Sequence[Mapping], peak: float, padding: float, length: float) -> dict[str, float]:
    energy = [1000 * run["joules"] / run["real"] for run in runs if run["joules"] is not None] or [NOTHING]
    rate = median(map(_rate, runs))
    share = median(run["flops"] / run["seconds"] / peak for run in runs)
    return {
        "examples_per_second": rate / length,
        "real_per_second": rate,
        "computed_per_real": padding,
        "of_peak": share if share <= 1 else NOTHING,  # above 1 the peak is none: a type that is only emulated
        "millijoules": median(energy),
        "waited": median(run["waited"] / run["seconds"] for run in runs),
        "cpu_share": min(run["cpu_share"] for run in runs),
        "warmup_seconds": median(run["warmup_seconds"] for run in runs),
        "rounds": len({run["round"] for run in runs}),
    }


def _rate(run: Mapping) -> float:
    return run["real"] / run["seconds"]


def verdict(table: pd.DataFrame, bf16: bool) -> list[str]:
    """Return a sentence for each thing that the course's recipe is asked for, and what is faster or slower than it.

    Faster is what was faster in each round, of more than one.
    """
    course, least = table.loc[COURSE], 5.0 if bf16 else 2.5
    said = {True: "reached", False: "missed"}
    times, low, high = course[["times", "low", "high"]]
    compared = table[(table["rounds"] > 1) & (table.index != COURSE)]
    faster = compared.index[compared["of_course_low"] > 1]
    slower = compared.index[compared["of_course_high"] < 1]
    return [
        f"{said[times >= least]}: {times:.2f} times the common recipe ({low:.2f} to {high:.2f} over "
        f"{course['rounds']:.0f} rounds), asked: at least {least}",
        f"{said[course['computed_per_real'] <= 1.02]}: {course['computed_per_real']:.3f} tokens computed for each real "
        "one, asked: at most 1.02",
        f"real tokens take {course['of_peak']:.0%} of the machine's peak of matrix products",
        f"faster than the course's recipe in each round: {', '.join(faster) or 'nothing'}; slower in each: "
        f"{', '.join(slower) or 'nothing'}",
    ]


def draw(table: pd.DataFrame, path: Path) -> None:
    """Write a picture of `times`: a bar a strategy, its range over the rounds, and a line at the common recipe."""
    _, axes = plt.subplots(figsize=(8, 0.9 + 0.36 * len(table)))
    colors = [plots.ORANGE if name == COURSE else plots.BLUE for name in table.index]
    hatches = ["//" if name == COURSE else "" for name in table.index]  # not by colour alone
    axes.barh(table.index, table["times"], color=colors, hatch=hatches, edgecolor="white")
    bounds = [table["times"] - table["low"], table["high"] - table["times"]]
    axes.errorbar(
        table["times"], table.index, xerr=bounds, fmt="none", ecolor=plots.BLACK, label="least and most of a round"
    )
    right = table["high"].max() * 1.03
    for name, times in table["times"].items():
        axes.annotate(f"{times:.2f}", (right, name), (0, -4), textcoords="offset points")
    axes.axvline(1, color=plots.BLACK, linestyle="--", label=COMMON)
    axes.invert_yaxis()
    axes.set(xlabel="real tokens per second, as a multiple of the common recipe", xlim=(0, right))
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), frameon=False, ncols=2)
    axes.spines[["top", "right"]].set_visible(False)
    axes.figure.savefig(path, dpi=130, bbox_inches="tight", facecolor="white")
    plt.close(axes.figure)
