"""The benchmark of cost against size: what it trains on, how many steps, and the slopes."""

from types import SimpleNamespace

import pytest

from benchmarks import sizes
from benchmarks.kit import store
from benchmarks.kit.strategies import Strategy
from benchmarks.sizes import COSTS, SHORT, STEPS, TOKENS, UNDROPPED


def test_pairs_are_cut_and_each_is_trained_on(subject, pairs, steps, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    seen, tokenizer = [], subject.tokenizer.__class__
    pad = tokenizer.pad

    def noticed(self, features, *args, **kwargs):
        seen.extend(len(row["input_ids"]) for row in features)
        return pad(self, features, *args, **kwargs)

    monkeypatch.setattr(tokenizer, "pad", noticed)
    costs = sizes.cost_of_pairs(70, pairs["test"].select(range(30)), Strategy(32), subject)
    assert len(steps) == 3 and len(seen) == 70 and max(seen) == SHORT
    assert set(COSTS["pairs"]) == set(costs) and min(costs["tokenize"], costs["before"], costs["epoch"]) > 0


@pytest.mark.parametrize(("over", "dropout"), [("tokens", None), (UNDROPPED, 0.0)])
def test_a_length_is_measured_after_a_short_one_that_warms_up(over, dropout, subject, steps, monkeypatch):
    taken = []
    trial = sizes.run_trial
    monkeypatch.setattr(sizes, "run_trial", lambda *own, **kwargs: taken.append(own) or trial(*own, **kwargs))
    monkeypatch.setattr(store, "lesson_for", lambda *asked: SimpleNamespace(device="cpu", precision={}))
    monkeypatch.setattr(sizes, "subject_of", lambda lesson: subject)
    costs = sizes.cost_of(over, 24, 0, "", "")
    assert len(steps) == 2 * (2 + STEPS) and set(COSTS["tokens"]) == set(costs) and costs["step"] > 0
    for (strategy, texts), length in zip(taken, (min(TOKENS), 24), strict=True):
        assert (strategy.attention_dropout, strategy.per_device_train_batch_size) == (dropout, 8)
        assert {len(ids) for ids in texts.rows["input_ids"]} == {length}


def test_slopes_are_those_that_were_kept_and_none_where_something_was_not_measured():
    for measured in store.read("sizes").values():
        for over, slopes in measured["slopes"].items():
            assert store.figures(sizes.slopes(measured["runs"], over))["slope"] == slopes
    runs = [{"over": "tokens", "size": size, "step": 1.0 * size, "memory_mib": None} for size in (1, 2)]
    assert store.figures(sizes.slopes(runs, "tokens"))["slope"] == {"step": 1.0, "memory_mib": None}
