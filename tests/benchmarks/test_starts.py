"""The benchmark of starts: its plan, its parameter groups, its answers, its pictures."""

import numpy as np
import pytest
import torch
from datasets import Dataset

from authoring.build_pairs import content_hash
from benchmarks import starts
from benchmarks.kit import store
from benchmarks.kit.strategies import Strategy
from benchmarks.kit.subject import predict_by_length


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


@pytest.mark.parametrize("task", ["pairs", "mrpc"])
def test_every_run_of_the_plan_is_kept_once_and_drawn(task):
    measured = store.read("starts")[task]
    plan = starts.plan(starts.every_pair(measured))
    kept = [{name: run[name] for name in ("start", "train_size", "seed")} for run in measured["runs"]]
    assert len(kept) == len(plan) and all(run in kept for run in plan)
    drawn = starts.draw(measured)
    assert set(drawn) == {"starts", "curve"} and "fine-tuned passes cosine at about" in drawn["curve"][1]


def test_the_pairs_were_measured_as_they_are_shipped(pairs):
    rows = {name: content_hash(tuple(row.values()) for row in split) for name, split in pairs.items()}
    assert store.read("starts")["pairs"]["settings"]["rows"] == rows


@pytest.fixture
def split(pairs, subject):
    """The first training pairs, with vectors whose cosine is the label."""
    texts = pairs["train"].select(range(480))
    first = np.tile([1.0, 0.0], (480, 1))
    second = np.stack([texts["label"][:], 1 - np.array(texts["label"][:])], axis=1).astype(float)
    return starts.Split(texts, subject.rows, first, second)


@pytest.mark.parametrize("start", starts.MODELS)
def test_each_model_trains_the_weights_that_it_says(start, split, subject, steps, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    splits = {"train": split, "validation": split.draw(8, 0), "test": split.draw(8, 1)}
    run = starts.measure({"start": start, "train_size": 20, "seed": 1}, splits, subject, precision={})
    model = subject.new_model(Strategy())
    weights, head = sum(weight.numel() for weight in model.parameters()), 2 * subject.config.hidden_size + 2
    embeddings = sum(weight.numel() for weight in model.base_model.embeddings.parameters())
    assert run["trainable"] == {"frozen encoder": head, "fine-tuned": weights - embeddings}.get(start, weights)
    assert len(steps) == 5 * starts.EPOCHS and "test_accuracy" not in run


def test_with_every_pair_the_test_split_and_the_kinds_are_judged_too(split):
    splits = {"train": split, "validation": split.draw(100, 0), "test": split.draw(100, 1)}
    run = starts.measure({"start": "cosine", "train_size": 480, "seed": 1}, splits, None, precision={})
    assert run["accuracy"] == run["test_accuracy"] == 1.0
    assert set(run["kinds"]) == set(splits["validation"].texts["kind"]) and set(run["kinds"].values()) == {1.0}


def test_a_seed_draws_its_own_pairs_and_keeps_their_parts_together(split):
    one, other = split.draw(50, 1), split.draw(50, 2)
    assert one.texts["idx"][:] != other.texts["idx"][:] and split.draw(50, 1).texts["idx"][:] == one.texts["idx"][:]
    assert (one.second[:, 0] == one.labels).all() and one.tokens["label"][:] == one.texts["label"][:]


def test_predictions_come_back_in_the_order_of_the_pairs(split, subject, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    some = split.draw(40, 0)
    trainer = starts.train_model("fine-tuned", 1, split.draw(8, 0), subject, {})
    one_by_one = [trainer.predict(some.tokens.select([row])).predictions.argmax() for row in range(40)]
    output = predict_by_length(trainer, some.tokens)
    assert output.predictions.argmax(axis=-1).tolist() == one_by_one
    assert output.label_ids.tolist() == some.labels.tolist()


def test_bag_of_words_learns_that_shared_words_mean_yes():
    words = ["rain", "snow", "wind", "hail"]
    rows = [{"sentence1": one, "sentence2": other, "label": int(one == other)} for one in words for other in words]
    split = starts.Split(Dataset.from_list(rows), None, None, None)
    assert starts.answer("bag of words", split, split)[0].tolist() == split.labels.tolist()


def test_the_majority_class_reads_nothing(split):
    assert set(starts.answer("majority class", split, split)[0]) == {1}
