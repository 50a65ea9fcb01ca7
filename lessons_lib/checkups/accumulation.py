"""Does adding up gradients over several batches give those of one large batch?"""

from __future__ import annotations

import copy
from collections.abc import Sequence

import torch

from lessons_lib.checkups.case import Case, must_mend
from lessons_lib.checkups.loss import why_no_forward
from lessons_lib.checkups.report import Verdict, clean
from lessons_lib.checkups.rows import Rows, size_of

PARTS, EACH = 4, 2  # batches that are added up, and examples of each, at the most
NEAR = 1.25  # factor by which batches of unequal length may differ


def accumulation(case: Case) -> Verdict:
    """Compare the gradients of several small batches, added up by the trainer's own step, with those of a large one."""
    steps = case.trainer.args.gradient_accumulation_steps
    if steps == 1:
        return "not looked", "`gradient_accumulation_steps` is 1: there's nothing to add up."
    if reason := must_mend(case, "first loss") or why_no_forward(case):
        return "not looked", reason
    parts = min(steps, PARTS)
    items = sorted(case.train.items, key=size_of)[: parts * EACH]  # short ones, to be quick
    if len(items) < parts * EACH:
        return "not looked", f"There are {len(items)} examples, too few for {parts} batches."
    try:
        ratio = _gradient(case, items, parts) / _gradient(case, items, 1)
    except Exception as error:
        return (
            "not looked",
            f"The trainer's step can't be tried on a copy: {type(error).__name__}: {clean(error, 200)}.",
        )
    finally:
        case.twin.model.zero_grad(set_to_none=True)
        vars(case.twin.model).pop("train", None)
    return _said(case, ratio, parts, steps)


def _gradient(case: Case, items: Sequence, parts: int) -> float:
    """Return the length of the gradient that the trainer's step adds up over `items` in so many parts."""
    twin, model = case.twin, case.twin.model
    model.zero_grad(set_to_none=True)
    model.train = lambda mode=True: model  # the step would turn on dropout, and every gradient differ
    each = len(items) // parts
    batches = [_batch(case.train, items[start : start + each]) for start in range(0, len(items), each)]
    batches = [twin._prepare_inputs({**one}) for one in batches]
    count = twin._get_num_items_in_batch(batches, twin.args.device)
    twin.current_gradient_accumulation_steps = twin.args.gradient_accumulation_steps = parts
    with torch.enable_grad():
        for batch in batches:
            twin.training_step(model, {**batch}, count)
    squares = [one.grad.double().square().sum() for one in model.parameters() if one.grad is not None]
    return torch.stack(squares).sum().sqrt().item()


def _batch(rows: Rows, items: Sequence) -> dict:
    return rows.collate(copy.deepcopy(list(items)))


def _said(case: Case, ratio: float, parts: int, steps: int) -> Verdict:
    seen = f"Added up over {parts} batches, gradients are {ratio:.2g} times those of the same examples in one batch"
    if 1 / NEAR < ratio < NEAR:
        return "fine", f"{seen}: your {steps} steps count as one large batch."
    if not (ratio >= parts / NEAR or ratio <= NEAR / parts):
        return "doubt", f"{seen}; it should be 1. Check how your loss uses `num_items_in_batch`."
    if case.trainer.compute_loss_func is not None:
        mend = "Let your `compute_loss_func` sum the losses and divide by `num_items_in_batch`."
    elif case.task.own_loss:
        mend = "Let your `compute_loss` divide by `num_items_in_batch`, or set `trainer.loss_is_scaled_for_ga = False`."
    else:
        mend = "Set `trainer.model_accepts_loss_kwargs = False` before `train()`."
    return (
        "fault",
        f"{seen}, so your {steps} steps multiply the loss and the gradients: the logged loss is wrong, and clipping "
        f"cuts nearly every step. {mend}",
    )
