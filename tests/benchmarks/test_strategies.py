"""The strategies that are compared, and the tokens that an epoch of each computes: counted, never timed."""

import os
from dataclasses import asdict, replace
from itertools import pairwise

import pytest
from transformers import TrainingArguments

from benchmarks.kit.loop import epoch_cost
from benchmarks.kit.strategies import COMMON, COURSE, FLASH, Strategy, table
from lessons_lib import course

KNOWN = table("cpu", {"bf16": True})


@pytest.mark.parametrize("name", KNOWN)
def test_training_arguments_take_each_strategy(name, tmp_path, monkeypatch):
    monkeypatch.setattr(os, "environ", os.environ.copy())  # torch_compile may leave variables behind
    fields = KNOWN[name].arguments("cpu")
    args = TrainingArguments(str(tmp_path), **fields)
    assert {field: getattr(args, field) for field in fields} == fields


@pytest.mark.parametrize("batch_size", [8, 16])
@pytest.mark.parametrize("precision", [{}, {"bf16": True, "use_cpu": True}, {"fp16": True}])
def test_each_rung_changes_one_thing_up_to_the_recipe_of_the_course(precision, batch_size, monkeypatch):
    recipe = replace(course.COURSE.recipe, batch_size=batch_size)
    monkeypatch.setattr(course, "COURSE", replace(course.COURSE, recipe=recipe))
    known = table("cuda" if "fp16" in precision else "cpu", precision)
    for below, above in pairwise(list(known.values())[: list(known).index(COURSE) + 1]):
        assert sum(getattr(above, name) != value for name, value in asdict(below).items()) == 1
    assert known[COMMON] == Strategy(8, 1, train_sampling_strategy="random", pad_to=128)
    assert known[COURSE].per_device_train_batch_size == batch_size and len(set(known.values())) == len(known)


def test_what_a_device_cannot_do_is_left_out(monkeypatch):
    monkeypatch.setattr("benchmarks.kit.strategies.is_flash_attn_2_available", lambda: True)
    cpu, cuda, mps = table("cpu", {"bf16": True}), table("cuda", {"bf16": True}), table("mps", {})
    assert {"fp16", FLASH}.isdisjoint(cpu) and {"fp16", FLASH} <= set(cuda) and "one thread" not in cuda
    assert not any(strategy.bf16 or strategy.fp16 for strategy in mps.values())
    assert FLASH not in table("cuda", {})  # it wants 16 bits


def test_an_epoch_of_the_course_computes_at_most_a_fiftieth_more_than_the_texts_have(pairs, tokenizer):
    each = [tokenizer(split["sentence1"][:], split["sentence2"][:], truncation=True) for split in pairs.values()]
    lengths = [len(ids) for one in each for ids in one["input_ids"]]
    costs = {name: epoch_cost(KNOWN[name], lengths) for name in (COMMON, "dynamic padding", COURSE)}
    assert (costs[COMMON].real, costs[COMMON].computed) == (sum(lengths), 128 * len(lengths))
    assert costs[COURSE].ratio <= 1.02 and costs["dynamic padding"].ratio > 1.3  # what is lost without grouping
