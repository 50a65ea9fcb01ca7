"""The threshold of a decision: every figure that moves with it, and the mistakes."""

from collections.abc import Sequence

import ipywidgets as widgets
import numpy as np
from scipy.special import softmax
from sklearn.metrics import accuracy_score, precision_recall_fscore_support

from lessons_lib import html, plots
from lessons_lib.labs.lab import Lab, choice
from lessons_lib.metrics import one_against_rest, worst_mistakes


def metrics_lab(
    logits: np.ndarray, labels: np.ndarray, sentence1: list[str], sentence2: list[str], names: Sequence[str]
) -> Lab:
    """Move the threshold above which class 1 is said, and see every figure move; read the mistakes, the worst first.

    `logits` are `(n, classes)`, `labels` `(n,)`, `names` those of the classes. With more than two, the question is
    whether it's class 1. Raises `ValueError` for other shapes.
    """
    if logits.shape != (len(labels), len(names)) or len(names) < 2:
        raise ValueError(
            f"{len(labels)} labels and {len(names)} classes need logits of that shape, not {logits.shape}."
        )
    logits, labels, names = one_against_rest(logits, labels, names)
    probabilities, most = softmax(logits, axis=-1)[:, 1], int(np.bincount(labels).argmax())
    blind = _scores(np.full(len(labels), most), labels)
    kinds = {
        "all mistakes": (0, 1),
        f"said “{names[1]}”, wrongly": (1,),
        f"said “{names[0]}”, wrongly": (0,),
    }

    def draw(threshold: float, kind: str, first: int) -> str:
        numbers = {name: f"{value:.3f}" for name, value in _scores(probabilities > threshold, labels).items()}
        if not (probabilities > threshold).any():
            numbers["precision"] = "–"  # a share of nothing
        numbers[f"always “{names[most]}”"] = f"{blind['accuracy']:.3f} accuracy, {blind['f1']:.3f} F1"
        mistakes = worst_mistakes(sentence1, sentence2, logits, labels, threshold)
        mistakes = mistakes[mistakes["predicted"].isin(kinds[kind])]
        picture = plots.show(plots.plot_threshold(probabilities, labels, names, threshold)).data
        first = max(1, min(first, len(mistakes)))
        shown = mistakes.iloc[first - 1 : first + 4]
        count = html.note(f"{kind}: {len(mistakes)}, the largest loss first; shown from number {first}:")
        return html.numbers(numbers) + picture + count + html.mistake_list(shown, names, first)

    controls = {
        "threshold": widgets.FloatSlider(
            0.5, min=0, max=1, step=0.01, description="threshold", continuous_update=False
        ),
        "kind": choice(list(kinds), "mistakes"),
        "first": widgets.BoundedIntText(1, min=1, max=len(labels), step=5, description="first one shown"),
    }
    return Lab(draw, controls)


def _scores(predicted: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    """Return accuracy, and precision, recall and F1 of class 1; what would divide by zero is 0."""
    of_yes = precision_recall_fscore_support(labels, predicted, average="binary", zero_division=0)[:3]
    return {
        "accuracy": accuracy_score(labels, predicted),
        **dict(zip(("precision", "recall", "f1"), of_yes, strict=True)),
    }
