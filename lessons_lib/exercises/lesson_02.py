"""Exercises of lesson 02: what padding is, by hand."""

import numpy as np
import torch
from torch.nn.utils.rnn import pad_sequence

from lessons_lib.exercises.engine import Exercise, Mistake


def _lengths(rng: np.random.Generator, most: int = 9) -> list[int]:
    return rng.integers(1, 40, rng.integers(2, most)).tolist()


def _padded(lengths: list[int]) -> torch.Tensor:
    return pad_sequence([torch.ones(length) for length in lengths], batch_first=True)


padding_share = Exercise(
    reference=lambda lengths: float((_padded(lengths) == 0).float().mean()),
    draw=lambda rng: (_lengths(rng),),
    mistakes=(
        Mistake(lambda lengths: sum(lengths) / (len(lengths) * max(lengths)), "That's the share of text: 1 minus it."),
        Mistake(
            lambda lengths: len(lengths) * max(lengths) - sum(lengths),
            "That's how many positions are padding: divide by how many there are.",
        ),
        Mistake(
            lambda lengths: (len(lengths) * max(lengths) - sum(lengths)) / sum(lengths),
            "You divided by the text: divide by all positions, text and padding.",
        ),
        Mistake(
            lambda lengths: 1 - sum(lengths) / (len(lengths) * 128),
            "That pads to 128: here a batch is as wide as its longest text.",
        ),
    ),
    hints=(
        "How many positions does the rectangle have, and how many of them hold text?",
        "The rectangle has `len(lengths) * max(lengths)` positions.",
        "It's 1 minus text over positions.",
    ),
)


def _pad(rows: list[list[int]], pad_id: int) -> dict[str, list]:
    tensors = [torch.tensor(row) for row in rows]
    ids = pad_sequence(tensors, batch_first=True, padding_value=pad_id)
    mask = pad_sequence([torch.ones_like(row) for row in tensors], batch_first=True)
    return {"input_ids": ids.tolist(), "attention_mask": mask.tolist()}


def _pad_left(rows: list[list[int]], pad_id: int) -> dict[str, list]:
    turned = _pad([row[::-1] for row in rows], pad_id)
    return {name: [row[::-1] for row in table] for name, table in turned.items()}


def _rows(rng: np.random.Generator) -> tuple[list[list[int]], int]:
    pad_id = int(rng.integers(0, 3))
    return [rng.integers(0, 50, length).tolist() for length in rng.integers(1, 8, rng.integers(2, 5))], pad_id


pad_batch = Exercise(
    reference=_pad,
    draw=_rows,
    mistakes=(
        Mistake(
            lambda rows, pad_id: _pad(rows, 0),
            "The filler of `input_ids` is `pad_id`, which need not be 0.",
        ),
        Mistake(_pad_left, "Your padding comes first: put it behind the ids."),
        Mistake(
            lambda rows, pad_id: {
                **_pad(rows, pad_id),
                "attention_mask": [[1] * max(map(len, rows)) for _ in rows],
            },
            "Your mask is 1 everywhere: padding gets a 0, or the model reads it.",
        ),
        Mistake(
            lambda rows, pad_id: {
                **(padded := _pad(rows, pad_id)),
                "attention_mask": [[int(one != pad_id) for one in row] for row in padded["input_ids"]],
            },
            "A text may hold `pad_id`, too: make the mask from the lengths, not from the ids.",
        ),
        Mistake(
            lambda rows, pad_id: {
                **(padded := _pad(rows, pad_id)),
                "attention_mask": [[1 - one for one in row] for row in padded["attention_mask"]],
            },
            "It's the other way round: 1 is text, 0 is padding.",
        ),
        Mistake(
            lambda rows, pad_id: _pad(rows, pad_id)["input_ids"],
            "That's the ids alone: return a dictionary with `input_ids` and `attention_mask`.",
        ),
    ),
    hints=(
        "Every row becomes as long as the longest.",
        "`row + [pad_id] * (width - len(row))` is a row of ids; its mask has a 1 for each id of the text.",
        'Return {"input_ids": …, "attention_mask": …}, each a list of rows.',
    ),
)


def _cost(lengths: list[int], order: list[int], batch_size: int) -> float:
    batches = [order[start : start + batch_size] for start in range(0, len(order), batch_size)]
    computed = sum(_padded([lengths[index] for index in batch]).numel() for batch in batches)
    return computed / sum(lengths)


def _epoch(rng: np.random.Generator) -> tuple[list[int], list[int], int]:
    lengths = rng.integers(1, 40, rng.integers(5, 14)).tolist()
    return lengths, rng.permutation(len(lengths)).tolist(), int(rng.integers(2, 5))


epoch_cost = Exercise(
    reference=_cost,
    draw=_epoch,
    mistakes=(
        Mistake(
            lambda lengths, order, batch_size: _cost(lengths, list(range(len(lengths))), batch_size),
            "You took the texts as they come: `order` says who shares a batch.",
        ),
        Mistake(
            lambda lengths, order, batch_size: _cost(
                lengths, order[: len(order) // batch_size * batch_size], batch_size
            ),
            "The last batch may be smaller than the others: it counts, too.",
        ),
        Mistake(
            lambda lengths, order, batch_size: len(lengths) * max(lengths) / sum(lengths),
            "That pads everything to the longest of all: each batch has its own width.",
        ),
        Mistake(
            lambda lengths, order, batch_size: (
                sum(
                    batch_size * max(lengths[index] for index in order[start : start + batch_size])
                    for start in range(0, len(order), batch_size)
                )
                / sum(lengths)
            ),
            "The last batch has fewer rows than `batch_size`: take the rows that it has.",
        ),
        Mistake(
            lambda lengths, order, batch_size: _cost(lengths, order, batch_size) * sum(lengths),
            "That's the tokens that are computed: divide by the real ones.",
        ),
    ),
    hints=(
        "A batch computes its rows times its width.",
        "Cut `order` into slices of `batch_size`; the last may be shorter.",
        "Add `len(batch) * max(lengths[i] for i in batch)` over the batches, and divide by `sum(lengths)`.",
    ),
)
