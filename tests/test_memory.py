"""Memory that is computed against memory that is held."""

import weakref

import pytest
import torch
from transformers import BertConfig, BertForSequenceClassification, Trainer, TrainingArguments

from lessons_lib.memory import activation_memory, optimizer_memory, release, training_memory

SMALL = {"hidden_size": 64, "num_hidden_layers": 4, "num_attention_heads": 4, "intermediate_size": 128}


@pytest.fixture
def model():
    return BertForSequenceClassification(BertConfig(vocab_size=100, **SMALL))


def batch(rows: int) -> dict[str, torch.Tensor]:
    return {"input_ids": torch.randint(5, 100, (rows, 32)), "labels": torch.zeros(rows, dtype=torch.long)}


def test_the_optimizer_holds_what_is_computed(model):
    model.bert.requires_grad_(False)
    trainable = sum(weight.numel() for weight in model.classifier.parameters())
    optimizer = torch.optim.AdamW([weight for weight in model.parameters() if weight.requires_grad])
    model(**batch(4)).loss.backward()
    optimizer.step()
    computed = training_memory(sum(weight.numel() for weight in model.parameters()), trainable)["optimizer"]
    counters = 2 * 4 / 2**20  # one step counter a tensor, four bytes
    assert optimizer_memory(optimizer) == pytest.approx(computed + counters, rel=1e-6)


def test_no_optimizer_holds_nothing():
    assert optimizer_memory(None) == 0


def test_activations_grow_with_the_batch_and_not_with_the_weights(model):
    one, four = activation_memory(model, batch(8)), activation_memory(model, batch(32))
    assert four == pytest.approx(4 * one, rel=0.01)


def test_a_frozen_encoder_keeps_next_to_nothing(model):
    all_of_it = activation_memory(model, batch(8))
    model.bert.requires_grad_(False)
    assert activation_memory(model, batch(8)) < all_of_it / 20


def test_checkpointing_keeps_less(model):
    model.train()
    before = activation_memory(model, batch(8))
    getattr(model, "activation_checkpointing_enable", model.gradient_checkpointing_enable)()  # the newer name first
    assert activation_memory(model, batch(8)) < before / 3


def test_a_released_trainer_predicts_as_before_and_holds_no_optimizer(model, tmp_path):
    rows = [{"input_ids": [5, 6, 7, 8], "labels": number % 2} for number in range(8)]
    args = TrainingArguments(tmp_path, max_steps=2, report_to="none", use_cpu=True, disable_tqdm=True)
    trainer = Trainer(model, args, train_dataset=rows)
    trainer.train()
    before, optimizer = trainer.predict(rows).predictions, weakref.ref(trainer.optimizer.optimizer)
    assert optimizer() is not None
    assert (release(trainer).predict(rows).predictions == before).all()
    assert optimizer() is None
    assert all(weight.grad is None for weight in trainer.model.parameters())
