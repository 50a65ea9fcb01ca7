"""From logits to what a person can judge a classifier by: the loss of each example, and the worst mistakes."""

import numpy as np
import pandas as pd
from scipy.special import log_softmax, softmax


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
