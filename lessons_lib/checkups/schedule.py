"""How long the run is: its steps, its warm-up, and what its end depends on."""

from __future__ import annotations

import math
from collections.abc import Iterator

from lessons_lib.checkups.case import Case
from lessons_lib.checkups.report import Verdict, weigh

FEW, LONG = 10, 0.5  # steps of a run, and the share of them that warms up


def schedule(case: Case) -> Verdict:
    """Count the steps of the run, and those of its warm-up."""
    args, steps = case.trainer.args, run_steps(case)
    if steps is None:
        return "not looked", "The dataset has no length and `max_steps` isn't set, so we can't count the steps."
    warm = args.get_warmup_steps(steps) if case.trainer.lr_scheduler is None else 0
    size = case.train.batch_size * args.gradient_accumulation_steps * args.world_size
    told = f"The run has {steps:,} steps of {size} examples, {warm:,} of them warm-up."
    return weigh(list(_findings(steps, warm)), told)


def run_steps(case: Case) -> int | None:
    """Return how many times the optimizer will step, or None where the dataset has no length."""
    args = case.trainer.args
    if args.max_steps > 0:
        return args.max_steps
    if not case.train.total:
        return None
    share = case.train.total / (case.train.batch_size * args.world_size)
    batches = math.floor(share) if args.dataloader_drop_last else math.ceil(share)
    if not batches:
        return 0
    return math.ceil(args.num_train_epochs * math.ceil(batches / args.gradient_accumulation_steps))


def _findings(steps: int, warm: int) -> Iterator[Verdict]:
    if steps <= 0:
        yield (
            "fault",
            f"The run has {steps} steps. `dataloader_drop_last` drops a batch that isn't full, and `num_train_epochs` "
            "has to be above 0.",
        )
    elif warm >= steps:
        yield (
            "fault",
            f"The warm-up takes {warm:,} steps and the run has {steps:,}: the learning rate never gets to the one you "
            "set. `warmup_steps=0.1` means a tenth of the run.",
        )
    elif warm > LONG * steps:
        yield "doubt", f"{warm:,} of {steps:,} steps are warm-up. `warmup_steps=0.1` means a tenth of the run."
    elif steps < FEW:
        yield (
            "doubt",
            f"The run has only {steps} steps, too few for a new head to learn. Take smaller batches, or more epochs.",
        )
