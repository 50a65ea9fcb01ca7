"""Does the attention mask hide the padding, and nothing else?"""

from __future__ import annotations

from collections.abc import Iterator

import torch

from lessons_lib.checkups.case import Case
from lessons_lib.checkups.report import Verdict, percent, weigh
from lessons_lib.checkups.rows import Rows

HIDDEN = 0.02  # share of real tokens that may be hidden


def mask(case: Case) -> Verdict:
    """Compare the attention mask with where the rows are padded."""
    if case.tokenizer is None or case.tokenizer.pad_token_id is None:
        return "not looked", "Without a tokenizer that has a padding token, we can't tell padding from text."
    pad, also_end = case.tokenizer.pad_token_id, case.tokenizer.pad_token_id == case.tokenizer.eos_token_id
    seen = [_count(rows, pad, also_end) for rows in case.all_rows]
    tokens, padding, unmasked, hidden, missing = (sum(one) for one in zip(*seen, strict=True)) if seen else [0] * 5
    if not tokens:
        return "not looked", "There are no `input_ids` that we could read."
    if not padding and missing:
        return "not looked", "The batches have neither padding nor an attention mask, so there's nothing to compare."
    tells = f"{percent(padding, tokens)} of the tokens are padding, and the mask hides all of it"
    waste = ". That's time lost: pad each batch to its longest row instead" if padding > tokens / 2 else ""
    return weigh(list(_findings(tokens, padding, unmasked, hidden, missing)), f"{tells}{waste}.")


def _count(rows: Rows, pad: int, also_end: bool) -> tuple[int, int, int, int, int]:
    """Return tokens, padding, padding that the mask doesn't hide, text that it does, and padding without a mask."""
    totals = [0, 0, 0, 0, 0]
    for batch in rows.batches:
        ids = batch.get("input_ids") if hasattr(batch, "get") else None
        if not torch.is_tensor(ids) or ids.dim() != 2:
            continue
        padded = padding_of(ids, pad, also_end)
        mask = batch.get("attention_mask")
        known = torch.is_tensor(mask) and mask.shape == ids.shape
        shown = mask.bool() if known else torch.ones_like(padded)
        counts = (
            ids.numel(),
            padded.sum().item(),
            (padded & shown).sum().item(),
            (~padded & ~shown).sum().item(),
            0 if known else ids.numel(),
        )
        totals = [total + count for total, count in zip(totals, counts, strict=True)]
    return tuple(totals)


def padding_of(ids: torch.Tensor, pad: int, ends_texts: bool = False) -> torch.Tensor:
    """Return where rows of `ids` `(batch, seq)` are padded: runs of `pad` at an end.

    Where the same id also `ends_texts`, the one next to the text isn't padding.

    >>> rows = torch.tensor([[5, 6, 0, 0], [0, 0, 0, 7]])
    >>> padding_of(rows, pad=0).int().tolist()
    [[0, 0, 1, 1], [1, 1, 1, 0]]
    >>> padding_of(rows, pad=0, ends_texts=True).int().tolist()
    [[0, 0, 0, 1], [1, 1, 0, 0]]
    """
    same = (ids == pad).long()
    right, left = same.flip(-1).cumprod(-1).flip(-1), same.cumprod(-1)
    if ends_texts:
        none = torch.zeros_like(same[:, :1])
        right = right * torch.cat([none, right[:, :-1]], dim=-1)
        left = left * torch.cat([left[:, 1:], none], dim=-1)
    return (right | left).bool()


def _findings(tokens: int, padding: int, unmasked: int, hidden: int, missing: int) -> Iterator[Verdict]:
    if unmasked and missing:
        yield (
            "fault",
            f"{percent(padding, tokens)} of the tokens are padding, and the batches have no `attention_mask`: the "
            "model reads padding as text. Keep that column of what the tokenizer returns.",
        )
    elif unmasked:
        yield (
            "fault",
            f"The attention mask is 1 over {percent(unmasked, padding)} of the padding, so the model reads it as text. "
            "Pad with the tokenizer or its collator, and don't fill the mask by hand.",
        )
    if hidden > HIDDEN * (tokens - padding):
        outcome = "fault" if hidden == tokens - padding else "doubt"
        yield (
            outcome,
            f"The attention mask hides {percent(hidden, tokens - padding)} of the real tokens. It has to be 1 where "
            "there's text, and 0 where there's padding.",
        )
