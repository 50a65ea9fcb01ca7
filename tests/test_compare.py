"""Intervals over seeds against scipy's own and a figure worked out by hand."""

import numpy as np
import pytest
from scipy import stats

from lessons_lib.compare import curve_tables, read_benchmark, seed_table, start_table


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
    return {"start": start, "train_size": size, "seed": seed, "accuracy": accuracy, "f1": accuracy}


MEASURED = {
    "settings": {"train_size": 10, "more": 4},
    "runs": [
        a_run(start, size, seed, accuracy)
        for seed in (1, 2)
        for start, size, accuracy in [
            ("fine-tuned", 10, 0.8),
            ("fine-tuned", 40, 0.9),
            ("from scratch", 10, 0.5),
            ("from scratch, more", 40, 0.6),
            ("fine-tuned", 5, 0.7),
        ]
    ],
}


def test_start_table_has_each_start_at_its_own_budget():
    table = start_table(MEASURED)
    assert table["train_size"].to_dict() == {"fine-tuned": 10, "from scratch": 10, "from scratch, more": 40}
    assert table["accuracy"].to_dict() == pytest.approx(
        {"fine-tuned": 0.8, "from scratch": 0.5, "from scratch, more": 0.6}
    )


def test_curves_go_up_in_size_and_take_the_larger_budget_in():
    curves = curve_tables(MEASURED)
    assert curves["fine-tuned"]["accuracy"].round(1).to_dict() == {5: 0.7, 10: 0.8, 40: 0.9}
    assert curves["from scratch"]["accuracy"].round(1).to_dict() == {10: 0.5, 40: 0.6}


@pytest.mark.parametrize("task", ["pairs", "mrpc"])
def test_committed_benchmark_is_whole(task):
    """Five seeds of every start, with what is needed to measure it again."""
    measured = read_benchmark("starts")[task]
    table = start_table(measured)
    assert len(table) == 7 and (table["seeds"] == 5).all()
    assert set(measured["baselines"]) == {"majority class", "bag of words"}
    assert measured["command"].startswith("python -m benchmarks.starts") and measured["date"]
    assert {"machine", "precision", "versions"} <= set(measured["settings"])


def test_what_lesson_06_says_of_the_pairs_is_what_was_measured():
    measured = read_benchmark("starts")["pairs"]
    table, majority = start_table(measured), measured["baselines"]["majority class"]["accuracy"]
    assert table.loc[["fine-tuned", "layer-wise rates"], "low"].min() > majority
    for start in ("frozen encoder", "from scratch", "from scratch, more", "fine-tuned, unread words"):
        assert table.loc[start, "accuracy"] == pytest.approx(majority, abs=0.01)
    curves = curve_tables(measured)
    assert curves["fine-tuned"]["accuracy"].is_monotonic_increasing
    assert curves["fine-tuned"]["accuracy"].iloc[-1] == pytest.approx(0.9, abs=0.02)


def test_what_lesson_06_says_of_mrpc_is_what_was_measured():
    measured = read_benchmark("starts")["mrpc"]
    table, baselines = start_table(measured), measured["baselines"]
    trained = table.drop(index="untrained head")["accuracy"]
    assert trained.max() < baselines["bag of words"]["accuracy"]
    assert trained.max() - baselines["majority class"]["accuracy"] < 0.04
