"""Exercises of lesson 10: what more processes bring, whose answers are whose, and who holds what."""

import math
from collections.abc import Callable
from itertools import chain

import numpy as np
import pandas as pd
import torch

from lessons_lib.exercises.engine import Exercise, Mistake

Speeds = dict[int, float]


def _efficiency(speeds: Speeds) -> Speeds:
    each = pd.Series(speeds) / list(speeds)
    return (each / each[min(speeds)]).to_dict()


def _measured(rng: np.random.Generator) -> tuple[Speeds]:
    fewest = int(rng.choice([1, 2, 4]))
    counts = rng.permutation([fewest, 2 * fewest, 4 * fewest, 8 * fewest][: rng.integers(2, 5)]).tolist()
    return ({count: round(40 * count ** rng.uniform(0.5, 1), 1) for count in counts},)


scaling_efficiency = Exercise(
    reference=_efficiency,
    draw=_measured,
    mistakes=(
        Mistake(
            lambda speeds: {count: speed / speeds[min(speeds)] for count, speed in speeds.items()},
            "That's how many times as fast it is: divide by how many times as many processes it takes.",
        ),
        Mistake(
            lambda speeds: {count: speed / count / speeds[min(speeds)] for count, speed in speeds.items()},
            "The fewest need not be one process: divide their speed by their number, too.",
        ),
        Mistake(
            lambda speeds: {count: speed / count for count, speed in speeds.items()},
            "That's the speed per process: compare it with the one of the fewest processes.",
        ),
        Mistake(
            lambda speeds: {count: 1 / share for count, share in _efficiency(speeds).items()},
            "It's the other way round: what's lost makes it smaller than 1.",
        ),
        Mistake(
            lambda speeds: (
                {
                    count: speed / count / (speeds[next(iter(speeds))] / next(iter(speeds)))
                    for count, speed in speeds.items()
                }
            ),
            "You compared with the first entry: compare with the fewest processes, wherever they are.",
        ),
        Mistake(
            lambda speeds: {count: 1 - share for count, share in _efficiency(speeds).items()},
            "That's the share that's lost: return the share that arrives.",
        ),
    ),
    hints=(
        "How many pairs per second does each process bring?",
        "Compare the speed per process with the one of the fewest processes, `min(speeds)`.",
        "It's `speed / count`, divided by the same for `min(speeds)`.",
    ),
)

Parts = list[list[list[int]]]


def _turns(examples: int, size: int, processes: int) -> list[list[list[int]]]:
    """Return for each rank the batches that it's given, each a list of numbers of examples."""
    from accelerate.data_loader import BatchSamplerShard
    from torch.utils.data import BatchSampler

    batches = BatchSampler(range(examples), size, drop_last=False)
    return [list(BatchSamplerShard(batches, processes, rank)) for rank in range(processes)]


def _answers(rng: np.random.Generator) -> tuple[Parts, int]:
    size, processes, rounds = int(rng.integers(2, 4)), int(rng.integers(2, 4)), int(rng.integers(2, 4))
    examples = size * processes * rounds - int(rng.integers(1, size * processes))
    answers = rng.integers(0, 3, examples).tolist()
    turns = _turns(examples, size, processes)
    return [[[answers[number] for number in batch] for batch in part] for part in turns], examples


def _in_order(parts: Parts, examples: int) -> list[int]:
    answers = [-1] * examples
    for part, turns in zip(parts, _turns(examples, len(parts[0][0]), len(parts)), strict=True):
        for batch, numbers in zip(part, turns, strict=True):
            for answer, number in zip(batch, numbers, strict=True):
                answers[number] = answer
    return answers


def _all(parts: Parts) -> list[int]:
    return [answer for batches in zip(*parts, strict=True) for batch in batches for answer in batch]


gathered_answers = Exercise(
    reference=_in_order,
    draw=_answers,
    mistakes=(
        Mistake(
            lambda parts, examples: [answer for part in parts for batch in part for answer in batch][:examples],
            "You put all of rank 0 first, then all of rank 1: the ranks took the batches in turn.",
        ),
        Mistake(
            lambda parts, examples: _all(parts),
            "There are more answers than examples: the copies that filled up the last batches are still in it.",
        ),
        Mistake(
            lambda parts, examples: [
                answer for answers in zip(*(chain(*part) for part in parts), strict=True) for answer in answers
            ][:examples],
            "You took single answers in turn: a rank's turn is a whole batch.",
        ),
        Mistake(
            lambda parts, examples: _all(parts)[-examples:],
            "You dropped the first answers: the copies come last.",
        ),
        Mistake(
            lambda parts, examples: [batch for batches in zip(*parts, strict=True) for batch in batches][:examples],
            "Those are batches: make one list of single answers.",
        ),
        Mistake(
            lambda parts, examples: [*chain(*parts[0])][:examples],
            "Those are the answers of rank 0 alone.",
        ),
        Mistake(
            lambda parts, examples: list(dict.fromkeys(_all(parts))),
            "Two examples may have the same answer: drop what comes after the last example, not what's equal.",
        ),
    ),
    hints=(
        "Which rank has the first batch, and which the second?",
        "Take the first batch of every rank, then the second of every rank, and so on.",
        "Add each `part[turn]` to one list, the turns outside and the ranks inside; then keep the first `examples`.",
    ),
)

Shapes = list[tuple[int, ...]]


def _held(shapes: Shapes, processes: int) -> list[int]:
    held = [0] * processes
    for shape in shapes:
        for rank, part in enumerate(torch.empty(shape, device="meta").chunk(processes)):
            held[rank] += part.numel()
    return held


def _other_rows(rows: Callable[[int, int, int], int]) -> Callable:
    """Return an answer that gives each rank as many `rows` of a tensor as that says of rows, processes and rank."""
    return lambda shapes, processes: [
        sum(rows(shape[0], processes, rank) * math.prod(shape[1:]) for shape in shapes) for rank in range(processes)
    ]


def _model(rng: np.random.Generator) -> tuple[Shapes, int]:
    processes, hidden = int(rng.choice([3, 4, 6])), int(rng.integers(5, 12))
    shapes = [(int(rng.integers(20, 40)), hidden), (hidden, hidden), (hidden,), (2, hidden), (2,)]
    return [shapes[place] for place in rng.permutation(len(shapes))[: rng.integers(4, 6)]], processes


weights_held = Exercise(
    reference=_held,
    draw=_model,
    mistakes=(
        Mistake(
            lambda shapes, processes: [sum(map(math.prod, shapes)) // processes] * processes,
            "That's an equal share of the sum: FSDP splits each tensor on its own, by rows.",
        ),
        Mistake(
            lambda shapes, processes: [sum(map(math.prod, shapes)) / processes] * processes,
            "No process holds half a number: FSDP splits each tensor on its own, by whole rows.",
        ),
        Mistake(
            lambda shapes, processes: [sum(map(math.prod, shapes))] * processes,
            "That's DDP, where every process holds everything.",
        ),
        Mistake(
            _other_rows(lambda rows, processes, rank: rows // processes),
            "The rows that are left over have to be held, too: round the rows of a part up.",
        ),
        Mistake(
            _other_rows(lambda rows, processes, rank: math.ceil(rows / processes)),
            "You gave out more rows than there are: the last ranks get fewer, or none.",
        ),
        Mistake(
            _other_rows(lambda rows, processes, rank: rows // processes + (rank < rows % processes)),
            "You shared as evenly as possible: here every part is full until the rows run out, as in `torch.chunk`.",
        ),
        Mistake(
            _other_rows(lambda rows, processes, rank: rows // processes + (rank == 0) * (rows % processes)),
            "You gave the first rank all the rows that were left over: round the rows of a part up instead.",
        ),
        Mistake(
            lambda shapes, processes: (
                [sum(len(part) for part in [torch.empty(shape, device="meta").chunk(processes) for shape in shapes])]
                * processes
            ),
            "Those are numbers of parts: count the numbers that a part holds.",
        ),
        Mistake(
            lambda shapes, processes: _other_rows(
                lambda rows, processes, rank: max(0, min(-(-rows // processes), rows - rank * -(-rows // processes)))
            )([shape[:1] for shape in shapes], processes),
            "Those are rows: a row of `(rows, columns)` holds `columns` numbers.",
        ),
    ),
    hints=(
        "Split one tensor first: how many rows does each rank get?",
        "A part has `math.ceil(rows / processes)` rows, and a rank gets what's left for it of these: perhaps none.",
        "Rank `r` gets `min(part, max(0, rows - r * part))` rows; multiply by the product of the other sides.",
    ),
)
