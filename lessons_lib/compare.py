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


def start_table(measured: Mapping, size: int) -> pd.DataFrame:
    """Return one row per start with `size` training pairs: one task of `benchmarks/starts.py`, over its seeds."""
    return seed_table([run for run in measured["runs"] if run["train_size"] == size])


def curve_tables(measured: Mapping, starts: Sequence[str]) -> dict[str, pd.DataFrame]:
    """Return for each of the `starts` one row per number of training pairs, over the seeds."""
    return {
        start: seed_table([run for run in measured["runs"] if run["start"] == start], by="train_size").sort_index()
        for start in starts
    }


def crossing(rising: pd.DataFrame, other: pd.DataFrame) -> float | None:
    """Return at how many training pairs the accuracy of `rising` passes that of `other` for good; `None` if it doesn't.

    Both tables have one row per number of pairs. Between two rows a curve is taken to be straight over the logarithm.

    >>> tables = [pd.DataFrame({"accuracy": each}, index=[100, 400]) for each in ([0.6, 0.9], [0.7, 0.8])]
    >>> round(crossing(*tables))
    200
    """
    ahead = (rising["accuracy"] - other["accuracy"]).dropna().sort_index()
    behind = ahead[ahead <= 0]
    if len(behind) == 0 or behind.index[-1] == ahead.index[-1]:
        return None
    last, first = behind.index[-1], ahead.index[ahead.index > behind.index[-1]][0]
    share = -ahead[last] / (ahead[first] - ahead[last])
    return float(last * (first / last) ** share)


def kind_table(measured: Mapping, starts: Sequence[str]) -> pd.DataFrame:
    """Return the mean accuracy by kind of pair, one column for each of the `starts`, where they saw every pair.

    `pairs` counts the pairs of each kind that were judged; the most frequent kind comes first.
    """
    runs = [run for run in measured["runs"] if run.get("kinds")]
    kinds = {one: pd.DataFrame([run["kinds"] for run in runs if run["start"] == one]).mean() for one in starts}
    return pd.DataFrame({"pairs": measured["settings"]["kinds"], **kinds}).sort_values("pairs", ascending=False)
