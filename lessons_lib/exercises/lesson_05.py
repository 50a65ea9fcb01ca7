"""Exercises of lesson 05: scores, thresholds and intervals, by hand."""

from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd
from scipy.stats import sem
from sklearn import metrics

from lessons_lib.exercises.engine import Exercise, Mistake


def _shuffled(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    pairs = int(rng.integers(6, 12))
    return rng.normal(size=(pairs, int(rng.integers(2, 5)))), rng.permutation(pairs)


answers_in_order = Exercise(
    reference=lambda logits, order: pd.DataFrame(logits, index=order).idxmax(axis=1).sort_index().to_numpy(),
    draw=_shuffled,
    mistakes=(
        Mistake(lambda logits, order: logits[order].argmax(-1), "That shuffles them once more: you need the way back."),
        Mistake(lambda logits, order: logits.argmax(-1), "Your answers are in the order that the rows came in."),
        Mistake(
            lambda logits, order: np.argsort(order), "That's where each pair's row is: take its answer from there."
        ),
        Mistake(lambda logits, order: logits[np.argsort(order)], "The order is right: now take each row's `argmax`."),
        Mistake(
            lambda logits, order: logits[np.argsort(order)].argmax(0),
            "That's the best pair for each class: the best class for each pair is `argmax(axis=-1)`.",
        ),
    ),
    hints=(
        "Which row belongs to pair 0? The one where `order` is 0.",
        "`np.argsort(order)` says for each pair where its row is.",
        "Index `logits` with that, then take the `argmax` of each row.",
    ),
)


def _answers(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, int]:
    classes, pairs = int(rng.integers(2, 5)), int(rng.integers(6, 15))
    labels = rng.integers(0, classes, pairs)
    predictions = np.where(rng.random(pairs) < 0.6, labels, rng.integers(0, classes, pairs))
    return predictions, labels, classes + int(rng.integers(0, 2))  # the last class may be missing


def _f1(predictions: np.ndarray, labels: np.ndarray, classes: int, average: str = "macro") -> float:
    return metrics.f1_score(labels, predictions, labels=range(classes), average=average, zero_division=0)


def _each(predictions: np.ndarray, labels: np.ndarray, classes: int, empty: float = 0) -> tuple:
    scores = metrics.precision_recall_fscore_support
    return scores(labels, predictions, labels=range(classes), zero_division=empty)[:3]


def _harmonic(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore"):
        return 2 * one * other / (one + other)


macro_f1 = Exercise(
    reference=_f1,
    draw=_answers,
    mistakes=(
        Mistake(partial(_f1, average="micro"), "That's the accuracy: get an F1 for each class first, then their mean."),
        Mistake(partial(_f1, average="weighted"), "Yours favours the common classes: here each counts the same."),
        Mistake(
            lambda predictions, labels, _: metrics.f1_score(labels == 1, predictions == 1, zero_division=0),
            "That's the F1 of class 1 alone: take the mean over all of them.",
        ),
        Mistake(
            lambda predictions, labels, _: metrics.f1_score(labels, predictions, average="macro", zero_division=0),
            "A class that's missing counts, too, with an F1 of 0: divide by `classes`.",
        ),
        Mistake(
            lambda *given: _harmonic(*np.mean(_each(*given)[:2], axis=1)),
            "You averaged precision and recall first: get an F1 for each class, then their mean.",
        ),
        Mistake(
            lambda *given: np.mean(_each(*given)[:2]),
            "F1 isn't halfway between precision and recall: it's `2 · precision · recall / (precision + recall)`.",
        ),
        Mistake(
            lambda *given: _harmonic(*_each(*given, np.nan)[:2]).mean(),
            "Somewhere you divide 0 by 0, and get `nan`: make that class's F1 a 0.",
        ),
        Mistake(
            lambda *given: np.mean(_each(*given, np.nan)[2]),
            "A class that's missing gives 0 divided by 0, which is `nan`: make it a 0.",
        ),
    ),
    hints=(
        "Each class in turn is yes, and the others are no.",
        "A class's F1 is 2 times its right answers, over how often it's predicted plus how often it's true.",
        "Where that's 0 over 0, take 0; then the mean over `range(classes)`.",
    ),
)


def _curve(probabilities: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    precision, recall, thresholds = metrics.precision_recall_curve(labels, probabilities)
    return thresholds, 2 * precision * recall / np.maximum(precision + recall, 1e-12)


def _sure(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    while True:
        probabilities = rng.choice(rng.random(8).round(3), int(rng.integers(12, 20)))  # some pairs share one
        labels = (rng.random(len(probabilities)) < probabilities).astype(int)
        if 0 < labels.sum() < len(labels):
            best, second = np.sort(_curve(probabilities, labels)[1])[[-1, -2]]
            if best - second > 0.001:
                return probabilities, labels


def _best(
    probabilities: np.ndarray,
    labels: np.ndarray,
    score: Callable = metrics.f1_score,
    passes: Callable = np.greater_equal,
) -> float:
    def scored(threshold: float) -> float:
        return score(labels, passes(probabilities, threshold).astype(int), zero_division=0)

    return max(np.unique(probabilities), key=scored)


best_threshold = Exercise(
    reference=lambda probabilities, labels: (curve := _curve(probabilities, labels))[0][curve[1].argmax()],
    draw=_sure,
    mistakes=(
        Mistake(
            partial(_best, score=lambda labels, answers, zero_division: metrics.accuracy_score(labels, answers)),
            "That's the threshold with the best accuracy: here F1 counts.",
        ),
        Mistake(partial(_best, score=metrics.precision_score), "That has the best precision: F1 needs recall, too."),
        Mistake(partial(_best, score=metrics.recall_score), "That has the best recall: F1 needs precision, too."),
        Mistake(partial(_best, passes=np.greater), "A probability equal to the threshold is a yes, too: `>=`."),
        Mistake(
            lambda probabilities, labels: max(
                np.linspace(0.05, 0.95, 19),
                key=lambda threshold: metrics.f1_score(labels, (probabilities >= threshold).astype(int)),
            ),
            "You tried the thresholds of section 6: try each of `probabilities` instead.",
        ),
        Mistake(
            lambda probabilities, labels: _curve(probabilities, labels)[1].max(),
            "That's the best F1: return the threshold that reaches it.",
        ),
    ),
    hints=(
        "Try each probability as the threshold, and keep the best so far.",
        "F1 is 2 times the right yeses (`probabilities >= threshold`), over all yeses said plus all true ones.",
        "Keep the threshold along with its F1, and return the threshold.",
    ),
)


def _two_models(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    pairs = int(rng.integers(20, 50))
    labels = rng.integers(0, 3, pairs)
    first = np.where(rng.random(pairs) < 0.7, labels, rng.integers(0, 3, pairs))
    return first, np.where(rng.random(pairs) < 0.7, first, rng.integers(0, 3, pairs)), labels


def _around(differences: np.ndarray, error: float | None = None) -> tuple[float, float]:
    error = sem(differences, ddof=0) if error is None else error
    return differences.mean() - 1.96 * error, differences.mean() + 1.96 * error


def _gained(first: np.ndarray, second: np.ndarray, labels: np.ndarray) -> np.ndarray:
    return (first == labels).astype(int) - (second == labels)


difference_interval = Exercise(
    reference=lambda *given: _around(_gained(*given)),
    draw=_two_models,
    mistakes=(
        Mistake(
            lambda first, second, labels: _around(
                _gained(first, second, labels),
                np.hypot(sem(first == labels, ddof=0), sem(second == labels, ddof=0)),
            ),
            "That's as if each model had pairs of its own: take the difference on each pair first, then its `np.std`.",
        ),
        Mistake(
            lambda *given: _around(_gained(*given), _gained(*given).std()),
            "That's how far single pairs vary: divide by the square root of how many there are.",
        ),
        Mistake(
            lambda first, second, labels: _around(_gained(second, first, labels)),
            "You took the second minus the first: it's the other way round.",
        ),
        Mistake(
            lambda *given: _around(_gained(*given), sem(_gained(*given), ddof=0) / 1.96),
            "That's one standard error on either side: take 1.96 of them.",
        ),
        Mistake(
            lambda *given: _around(_gained(*given), sem(_gained(*given))),
            "You divide by the pairs minus 1 inside the standard deviation: `np.std` divides by all of them.",
        ),
        Mistake(
            lambda first, second, labels: _around(first - second),
            "You compare the models with each other: first see where each agrees with `labels`.",
        ),
        Mistake(
            lambda *given: _around(np.abs(_gained(*given))),
            "Yours counts the pairs on which one of them is right: count 1 for the first, and -1 for the second.",
        ),
        Mistake(lambda *given: _gained(*given).mean(), "That's the middle of the interval: return its two ends."),
    ),
    hints=(
        "On each pair, the first model gains 1, 0 or -1 on the second.",
        "The gain is `(first == labels).astype(int) - (second == labels)`; the middle of the interval is its mean.",
        "Either end is `1.96 * gain.std() / np.sqrt(len(gain))` from the middle.",
    ),
)
