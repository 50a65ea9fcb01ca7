"""What a person can judge a classifier by: losses, the worst mistakes, scores per class, an interval."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from scipy.special import log_softmax, softmax
from scipy.stats import binomtest
from sklearn.metrics import precision_recall_fscore_support


def example_losses(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return the cross-entropy of each example, shape `(n,)`, from `logits` `(n, classes)` and `labels` `(n,)`.

    >>> example_losses(np.array([[0.0, 0.0]]), np.array([1])).round(3).tolist()
    [0.693]
    """
    return -log_softmax(logits, axis=-1)[np.arange(len(labels)), labels]


def worst_mistakes(
    sentence1: list[str], sentence2: list[str], logits: np.ndarray, labels: np.ndarray, threshold: float = 0.5
) -> pd.DataFrame:
    """Return one row for each wrong prediction, the most confident mistake first.

    `logits` are `(n, 2)`, `labels` `(n,)`; class 1 is predicted where its probability lies above `threshold`. The
    column `probability` is what the model gave the true class.
    """
    probabilities = softmax(logits, axis=-1)
    table = pd.DataFrame(
        {
            "loss": example_losses(logits, labels),
            "probability": probabilities[np.arange(len(labels)), labels],
            "true": labels,
            "predicted": (probabilities[:, 1] > threshold).astype(int),
            "sentence1": sentence1,
            "sentence2": sentence2,
        }
    )
    return table[table["true"] != table["predicted"]].sort_values("loss", ascending=False)


def by_class(references: np.ndarray, answers: np.ndarray, names: Sequence[str]) -> pd.DataFrame:
    """Return one row per class of `names`: precision, recall, F1, and `support`, the rows that belong to it.

    `references` and `answers` are numbers of classes, `(n,)`. A score that cannot be computed is 0.

    >>> by_class(np.array([0, 0, 1]), np.array([0, 1, 1]), ["no", "yes"])["recall"].tolist()
    [0.5, 1.0]
    """
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
