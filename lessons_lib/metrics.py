"""What a person can judge a classifier by: losses, the worst mistakes, scores per class, an interval."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from scipy.special import log_softmax, logsumexp, softmax
from scipy.stats import binomtest
from sklearn.metrics import precision_recall_fscore_support


def example_losses(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return the cross-entropy of each example, shape `(n,)`, from `logits` `(n, classes)` and `labels` `(n,)`.

    Raises `ValueError` where a label is no number of a class.

    >>> example_losses(np.array([[0.0, 0.0]]), np.array([1])).round(3).tolist()
    [0.693]
    """
    labels = class_numbers(labels, classes=np.shape(logits)[-1])
    return -log_softmax(logits, axis=-1)[np.arange(len(labels)), labels]


def class_numbers(labels: np.ndarray, classes: int) -> np.ndarray:
    """Return `labels` `(n,)` as whole numbers from 0 to below `classes`.

    Raises `ValueError` that names the first one that is none, and what it may mean.

    >>> class_numbers(np.array([0.0, 1.0]), classes=2).tolist()
    [0, 1]
    """
    labels = np.asarray(labels)
    numbers = pd.to_numeric(pd.Series(labels.tolist(), dtype=object), errors="coerce").to_numpy(float)
    wrong = np.flatnonzero(~np.isin(numbers, np.arange(classes)))
    if len(wrong) == 0:
        return numbers.astype(int)
    first = labels[wrong[0]]
    raise ValueError(
        f"{len(wrong):,} of {len(labels):,} labels are no class from 0 to {classes - 1}; the first is {first!s} at "
        f"place {wrong[0]:,}. -1 or None often means that the right answer is kept secret, as in GLUE's test splits, "
        "and -100 that it doesn't count. Leave these examples out, or take another split; where labels count from 1, "
        "subtract 1."
    )


def majority_class(train_labels: Sequence[int], labels: Sequence[int], names: Sequence[str]) -> tuple[str, float]:
    """Return the name of the class that is most common in training, and the accuracy of always giving it: the baseline.

    `labels` are those that one is judged by; of classes that are equally common, the first counts.

    >>> majority_class([0, 0, 1], [0, 1, 1, 1], ["no", "yes"])
    ('no', 0.25)
    """
    most = int(np.bincount(class_numbers(train_labels, len(names))).argmax())
    return names[most], float((class_numbers(labels, len(names)) == most).mean())


def one_against_rest(
    logits: np.ndarray, labels: np.ndarray, names: Sequence[str], one: int = 1
) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Return logits `(n, 2)`, labels `(n,)` and names for the question whether it is class `one`, or another.

    Their softmax gives the probability of class `one` and of all others together. With two classes and `one=1`, nothing
    changes.

    >>> one_against_rest(np.zeros((1, 3)), np.array([2]), ["no", "maybe", "yes"])[1:]
    (array([0]), ['not maybe', 'maybe'])
    """
    labels = class_numbers(labels, classes=np.shape(logits)[-1])
    if np.shape(logits)[-1] == 2 and one == 1:
        return logits, labels, list(names)
    others = logsumexp(np.delete(logits, one, axis=-1), axis=-1)
    return (
        np.stack([others, logits[:, one]], axis=-1),
        (labels == one).astype(int),
        [f"not {names[one]}", names[one]],
    )


def worst_mistakes(
    sentence1: list[str], sentence2: list[str], logits: np.ndarray, labels: np.ndarray, threshold: float = 0.5
) -> pd.DataFrame:
    """Return one row for each wrong prediction, the most confident mistake first.

    `logits` are `(n, classes)`, `labels` `(n,)`. Of two classes, class 1 is predicted where its probability lies above
    `threshold`; of more, the most probable. The column `probability` is what the model gave the true class. Raises
    `ValueError` where a label is no class.
    """
    labels = class_numbers(labels, classes=np.shape(logits)[-1])
    probabilities = softmax(logits, axis=-1)
    two = probabilities.shape[-1] == 2
    predicted = (probabilities[:, 1] > threshold).astype(int) if two else probabilities.argmax(axis=-1)
    table = pd.DataFrame(
        {
            "loss": example_losses(logits, labels),
            "probability": probabilities[np.arange(len(labels)), labels],
            "true": labels,
            "predicted": predicted,
            "sentence1": sentence1,
            "sentence2": sentence2,
        }
    )
    return table[table["true"] != table["predicted"]].sort_values("loss", ascending=False)


def by_class(references: np.ndarray, answers: np.ndarray, names: Sequence[str]) -> pd.DataFrame:
    """Return one row per class of `names`: precision, recall, F1, and `support`, the rows that belong to it.

    `references` and `answers` are numbers of classes, `(n,)`. A score that cannot be computed is 0. Raises `ValueError`
    where a number is no class.

    >>> by_class(np.array([0, 0, 1]), np.array([0, 1, 1]), ["no", "yes"])["recall"].tolist()
    [0.5, 1.0]
    """
    references, answers = (class_numbers(numbers, len(names)) for numbers in (references, answers))
    scores = precision_recall_fscore_support(references, answers, labels=range(len(names)), zero_division=0)
    return pd.DataFrame(dict(zip(("precision", "recall", "F1", "support"), scores, strict=True)), index=list(names))


def accuracy_intervals(right: Mapping[str, np.ndarray]) -> pd.DataFrame:
    """Return one row per name: the share of `right` answers, `(n,)` of booleans, and Wilson's interval at 95 %.

    Source: Wilson (1927), https://doi.org/10.1080/01621459.1927.10502953.

    >>> accuracy_intervals({"all": np.ones(10, dtype=bool)}).round(2).loc["all"].tolist()
    [1.0, 0.72, 1.0]
    """
    rows = {}
    for name, answers in right.items():
        interval = binomtest(int(np.sum(answers)), len(answers)).proportion_ci(method="wilson")
        rows[name] = {"accuracy": float(np.mean(answers)), "low": interval.low, "high": interval.high}
    return pd.DataFrame(rows).T
