"""Do the labels fit the head: their range, their type, their names, and is there more than one of them?"""

from __future__ import annotations

from collections.abc import Iterator

import torch

from lessons_lib.checkups.case import Case, column
from lessons_lib.checkups.names import names
from lessons_lib.checkups.report import Verdict, listed, percent, weigh
from lessons_lib.checkups.rows import Rows
from lessons_lib.checkups.task import CLASSIFIES, LANGUAGE
from lessons_lib.checkups.vocabulary import language, numbers

IGNORED = -100


def labels(case: Case) -> Verdict:
    """Compare the labels, as the collator hands them to the model, with what the head can answer."""
    if not case.train.batches:
        return "not looked", "We couldn't read a training batch."
    given = [(rows, column(rows, "labels")) for rows in case.all_rows]
    if not given[0][1]:
        return _without(case)
    if case.task.kind == "other":
        return "not looked", f"We don't know the task of a {type(case.trainer.model).__name__}."
    findings, told = [], ""
    for rows, batches in given:
        if batches:
            found, sentence = _look(case, rows, batches)
            findings += found
            told = told or sentence
    return weigh(list(dict.fromkeys(findings)), told)  # what holds for two splits is said once


def _without(case: Case) -> Verdict:
    keys = list(case.train.batches[0]) if hasattr(case.train.batches[0], "keys") else []
    if case.task.own_loss or case.task.kind == "other":
        return (
            "not looked",
            f"The batches hold {', '.join(map(str, keys))}, and no `labels`; your own loss may not need any.",
        )
    return (
        "fault",
        f"The batches hold {len(keys)} columns ({listed(keys)}) and no `labels`, so there's no loss. The trainer "
        "drops those that the model doesn't know: rename yours to `label` or `labels`.",
    )


def _look(case: Case, rows: Rows, batches: list[torch.Tensor]) -> tuple[list[Verdict], str]:
    flat = torch.cat([torch.as_tensor(one).reshape(-1) for one in batches])
    if case.task.kind in LANGUAGE:
        return list(
            language(case, rows, batches)
        ), f"The labels are token ids; {_ignored(flat)} don't count in the loss."
    if case.task.kind not in CLASSIFIES:
        return list(numbers(case, rows, batches)), f"The labels run from {flat.min():g} to {flat.max():g}."
    counted = flat[flat != IGNORED]
    findings = [*_types(case, batches), *_range(case, rows, flat, counted)]
    if not findings:
        findings = [*_spread(case, rows, counted), *names(case, rows)]
    kept = "" if case.task.kind != "tokens" else f"; {_ignored(flat)} are -100, which the loss leaves out"
    return findings, f"The labels are {_classes(counted)}, and the head has {case.task.columns} columns{kept}."


def _ignored(flat: torch.Tensor) -> str:
    return percent((flat == IGNORED).sum().item(), flat.numel())


def _classes(counted: torch.Tensor) -> str:
    found = counted.unique().tolist()
    return f"{found[0]:g} to {found[-1]:g}, {len(found)} different ones" if found else "none"


def _types(case: Case, batches: list[torch.Tensor]) -> Iterator[Verdict]:
    """Return what is wrong with labels that aren't whole numbers, one per example or token."""
    shape = tuple(batches[0].shape)
    if batches[0].is_floating_point():
        yield (
            "fault",
            f"The labels are numbers with a point, of shape {shape}, and the head has {case.task.columns} columns. For "
            "one class per example make them whole numbers (`int(label)`); for several per example, a row of 0.0 and "
            "1.0.",
        )
    expected = 2 if case.task.kind == "tokens" else 1
    if len(shape) != expected and not batches[0].is_floating_point():
        yield (
            "fault",
            f"The labels of a batch have the shape {shape}; this model takes "
            f"{'one per token' if expected == 2 else 'one whole number per example'}.",
        )


def _range(case: Case, rows: Rows, flat: torch.Tensor, counted: torch.Tensor) -> Iterator[Verdict]:
    if not len(counted):
        yield "fault", f"Every label of {rows.told} is -100, which the loss leaves out, so the loss is NaN."
        return
    low, high, columns = counted.min().item(), counted.max().item(), case.task.columns
    outside = ((counted < 0) | (counted >= columns)).sum().item()
    if not outside:
        return
    where = f"{outside:,} of {len(counted):,} labels ({rows.name}) are out of range"
    if low == -1:
        why = "-1 usually stands for an answer that isn't known, as in a test split: leave those examples out."
    elif low == 1 and high == columns:
        why = "Count from 0: subtract 1 from each label."
    else:
        why = f"Load the model with the right `num_labels`, and count classes from 0 (here to {columns - 1})."
    yield "fault", f"{where}: they run from {low:g} to {high:g}, and the head has {columns} columns. {why}"


def _spread(case: Case, rows: Rows, counted: torch.Tensor) -> Iterator[Verdict]:
    found = set(counted.unique().tolist())
    whole = len(rows.items) == rows.total
    if len(found) == 1 and len(counted) > 1:
        yield (
            "fault" if whole and rows.name == "train" else "doubt",
            f"Each label of {rows.told} is {found.pop():g}: there's nothing to tell apart. Shuffle before you split.",
        )
    elif rows.name == "train" and whole and (never := sorted(set(range(case.task.columns)) - found)):
        shown = ", ".join(map(str, never[:5])) + ("…" if len(never) > 5 else "")
        yield (
            "doubt",
            f"{len(never)} of {case.task.columns} classes never occur in {rows.told.strip(',')} ({shown}), so the "
            "model can't learn them. Check `num_labels`, and how you split.",
        )
