"""What moving the threshold of a decision changes."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from sklearn.metrics import auc, confusion_matrix, precision_recall_curve, precision_score, recall_score, roc_curve

from lessons_lib.palette import BLACK, BLUE, ORANGE
from lessons_lib.plots.classes import plot_confusion
from lessons_lib.plots.phrases import number
from lessons_lib.plots.picture import axes_or_new, describe


def plot_threshold(probabilities: np.ndarray, labels: np.ndarray, names: Sequence[str], threshold: float) -> Axes:
    """Draw the confusion matrix of one threshold, the ROC curve and the precision-recall curve, the threshold marked.

    `probabilities` are those of class 1, `(n,)`, as are `labels`. Return the axes of the last curve.
    """
    _, (matrix, roc, recall) = plt.subplots(1, 3, figsize=(9.5, 3.3), layout="constrained")
    predicted = probabilities > threshold
    plot_confusion(confusion_matrix(labels, predicted, labels=[0, 1]), names, ax=matrix)
    matrix.set_title(f"threshold {threshold:.2f}", fontsize=10)
    precision, sensitivity = (score(labels, predicted, zero_division=0) for score in (precision_score, recall_score))
    false_yes = float(predicted[labels == 0].mean()) if (labels == 0).any() else 0.0
    wrong_yes, found, _ = roc_curve(labels, probabilities)
    _curve(roc, wrong_yes, found, (false_yes, sensitivity))
    roc.plot([0, 1], [0, 1], color=ORANGE, linestyle="--", label="guessing")
    roc.set(title="ROC", xlabel=f"wrong yes among all {names[0]}", ylabel="recall")
    precisions, recalls, _ = precision_recall_curve(labels, probabilities)
    point = (sensitivity, precision) if predicted.any() else None
    _curve(recall, recalls, precisions, point)
    recall.axhline(labels.mean(), color=ORANGE, linestyle="--", label="guessing")
    recall.set(title="precision and recall", xlabel="recall", ylabel="precision")
    for ax in (roc, recall):
        ax.legend(loc="lower center", frameon=False, fontsize=9)
    area = auc(wrong_yes, found)
    text = (
        f"Threshold {threshold:.2f}. {matrix.get_label()} "
        f"ROC curve{f', {number(area)} of the area below it' if area == area else ''}, "
        f"the threshold's point at recall {number(sensitivity)} and {number(false_yes)} wrong yes. "
        f"Curve of precision over recall, {f'its point at precision {number(precision)}' if point else 'no point'}; "
        f"guessing is at {number(labels.mean())}."
    )
    return describe(recall, text, whole=True)


def _curve(ax: Axes, across: np.ndarray, up: np.ndarray, point: tuple[float, float] | None) -> None:
    axes_or_new(ax)
    ax.plot(across, up, color=BLUE)
    if point:
        ax.plot(*point, color=BLACK, marker="o", linestyle="", markersize=8, clip_on=False, label="this threshold")
    ax.set(xlim=(-0.02, 1.02), ylim=(0, 1.05))
