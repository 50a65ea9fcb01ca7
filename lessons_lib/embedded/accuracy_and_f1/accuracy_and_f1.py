"""Accuracy and F1 as a module that `evaluate.load(folder)` finds with no network."""

import datasets
import evaluate
from sklearn.metrics import accuracy_score, f1_score

DESCRIPTION = "Accuracy, and F1 of the class 1: the two figures that GLUE reports for MRPC (Wang et al., 2018)."
INPUTS = """
Args:
    predictions: the predicted class of each example, 0 or 1, shape (n,)
    references: the true class of each example, 0 or 1, shape (n,)
Returns:
    accuracy: the share of predictions that are right, between 0 and 1
    f1: the harmonic mean of precision and recall of class 1, between 0 and 1
"""


class AccuracyAndF1(evaluate.Metric):
    """Gives `{"accuracy": …, "f1": …}`, whatever the configuration is called."""

    def _info(self):
        integers = datasets.Value("int64")
        return evaluate.MetricInfo(
            description=DESCRIPTION,
            citation="",
            inputs_description=INPUTS,
            features=datasets.Features({"predictions": integers, "references": integers}),
        )

    def _compute(self, predictions, references):
        return {
            "accuracy": float(accuracy_score(references, predictions)),
            "f1": float(f1_score(references, predictions, zero_division=0)),
        }
