"""Do the numbers in a batch point into the model's tables: ids, token types, positions?"""

from __future__ import annotations

from collections.abc import Iterator

import torch

from lessons_lib.checkups.case import Case, column
from lessons_lib.checkups.report import Verdict, percent, weigh
from lessons_lib.checkups.task import base_of

POSITIONS = ("position_embeddings", "wpe", "embed_positions")


def ids(case: Case) -> Verdict:
    """Compare the largest id, token type and position with the tables that they are looked up in."""
    table = _rows_of(_embeddings(case))
    found = [one for rows in case.all_rows for one in column(rows, "input_ids")]
    if not found or not table:
        return "not looked", "There are no `input_ids` that we could read, or the model has no table of embeddings."
    sizes = f"ids go up to {max(one.max().item() for one in found):,}, and the table has {table:,} rows"
    return weigh(list(_findings(case, found, table)), f"All {sizes}; token types and positions fit, too.")


def _embeddings(case: Case) -> torch.nn.Module | None:
    try:
        return base_of(case.trainer.model).get_input_embeddings()
    except (AttributeError, NotImplementedError):
        return None


def _rows_of(module: torch.nn.Module | None) -> int:
    weight = getattr(module, "weight", None)
    return weight.shape[0] if torch.is_tensor(weight) and weight.dim() == 2 else 0


def _findings(case: Case, found: list[torch.Tensor], table: int) -> Iterator[Verdict]:
    total = sum(one.numel() for one in found)
    outside = sum(((one < 0) | (one >= table)).sum().item() for one in found)
    if outside:
        largest = max(one.max().item() for one in found)
        yield (
            "fault",
            f"{percent(outside, total)} of the ids lie outside of the model's table of embeddings: the largest is "
            f"{largest:,}, and the table has {table:,} rows. The texts were tokenized for another checkpoint: use this "
            "one's tokenizer, or `model.resize_token_embeddings(len(tokenizer))` after adding tokens.",
        )
    elif case.tokenizer is not None and len(case.tokenizer) > table:
        yield (
            "doubt",
            f"The tokenizer knows {len(case.tokenizer):,} tokens and the model has {table:,}: none of the larger ids "
            "is in what we read, but the first one stops training. Call "
            "`model.resize_token_embeddings(len(tokenizer))`.",
        )
    yield from _token_types(case)
    yield from _positions(case, max(one.shape[-1] for one in found))


def _token_types(case: Case) -> Iterator[Verdict]:
    size = getattr(case.task.config, "type_vocab_size", 0) or 0
    types = [one.max().item() for rows in case.all_rows for one in column(rows, "token_type_ids")]
    if size and types and max(types) >= size:
        yield (
            "fault",
            f"`token_type_ids` go up to {max(types)}, and this model knows {size} of them, from 0. Tokenize with the "
            "checkpoint's own tokenizer, or leave that column out.",
        )


def _positions(case: Case, longest: int) -> Iterator[Verdict]:
    for name, module in base_of(case.trainer.model).named_modules():
        if name.rpartition(".")[2] not in POSITIONS or not isinstance(module, torch.nn.Embedding):
            continue
        shift = getattr(module, "offset", 0) or (module.padding_idx + 1 if module.padding_idx is not None else 0)
        if longest > module.num_embeddings - shift:
            yield (
                "fault",
                f"The longest row has {longest} tokens, and the model has positions for "
                f"{module.num_embeddings - shift}. Tokenize with `truncation=True, max_length="
                f"{module.num_embeddings - shift}`.",
            )
            return
