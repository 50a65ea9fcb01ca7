"""The benchmark of starts: its plan, its parameter groups, its bag of words, its pictures."""

import numpy as np
import pytest
import torch
from datasets import Dataset

from benchmarks import starts
from benchmarks.kit import store
from benchmarks.kit.strategies import Strategy


def test_each_weight_is_in_one_group_with_the_rate_of_its_layer_and_the_decay_of_its_kind(subject):
    model = subject.new_model(Strategy())
    groups = starts.layer_groups(model, 1e-4, decay=0.5, weight_decay=0.01)
    settings = {id(weight): (group["lr"], group["weight_decay"]) for group in groups for weight in group["params"]}
    assert sum(len(group["params"]) for group in groups) == len(settings) == len(list(model.parameters()))
    upwards = [model.bert.embeddings, *model.bert.encoder.layer, model.bert.pooler, model.classifier]
    for below, part in enumerate(reversed(upwards)):
        for name, weight in part.named_parameters():
            decay = 0.0 if "LayerNorm" in name or name.endswith("bias") else 0.01
            assert settings[id(weight)] == (1e-4 * 0.5**below, decay), name
    torch.optim.AdamW(groups)


@pytest.mark.parametrize(("task", "curve"), [("pairs", [120, 1920]), ("mrpc", [])])
def test_every_run_of_the_plan_is_kept_once_and_drawn(task, curve):
    measured, plan = store.read("starts")[task], starts.plan(curve)
    kept = [{name: run[name] for name in ("start", "train_size", "seed")} for run in measured["runs"]]
    assert len(kept) == len(plan) and all(run in kept for run in plan)
    drawn = starts.draw(measured)
    assert set(drawn) == ({"starts", "curve"} if curve else {"starts"})
    assert "layer-wise rates (0." in drawn["starts"][1]


@pytest.mark.parametrize("start", starts.STARTS)
def test_each_start_trains_the_weights_that_it_says(start, subject, steps, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run = {"start": start, "train_size": 20, "seed": 1}
    run = starts.measure(run, subject, subject.rows.select(range(8)), precision={})
    weights = sum(weight.numel() for weight in subject.new_model(Strategy()).parameters())
    head = 2 * subject.config.hidden_size + 2
    assert run["trainable"] == {"untrained head": 0, "frozen encoder": head}.get(start, weights)
    assert len(steps) == (0 if start == "untrained head" else 10)


def test_bag_of_words_learns_that_shared_words_mean_yes():
    words = ["rain", "snow", "wind", "hail"]
    rows = [{"sentence1": one, "sentence2": other, "label": int(one == other)} for one in words for other in words]
    split = Dataset.from_list(rows)
    assert starts.bag_of_words(split, split).tolist() == split["label"][:]


def test_unread_words_are_a_permutation_that_spares_the_special_tokens(tokenizer):
    rows = Dataset.from_dict({"input_ids": tokenizer(["a dog barked", "the dog slept"])["input_ids"]})
    old, new = (np.concatenate(each["input_ids"][:]) for each in (rows, starts.with_unread_words(rows, tokenizer)))
    mapping = dict(zip(old, new, strict=True))
    assert len(set(new)) == len(set(old)) == len(mapping) and [mapping[one] for one in old] == new.tolist()
    assert all((mapping[one] == one) == (one in tokenizer.all_special_ids) for one in old)
