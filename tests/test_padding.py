"""Counted padding against what DataCollatorWithPadding really pads."""

import numpy as np
import pytest
import torch
from transformers import BertConfig, BertForSequenceClassification, DataCollatorWithPadding
from transformers.trainer_pt_utils import LengthGroupedSampler

from lessons_lib.padding import batch_masks, batches, epoch_order, padding_cost, step_milliseconds


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


@pytest.mark.parametrize("grouped", [False, True])
def test_order_of_an_epoch_takes_each_text_once(grouped):
    lengths = np.random.default_rng(0).integers(5, 100, 500).tolist()
    order = epoch_order(lengths, batch_size=8, grouped=grouped, seed=3)
    assert sorted(order) == list(range(500))
    assert order == epoch_order(lengths, batch_size=8, grouped=grouped, seed=3)
    assert order != epoch_order(lengths, batch_size=8, grouped=grouped, seed=4)


def test_grouped_order_is_that_of_the_trainers_sampler():
    lengths = np.random.default_rng(0).integers(5, 100, 500).tolist()
    sampler = LengthGroupedSampler(8, lengths=lengths, generator=torch.Generator().manual_seed(5))
    assert epoch_order(lengths, batch_size=8, grouped=True, seed=5) == list(sampler)


def test_a_measured_step_is_a_step():
    config = BertConfig(vocab_size=9, hidden_size=64, num_hidden_layers=2, num_attention_heads=2, intermediate_size=256)
    model = BertForSequenceClassification(config)
    model.classifier.weight.grad = torch.ones_like(model.classifier.weight)
    model.train()
    short, long = step_milliseconds(model, 2, 8), step_milliseconds(model, 16, 128)
    assert 0 < short < long
    assert model.training
    assert model.classifier.weight.grad.sum() == model.classifier.weight.numel()
    assert model.classifier.bias.grad is None
