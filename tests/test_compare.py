"""Intervals over seeds against scipy's own and a figure worked out by hand."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from lessons_lib.compare import crossing, curve_tables, kind_table, read_benchmark, seed_table, start_table

STARTS = ["cosine", "frozen features", "fine-tuned", "from scratch"]


def runs_of(**accuracies) -> list[dict]:
    """A run for each seed, by start."""
    return [
        {"start": start, "seed": seed, "accuracy": accuracy}
        for start, values in accuracies.items()
        for seed, accuracy in enumerate(values)
    ]


def test_interval_equals_scipy():
    values = [0.81, 0.84, 0.79, 0.86, 0.80]
    expected = stats.t.interval(0.95, len(values) - 1, loc=np.mean(values), scale=stats.sem(values))
    assert seed_table(runs_of(a=values)).loc["a", ["low", "high"]].tolist() == pytest.approx(expected)


def test_interval_by_hand():
    row = seed_table(runs_of(a=[0.0, 1.0])).loc["a"]  # t with one degree of freedom: 12.706; standard error 0.5
    assert (row["low"], row["high"]) == pytest.approx((0.5 - 6.353, 0.5 + 6.353), abs=1e-3)


def test_one_seed_is_refused():
    with pytest.raises(ValueError, match="at least two of them; 'b' has one"):
        seed_table(runs_of(a=[0.7, 0.8], b=[0.8]))


def test_table_keeps_the_order_and_counts_the_seeds():
    runs = [
        {"start": start, "seed": seed, "accuracy": accuracy, "f1": accuracy, "seconds": 2.0 * seed}
        for start, accuracy in (("z", 0.5), ("a", 0.75))
        for seed in (1, 2)
    ]
    table = seed_table(runs)
    assert list(table.index) == ["z", "a"]
    assert table["seeds"].tolist() == [2, 2]
    assert table.loc["a", ["accuracy", "seconds", "low", "high"]].tolist() == [0.75, 3.0, 0.75, 0.75]


def a_run(start: str, size: int, seed: int, accuracy: float) -> dict:
    kinds = {"kinds": {"claim": accuracy - 0.1, "event": 1.0}} if size == 40 else {}
    return {"start": start, "train_size": size, "seed": seed, "accuracy": accuracy, "f1": accuracy, **kinds}


MEASURED = {
    "settings": {"kinds": {"claim": 3, "event": 5}},
    "runs": [
        a_run(start, size, seed, accuracy + seed / 100)
        for seed in (1, 2)
        for start, accuracies in {"cosine": {10: 0.7, 40: 0.7}, "fine-tuned": {40: 0.9, 10: 0.6}}.items()
        for size, accuracy in accuracies.items()
    ],
}


def test_start_table_has_each_start_at_one_size():
    assert start_table(MEASURED, 10)["accuracy"].to_dict() == pytest.approx({"cosine": 0.715, "fine-tuned": 0.615})


def test_curves_go_up_in_size():
    curve = curve_tables(MEASURED, ["fine-tuned"])["fine-tuned"]
    assert curve["accuracy"].to_dict() == pytest.approx({10: 0.615, 40: 0.915})


def test_kinds_are_means_over_the_seeds_that_saw_every_pair():
    table = kind_table(MEASURED, ["cosine", "fine-tuned"])
    assert table.index.tolist() == ["event", "claim"]
    assert table.loc["claim"].to_dict() == pytest.approx({"pairs": 3, "cosine": 0.615, "fine-tuned": 0.815})


@pytest.mark.parametrize(
    ("rising", "other", "at"),
    [
        ([0.6, 0.9], [0.7, 0.7], 100 * 16 ** (1 / 3)),  # a third of the way, over the logarithm
        ([0.6, 0.7], [0.8, 0.8], None),  # never
        ([0.8, 0.9], [0.7, 0.7], None),  # ahead from the start
        ([0.9, 0.6], [0.7, 0.7], None),  # falls behind
    ],
)
def test_crossing(rising, other, at):
    tables = [pd.DataFrame({"accuracy": each}, index=[100, 1600]) for each in (rising, other)]
    assert crossing(*tables) == (at and pytest.approx(at))


def test_crossing_is_the_last_one():
    rising = pd.DataFrame({"accuracy": [0.6, 0.8, 0.6, 0.8]}, index=[10, 100, 1000, 10000])
    level = pd.DataFrame({"accuracy": 0.7}, index=rising.index)
    assert crossing(rising, level) == pytest.approx(10**3.5)


@pytest.mark.parametrize("task", ["pairs", "mrpc"])
def test_committed_benchmark_is_whole(task):
    """Five seeds of every start, with what is needed to measure it again."""
    measured = read_benchmark("starts")[task]
    table = start_table(measured, 480)
    assert len(table) == 9 and (table["seeds"] == 5).all()
    assert measured["command"].startswith("python -m benchmarks.starts") and measured["date"]
    assert {"machine", "precision", "versions"} <= set(measured["settings"])


def test_what_lesson_06_says_of_the_pairs_is_what_was_measured():
    curves = curve_tables(read_benchmark("starts")["pairs"], STARTS)
    means = {start: curve["accuracy"] for start, curve in curves.items()}
    assert means["fine-tuned"].is_monotonic_increasing and means["cosine"].max() - means["cosine"].min() < 0.03
    assert 480 < crossing(curves["fine-tuned"], curves["cosine"]) < 2000
    ends = {start: mean.iloc[-1] for start, mean in means.items()}
    assert abs(ends["fine-tuned"] - ends["frozen features"]) < 0.02
    assert 0 < ends["fine-tuned"] - ends["cosine"] < 0.025
    assert means["from scratch"].max() - means["from scratch"].min() < 0.01


def test_what_lesson_06_says_of_480_pairs_is_what_was_measured():
    measured = read_benchmark("starts")["pairs"]
    table = start_table(measured, 480)
    ahead = ["cosine", "frozen features", "layer-wise rates"]
    assert table.loc[ahead, "accuracy"].max() - table.loc[ahead, "accuracy"].min() < 0.02
    assert table.loc[ahead, "accuracy"].min() > table.drop(index=ahead)["accuracy"].max() + 0.02
    seeds = pd.DataFrame([run for run in measured["runs"] if run["train_size"] == 480]).groupby("start")["accuracy"]
    majority = table.loc["majority class", "accuracy"]
    assert seeds.min()["fine-tuned"] == majority and seeds.max()["fine-tuned"] > 0.85
    assert seeds.min()["layer-wise rates"] > table.loc["cosine", "accuracy"] - 0.03
    assert table.loc[["frozen encoder", "from scratch"], "high"].max() < majority + 0.01


def test_what_lesson_06_says_of_mrpc_is_what_was_measured():
    curves = curve_tables(read_benchmark("starts")["mrpc"], STARTS)
    assert 1000 < crossing(curves["fine-tuned"], curves["cosine"]) < 4000
    assert curves["fine-tuned"]["low"].iloc[-1] > curves["cosine"]["high"].iloc[-1]
    assert (curves["frozen features"]["accuracy"] < curves["cosine"]["high"] + 0.005).all()
