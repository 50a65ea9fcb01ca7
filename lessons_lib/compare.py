"""Comparing ways to train: what several seeds have in common, and how far they differ."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd
from scipy import stats


def seed_interval(values: Sequence[float], confidence: float = 0.95) -> tuple[float, float]:
    """Return the interval for the mean over seeds, from the `values` of a few of them, by Student's t (1908).

    Raises `ValueError` for fewer than two values: one seed says nothing of the others.

    >>> low, high = seed_interval([0.80, 0.82, 0.84])
    >>> round(low, 3), round(high, 3)
    (0.77, 0.87)
    """
    if len(values) < 2:
        raise ValueError(f"An interval over seeds needs at least two of them, not {len(values)}.")
    values = pd.Series(values, dtype=float)
    reach = float(stats.t.ppf((1 + confidence) / 2, len(values) - 1) * values.sem())
    return float(values.mean()) - reach, float(values.mean()) + reach


def seed_table(runs: Sequence[Mapping[str, object]], by: str = "start") -> pd.DataFrame:
    """Return one row for each value of `by` in `runs`: the mean of each number over the seeds.

    Each run has `by`, `seed`, `accuracy`, `f1` and other numbers. Columns `low` and `high` bound the mean accuracy, and
    `seeds` counts the runs. Rows keep the order in which they first appear.
    """
    table = pd.DataFrame(runs)
    groups = table.groupby(by, sort=False)
    found = groups.mean(numeric_only=True).drop(columns="seed")
    found["seeds"] = groups.size()
    bounds = groups["accuracy"].agg(lambda values: seed_interval(list(values)))
    found["low"], found["high"] = [low for low, _ in bounds], [high for _, high in bounds]
    return found


def read_benchmark(name: str) -> dict:
    """Return what `benchmarks/<name>.py` measured and wrote, with its command, machine, versions and date."""
    packed = Path(__file__).parent / "benchmarks"  # in an installed package; in a checkout they stand beside it
    folder = packed if packed.is_dir() else Path(__file__).parents[1] / "benchmarks"
    return json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))


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
