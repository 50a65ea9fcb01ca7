"""A check-up for any Hugging Face Trainer before a long run: a dozen looks in seconds, and a sentence on each."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from lessons_lib.checkups.accumulation import accumulation
from lessons_lib.checkups.by_heart import by_heart
from lessons_lib.checkups.case import Case, column, tokenizer_of
from lessons_lib.checkups.guard import untouched
from lessons_lib.checkups.ids import ids
from lessons_lib.checkups.labels import labels
from lessons_lib.checkups.loss import first_loss
from lessons_lib.checkups.masks import mask
from lessons_lib.checkups.metric import metric
from lessons_lib.checkups.order import order
from lessons_lib.checkups.rate import optimizer
from lessons_lib.checkups.report import Look, Report, clean
from lessons_lib.checkups.room import memory
from lessons_lib.checkups.rows import read_evals, read_train
from lessons_lib.checkups.schedule import schedule
from lessons_lib.checkups.splits import splits
from lessons_lib.checkups.stand_in import stand_in
from lessons_lib.checkups.task import task_of
from lessons_lib.checkups.texts import batch
from lessons_lib.checkups.weights import weights

if TYPE_CHECKING:
    from transformers import Trainer

__all__ = ["Look", "Report", "checkup"]

LOOKS = {  # in the order of what they cost; later ones skip what earlier ones found broken
    "batch": batch,
    "ids": ids,
    "labels": labels,
    "mask": mask,
    "splits": splits,
    "weights": weights,
    "optimizer": optimizer,
    "schedule": schedule,
    "order": order,
    "metric": metric,
    "memory": memory,
    "first loss": first_loss,
    "accumulation": accumulation,
    "eight by heart": by_heart,
}


def checkup(trainer: Trainer) -> Report:
    """Return what a look at `trainer` finds before a long run, and leave it as it was.

    Samples of its datasets are read, and a copy of its model is trained for some seconds. Its own collator, loss and
    metric are called: what those write down outside of the trainer stays written. Raises `TypeError` for what isn't a
    Trainer, and nothing else.
    """
    from transformers import Trainer

    if not isinstance(trainer, Trainer):
        raise TypeError(f"checkup looks at a Trainer, and this is a {type(trainer).__name__}.")
    start = time.perf_counter()
    with untouched(*_holders(trainer)):
        case = _gather(trainer)
        for name, look in LOOKS.items():
            case.seen[name] = _take(name, look, case)
    return Report(list(case.seen.values()), time.perf_counter() - start)


def _holders(trainer: Trainer) -> list:
    """Return what a trainer calls and what may remember having been called."""
    data = trainer.eval_dataset
    evals = list(data.values()) if isinstance(data, dict) else [data]
    own = [trainer.compute_metrics, trainer.compute_loss_func, trainer.preprocess_logits_for_metrics]
    tokenizers = [trainer.processing_class, tokenizer_of(trainer)]
    return [trainer, *tokenizers, trainer.data_collator, trainer.train_dataset, *evals, *own, trainer.label_smoother]


def _gather(trainer: Trainer) -> Case:
    twin, task = stand_in(trainer), task_of(trainer)
    train = read_train(twin)
    case = Case(trainer, twin, task, tokenizer_of(trainer), train, read_evals(twin))
    given = column(train, "labels")
    undecided = task.kind == "single label" and getattr(task.config, "problem_type", None) is None
    if undecided and given and given[0].is_floating_point() and given[0].dim() == 2:
        return replace(case, task=replace(task, kind="several labels"))  # as the model itself will decide
    return case


def _take(name: str, look, case: Case) -> Look:
    try:
        outcome, text = look(case)
    except Exception as error:  # a look that fails says nothing about the trainer
        outcome, text = "not looked", f"This look can't be taken here: {type(error).__name__}: {clean(error, 200)}."
    return Look(name, outcome, clean(text))
