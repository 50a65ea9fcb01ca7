"""What a classifier answers, by the true class: how often, and how surely."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from lessons_lib.palette import BLUE, DARK_PURPLE, GREEN, GREY, ORANGE
from lessons_lib.plots.phrases import counted, joined, number, spelled
from lessons_lib.plots.picture import axes_or_new, describe

MOST_CLASSES = 12  # of a confusion matrix, that can still be read
SHADES = ((ORANGE, "///"), (BLUE, ""), (GREEN, "xxx"), (GREY, "..."), (DARK_PURPLE, "---"))  # one per class


def plot_confusion(counts: np.ndarray, names: Sequence[str], ax: Axes | None = None) -> Axes:
    """Draw a confusion matrix `(classes, classes)`: true classes down, predicted ones across, counts written in.

    Of more than `MOST_CLASSES` it shows the most common ones.
    """
    classes = len(names)
    shown = np.sort(np.argsort(-counts.sum(axis=1), kind="stable")[:MOST_CLASSES])
    counts, names = counts[np.ix_(shown, shown)], [names[number] for number in shown]
    many = len(names) > 2
    ax = axes_or_new(ax, width=4.2 + 0.5 * many * len(names), height=3.4 + 0.3 * many * len(names))
    ax.imshow(counts, cmap="Blues")
    for (row, column), count in np.ndenumerate(counts):
        color = "white" if count > counts.max() / 2 else "black"
        ax.text(column, row, f"{count}", ha="center", va="center", color=color, fontsize=11 if many else 14)
    ax.set(xlabel="predicted", ylabel="true", xticks=range(len(names)), yticks=range(len(names)))
    ax.set_xticklabels(names, rotation=30 if many else 0, ha="right" if many else "center")
    ax.set_yticklabels(names, rotation=0 if many else 90, va="center")
    text = f"Confusion matrix, true classes down, predicted ones across: {right_wrong(counts, names)}"
    return describe(
        ax, text + f" Shown are the {len(names)} most common of {classes} classes." * (len(names) < classes)
    )


def right_wrong(counts: np.ndarray, names: Sequence[str]) -> str:
    """Return how many answers of a confusion matrix are right, and which mistake is the most common.

    >>> right_wrong(np.array([[5, 1], [2, 9]]), ["no", "yes"])
    '14 of 17 examples are right, on the diagonal. The most common mistake, made twice, is yes taken for no.'
    """
    total, right = int(counts.sum()), int(np.trace(counts))
    if not total:
        return "no examples."
    wrong = counts - np.diag(np.diag(counts))
    if not wrong.any():
        return f"all {counted('example', total)} are right, on the diagonal." if total > 1 else "one example, right."
    each = [f"{names[row]} taken for {names[column]}" for row, column in np.argwhere(wrong == wrong.max())]
    times = {1: "once", 2: "twice"}.get(int(wrong.max()), f"{wrong.max():,} times")
    most = f"mistake, made {times}, is" if len(each) == 1 else f"mistakes, each made {times}, are"
    said = f"{right:,} of {total:,} examples {'is' if right == 1 else 'are'} right, on the diagonal"
    return f"{said}. The most common {most} {joined(each, most=3)}."


def plot_probabilities(
    probabilities: np.ndarray,
    labels: np.ndarray,
    names: Sequence[str],
    label: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw how the probability of class 1, shape `(n,)`, spreads over the examples of each true class.

    Where the numbers are others, a cosine say, `label` names them. Of more than `len(SHADES)` classes it shows class 1
    and the most common others.
    """
    ax = axes_or_new(ax)
    common = sorted(range(len(names)), key=lambda one: (one != 1, -(labels == one).sum()))
    shown = sorted(common[: len(SHADES)])
    groups = {names[number]: probabilities[labels == number] for number in shown}
    colors, hatches = zip(*SHADES[: len(shown)], strict=True)
    bins = np.arange(min(0, np.floor(20 * np.min(probabilities, initial=0))), 21) / 20
    _, _, bars = ax.hist(list(groups.values()), bins=bins, color=colors, label=list(groups))
    for patches, hatch in zip(bars, hatches, strict=True):
        for patch in patches:
            patch.set_hatch(hatch)
    label = label or f"probability of {names[1]}"
    ax.set(xlabel=label, ylabel="pairs")
    ax.legend(title="true class", frameon=False)
    each = joined(_spread(name, values) for name, values in groups.items())
    text = f"Histograms of the {label}, one per true class: {each}."
    return describe(ax, text + f" Shown are {len(shown)} of {len(names)} classes." * (len(shown) < len(names)))


def _spread(name: str, values: np.ndarray) -> str:
    """Say where the numbers of one class are.

    >>> _spread("yes", np.array([0.1, 0.9, 0.8]))
    'three pairs yes (mean 0.60, two above 0.5)'
    """
    if not len(values):
        return f"no pair {name}"
    over = int((values > 0.5).sum())
    where = f"mean {number(values.mean())}, {spelled(over) if over else 'none'} above 0.5"
    return f"{counted('pair', len(values))} {name} ({where})"
