"""Comparing ways to train: what several seeds have in common, and how far they differ."""

import json
from collections.abc import Mapping, Sequence

import pandas as pd
from scipy import stats

from lessons_lib.course import RESULTS


def seed_table(runs: Sequence[Mapping[str, object]], by: str = "start") -> pd.DataFrame:
    """Return one row for each value of `by` in `runs`: the mean of each number over the seeds.

    Each run has `by`, `seed`, `accuracy`, `f1` and other numbers. `seeds` counts the runs; `low` and `high` bound the
    mean accuracy, at 95 % by Student's t (1908). Rows keep the order in which they first appear. Raises `ValueError`
    where there is but one seed, which says nothing of the others.
    """
    table = pd.DataFrame(runs)
    groups = table.groupby(by, sort=False)
    means = groups.mean(numeric_only=True).drop(columns="seed")
    means["seeds"] = groups.size()
    if (means["seeds"] < 2).any():
        raise ValueError(f"An interval over seeds needs at least two of them; {means['seeds'].idxmin()!r} has one.")
    reach = stats.t.ppf(0.975, means["seeds"] - 1) * groups["accuracy"].sem()
    means["low"], means["high"] = means["accuracy"] - reach, means["accuracy"] + reach
    return means


def read_benchmark(name: str) -> dict:
    """Return what `benchmarks/<name>.py` measured, as far as lessons quote it, with its command, machine and date."""
    return json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))


def start_table(measured: Mapping) -> pd.DataFrame:
    """Return one row a start at its full budget: one task of what `benchmarks/starts.py` measured, over its seeds."""
    size, times = measured["settings"]["train_size"], measured["settings"]["more"]
    sizes = {"from scratch, more": size * times}
    return seed_table([run for run in measured["runs"] if run["train_size"] == sizes.get(run["start"], size)])


def curve_tables(measured: Mapping) -> dict[str, pd.DataFrame]:
    """Return one row a number of training pairs, for the fine-tuned model and the one from scratch, over the seeds."""
    runs = [run | {"start": run["start"].removesuffix(", more")} for run in measured["runs"]]
    return {
        start: seed_table([run for run in runs if run["start"] == start], by="train_size").sort_index()
        for start in ("fine-tuned", "from scratch")
    }
