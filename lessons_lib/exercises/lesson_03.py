"""Exercises of lesson 03: a head's size, blind answers, a head on the mean, and a load report."""

import re

import numpy as np
import torch
from scipy.stats.contingency import expected_freq
from sklearn.metrics import accuracy_score, confusion_matrix
from torch.nn.modules.utils import consume_prefix_in_state_dict_if_present

from lessons_lib.exercises.engine import Exercise, Mistake

head_parameters = Exercise(
    reference=lambda hidden_size, num_labels: sum(
        parameter.numel() for parameter in torch.nn.Linear(hidden_size, num_labels).parameters()
    ),
    draw=lambda rng: (int(rng.integers(8, 1025)), int(rng.integers(2, 20))),
    mistakes=(
        Mistake(
            lambda hidden_size, num_labels: hidden_size * num_labels,
            "Those are the weights: each label has a bias, too.",
        ),
        Mistake(
            lambda hidden_size, num_labels: hidden_size * num_labels + 1,
            "One bias isn't enough: each label has its own.",
        ),
        Mistake(
            lambda hidden_size, num_labels: hidden_size * num_labels + hidden_size,
            "A bias belongs to a label, not to a number of the description.",
        ),
        Mistake(
            lambda hidden_size, num_labels: (hidden_size + 1) * (hidden_size + num_labels),
            "You counted the pooler: it came from the checkpoint.",
        ),
        Mistake(
            lambda hidden_size, num_labels: hidden_size + num_labels,
            "Each label has `hidden_size` weights of its own.",
        ),
    ),
    hints=(
        "How many numbers does it take to compute one logit?",
        "One logit takes `hidden_size` weights and a bias.",
        "That many for each label: multiply by `num_labels`.",
    ),
)


def _blind(answers: list[int], labels: list[int]) -> float:
    return float(expected_freq(confusion_matrix(labels, answers)).trace() / len(labels))


def _answers(rng: np.random.Generator) -> tuple[list[int], list[int]]:
    classes, number = int(rng.integers(2, 5)), int(rng.integers(6, 16))
    answers, labels = (rng.choice(classes, number, p=rng.dirichlet(np.full(classes, 2))).tolist() for _ in range(2))
    return answers, labels


blind_accuracy = Exercise(
    reference=_blind,
    draw=_answers,
    mistakes=(
        Mistake(
            lambda answers, labels: float(accuracy_score(labels, answers)),
            "That's the accuracy of these answers in this order: what's to be expected after a shuffle?",
        ),
        Mistake(
            lambda answers, labels: float(np.bincount(labels).max() / len(labels)),
            "That's the baseline, which gives everything the same answer.",
        ),
        Mistake(
            lambda answers, labels: float(np.mean(answers) * np.mean(labels)),
            "That's only for class 1, and only for two classes: add up what each class brings.",
        ),
        Mistake(
            lambda answers, labels: answers.count(1) / len(answers) * labels.count(1) / len(labels),
            "That's what answer 1 brings: add what each of the others does.",
        ),
        Mistake(
            lambda answers, labels: 1 / len(set(answers) | set(labels)),
            "That's for answers that are equally common: count how often each is given.",
        ),
        Mistake(
            lambda answers, labels: _blind(labels, labels),
            "You used only `labels`: how often is each answer given?",
        ),
    ),
    hints=(
        "Take one class: how often is it given, and how often is it right?",
        "A class that's given to a share of the pairs, and true for a share of them, is right for the product.",
        "Add up the products of the two shares over all classes.",
    ),
)


def _batch(rng: np.random.Generator) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    pairs, width, hidden, labels = rng.permutation([2, 3, 4, 5]).tolist()
    lengths = rng.integers(1, width + 1, pairs)
    lengths[rng.integers(pairs)] = 1
    mask = (np.arange(width) < lengths[:, None]).astype(int)
    arrays = (rng.normal(size=shape).round(2) for shape in ((pairs, width, hidden), (labels, hidden), (labels,)))
    states, weight, bias = map(torch.tensor, arrays)
    return states, torch.tensor(mask), weight, bias


def _mean_head(hidden: torch.Tensor, mask: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
    pooled = torch.stack([row[real.bool()].mean(dim=0) for row, real in zip(hidden, mask, strict=True)])
    return torch.nn.functional.linear(pooled, weight, bias)


mean_head = Exercise(
    reference=_mean_head,
    draw=_batch,
    mistakes=(
        Mistake(
            lambda hidden, mask, weight, bias: _mean_head(hidden, torch.ones_like(mask), weight, bias),
            "Your mean includes the padding: only tokens with a 1 in the mask count.",
        ),
        Mistake(
            lambda hidden, mask, weight, bias: hidden[:, 0] @ weight.T + bias,
            "That reads the first token alone: here the head reads the mean of all.",
        ),
        Mistake(
            lambda hidden, mask, weight, bias: (hidden * mask.unsqueeze(-1)).mean(dim=1) @ weight.T + bias,
            "You added up the right tokens: divide by how many they are, and not by the width.",
        ),
        Mistake(
            lambda hidden, mask, weight, bias: (hidden * mask.unsqueeze(-1)).sum(dim=1) @ weight.T + bias,
            "That's the sum over the tokens: divide it by how many they are.",
        ),
        Mistake(
            lambda hidden, mask, weight, bias: _mean_head(hidden, mask, weight, torch.zeros_like(bias)),
            "The bias is missing: one number per label.",
        ),
        Mistake(
            lambda hidden, mask, weight, bias: _mean_head(hidden, mask, weight, bias).argmax(dim=-1),
            "Those are the answers: return the logits.",
        ),
        Mistake(
            lambda hidden, mask, weight, bias: (
                torch.tanh(_mean_head(hidden, mask, torch.eye(hidden.shape[-1]).to(weight), weight.new_zeros(())))
                @ weight.T
                + bias
            ),
            "There's no pooler here, and so no tanh.",
        ),
    ),
    hints=(
        "First one description per pair, `(pairs, hidden)`; then one linear layer, as in section 3.",
        "`hidden[0][attention_mask[0] == 1]` are the descriptions of pair 0 without its padding: loop over the pairs.",
        "Collect each pair's `.mean(dim=0)` in a list, and return `torch.stack(means) @ weight.T + bias`.",
    ),
)

Shapes = dict[str, tuple[int, ...]]


def _tensors(shapes: Shapes, prefix: str) -> dict[str, torch.Tensor]:
    tensors = {name: torch.zeros(shape) for name, shape in shapes.items()}
    consume_prefix_in_state_dict_if_present(tensors, prefix)
    return tensors


def _module(tensors: dict[str, torch.Tensor]) -> torch.nn.Module:
    root = torch.nn.Module()
    for name, tensor in tensors.items():
        *path, last = name.split(".")
        part = root
        for one in path:
            if one not in dict(part.named_children()):
                part.add_module(one, torch.nn.Module())
            part = part.get_submodule(one)
        part.register_buffer(last, tensor)
    return root


def _report(in_file: Shapes, in_model: Shapes, prefix: str) -> dict[str, list[str]]:
    file, model = _tensors(in_file, prefix), _tensors(in_model, prefix)
    mismatched = []
    try:
        _module(model).load_state_dict(file, strict=False)
    except RuntimeError as error:
        mismatched = re.findall(r"size mismatch for (\S+):", str(error))
    fitting = {**file, **{name: model[name] for name in mismatched}}
    keys = _module(model).load_state_dict(fitting, strict=False)
    return {
        "MISSING": sorted(keys.missing_keys),
        "UNEXPECTED": sorted(keys.unexpected_keys),
        "MISMATCH": sorted(mismatched),
    }


def _checkpoint(rng: np.random.Generator) -> tuple[Shapes, Shapes, str]:
    prefix = str(rng.choice(["bert.", "encoder.", "distilbert."]))
    size = int(rng.integers(3, 6))
    encoder = {"embeddings.weight": (50, size)}
    for layer in range(2):
        encoder |= {f"layer.{layer}.weight": (size, size), f"layer.{layer}.bias": (size,)}
    head = {"classifier.weight": (2, size), "classifier.bias": (2,)}
    old = {"cls.bias": (50,), f"cls.{prefix}weight": (size,)}
    saved = {name: shape for name, shape in encoder.items() if rng.random() < 0.8}
    if rng.random() < 0.3:
        saved["embeddings.weight"] = (40, size)
    before = prefix if rng.random() < 0.5 else ""
    file = {before + name: shape for name, shape in saved.items()} | old
    if rng.random() < 0.6:
        file |= {"classifier.weight": (3, size), "classifier.bias": (3,)}
    model = {prefix + name: shape for name, shape in encoder.items()} | head
    shuffled = [{name: one[name] for name in rng.permutation([*one]).tolist()} for one in (file, model)]
    return shuffled[0], shuffled[1], prefix


def _compared(file: Shapes, model: Shapes) -> dict[str, list[str]]:
    return _report(file, model, "no prefix")


load_report = Exercise(
    reference=_report,
    draw=_checkpoint,
    mistakes=(
        Mistake(
            lambda file, model, prefix: _compared(file, model),
            "The model's names have the prefix, the file's may not: take it off on both sides first.",
        ),
        Mistake(
            lambda file, model, prefix: _compared({n.removeprefix(prefix): s for n, s in file.items()}, model),
            "You took the prefix off the file's names: the model's have it, too.",
        ),
        Mistake(
            lambda file, model, prefix: _compared(file, {n.removeprefix(prefix): s for n, s in model.items()}),
            "You took the prefix off the model's names: the file's may have it, too.",
        ),
        Mistake(
            lambda file, model, prefix: _compared(
                *({name.replace(prefix, ""): shape for name, shape in one.items()} for one in (file, model))
            ),
            "`replace` takes the prefix out of the middle of a name, too: use `removeprefix`.",
        ),
        Mistake(
            lambda file, model, prefix: {
                **(report := _report(file, model, prefix)),
                "MISSING": report["UNEXPECTED"],
                "UNEXPECTED": report["MISSING"],
            },
            "It's the other way round: `MISSING` is what the file lacks.",
        ),
        Mistake(
            lambda file, model, prefix: {**_report(file, model, prefix), "MISMATCH": []},
            "A name on both sides isn't enough: compare the shapes.",
        ),
        Mistake(
            lambda file, model, prefix: {
                name: sorted({*names, *(_report(file, model, prefix)["MISMATCH"])})
                for name, names in _report(file, model, prefix).items()
            },
            "A tensor with another shape is a `MISMATCH`, and neither `MISSING` nor `UNEXPECTED`.",
        ),
        Mistake(
            lambda file, model, prefix: {
                name: [one for one in dict.fromkeys(n.removeprefix(prefix) for n in [*model, *file]) if one in names]
                for name, names in _report(file, model, prefix).items()
            },
            "The right names: now sort each list.",
        ),
        Mistake(
            lambda file, model, prefix: {name: {*names} for name, names in _report(file, model, prefix).items()},
            "Those are sets, which have no order: make a sorted list of each.",
        ),
    ),
    hints=(
        "First make the names on both sides alike.",
        "`model.keys() - file.keys()` are the names that only the model has; the rest is as easy.",
        "A `MISMATCH` has its name on both sides, and two shapes.",
    ),
)
