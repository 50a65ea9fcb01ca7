"""The bare loop: the batches, tokens and steps that it takes, and that it learns what the Trainer learns."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from transformers import set_seed

from benchmarks.kit.loop import as_updates, collator, epoch_cost, epoch_updates, extremes, sample_updates, take_updates
from benchmarks.kit.strategies import Strategy
from benchmarks.kit.subject import trainer_for
from benchmarks.trainer import same_batches


def test_a_sample_has_one_update_of_each_stretch():
    updates = [[[number]] for number in range(103)]
    taken = sorted(update[0][0] for update in sample_updates(updates, 10, seed=1))
    assert all(one in stretch for one, stretch in zip(taken, np.array_split(np.arange(103), 10), strict=True))
    assert sample_updates(updates, 10, seed=0) != sample_updates(updates, 10, seed=1)


def test_extremes_count_padding():
    updates, lengths = [[[0, 1], [2]], [[3, 4]], [[5]]], [5, 6, 30, 9, 20, 1]
    assert extremes(updates, lengths) == [[[3, 4]], [[5]]]  # 2 * 20 tokens, and one
    assert extremes(updates, lengths, pad_to=32) == [[[0, 1], [2]], [[5]]]


PADDED = Strategy(8, train_sampling_strategy="random", pad_to=128)


@pytest.mark.parametrize("strategy", [PADDED, Strategy(16, freeze_embeddings=True, bf16=True), Strategy(4, 2)])
def test_bare_loop_takes_the_tokens_batches_and_steps_that_were_counted(subject, steps, strategy):
    some = replace(subject, rows=subject.rows.select(range(50)), lengths=subject.lengths[:50])
    updates, cost = (each(strategy, some.lengths, seed=2) for each in (epoch_updates, epoch_cost))
    assert sorted(index for update in updates for batch in update for index in batch) == list(range(50))
    collate = collator(strategy, subject.tokenizer)
    done = list(take_updates(strategy, some.model_for(strategy), some.rows, updates, collate))
    sums = [sum(update[name] for update in done) for name in ("real", "computed", "examples", "batches")]
    assert sums == [cost.real, cost.computed, 50, -(-50 // strategy.per_device_train_batch_size)]
    assert len(steps) == len(done) == -(-50 // strategy.update_size)


@pytest.mark.parametrize("attention", ["sdpa", "eager"])
def test_bare_loop_learns_what_the_trainer_learns(subject, attention, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    strategy = Strategy(4, 2)
    rows = same_batches(strategy, subject, seed=0, examples=32)
    trainer = trainer_for(strategy, subject, rows, lr_scheduler_type="constant")
    trainer.train()
    set_seed(0)
    model = subject.model_for(replace(strategy, attn_implementation=attention))
    first = {name: weight.clone() for name, weight in model.state_dict().items()}
    updates = as_updates(range(len(rows)), strategy)
    assert len(list(take_updates(strategy, model, rows, updates, collator(strategy, subject.tokenizer)))) == 4
    theirs = trainer.model.state_dict()
    for name, weight in model.state_dict().items():
        if not name.endswith("key.bias"):  # softmax does not see it: its gradient is rounding, which AdamW blows up
            torch.testing.assert_close(weight, theirs[name], rtol=0, atol=1e-6, msg=name)
    assert any((weight - first[name]).abs().max() > 1e-4 for name, weight in model.state_dict().items())
