"""Comparing two models tensor by tensor, and counting their parameters."""

import math
from collections.abc import Mapping

import pandas as pd
import torch

OLD_NAMES = {"gamma": "weight", "beta": "bias"}


def compare_weights(checkpoint: Mapping[str, torch.Tensor], model: Mapping[str, torch.Tensor]) -> pd.DataFrame:
    """Return one row a tensor: its shape, its number of parameters, and what became of it on the way into `model`.

    `"kept"`: in both and equal, `"changed"`: in both with other values or another shape, `"dropped"`: in the checkpoint
    alone, `"new"`: in the model alone. The rows stand in the order of `model`, the dropped ones last. A tensor that the
    model has under two names, as tied embeddings are, counts once. Names must match; see `without_prefix`.

    >>> one, two = torch.zeros(2), torch.ones(3)
    >>> compare_weights({"a": one, "b": two}, {"a": one, "c": two})["status"].to_dict()
    {'a': 'kept', 'c': 'new', 'b': 'dropped'}
    """
    rows = {}
    for name in [*_once(model, checkpoint), *(name for name in checkpoint if name not in model)]:
        before, after = checkpoint.get(name), model.get(name)
        tensor = after if after is not None else before
        rows[name] = {"shape": tuple(tensor.shape), "parameters": tensor.numel(), "status": _status(before, after)}
    return pd.DataFrame.from_dict(rows, orient="index", columns=["shape", "parameters", "status"])


def _once(model: Mapping[str, torch.Tensor], checkpoint: Mapping[str, torch.Tensor]) -> list[str]:
    """Return a name for each tensor of `model`: of several names for one tensor, the one that `checkpoint` has."""
    names: dict[object, list[str]] = {}
    for name, tensor in model.items():
        names.setdefault((tensor.data_ptr(), tensor.shape) if tensor.data_ptr() else name, []).append(name)
    return [next((name for name in alike if name in checkpoint), alike[0]) for alike in names.values()]


def _status(before: torch.Tensor | None, after: torch.Tensor | None) -> str:
    if before is None:
        return "new"
    if after is None:
        return "dropped"
    return "kept" if torch.equal(before.cpu(), after.detach().cpu()) else "changed"


def without_prefix(weights: Mapping[str, torch.Tensor], prefix: str) -> dict[str, torch.Tensor]:
    """Return `weights` with `prefix` taken off the names that have it, as the names of a bare encoder are.

    >>> list(without_prefix({"bert.pooler": torch.zeros(1), "classifier": torch.zeros(1)}, "bert."))
    ['pooler', 'classifier']
    """
    return {name.removeprefix(prefix): tensor for name, tensor in weights.items()}


def learned_weights(weights: Mapping[str, torch.Tensor], model: torch.nn.Module) -> dict[str, torch.Tensor]:
    """Return what was learned of `weights`, a file's or a model's, by the names of `model`'s bare encoder today.

    So files of any age compare: the encoder's prefix is off, `gamma` and `beta`, as the oldest BERT files call the two
    tensors of a LayerNorm, are `weight` and `bias`, and whole numbers, such as `position_ids`, are left out.

    >>> model = torch.nn.Module()
    >>> model.base_model_prefix = "bert"
    >>> list(learned_weights({"bert.LayerNorm.gamma": torch.ones(2), "bert.position_ids": torch.arange(3)}, model))
    ['LayerNorm.weight']
    """
    learned = {}
    for name, tensor in without_prefix(weights, f"{model.base_model_prefix}.").items():
        if tensor.is_floating_point():
            above, dot, last = name.rpartition(".")
            learned[above + dot + OLD_NAMES.get(last, last)] = tensor
    return learned


def parameter_table(model: torch.nn.Module, prefix: str = "") -> pd.DataFrame:
    """Return how many parameters each part of `model` has and how many of them train, named below `prefix`.

    >>> parameter_table(torch.nn.Sequential(torch.nn.Linear(3, 2)))["parameters"].to_dict()
    {'0': 8}
    """
    rows = [
        {
            "part": name.removeprefix(prefix).split(".")[0],
            "parameters": tensor.numel(),
            "trainable": tensor.numel() * tensor.requires_grad,
        }
        for name, tensor in model.named_parameters()
    ]
    return pd.DataFrame(rows).groupby("part", sort=False).sum()


def part_of(name: str) -> str:
    """Return the part of a model that a tensor belongs to: its layer where it has one, else the first of its names.

    >>> part_of("encoder.layer.3.attention.self.query.weight"), part_of("embeddings.word_embeddings.weight")
    ('encoder.layer.3', 'embeddings')
    """
    names = name.split(".")
    numbers = [place for place, one in enumerate(names) if one.isdigit()]
    return ".".join(names[: numbers[0] + 1]) if numbers else names[0]


def part_table(comparison: pd.DataFrame) -> pd.DataFrame:
    """Return one row a part of what `compare_weights` found: tensors, parameters and status.

    A status that varies within a part is `"mixed"`. The rows stand in the order of `comparison`: that of the model,
    from the embeddings to the head, and then what was dropped.
    """
    parts = comparison.groupby([part_of(name) for name in comparison.index], sort=False)
    table = parts["parameters"].agg(tensors="size", parameters="sum")
    table["status"] = parts["status"].agg(lambda statuses: statuses.iloc[0] if statuses.nunique() == 1 else "mixed")
    return table


@torch.no_grad()
def describe_head(model: torch.nn.Module, collator: object, batch: Mapping[str, torch.Tensor]) -> dict[str, object]:
    """Return what a head takes and gives before it is trained, and its loss beside the log of how many classes it has.

    `batch` is what `collator` makes of some rows: `input_ids`, `(batch, seq)`, and `labels` in the head's own shape. A
    head that knows nothing has about that loss (Karpathy, 2019, https://karpathy.github.io/2019/04/25/recipe/).
    """
    output = model.eval()(**{name: tensor.to(model.device) for name, tensor in batch.items()})
    return {
        "model": type(model).__name__,
        "collator": type(collator).__name__,
        "input_ids": tuple(batch["input_ids"].shape),
        "labels": tuple(batch["labels"].shape),
        "logits": tuple(output.logits.shape),
        "first loss": round(output.loss.item(), 2),
        "knows nothing": round(math.log(output.logits.shape[-1]), 2),
    }
