"""A batch, and what it says when its ids are decoded back to text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from inspect import signature
from typing import TYPE_CHECKING, Any

import torch

from lessons_lib.checkups.case import Case, column
from lessons_lib.checkups.masks import padding_of
from lessons_lib.checkups.report import Verdict, clean, percent, weigh
from lessons_lib.checkups.rows import Rows, size_of
from lessons_lib.checkups.task import LANGUAGE, base_of

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

UNKNOWN, CUT, LACKING = 0.2, 0.1, 0.5  # shares from which a learner should know
SHOWN = 160  # characters of the example


def batch(case: Case) -> Verdict:
    """Decode a batch: does it read like the text that one means to train on?"""
    rows = case.train
    if rows.why_not:
        return "not looked", f"We can't read training examples: {rows.why_not}."
    broken = [one for one in (rows, *case.evals.values()) if one.broken]
    if broken:
        name = clean(broken[0].name, 40)
        return "fault", f"`{name}`, {broken[0].total:,} examples: {broken[0].broken} {_mend(broken[0])}"
    ids = real_ids(rows, case.tokenizer)
    if not ids:
        return "not looked", f"The batches hold {', '.join(map(str, _keys(rows)))} and no `input_ids`."
    if case.tokenizer is None:
        return "not looked", "The trainer has no tokenizer to decode with: pass `processing_class=tokenizer`."
    return weigh(list(_findings(case, ids)), f"{_example(case, ids)} We read {rows.told} for these looks.")


def real_ids(rows: Rows, tokenizer: PreTrainedTokenizerBase | None) -> list[list[int]]:
    """Return the ids of each example in the batches of `rows`, without what pads them."""
    pad = tokenizer.pad_token_id if tokenizer is not None else None
    examples = []
    for one in rows.batches if column(rows, "input_ids") else []:
        ids = one["input_ids"]
        mask = one.get("attention_mask")
        keep = mask.bool() if mask is not None and mask.shape == ids.shape else torch.ones_like(ids, dtype=torch.bool)
        if pad is not None:
            keep = keep & ~padding_of(ids, pad, pad == tokenizer.eos_token_id)
        examples += [row[kept].tolist() for row, kept in zip(ids, keep, strict=True)]
    return examples


def _keys(rows: Rows) -> list[Any]:
    first = rows.batches[0]
    return list(first) if hasattr(first, "keys") else [type(first).__name__]


def _mend(rows: Rows) -> str:
    lengths = {size_of(one) for one in rows.items}
    pads = hasattr(getattr(rows.collate, "data_collator", rows.collate), "tokenizer")
    if len(lengths) > 1 and not pads:
        return (
            f"Examples have from {min(lengths)} to {max(lengths)} ids, and something has to pad them: "
            "pass `processing_class=tokenizer`, or a collator such as `DataCollatorWithPadding(tokenizer)`."
        )
    return "Training would stop at the same place. Each column that reaches the collator has to hold numbers."


def _example(case: Case, ids: list[list[int]]) -> str:
    text = clean(case.tokenizer.decode(ids[0]), SHOWN)
    labels = column(case.train, "labels")
    if not labels or labels[0].dim() != 1:
        return f'One example reads "{text}".'
    label = labels[0][0].item()
    name = case.task.names.get(int(label)) if float(label).is_integer() else None
    return f'One example reads "{text}" and has the label {label:g}{f" ({clean(name, 40)})" if name else ""}.'


def _findings(case: Case, ids: list[list[int]]) -> Iterator[Verdict]:
    flat = [one for row in ids for one in row]
    special = set(case.tokenizer.all_special_ids)
    unknown = flat.count(case.tokenizer.unk_token_id) if case.tokenizer.unk_token_id is not None else 0
    end_is_unknown = case.tokenizer.unk_token_id in (case.tokenizer.eos_token_id, case.tokenizer.pad_token_id)
    if unknown > UNKNOWN * len(flat) and not end_is_unknown:
        yield (
            "doubt",
            f"{percent(unknown, len(flat))} of the tokens are unknown ({case.tokenizer.unk_token}), so the model never "
            f"sees those words. {_example(case, ids)} Tokenize with the tokenizer of the checkpoint that you "
            "fine-tune.",
        )
    yield from _specials(case, ids)
    yield from _token_types(case, ids, special)
    if case.task.kind not in ("causal LM", "masked LM"):
        yield from _cut([len(row) for row in ids])


def _specials(case: Case, ids: list[list[int]]) -> Iterator[Verdict]:
    """Return what a BERT-like tokenizer puts around each text and these examples lack."""
    tokenizer = case.tokenizer
    if tokenizer.cls_token_id is None or tokenizer.sep_token_id is None or case.task.kind in LANGUAGE:
        return
    around = {tokenizer.cls_token_id, tokenizer.sep_token_id}
    lacking = sum(not around <= {*row[:1], *row[-2:]} for row in ids)  # XLNet has both at the end
    if lacking > LACKING * len(ids):
        yield (
            "doubt",
            f"{percent(lacking, len(ids))} of the examples lack {tokenizer.cls_token} or "
            f"{tokenizer.sep_token}, which the model was pretrained with. {_example(case, ids)} Tokenize with this "
            "model's own tokenizer, and leave `add_special_tokens` alone.",
        )


def _token_types(case: Case, ids: list[list[int]], special: set[int]) -> Iterator[Verdict]:
    """Return whether pairs reach a model that tells two texts apart by token types, and no types tell it."""
    model = base_of(case.trainer.model)
    takes = (
        "token_type_ids" in signature(model.forward).parameters
        and getattr(case.task.config, "model_type", "") == "bert"
    )
    if not takes or getattr(case.task.config, "type_vocab_size", 0) < 2 or case.tokenizer.sep_token_id not in special:
        return
    pairs = sum(row.count(case.tokenizer.sep_token_id) == 2 for row in ids)
    types = column(case.train, "token_type_ids")
    if pairs > LACKING * len(ids) and not any(one.any() for one in types):
        yield (
            "doubt",
            f"{percent(pairs, len(ids))} of the examples are pairs of texts, and "
            f"{'`token_type_ids` are 0 throughout' if types else 'the batches have no `token_type_ids`'}: "
            "the model can't tell where the second text begins. Keep what `tokenizer(first, second)` returns.",
        )


def _cut(lengths: list[int]) -> Iterator[Verdict]:
    longest, distinct = max(lengths), len(set(lengths))
    often = Counter(lengths)
    at_end, before = often[longest], often[longest - 1]
    if at_end > CUT * len(lengths) and at_end > 3 * max(before, 1) and distinct > 2 and longest >= 8:
        yield (
            "doubt",
            f"{percent(at_end, len(lengths))} of the examples have exactly {longest} tokens, and none has more: their "
            "ends were cut off. If what counts may stand there, tokenize with a larger `max_length`.",
        )
