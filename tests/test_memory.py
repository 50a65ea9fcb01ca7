"""Memory that is computed against memory that is held."""

import weakref

import pytest
import torch
from transformers import BertConfig, BertForSequenceClassification, Trainer, TrainingArguments

from benchmarks.gpu import BERT_BASE as BERT
from benchmarks.kit.store import read
from lessons_lib.memory import (
    activation_memory,
    estimate_hours,
    estimate_memory,
    optimizer_memory,
    release,
    training_memory,
)

SMALL = {"hidden_size": 64, "num_hidden_layers": 4, "num_attention_heads": 4, "intermediate_size": 128}

MINILM = {"parameters": 22_713_986, "trainable": 10_795_394, "width": 384, "layers": 6}
ON_GPU = [run for measured in read("gpu").values() for run in measured["runs"]]
[SIZES] = read("sizes").values()
TOKENS = [run for run in SIZES["runs"] if run["over"] == "tokens, no dropout in attention"]
SECONDS = {run["size"]: run["epoch"] for run in SIZES["runs"] if run["over"] == "pairs"}
SHARED = ("weights", "gradients", "optimizer")


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


@pytest.mark.parametrize("run", ON_GPU, ids=lambda run: f"{run['tokens']} tokens in {run['precision']}")
def test_an_estimate_is_close_to_what_a_gpu_held(run):
    estimated = estimate_memory(**BERT, tokens=run["tokens"], precision=run["precision"])["peak"]
    assert estimated == pytest.approx(run["peak_mib"], rel=0.2)


@pytest.mark.parametrize("run", TOKENS, ids=lambda run: f"{run['size']} tokens, round {run['round']}")
def test_an_estimate_is_close_to_what_a_process_held(run):
    estimated = estimate_memory(**MINILM, tokens=8 * run["size"], precision="bf16")["peak"]
    assert estimated == pytest.approx(run["memory_mib"], rel=0.2)


def test_shards_divide_what_is_shared_and_nothing_else():
    one, eight = (estimate_memory(**BERT, tokens=1024, shards=shards) for shards in (1, 8))
    assert {name: one[name] for name in SHARED} == training_memory(BERT["parameters"], BERT["trainable"])
    assert {name: 8 * eight[name] for name in SHARED} == pytest.approx({name: one[name] for name in SHARED})
    assert eight["activations"] == one["activations"]


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_checkpointing_is_estimated_to_keep_less_of_the_activations_alone(precision):
    usual, less = (
        estimate_memory(**BERT, tokens=1024, precision=precision, checkpointing=checkpointing)
        for checkpointing in (False, True)
    )
    assert less["activations"] < usual["activations"] / 3 and less["peak"] < usual["peak"]
    assert {name: less[name] for name in SHARED} == {name: usual[name] for name in SHARED}


def test_the_peak_counts_gradients_or_activations_and_not_both():
    few, many = (estimate_memory(**BERT, tokens=tokens, precision="fp32") for tokens in (8, 8192))
    assert few["peak"] == pytest.approx(16 * BERT["parameters"] / 2**20)
    assert many["peak"] == pytest.approx(many["weights"] + many["optimizer"] + many["activations"])


def test_outputs_for_each_token_need_logits_in_two_precisions_a_softmax_and_a_gradient():
    without, with_them = (estimate_memory(**BERT, tokens=512, outputs=outputs) for outputs in (0, 30_522))
    assert with_them["activations"] - without["activations"] == pytest.approx(512 * 30_522 * (2 + 4 + 4 + 4) / 2**20)


def test_hours_of_a_large_training_follow_from_the_utilisation_of_a_small_one():
    def hours(pairs, utilisation):
        return estimate_hours(MINILM["trainable"], pairs * SIZES["settings"]["short"], 1e12, utilisation)

    utilisation = hours(4_000, 1.0) * 3600 / SECONDS[4_000]
    assert hours(64_000, utilisation) * 3600 == pytest.approx(SECONDS[64_000], rel=0.2)


def test_twice_the_devices_need_half_of_the_hours():
    one, two = (estimate_hours(10**8, 10**9, flops=1e14, devices=devices) for devices in (1, 2))
    assert two == one / 2
