"""Accuracy and F1 as a module that `evaluate.load(folder)` finds with no network."""

import datasets
import evaluate
from sklearn.metrics import accuracy_score, f1_score

DESCRIPTION = (
    "Accuracy and F1 as GLUE reports them for MRPC (Wang et al., 2018): F1 is that of class 1. "
    "With more than two classes it is the mean of every class's F1 (macro)."
)
INPUTS = """
Args:
    predictions: the number of the predicted class of each example, shape (n,)
    references: the number of the true class of each example, shape (n,)
Returns:
    accuracy: the share of predictions that are right, between 0 and 1
    f1: the harmonic mean of precision and recall, between 0 and 1
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
        average = "binary" if max(*predictions, *references) <= 1 else "macro"
        return {
            "accuracy": float(accuracy_score(references, predictions)),
            "f1": float(f1_score(references, predictions, average=average, zero_division=0)),
        }
