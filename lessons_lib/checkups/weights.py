"""What of the model trains, what is frozen, and what the weights are stored as."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from lessons_lib.checkups.case import Case
from lessons_lib.checkups.report import Verdict, listed, percent, weigh
from lessons_lib.checkups.task import CLASSIFIES, LANGUAGE, base_of

HALF = (torch.float16, torch.bfloat16)


def weights(case: Case) -> Verdict:
    """Count the weights that train, and look for frozen heads, 16 bits, and numbers that aren't finite."""
    named = dict(case.trainer.model.named_parameters())
    if not named:
        return "not looked", "The model has no weights."
    total, training = (sum(one.numel() for one in some) for some in (named.values(), trainable(case).values()))
    if not training:
        return "fault", f"None of {total:,} weights trains: each has `requires_grad=False`. Unfreeze the head at least."
    told = f"{training:,} of {total:,} weights train ({percent(training, total)}), all stored in 32 bits and finite."
    return weigh([*_head(case, total, training), *_stored(case), *_finite(named)], told)


def trainable(case: Case) -> dict[str, torch.nn.Parameter]:
    """Return the weights that train, by name."""
    return {name: one for name, one in case.trainer.model.named_parameters() if one.requires_grad}


def adapted(case: Case) -> bool:
    """Return whether adapters of peft train, and not the model's own weights."""
    return hasattr(case.trainer.model, "peft_config")


def _head(case: Case, total: int, training: int) -> Iterator[Verdict]:
    named = dict(base_of(case.trainer.model).named_parameters())
    head = [name for name in case.task.head if name in named]
    if not head or case.task.kind in LANGUAGE:
        return
    trains = [name for name in head if named[name].requires_grad]
    body = [name for name in named if name not in head and named[name].requires_grad]
    if not trains and case.task.kind in (*CLASSIFIES, "regression", "several labels"):
        how = (
            "Name it in `modules_to_save` of your `LoraConfig`, or set `task_type` there."
            if adapted(case)
            else "Leave its `requires_grad` at True."
        )
        yield (
            "fault",
            f"The head ({listed(head)}) is frozen, all {sum(named[name].numel() for name in head):,} weights of it. "
            f"If it's new, its numbers are random, and nothing mends them. {how}",
        )
    elif trains and not body:
        yield (
            "doubt",
            f"Only the head trains: {training:,} of {total:,} weights ({percent(training, total)}). If you meant to "
            "fine-tune the encoder, unfreeze it; if not, a head alone wants a far higher learning rate, such as 1e-3.",
        )


def _stored(case: Case) -> Iterator[Verdict]:
    some = trainable(case)
    half = sum(one.numel() for one in some.values() if one.dtype in HALF)
    if half:
        [*names] = {str(one.dtype).removeprefix("torch.") for one in some.values() if one.dtype in HALF}
        yield (
            "fault",
            f"{percent(half, sum(one.numel() for one in some.values()))} of the weights that train are stored in 16 "
            f"bits ({', '.join(sorted(names))}): most of AdamW's small steps are rounded away. Load the model with "
            "`dtype=torch.float32`, and let `bf16=True` or `fp16=True` compute in 16 bits.",
        )


def _finite(named: dict[str, torch.nn.Parameter]) -> Iterator[Verdict]:
    broken = [name for name, one in named.items() if one.is_floating_point() and not _is_finite(one)]
    if broken:
        yield (
            "fault",
            f"{len(broken)} of {len(named)} tensors hold numbers that aren't finite: {listed(broken)}. Every answer is "
            "NaN then: load the checkpoint again.",
        )


def _is_finite(weight: torch.Tensor) -> bool:
    return bool(weight.detach().float().sum().isfinite()) or bool(weight.detach().isfinite().all())
