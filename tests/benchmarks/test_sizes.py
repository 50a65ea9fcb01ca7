"""The benchmark of cost against size: what it trains on, how many steps, and the slopes."""

import math
from types import SimpleNamespace

import pytest
import sizes
from sizes import COSTS, SHORT, STEPS, TOKENS, UNDROPPED, cost_of, cost_of_pairs, cost_of_tokens, many_pairs, slopes
from strategies import Strategy


def test_many_pairs_repeat_the_few(pairs):
    assert many_pairs(pairs["test"], 1000)["label"][:] == (pairs["test"]["label"][:] * 3)[:1000]


def test_pairs_are_cut_and_every_one_is_trained_on(subject, pairs, steps, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    seen = []
    tokenizer = subject.tokenizer.__class__
    pad = tokenizer.pad

    def noticed(self, features, *args, **kwargs):
        seen.extend(len(row["input_ids"]) for row in features)
        return pad(self, features, *args, **kwargs)

    monkeypatch.setattr(tokenizer, "pad", noticed)
    found = cost_of_pairs(70, pairs["test"], Strategy(32), subject, "cpu")
    assert len(steps) == 3 and len(seen) == 70 and max(seen) == SHORT
    assert set(COSTS["pairs"]) == set(found) - {"memory_from"}
    assert min(found["tokenize"], found["before"], found["epoch"]) > 0


def test_tokens_are_as_many_as_asked_and_the_first_step_is_not_timed(subject, steps):
    found = cost_of_tokens(24, Strategy(8), subject, "cpu")
    assert len(steps) == STEPS + 1
    assert set(COSTS["tokens"]) == set(found) and found["step"] > 0


@pytest.mark.parametrize(("over", "dropout"), [("tokens", None), (UNDROPPED, 0.0)])
def test_a_size_is_measured_after_a_small_one_that_warms_up(over, dropout, monkeypatch):
    taken = []
    monkeypatch.setattr(sizes, "lesson_for", lambda *asked: SimpleNamespace(device="cpu", precision={"bf16": True}))
    monkeypatch.setattr(sizes, "subject_of", lambda lesson: None)
    monkeypatch.setattr(sizes, "cost_of_tokens", lambda length, strategy, *others: taken.append((length, strategy)))
    cost_of(over, 128, "", "")
    assert [length for length, _ in taken] == [min(TOKENS), 128]
    for _, strategy in taken:
        assert strategy.attention_dropout == dropout
        assert strategy.per_device_train_batch_size == 8 and strategy.bf16 and strategy.freeze_embeddings


def test_slopes_are_those_of_medians_and_none_where_something_cost_nothing():
    costs = {1: (2.0, 2.0, 9.0), 2: (4.0, 4.0, 0.1), 4: (8.0, 8.0, 8.0)}
    runs = [{"over": "tokens", "size": size, "step": one} for size, own in costs.items() for one in own]
    runs = [run | {"memory_mib": 0.0 if run["size"] == 1 else 5.0} for run in runs]
    found = slopes(runs, "tokens", ["step", "memory_mib"])
    assert found.loc["slope", "step"] == pytest.approx(1) and math.isnan(found.loc["slope", "memory_mib"])
    assert math.isnan(slopes(runs[:3], "tokens", ["step"]).loc["slope", "step"])  # one size has no slope
