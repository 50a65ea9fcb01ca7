"""The strategies that are compared, and the tokens that an epoch of each computes: counted, never timed."""

import os
from dataclasses import asdict, replace
from itertools import pairwise
from pathlib import Path

import pytest
from counted import KNOWN
from datasets import load_dataset
from loop import epoch_cost, epoch_updates
from strategies import COMMON, COURSE, Strategy, table
from transformers import TrainingArguments

GLUE = Path(__file__).parents[2] / "../shared/glue"


@pytest.fixture(scope="module")
def lengths(pairs, tokenizer):
    return lengths_of(pairs["train"], tokenizer)


def lengths_of(split, tokenizer):
    """Return how many tokens each pair of `split` has."""
    return [len(ids) for ids in tokenizer(split["sentence1"][:], split["sentence2"][:], truncation=True)["input_ids"]]


@pytest.mark.parametrize("name", KNOWN)
def test_training_arguments_take_each_strategy(name, tmp_path, monkeypatch):
    monkeypatch.setattr(os, "environ", os.environ.copy())  # torch_compile may leave variables behind
    strategy = KNOWN[name]
    args = TrainingArguments(str(tmp_path), **strategy.arguments("cpu"))
    for field, value in strategy.arguments("cpu").items():
        assert getattr(args, field) == value, field


@pytest.mark.parametrize("precision", [{}, {"bf16": True, "use_cpu": True}, {"fp16": True}])
def test_each_rung_of_the_ladder_changes_one_thing(precision):
    known = table("cuda" if "fp16" in precision else "cpu", precision)
    ladder = list(known.values())[: list(known).index(COURSE) + 1]
    for below, above in pairwise(ladder):
        changed = [name for name, value in asdict(below).items() if getattr(above, name) != value]
        assert len(changed) == 1, changed
    assert known[COMMON] == Strategy(8, 1, train_sampling_strategy="random", pad_to=128)
    assert len(set(known.values())) == len(known)


def test_what_a_device_cannot_do_is_left_out():
    assert "fp16" not in table("cpu", {}) and "bf16" in table("cpu", {})
    assert "fp16" in table("cuda", {"bf16": True}) and "one thread" not in table("cuda", {"bf16": True})
    assert not any(strategy.bf16 or strategy.fp16 for strategy in table("mps", {}).values())


def test_padding_free_attention_is_tried_where_it_is_installed(monkeypatch):
    monkeypatch.setattr("strategies.is_flash_attn_2_available", lambda: True)
    known = table("cuda", {"bf16": True})
    assert known["padding-free attention"] == replace(known[COURSE], attn_implementation="flash_attention_2")
    assert "padding-free attention" not in table("cuda", {}) | table("cpu", {"bf16": True})


def test_common_recipe_computes_128_tokens_a_pair(lengths):
    cost = epoch_cost(KNOWN[COMMON], lengths)
    assert (cost.real, cost.computed) == (sum(lengths), 128 * len(lengths))


@pytest.mark.parametrize("seed", range(3))
def test_grouped_epoch_computes_at_most_a_fiftieth_more_than_the_texts_have(lengths, seed):
    assert epoch_cost(KNOWN["grouped by length"], lengths, seed).ratio <= 1.02
    assert epoch_cost(KNOWN["dynamic padding"], lengths, seed).ratio > 1.3  # what is lost without grouping
    assert epoch_cost(KNOWN[COURSE], lengths, seed).ratio <= 1.03  # 16 a batch need more pairs to find their like


@pytest.mark.parametrize("seed", range(3))
def test_course_recipe_on_every_pair_of_the_course(pairs, tokenizer, seed):
    lengths = [length for split in pairs.values() for length in lengths_of(split, tokenizer)]
    assert epoch_cost(KNOWN[COURSE], lengths, seed).ratio <= 1.02


@pytest.mark.skipif(not (GLUE / "mrpc").is_dir(), reason="the real MRPC is not beside this checkout")
@pytest.mark.parametrize("seed", range(3))
def test_course_recipe_on_mrpc(tokenizer, seed):
    train = load_dataset(str(GLUE.resolve()), "mrpc")["train"]
    assert epoch_cost(KNOWN[COURSE], lengths_of(train, tokenizer), seed).ratio <= 1.02


def test_an_epoch_takes_each_text_once(lengths):
    for strategy in KNOWN.values():
        updates = epoch_updates(strategy, lengths, seed=1)
        taken = [index for update in updates for batch in update for index in batch]
        assert sorted(taken) == list(range(len(lengths)))
        assert len(updates) == -(-len(lengths) // strategy.update_size)
