"""The benchmark of starts: its plan, its parameter groups, its bag of words."""

import pytest
import starts
import torch
from datasets import Dataset
from transformers import BertConfig, BertForSequenceClassification


@pytest.fixture(scope="module")
def groups():
    size = {"hidden_size": 8, "num_hidden_layers": 3, "num_attention_heads": 2, "intermediate_size": 16}
    model = BertForSequenceClassification(BertConfig(vocab_size=20, **size))
    return model, starts.layer_groups(model, learning_rate=1e-4, decay=0.5, weight_decay=0.01)


def test_groups_hold_each_weight_once(groups):
    model, found = groups
    held = [id(weight) for group in found for weight in group["params"]]
    assert sorted(held) == sorted(id(weight) for weight in model.parameters())


def test_the_head_is_fastest_and_the_embeddings_slowest(groups):
    model, found = groups
    rates = {id(weight): group["lr"] for group in found for weight in group["params"]}
    encoder = model.bert.encoder.layer
    order = [model.bert.embeddings, *encoder, model.bert.pooler, model.classifier]
    for part, rate in zip(reversed(order), (1e-4 * 0.5**below for below in range(6)), strict=True):
        assert {rates[id(weight)] for weight in part.parameters()} == {rate}


def test_bias_and_layer_norm_do_not_decay(groups):
    model, found = groups
    decay = {id(weight): group["weight_decay"] for group in found for weight in group["params"]}
    for name, weight in model.named_parameters():
        assert decay[id(weight)] == (0.0 if "LayerNorm" in name or name.endswith("bias") else 0.01), name
    torch.optim.AdamW(found)


def test_plan_is_whole_seeds_and_repeats_nothing():
    runs = starts.plan(seeds=2, size=480, more=4, curve=[120, 1920])
    assert len(set(runs)) == len(runs)
    assert [seed for _, _, seed in runs] == sorted(seed for _, _, seed in runs)
    trained = {(start.removesuffix(", more"), size) for start, size, _ in runs}
    for start in ("fine-tuned", "from scratch"):
        assert {(start, 120), (start, 480), (start, 1920)} <= trained


def test_bag_of_words_learns_that_shared_words_mean_yes():
    words = ["rain", "snow", "wind", "hail"]
    pairs = [(one, other) for one in words for other in words]
    columns = {"sentence1": [one for one, _ in pairs], "sentence2": [other for _, other in pairs]}
    split = Dataset.from_dict(columns | {"label": [int(one == other) for one, other in pairs]})
    assert starts.bag_of_words(split, split).tolist() == split["label"][:]


def test_unread_words_are_a_permutation_that_spares_the_special_tokens(tokenizer):
    rows = tokenizer(["a dog barked", "the dog slept"])
    split = Dataset.from_dict({"input_ids": rows["input_ids"]})
    changed = starts.with_unread_words(split, tokenizer)["input_ids"][:]
    old, new = ([one for row in each for one in row] for each in (rows["input_ids"], changed))
    mapping = dict(zip(old, new, strict=True))
    assert len(set(mapping.values())) == len(mapping)
    special = set(tokenizer.all_special_ids)
    assert all((before == after) == (before in special) for before, after in mapping.items())
    assert [mapping[one] for one in old] == new  # the same word is the same other word in every text
