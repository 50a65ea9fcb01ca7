"""Can a copy of the model learn eight examples by heart, at the trainer's learning rate or at another?"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from itertools import chain, zip_longest
from typing import Any

import torch

from lessons_lib.checkups.case import Case, must_mend
from lessons_lib.checkups.loss import chance_of, loss_of, why_no_forward
from lessons_lib.checkups.report import Verdict, clean
from lessons_lib.checkups.rows import size_of
from lessons_lib.checkups.splits import key_of, label_of, specials
from lessons_lib.checkups.tries import LEARNED, MOVED, Try, try_rate

EIGHT, KNOWN = 8, 0.1  # examples; the share of the loss by chance that leaves nothing to learn
SECONDS, LESS = 6.0, 3.0  # at the trainer's learning rate, and at each other
OTHERS = (5e-5, 1e-3)  # learning rates that are tried where the trainer's doesn't work
BEGUN, BEGUN_LATE = 0.7, 0.9  # shares of the first loss that show a beginning, after all steps and before
FEWEST = 8  # steps below which nothing shows


def by_heart(case: Case) -> Verdict:
    """Train a copy on eight examples: what can't learn those can't learn the rest."""
    if reason := must_mend(case, "first loss", "optimizer") or why_no_forward(case):
        return "not looked", reason
    examples = _eight(case)
    weights = {name: one for name, one in case.twin.model.named_parameters() if one.requires_grad}
    start = {name: one.detach().clone() for name, one in weights.items()}
    try:
        batch = case.train.collate(copy.deepcopy(examples))
        with torch.no_grad():
            first = loss_of(case, batch)[0].mean().item()
        if first < KNOWN * (chance_of(case)[0] or 1):
            return "not looked", f"The model knows {len(examples)} examples already: their loss is {first:.2g}."
        own = try_rate(case, batch, None, weights, start, SECONDS)
        if own.share < (BEGUN_LATE if own.late else BEGUN):
            does = "learns" if own.share <= LEARNED else "begins to learn"
            return "fine", f"A copy {does} {len(examples)} examples by heart: {own}."
        if own.late and (len(own.losses) <= FEWEST or own.share <= 1 - MOVED):
            return "not looked", f"The time for this look was over before one could tell: {own}."
        others = [rate for rate in OTHERS if not 0.4 < rate / max(own.rate, 1e-12) < 2.5]
        tries = (try_rate(case, batch, rate, weights, start, LESS) for rate in others)
        return _judged(own, next((one for one in tries if one.share <= LEARNED), None), len(examples))
    except torch.OutOfMemoryError:
        return "not looked", f"Training a copy on {len(examples)} examples takes more memory than is free."
    except RuntimeError as error:
        return "fault", f"A training step on {len(examples)} examples stops: {clean(error, 240).rstrip('.')}."


def _eight(case: Case) -> list[Any]:
    """Return examples with different texts, one of each class by turns, the shorter ones first."""
    by_label: dict[Any, dict] = {}
    special = specials(case)
    for place, item in enumerate(case.train.items):
        told = isinstance(item, Mapping)
        key, label = (key_of(item, special) or place, label_of(item)) if told else (place, None)
        by_label.setdefault(label, {}).setdefault(key, item)
    groups = [sorted(group.values(), key=size_of) for group in by_label.values()]
    turns = chain.from_iterable(zip_longest(*groups))
    return [one for one in turns if one is not None][:EIGHT]


def _judged(own: Try, better: Try | None, count: int) -> Verdict:
    if better is None:
        return (
            "fault" if own.share > 1 - MOVED else "doubt",
            f"A copy can't learn {count} examples by heart, at your learning rate, {OTHERS[0]:g} or {OTHERS[1]:g}: "
            f"{own}. Something keeps answers from following the texts: look at the mask, what's frozen, and the loss.",
        )
    what = "too high" if own.rate > better.rate else "too low"
    same = ", and every answer was the same" if own.same_answers else ""
    return (
        "doubt",
        f"Your learning rate is {what} to learn {count} examples by heart: {own}{same}. At {better.rate:g} it can: "
        f"{better}. Try a rate near that.",
    )
