"""Intervals over seeds against scipy's own and a figure worked out by hand."""

import numpy as np
import pytest
from scipy import stats

from lessons_lib.compare import seed_interval, seed_table


def test_interval_equals_scipy():
    values = [0.81, 0.84, 0.79, 0.86, 0.80]
    expected = stats.t.interval(0.95, len(values) - 1, loc=np.mean(values), scale=stats.sem(values))
    assert seed_interval(values) == pytest.approx(expected)


def test_interval_by_hand():
    low, high = seed_interval([0.0, 1.0])  # t with one degree of freedom: 12.706; standard error 0.5
    assert (low, high) == pytest.approx((0.5 - 6.353, 0.5 + 6.353), abs=1e-3)


def test_one_seed_is_refused():
    with pytest.raises(ValueError, match="at least two"):
        seed_interval([0.8])


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
