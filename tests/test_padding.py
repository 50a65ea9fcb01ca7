"""Counted padding against what DataCollatorWithPadding really pads."""

import numpy as np
import pytest
from transformers import DataCollatorWithPadding

from lessons_lib.padding import batch_masks, batches, padding_cost


@pytest.fixture(scope="module")
def features(pairs, tokenizer):
    rows = pairs["validation"][:50]
    encoded = tokenizer(rows["sentence1"], rows["sentence2"])
    return [dict(zip(encoded, values, strict=True)) for values in zip(*encoded.values(), strict=True)]


@pytest.mark.parametrize("batch_size", [1, 7, 8, 50, 64])
def test_cost_equals_what_the_collator_pads(features, tokenizer, batch_size):
    order = np.random.default_rng(0).permutation(len(features))
    lengths = [len(feature["input_ids"]) for feature in features]
    collate = DataCollatorWithPadding(tokenizer)
    masks = [collate([features[i] for i in batch])["attention_mask"] for batch in batches(order, batch_size)]
    cost = padding_cost(lengths, order, batch_size)
    assert cost.real == sum(int(mask.sum()) for mask in masks)
    assert cost.computed == sum(mask.numel() for mask in masks)
    for counted, padded in zip(batch_masks(lengths, order, batch_size), masks, strict=True):
        assert (counted == padded.numpy()).all()


def test_fixed_length_equals_padding_max_length(pairs, tokenizer):
    rows = pairs["validation"][:50]
    fixed = tokenizer(rows["sentence1"], rows["sentence2"], padding="max_length", max_length=40, truncation=True)
    lengths = [len(ids) for ids in tokenizer(rows["sentence1"], rows["sentence2"])["input_ids"]]
    cost = padding_cost(lengths, range(50), batch_size=8, pad_to=40)
    assert cost.real == np.sum(fixed["attention_mask"])
    assert cost.computed == np.size(fixed["input_ids"])


def test_ratio_by_hand():
    assert padding_cost([1, 3], order=[0, 1], batch_size=2).ratio == 6 / 4
    assert padding_cost([1, 3], order=[0, 1], batch_size=1).ratio == 1
