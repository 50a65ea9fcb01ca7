"""The benchmark of cost against size: what it trains on, how many steps, and the slopes."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from benchmarks import sizes
from benchmarks.kit import store
from benchmarks.kit.strategies import Strategy
from benchmarks.sizes import SHORT, STEPS, TOKENS, UNDROPPED


def test_pairs_are_cut_and_each_is_trained_on(subject, pairs, steps, masks, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    costs = sizes.cost_of_pairs(70, pairs["test"].select(range(30)), Strategy(32), subject)
    assert len(steps) == 3 and sum(map(len, masks)) == 70 and max(mask.shape[1] for mask in masks) == SHORT
    assert min(costs["tokenize"], costs["before"], costs["epoch"]) > 0


@pytest.mark.parametrize(("over", "dropout"), [("tokens", None), (UNDROPPED, 0.0)])
def test_a_length_is_measured_after_a_short_one_that_warms_up(over, dropout, subject, steps, masks, monkeypatch):
    strategies, new_model = [], subject.new_model
    other = replace(subject, new_model=lambda strategy: strategies.append(strategy) or new_model(strategy))
    monkeypatch.setattr(store, "lesson_here", lambda: SimpleNamespace(device="cpu", precision={}))
    monkeypatch.setattr(sizes, "subject_of", lambda lesson: other)
    assert sizes.cost_of({"over": over, "size": 24})["step"] > 0
    assert len(steps) == 2 * (2 + STEPS) and {one.attention_dropout for one in strategies} == {dropout}
    assert [tuple(mask.shape) for mask in masks] == [(8, min(TOKENS))] * (2 + STEPS) + [(8, 24)] * (2 + STEPS)


def test_a_slope_is_fitted_and_none_where_something_was_not_measured():
    runs = [{"over": "", "size": size, "round": 0, "step": 1.0 * size, "memory_mib": None} for size in (1, 2)]
    assert store.figures(sizes.slopes(runs, ""))["slope"] == {"step": 1.0, "memory_mib": None}
