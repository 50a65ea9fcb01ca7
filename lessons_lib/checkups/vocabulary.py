"""Labels that are no classes: token ids of a language model, numbers of a regression, several yes or no at a time."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from lessons_lib.checkups.case import Case, column
from lessons_lib.checkups.report import Verdict, percent
from lessons_lib.checkups.rows import Rows

IGNORED, PADDED = -100, 0.02


def language(case: Case, rows: Rows, batches: list[torch.Tensor]) -> Iterator[Verdict]:
    """Return what is wrong with labels that are token ids."""
    flat = torch.cat([one.reshape(-1) for one in batches])
    counted, size = flat[flat != IGNORED], getattr(case.task.config, "vocab_size", 0)
    if not len(counted):
        yield "fault", f"Every label of {rows.told} is -100, which the loss leaves out, so the loss is NaN."
        return
    if size and (counted.max() >= size or counted.min() < 0):
        yield (
            "fault",
            f"The labels run from {counted.min()} to {counted.max()}, and the model's vocabulary has {size:,} tokens. "
            "Tokenize the answers with this checkpoint's tokenizer.",
        )
    inputs = column(rows, "input_ids")
    if case.task.kind != "seq2seq" and inputs and inputs[0].shape != batches[0].shape:
        yield (
            "fault",
            f"The labels have the shape {tuple(batches[0].shape)} and the ids {tuple(inputs[0].shape)}: a language "
            "model wants one label per token. `DataCollatorForLanguageModeling` makes them.",
        )
    yield from _padding(case, rows, flat)


def _padding(case: Case, rows: Rows, flat: torch.Tensor) -> Iterator[Verdict]:
    tokenizer = case.tokenizer
    if tokenizer is None or tokenizer.pad_token_id in (None, tokenizer.eos_token_id):
        return
    padded = (flat == tokenizer.pad_token_id).sum().item()
    if padded > PADDED * len(flat):
        yield (
            "doubt",
            f"{percent(padded, len(flat))} of the labels ({rows.name}) are the padding token, so the model is "
            "trained to write padding, and the loss looks better than it is. Put -100 there: "
            "`DataCollatorForSeq2Seq` does it.",
        )


def numbers(case: Case, rows: Rows, batches: list[torch.Tensor]) -> Iterator[Verdict]:
    """Return what is wrong with the labels of a regression, or of several labels per example."""
    flat = torch.cat([one.reshape(-1) for one in batches])
    if not flat.is_floating_point():
        yield _whole(case, flat)
        return
    if not flat.isfinite().all():
        yield (
            "fault",
            f"{(~flat.isfinite()).sum()} labels ({rows.name}) aren't finite numbers: leave those examples out.",
        )
    if case.task.kind == "several labels":
        yield from _several(case, rows, batches, flat)
    elif len(flat) > 1 and flat.min() == flat.max():
        yield "doubt", f"Each label of {rows.told} is {flat[0]:g}: there's nothing to learn."
    elif set(flat.unique().tolist()) <= {0.0, 1.0}:
        yield (
            "doubt",
            f"The head has 1 column, so this is a regression, but {rows.told.strip(',')} have the labels 0 and 1 "
            "alone. If those are classes, load the model with `num_labels=2` and keep the labels as whole numbers.",
        )


def _whole(case: Case, flat: torch.Tensor) -> Verdict:
    found = f"The labels are whole numbers, {len(flat.unique())} different ones from {flat.min()} to {flat.max()}"
    if case.task.kind == "several labels":
        return "fault", f"{found}; for several labels per example, they have to be 0.0 and 1.0: `float(label)`."
    return (
        "fault",
        f"{found}, and the head has 1 column, which makes it a regression by accident. For classes load the model with "
        f"`num_labels={max(int(flat.max()) + 1, 2)}`; for a regression turn the labels into `float`.",
    )


def _several(case: Case, rows: Rows, batches: list[torch.Tensor], flat: torch.Tensor) -> Iterator[Verdict]:
    shape = tuple(batches[0].shape)
    if len(shape) != 2 or shape[1] != case.task.columns:
        yield (
            "fault",
            f"The labels of a batch have the shape {shape}, and the head has {case.task.columns} columns: each example "
            "needs a row of that many 0.0 and 1.0.",
        )
    elif flat.min() < 0 or flat.max() > 1:
        yield "fault", f"The labels run from {flat.min():g} to {flat.max():g}; yes and no are 1.0 and 0.0."
    elif len(rows.items) == rows.total and rows.name == "train":
        never = (torch.cat(batches).sum(0) == 0).nonzero().flatten().tolist()
        if never:
            yield (
                "doubt",
                f"{len(never)} of {shape[1]} labels are 0 in all examples ({never[:5]}): they can't be learned.",
            )
