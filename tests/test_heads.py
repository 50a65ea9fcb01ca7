"""Comparing weights against what from_pretrained itself reports."""

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import (
    AutoModel,
    AutoModelForSequenceClassification,
    BertConfig,
    BertForPreTraining,
    BertForSequenceClassification,
    BertForTokenClassification,
    DataCollatorForTokenClassification,
)

from lessons_lib.heads import (
    compare_weights,
    describe_head,
    learned_weights,
    parameter_table,
    part_table,
    without_prefix,
)

SMALL = BertConfig(vocab_size=50, hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16)


@pytest.fixture
def pretrained(tmp_path):
    BertForPreTraining(SMALL).save_pretrained(tmp_path)
    return tmp_path


def test_agrees_with_the_loading_report(pretrained):
    before = BertForPreTraining.from_pretrained(pretrained).state_dict()
    model, report = AutoModelForSequenceClassification.from_pretrained(
        pretrained, num_labels=2, output_loading_info=True
    )
    table = compare_weights(before, model.state_dict())
    new = set(table.index[table["status"] == "new"])
    dropped = set(table.index[table["status"] == "dropped"])
    assert new == set(report["missing_keys"]) == {"classifier.weight", "classifier.bias"}
    assert dropped >= set(report["unexpected_keys"])
    assert all(name.startswith("cls.") for name in dropped)
    assert (table.loc[[name for name in table.index if name.startswith("bert.")], "status"] == "kept").all()


def test_training_shows_as_changed():
    model = torch.nn.Linear(2, 2)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    with torch.no_grad():
        model.weight += 1
    assert compare_weights(before, model.state_dict())["status"].to_dict() == {"weight": "changed", "bias": "kept"}


def test_another_shape_shows_as_changed():
    assert compare_weights({"a": torch.zeros(2)}, {"a": torch.zeros(3)})["status"].to_dict() == {"a": "changed"}


def test_encoder_and_model_agree_once_the_prefix_is_off(pretrained):
    encoder = AutoModel.from_pretrained(pretrained).state_dict()
    model = AutoModelForSequenceClassification.from_pretrained(pretrained, num_labels=2).state_dict()
    status = compare_weights(encoder, without_prefix(model, "bert."))["status"]
    assert set(status[~status.index.str.startswith("classifier")]) == {"kept"}


@pytest.mark.parametrize("prefix", ["bert.", ""])
@pytest.mark.parametrize("old", [False, True])
def test_a_file_of_any_age_compares_with_the_model_that_the_library_loads_from_it(tmp_path, prefix, old):
    saved = BertForPreTraining(SMALL)
    saved.save_pretrained(tmp_path)
    weights = load_file(tmp_path / "model.safetensors")
    weights["bert.embeddings.position_ids"] = torch.arange(512)[None]
    if not prefix:
        weights = without_prefix({name: weights[name] for name in weights if name.startswith("bert.")}, "bert.")
    if old:
        ages = {"LayerNorm.weight": "LayerNorm.gamma", "LayerNorm.bias": "LayerNorm.beta"}
        for new_name, old_name in ages.items():
            weights = {name.replace(new_name, old_name): tensor for name, tensor in weights.items()}
    save_file(weights, tmp_path / "model.safetensors", metadata={"format": "pt"})
    model, report = AutoModelForSequenceClassification.from_pretrained(tmp_path, output_loading_info=True)
    table = compare_weights(learned_weights(weights, model), learned_weights(model.state_dict(), model))
    statuses = {status: set(table.index[table["status"] == status]) for status in ("kept", "new", "dropped")}
    assert sum(map(len, statuses.values())) == len(table)
    assert statuses["new"] == report["missing_keys"]
    assert statuses["dropped"] == report["unexpected_keys"]
    assert bool(statuses["dropped"]) == bool(prefix)


def test_parameters_are_counted_by_part():
    model = AutoModelForSequenceClassification.from_config(SMALL)
    for parameter in model.bert.parameters():
        parameter.requires_grad = False
    table = parameter_table(model)
    assert table["parameters"].sum() == sum(parameter.numel() for parameter in model.parameters())
    assert table["trainable"].to_dict() == {"bert": 0, "classifier": 8 * 2 + 2}
    inner = parameter_table(model, prefix="bert.")
    assert list(inner.index) == ["embeddings", "encoder", "pooler", "classifier"]


def test_parts_stand_in_the_order_of_the_model():
    size = {"hidden_size": 8, "num_hidden_layers": 12, "num_attention_heads": 2, "intermediate_size": 8}
    model = BertForSequenceClassification(BertConfig(vocab_size=9, **size))
    weights = without_prefix(model.state_dict(), "bert.")
    file = {name: weights[name] for name in sorted(weights) if "classifier" not in name}  # as safetensors sorts them
    parts = part_table(compare_weights(file | {"cls.bias": torch.zeros(2)}, weights))
    layers = [f"encoder.layer.{number}" for number in range(12)]
    assert list(parts.index) == ["embeddings", *layers, "pooler", "classifier", "cls"]
    assert parts["parameters"].drop("cls").sum() == sum(parameter.numel() for parameter in model.parameters())


def test_a_head_that_knows_nothing_is_described_with_its_shapes_and_its_loss(tokenizer):
    small = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
    model = BertForTokenClassification(BertConfig(vocab_size=len(tokenizer), num_labels=5, **small))
    torch.nn.init.zeros_(model.classifier.weight)
    collator = DataCollatorForTokenClassification(tokenizer)
    rows = [{**tokenizer(text), "labels": [0] * len(tokenizer(text)["input_ids"])} for text in ("Rain fell.", "Rain.")]
    described = describe_head(model.train(), collator, collator(rows))
    assert described == {
        "model": "BertForTokenClassification",
        "collator": "DataCollatorForTokenClassification",
        "input_ids": (2, 5),
        "labels": (2, 5),
        "logits": (2, 5, 5),
        "first loss": 1.61,  # the log of 5
        "knows nothing": 1.61,
    }
