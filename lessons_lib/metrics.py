"""From logits to figures that a person can judge a classifier by."""

import numpy as np
import pandas as pd


def softmax(logits: np.ndarray) -> np.ndarray:
    """Return probabilities that add up to 1 along the last axis; `logits` and the result are `(…, classes)`.

    >>> softmax(np.array([0.0, 0.0])).tolist()
    [0.5, 0.5]
    """
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))  # the largest becomes exp(0): nothing overflows
    return powers / powers.sum(axis=-1, keepdims=True)


def example_losses(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return the cross-entropy of each example, shape `(n,)`, from `logits` `(n, classes)` and `labels` `(n,)`.

    >>> example_losses(np.array([[0.0, 0.0]]), np.array([1])).round(3).tolist()
    [0.693]
    """
    highest = logits.max(axis=-1, keepdims=True)
    log_sum = np.log(np.exp(logits - highest).sum(axis=-1)) + highest[..., 0]
    return log_sum - logits[np.arange(len(labels)), labels]


def scores(probabilities: np.ndarray, labels: np.ndarray, threshold: float = 0.5) -> dict[str, float]:
    """Return accuracy, precision, recall and F1 of saying yes (1) where a probability lies above `threshold`.

    `probabilities` are those of class 1, `(n,)`, as are `labels`. What would divide by zero is 0, as in scikit-learn.

    >>> scores(np.array([0.9, 0.6, 0.2]), np.array([1, 0, 0]))
    {'accuracy': 0.6666666666666666, 'precision': 0.5, 'recall': 1.0, 'f1': 0.6666666666666666}
    """
    yes = probabilities > threshold
    right = int((yes & (labels == 1)).sum())
    said, true = int(yes.sum()), int((labels == 1).sum())
    return {
        "accuracy": float((yes == labels).mean()),
        "precision": right / said if said else 0.0,
        "recall": right / true if true else 0.0,
        "f1": 2 * right / (said + true) if said + true else 0.0,
    }


def worst_mistakes(
    sentence1: list[str], sentence2: list[str], logits: np.ndarray, labels: np.ndarray, threshold: float = 0.5
) -> pd.DataFrame:
    """Return one row for each wrong prediction, the most confident mistake first.

    `logits` are `(n, 2)`, `labels` `(n,)`; class 1 is predicted where its probability lies above `threshold`. The
    column `probability` is what the model gave the true class.
    """
    probabilities = softmax(logits)
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


def bootstrap_interval(
    values: np.ndarray, draws: int = 2000, confidence: float = 0.95, seed: int = 0
) -> tuple[float, float]:
    """Return the interval in which the mean of `values` `(n,)` falls in a share `confidence` of resamples.

    The percentile bootstrap (Efron, 1979): the mean of n values drawn with replacement, `draws` times over.

    >>> low, high = bootstrap_interval(np.array([0, 1] * 50))
    >>> 0.35 < low < 0.45 and 0.55 < high < 0.65
    True
    """
    chosen = np.random.default_rng(seed).integers(len(values), size=(draws, len(values)))
    means = np.asarray(values)[chosen].mean(axis=1)
    tail = (1 - confidence) / 2
    low, high = np.quantile(means, [tail, 1 - tail])
    return float(low), float(high)
