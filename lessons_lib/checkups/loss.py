"""The loss, as the trainer computes it, on the copy of its model; and what it would be by chance."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from typing import Any

import torch

from lessons_lib.checkups.case import Case, column, must_mend
from lessons_lib.checkups.report import Verdict, clean, weigh
from lessons_lib.checkups.stand_in import copy_model, precision
from lessons_lib.checkups.task import CLASSIFIES, LANGUAGE

BATCHES, EXAMPLES, SECONDS = 4, 64, 4.0  # at the most
HIGH, MARGIN, LOW, FAR = 1.5, 0.3, 0.6, 10
IGNORED = -100


def why_no_forward(case: Case) -> str:
    """Return why no batch can go through a copy of the model, or ""; makes the copy where there is none yet.

    Numbers that point outside of a table would stop a GPU for the whole session, so they come first.
    """
    reason = must_mend(case, "batch", "ids", "labels", "weights")
    if reason or not case.train.batches:
        return reason or f"We have no training batch: {case.train.why_not}."
    if case.twin.model is not case.trainer.model:
        return ""
    told = copy_model(case.twin)
    return f"We try it on a copy of the model, and {told}." if told else ""


def loss_of(case: Case, batch: Any) -> tuple[torch.Tensor, Any]:
    """Return the loss of `batch` and the model's outputs, by the trainer's own `compute_loss`."""
    twin = case.twin
    inputs = twin._prepare_inputs({**batch})
    count = twin._get_num_items_in_batch([inputs], twin.args.device)
    with precision(twin):
        return twin.compute_loss(twin.model, inputs, return_outputs=True, num_items_in_batch=count)


def first_loss(case: Case) -> Verdict:
    """Compare the loss before training with that of a model that knows nothing."""
    if reason := why_no_forward(case):
        return "not looked", reason
    try:
        losses = _losses(case, case.train.batches[: max(1, min(BATCHES, EXAMPLES // case.train.batch_size))])
    except torch.OutOfMemoryError:
        return "doubt", f"A batch of {case.train.batch_size} doesn't fit into memory: take smaller ones."
    except Exception as error:
        said = f"{type(error).__name__}: {clean(error, 240).rstrip('.')}"
        return "fault", f"A batch of {case.train.batch_size} training examples stops the model: {said}."
    loss = sum(losses) / len(losses)
    if not math.isfinite(loss):
        return (
            "fault",
            f"The first loss is {loss}: look for numbers that aren't finite, and for examples without labels.",
        )
    return _against_chance(case, loss, len(losses))


def _losses(case: Case, batches: list) -> list[float]:
    losses, end = [], time.perf_counter() + SECONDS
    with torch.no_grad():
        for batch in batches:
            losses.append(loss_of(case, batch)[0].mean().item())
            if time.perf_counter() > end:
                break
    return losses


def _against_chance(case: Case, loss: float, batches: int) -> Verdict:
    seen = f"The first loss is {loss:.2f} on {batches} {'batches' if batches > 1 else 'batch'}"
    if case.task.own_loss:
        return "not looked", f"{seen}. The loss is your own, so we don't know what chance would be."
    chance, why = chance_of(case)
    if not chance:
        return "not looked", f"{seen}, and we don't know what chance would be for this task."
    told = f"{seen}, and chance is {chance:.2f} ({why})"
    fitting = (
        "below chance, as for a model that was pretrained on such text" if loss < LOW * chance else "as it should be"
    )
    return weigh(list(_findings(case, loss, chance, told)), f"{told}: {fitting}.")


def chance_of(case: Case) -> tuple[float, str]:
    """Return the loss of a model that knows nothing, and where the number comes from; 0.0 where we don't know."""
    kind, config = case.task.kind, case.task.config
    if kind in CLASSIFIES and case.task.columns > 1:
        return math.log(case.task.columns), f"log of {case.task.columns} classes"
    if kind in LANGUAGE and getattr(config, "vocab_size", 0):
        return math.log(config.vocab_size), f"log of {config.vocab_size:,} tokens"
    if kind == "several labels":
        return math.log(2), "log of 2, for each yes or no"
    if kind == "regression":
        labels = torch.cat([one.reshape(-1).float() for one in column(case.train, "labels")])
        return labels.var(correction=0).item(), "the variance of the labels"
    return 0.0, ""


def _entropy(case: Case) -> float:
    """Return the loss of always answering with the classes' shares: that much needs no reading."""
    labels = torch.cat([one.reshape(-1) for one in column(case.train, "labels")])
    shares = labels[labels != IGNORED].unique(return_counts=True)[1].double()
    shares = shares / shares.sum()
    return -(shares * shares.log()).sum().item()


def _findings(case: Case, loss: float, chance: float, told: str) -> Iterator[Verdict]:
    if case.task.kind == "regression":
        if loss > FAR * chance:
            yield (
                "doubt",
                f"{told}: the labels are far from 0, where a new head begins, and it takes long to get there. "
                "Subtract their mean and divide by their standard deviation.",
            )
    elif loss > HIGH * chance + MARGIN:
        yield (
            "doubt",
            f"{told}: it's worse than knowing nothing. Check that labels belong to their texts, and that the head is "
            "new or has these classes in this order.",
        )
    elif case.task.kind not in LANGUAGE:
        floor = min(chance, _entropy(case)) if case.task.kind in CLASSIFIES else chance
        if loss < LOW * floor:
            yield (
                "doubt",
                f"{told}: the model knows the answers before it trains. Either it was trained on them already, or the "
                "label is somewhere in the text.",
            )
