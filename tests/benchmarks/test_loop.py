"""The bare loop: the batches, tokens and steps that it takes, and that it learns what the Trainer learns."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from counted import KNOWN, Counted
from loop import as_updates, collator, epoch_cost, epoch_updates, extremes, sample_updates, take_updates, threads
from strategies import COMMON, COURSE, Strategy
from trainer_runs import same_batches, trainer_for
from transformers import set_seed


def test_a_sample_has_one_update_of_each_stretch():
    updates = [[[number]] for number in range(103)]
    for seed in range(5):
        taken = sorted(update[0][0] for update in sample_updates(updates, 10, seed))
        stretches = np.array_split(np.arange(103), 10)
        assert all(one in stretch for one, stretch in zip(taken, stretches, strict=True))
    assert sample_updates(updates, 10, seed=0) != sample_updates(updates, 10, seed=1)
    assert sorted(sample_updates(updates, 999, seed=0)) == updates


def test_extremes_count_padding():
    updates = [[[0, 1], [2]], [[3, 4]], [[5]]]
    lengths = [5, 6, 30, 9, 20, 1]
    assert extremes(updates, lengths) == [[[3, 4]], [[5]]]  # 2 * 20 tokens, and one
    assert extremes(updates, lengths, pad_to=32) == [[[0, 1], [2]], [[5]]]


@pytest.mark.parametrize(
    "name", [COMMON, "dynamic padding", "grouped by length", "no bf16 here", COURSE, "two batches an update"]
)
def test_bare_loop_takes_the_tokens_batches_and_steps_that_were_counted(subject, steps, name):
    strategy = KNOWN[name]
    some = replace(subject, rows=subject.rows.select(range(50)), lengths=subject.lengths[:50])
    collate = Counted(collator(strategy, subject.tokenizer))
    updates = epoch_updates(strategy, some.lengths, seed=2)
    done = list(take_updates(strategy, some.new_model(strategy), some.rows, updates, collate))
    cost = epoch_cost(strategy, some.lengths, seed=2)
    assert (collate.real, collate.computed) == (cost.real, cost.computed)
    assert (sum(one.real for one in done), sum(one.computed for one in done)) == (cost.real, cost.computed)
    assert sum(one.examples for one in done) == 50
    assert collate.calls == sum(one.batches for one in done) == -(-50 // strategy.per_device_train_batch_size)
    assert len(steps) == len(done) == -(-50 // strategy.update_size)


def check_both_learned_the_same(first, ours, theirs):
    """Check that two trainings moved the weights away from the `first` ones, and to the same place."""
    for name, weight in ours.items():
        if not name.endswith("key.bias"):  # softmax does not see it: its gradient is rounding, which AdamW blows up
            torch.testing.assert_close(weight, theirs[name], rtol=0, atol=1e-6, msg=name)
    assert any((weight - first[name]).abs().max() > 1e-4 for name, weight in ours.items())


def test_bare_loop_learns_what_the_trainer_learns(subject, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    strategy = Strategy(4, 2)
    rows = same_batches(strategy, subject, seed=0, examples=32)
    trainer = trainer_for(strategy, subject, rows, "cpu", lr_scheduler_type="constant")
    trainer.train()
    model = subject.model_for(strategy)
    first = {name: weight.clone() for name, weight in model.state_dict().items()}
    collate = collator(strategy, subject.tokenizer)
    assert len(list(take_updates(strategy, model, rows, as_updates(range(len(rows)), strategy), collate))) == 4
    check_both_learned_the_same(first, model.state_dict(), trainer.model.state_dict())


def test_every_attention_trains_the_same_weights(subject):
    ends = []
    for attention in ("sdpa", "eager"):
        strategy = Strategy(4, 1, attn_implementation=attention)
        set_seed(1)  # dropout draws the same, too
        model = subject.model_for(strategy).train()
        assert model.config._attn_implementation == attention
        first = {name: weight.clone() for name, weight in model.state_dict().items()}
        collate = collator(strategy, subject.tokenizer)
        list(take_updates(strategy, model, subject.rows, as_updates(range(32), strategy), collate))
        ends.append(model.state_dict())
    check_both_learned_the_same(first, *ends)


def test_threads_are_given_back():
    before = torch.get_num_threads()
    with threads(before + 1):
        assert torch.get_num_threads() == before + 1
    assert torch.get_num_threads() == before
