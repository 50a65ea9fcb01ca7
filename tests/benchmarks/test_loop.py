"""The bare loop: the batches, tokens and steps that it takes, and that it learns what the Trainer learns."""

from dataclasses import replace
from itertools import chain

import numpy as np
import pytest
import torch
from transformers import set_seed

from benchmarks.kit.loop import epoch_cost, epoch_updates, extremes, sample_updates, take_updates
from benchmarks.kit.strategies import Strategy
from benchmarks.kit.subject import trainer_for
from benchmarks.trainer import IN_ORDER, same_batches
from lessons_lib.padding import batches


def test_a_sample_has_one_update_of_each_stretch():
    updates = [[number] for number in range(103)]
    taken = sorted(chain(*sample_updates(updates, 10, seed=1)))
    assert all(one in stretch for one, stretch in zip(taken, np.array_split(np.arange(103), 10), strict=True))
    assert sample_updates(updates, 10, seed=0) != sample_updates(updates, 10, seed=1)


def test_extremes_count_padding():
    updates, lengths = [[0, 1, 2], [3, 4], [5]], [5, 6, 30, 9, 20, 1]
    assert extremes(updates, lengths, Strategy(2)) == [[3, 4], [5]]  # 2 * 20 tokens, and one
    assert extremes(updates, lengths, Strategy(2, pad_to=32)) == [[0, 1, 2], [5]]


PADDED = Strategy(8, train_sampling_strategy="random", pad_to=128)


@pytest.mark.parametrize("strategy", [PADDED, Strategy(16, freeze_embeddings=True, bf16=True), Strategy(4, 2)])
def test_bare_loop_takes_the_tokens_batches_and_steps_that_were_counted(subject, steps, masks, strategy):
    lengths = subject.lengths[:50]
    updates, cost = (each(strategy, lengths, seed=2) for each in (epoch_updates, epoch_cost))
    assert sorted(chain(*updates)) == list(range(50))
    taken = list(take_updates(strategy, subject.model_for(strategy), subject.rows, updates, subject.tokenizer))
    assert len(taken) == len(steps) == -(-50 // strategy.update_size)
    assert len(masks) == -(-50 // strategy.per_device_train_batch_size)
    assert sum(int(mask.sum()) for mask in masks) == cost.real
    assert sum(mask.numel() for mask in masks) == cost.computed


@pytest.mark.parametrize("attention", ["sdpa", "eager"])
def test_bare_loop_learns_what_the_trainer_learns(subject, attention, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    strategy = Strategy(4, 2)
    rows = same_batches(strategy, subject, seed=0, examples=32)
    trainer = trainer_for(strategy, subject, rows, lr_scheduler_type="constant", **IN_ORDER)
    trainer.train()
    set_seed(0)
    model = subject.model_for(replace(strategy, attn_implementation=attention))
    first = {name: weight.clone() for name, weight in model.state_dict().items()}
    updates = list(batches(range(len(rows)), strategy.update_size))
    assert len(list(take_updates(strategy, model, rows, updates, subject.tokenizer))) == 4
    theirs = trainer.model.state_dict()
    for name, weight in model.state_dict().items():
        if not name.endswith("key.bias"):  # softmax does not see it: its gradient is rounding, which AdamW blows up
            torch.testing.assert_close(weight, theirs[name], rtol=0, atol=1e-6, msg=name)
    assert any((weight - first[name]).abs().max() > 1e-4 for name, weight in model.state_dict().items())
