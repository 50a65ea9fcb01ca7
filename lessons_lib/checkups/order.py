"""Do predictions come in the order of the examples?"""

from __future__ import annotations

from typing import Any

from torch.utils.data import Subset

from lessons_lib.checkups.case import Case
from lessons_lib.checkups.report import Verdict

TRIED = 64  # examples that the sampler is asked about


def order(case: Case) -> Verdict:
    """Ask the sampler of evaluate and predict in which order it takes some examples."""
    rows = next((one for one in [*case.evals.values(), case.train] if one.items), None)
    if rows is None:
        return "not looked", "There are no examples that could be counted and put in order."
    args, strategy = case.twin.args, case.trainer.args.train_sampling_strategy
    args.train_sampling_strategy = strategy
    try:
        taken = list(case.twin.get_eval_dataloader(_some(rows.dataset)).sampler)
    finally:
        args.train_sampling_strategy = "sequential"
    if taken == sorted(taken):
        return "fine", f"`evaluate` and `predict` keep the order: asked about {len(taken)} examples, 0 moved."
    moved = sum(place != one for place, one in enumerate(taken))
    return (
        "doubt",
        f"`predict` would return {moved} of {len(taken)} answers in another place than their examples: with "
        f'`train_sampling_strategy="{strategy}"` evaluation is sorted by length, too. Scores are right; before you '
        'join predictions with rows, set `trainer.args.train_sampling_strategy = "sequential"`.',
    )


def _some(dataset: Any) -> Any:
    places = range(min(TRIED, len(dataset)))
    return dataset.select(places) if hasattr(dataset, "select") else Subset(dataset, places)
