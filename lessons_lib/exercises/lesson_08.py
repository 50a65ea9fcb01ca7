"""Exercises of lesson 08: numbers for labels, a weighted loss, one answer for a long text, a split that stays."""

import zlib
from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd
import torch
from scipy.special import softmax
from torch.nn import functional

from lessons_lib.exercises.engine import Exercise, Mistake

KINDS = ("account", "damaged", "delivery", "product question", "refund", "warranty")


def _other_file(rng: np.random.Generator) -> tuple[list[str], list[str]]:
    names = rng.permutation(KINDS)[: rng.integers(4, 6)].tolist()  # a model's, in its own order
    rows = rng.choice(names[1:], int(rng.integers(5, 9))).tolist()  # the model's first class never comes
    new = next(kind for kind in KINDS if kind not in names)
    rows.insert(int(rng.integers(len(rows))), new)
    return rows, names


def _numbers(labels: list[str], names: list[str]) -> np.ndarray:
    return pd.Categorical(labels, categories=names).codes.astype(int)


label_numbers = Exercise(
    reference=lambda labels, names: np.where((codes := _numbers(labels, names)) < 0, -100, codes),
    draw=_other_file,
    mistakes=(
        Mistake(
            lambda labels, names: pd.factorize(np.array(labels), sort=True)[0],
            "You made new numbers from this file: the model knows a label by its place in `names`.",
        ),
        Mistake(
            lambda labels, names: pd.factorize(np.array(labels))[0],
            "You count the labels as they come in this file: the model knows a label by its place in `names`.",
        ),
        Mistake(
            lambda labels, names: [sorted(names).index(label) if label in names else -100 for label in labels],
            "You sorted `names`: the model has them in the order that they're in.",
        ),
        Mistake(_numbers, "A label that the model doesn't know gets -100: -1 makes the loss stop with an error."),
        Mistake(
            lambda labels, names: [names.index(label) if label in names else 0 for label in labels],
            "A label that the model doesn't know gets -100: yours trains it as the first class.",
        ),
        Mistake(
            lambda labels, names: [names.index(label) for label in labels if label in names],
            "You left rows out, so labels and texts no longer match: give a row with an unknown label -100.",
        ),
        Mistake(
            lambda labels, names: [names.index(label) + 1 if label in names else -100 for label in labels],
            "You count from 1: the first of `names` is 0.",
        ),
    ),
    hints=(
        "The number of a label is its place in `names`, whatever this file holds.",
        "`names.index(label)` is the place; ask first whether `label in names`.",
        "For each label, it's `names.index(label) if label in names else -100`.",
    ),
)


def _loss(logits: np.ndarray, labels: np.ndarray, weights: np.ndarray, reduction: str = "mean") -> np.ndarray:
    tensors = torch.from_numpy(logits), torch.from_numpy(labels), torch.from_numpy(weights)
    return functional.cross_entropy(*tensors[:2], weight=tensors[2], reduction=reduction).numpy()


def _batch(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    classes, rows = int(rng.integers(2, 5)), int(rng.integers(5, 9))
    return rng.normal(0, 2, (rows, classes)), rng.integers(0, classes, rows), rng.uniform(0.3, 5, classes)


def _weighted_by(weigh: Callable) -> Callable:
    """Return a weighted loss whose weights `weigh` picks from the logits, the labels and the weights."""

    def loss(logits: np.ndarray, labels: np.ndarray, weights: np.ndarray) -> float:
        return np.average(_loss(logits, labels, np.ones_like(weights), "none"), weights=weigh(logits, labels, weights))

    return loss


class_weighted_loss = Exercise(
    reference=_loss,
    draw=_batch,
    mistakes=(
        Mistake(
            lambda *given: _loss(*given, "none").mean(),
            "You divided by the number of rows: PyTorch divides by the sum of the rows' weights.",
        ),
        Mistake(
            lambda *given: _loss(*given, "sum"),
            "That's the sum: divide by the sum of the rows' weights.",
        ),
        Mistake(
            lambda logits, labels, weights: _loss(logits, labels, weights, "sum") / weights.sum(),
            "You divided by the sum of the *classes'* weights: each row counts with the weight of its class.",
        ),
        Mistake(
            lambda logits, labels, weights: _loss(logits, labels, np.ones_like(weights)),
            "That's the loss without weights: each row's loss counts as much as its class weighs.",
        ),
        Mistake(
            _weighted_by(lambda logits, labels, weights: weights[logits.argmax(-1)]),
            "You took the weight of the class that's predicted: take that of the true one, `weights[labels]`.",
        ),
        Mistake(
            lambda logits, labels, weights: _loss(logits * weights, labels, np.ones_like(weights)),
            "You multiplied the logits, which changes the answers: multiply each row's loss.",
        ),
        Mistake(
            lambda logits, labels, weights: _loss(softmax(logits, axis=-1), labels, weights),
            "You took the softmax twice: `cross_entropy` takes logits.",
        ),
        Mistake(lambda *given: _loss(*given, "none"), "Those are the rows' weighted losses: return one number."),
    ),
    hints=(
        "A row's loss is minus the logarithm of what the softmax gives its label.",
        "Multiply each row's loss by `weights[labels]`, then it's a weighted mean: what do you divide by?",
        "Divide the sum of the weighted losses by `weights[labels].sum()`.",
    ),
)


def _pieces(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    counts = rng.permutation([1, *rng.integers(2, 6, int(rng.integers(1, 4)))])
    text_of = np.repeat(np.arange(len(counts)), counts)
    return rng.normal(0, 3, (len(text_of), int(rng.integers(2, 4)))), text_of


def _per_text(values: np.ndarray, text_of: np.ndarray, how: str = "mean") -> np.ndarray:
    return pd.DataFrame(values).groupby(text_of).agg(how).to_numpy()


text_probabilities = Exercise(
    reference=lambda logits, text_of: _per_text(softmax(logits, axis=-1), text_of),
    draw=_pieces,
    mistakes=(
        Mistake(
            lambda logits, text_of: softmax(_per_text(logits, text_of), axis=-1),
            "You averaged the logits, where one very sure window outvotes the rest: take each window's softmax first.",
        ),
        Mistake(_per_text, "Those are logits: take each window's softmax before you average."),
        Mistake(
            lambda logits, text_of: _per_text(softmax(logits, axis=-1), text_of, "first"),
            "That's the first window alone, as with `truncation=True`: average all of a text's windows.",
        ),
        Mistake(
            lambda logits, text_of: _per_text(softmax(logits, axis=-1), text_of, "max"),
            "You took each class's best window, and the sum isn't 1: take the mean.",
        ),
        Mistake(
            lambda logits, text_of: _per_text(softmax(logits, axis=-1), text_of, "sum"),
            "You added the windows, and the sum isn't 1: divide by how many there are.",
        ),
        Mistake(
            lambda logits, text_of: _per_text(softmax(logits, axis=0), text_of),
            "Your softmax goes down the windows: it goes over the classes, the last axis.",
        ),
        Mistake(
            lambda logits, text_of: _per_text(np.eye(logits.shape[-1])[logits.argmax(-1)], text_of),
            "Your windows vote, so a sure one counts like a coin toss: average their probabilities.",
        ),
        Mistake(
            lambda logits, text_of: _per_text(softmax(logits, axis=-1), text_of).argmax(-1),
            "Those are the answers: return the probabilities, one row per text.",
        ),
    ),
    hints=(
        "First from logits to probabilities, each window for itself; then the mean over a text's windows.",
        "`probabilities[text_of == text]` are the windows of one text.",
        "For each text from 0 to `text_of.max()`, take `.mean(axis=0)` of its windows' softmax.",
    ),
)


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())


def _goes(
    texts: list[str], share: float, plain: Callable = _plain, hashed: Callable = zlib.crc32, whole: int = 2**32
) -> list[bool]:
    return [hashed(plain(text).encode()) < share * whole for text in texts]


def _goes_by_pandas(texts: list[str], share: float) -> list[bool]:
    return _goes(pd.Series(texts).str.casefold().str.split().str.join(" "), share, plain=str)


def _messages(rng: np.random.Generator) -> tuple[list[str], float]:
    words = ["Parcel", "late", "Refund", "please", "cup", "BROKEN", "where", "is", "my", "lid"]
    texts = [" ".join(rng.choice(words, int(rng.integers(3, 7)))) for _ in range(20)]
    again = [change(texts[row]) for row, change in enumerate((str.upper, str.swapcase, str.title, str.lower) * 2)]
    spaced = [f" {text} " if row % 2 else text.replace(" ", "  ", 1) for row, text in enumerate(texts[8:16])]
    return rng.permutation([*texts, *again, *spaced]).tolist(), round(rng.uniform(0.2, 0.6), 2)


def _by_chance(texts: list[str], share: float) -> np.ndarray:
    return np.random.default_rng(42).random(len(texts)) < share


goes_to_test = Exercise(
    reference=_goes_by_pandas,
    draw=_messages,
    mistakes=(
        Mistake(
            partial(_goes, plain=str),
            "A copy in other capitals or with more blanks lands elsewhere: `casefold()`, and one blank between words.",
        ),
        Mistake(
            partial(_goes, plain=str.casefold),
            "A copy with more blanks lands elsewhere: put one blank between words, none at the ends.",
        ),
        Mistake(
            partial(_goes, plain=lambda text: text.strip().casefold()),
            'A copy with two blanks *between* words lands elsewhere: `" ".join(text.split())`.',
        ),
        Mistake(
            partial(_goes, plain=lambda text: " ".join(text.split())),
            "A copy in other capitals lands elsewhere: `casefold()` first.",
        ),
        Mistake(
            partial(_goes, plain=lambda text: "".join(text.casefold().split())),
            "You took the blanks out: leave one between words.",
        ),
        Mistake(
            lambda texts, share: [not one for one in _goes(texts, share)],
            "You've got it the other way round: `True` is for the test part.",
        ),
        Mistake(
            lambda texts, share: [zlib.crc32(_plain(text).encode()) % 100 < share for text in texts],
            "You compare a number up to 99 with a share: nearly nothing gets into the test part.",
        ),
        Mistake(
            _by_chance,
            "A draw depends on the row's place: one new row on top, and all texts move. Use the text's checksum.",
        ),
        Mistake(
            lambda texts, share: np.arange(len(texts)) < share * len(texts),
            "That depends on the row's place, so copies land in both parts: use the text's checksum.",
        ),
        Mistake(
            partial(_goes, hashed=lambda data: hash(data.decode()) % 2**32),
            "`hash` gives a text another number each time Python starts: use `zlib.crc32`.",
        ),
    ),
    hints=(
        "Where a text goes must depend on nothing but its words.",
        'Make copies equal first, `" ".join(text.casefold().split())`, then take `zlib.crc32` of its `.encode()`.',
        "It goes to the test part where that checksum is below `share * 2**32`.",
    ),
)
