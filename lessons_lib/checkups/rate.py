"""What the optimizer holds, and how large its steps are."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from lessons_lib.checkups.case import Case
from lessons_lib.checkups.report import Verdict, listed, percent, weigh
from lessons_lib.checkups.task import base_of
from lessons_lib.checkups.weights import adapted, trainable

LARGEST, SMALLEST = 1e-3, 1e-6  # for AdamW on a whole encoder
OF_ADAPTERS = 2e-2
WHOLE = 0.5  # share of the weights from which a model is fine-tuned as a whole


def optimizer(case: Case) -> Verdict:
    """Look at whose weights the optimizer moves, and at its learning rate."""
    rates = learning_rates(case)
    findings = [*_holds(case), *_rates(case, rates)]
    given = case.trainer.optimizer
    held = "the trainer will make it at the start" if given is None else "it holds all weights that train"
    return weigh(findings, f"The learning rate is {_told(rates)}, usual for what you train; {held}.")


def learning_rates(case: Case) -> list[float]:
    """Return the learning rates of the optimizer's groups, at their highest, or the one that it will get."""
    given = case.trainer.optimizer
    if given is None:
        _, settings = case.trainer.optimizer_cls_and_kwargs or (None, {})
        return [float(settings.get("lr", case.trainer.args.learning_rate))]
    return sorted({float(group.get("initial_lr", group["lr"])) for group in given.param_groups})


def _told(rates: list[float]) -> str:
    return f"{rates[-1]:g}" if len(rates) == 1 else f"from {rates[0]:g} to {rates[-1]:g}"


def _holds(case: Case) -> Iterator[Verdict]:
    given, schedule = case.trainer.optimizer, case.trainer.lr_scheduler
    if given is None:
        return
    inner = getattr(given, "optimizer", given)
    held = {id(one) for group in inner.param_groups for one in group["params"]}
    ours = trainable(case)
    absent = [name for name, one in ours.items() if id(one) not in held]
    if not held & {id(one) for one in case.trainer.model.parameters()}:
        yield (
            "fault",
            f"The optimizer holds {len(held)} tensors, and none of this model's: it was made for another one, or "
            "before the model was replaced. Make it from `model.parameters()`, and then the trainer.",
        )
    elif absent:
        yield (
            "fault",
            f"{len(absent)} of {len(ours)} tensors that should train aren't in the optimizer ({listed(absent)}), so "
            "they stay as they are. Hand it all of them, or freeze those.",
        )
    other = getattr(schedule, "optimizer", None)
    if other is not None and getattr(other, "optimizer", other) is not inner:
        yield "fault", "The schedule moves the learning rate of another optimizer. Make it from the one you pass."


def _rates(case: Case, rates: list[float]) -> Iterator[Verdict]:
    top = rates[-1]
    if top == 0:
        yield "fault", "The learning rate is 0, so no step changes anything. 2e-5 to 5e-5 is usual for an encoder."
    elif top < SMALLEST:
        yield (
            "doubt",
            f"The learning rate is {top:g}, so small that nothing much will change. 2e-5 to 5e-5 is usual for an "
            "encoder.",
        )
    named = list(case.trainer.model.parameters())
    share = sum(one.numel() for one in named if one.requires_grad) / max(sum(one.numel() for one in named), 1)
    most = OF_ADAPTERS if adapted(case) else LARGEST
    if top > most and (share > WHOLE or adapted(case)) and _steps_alike(case):
        yield (
            "doubt",
            f"The learning rate is {top:g} while {percent(share, 1)} of the weights train: that's likely to undo what "
            "pretraining learned. "
            f"{'1e-4 to 1e-3 is usual for adapters' if adapted(case) else '2e-5 to 5e-5 is usual'}.",
        )


def _steps_alike(case: Case) -> bool:
    given = case.trainer.optimizer
    if not hasattr(base_of(case.trainer.model), "from_pretrained"):
        return False  # nothing pretrained to undo
    if given is not None:
        return isinstance(getattr(given, "optimizer", given), torch.optim.Adam | torch.optim.AdamW)
    return case.trainer.optimizer_cls_and_kwargs is None and "adam" in str(
        getattr(case.trainer.args.optim, "value", "")
    )
