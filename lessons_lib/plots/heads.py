"""A model with a new head: its stages, and what heads answer that have learned nothing."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from lessons_lib.palette import BLACK, BLUE, LIGHT, ORANGE
from lessons_lib.plots.phrases import counted, joined, number, sentence
from lessons_lib.plots.picture import axes_or_new, describe


def plot_stages(names: Sequence[str], values: Sequence[np.ndarray], new: int, ax: Axes | None = None) -> Axes:
    """Draw the stages of a model from top to bottom, each a box with the shape of the value that leaves it.

    `values` are arrays or tensors. The first is what goes in and the last what comes out, in grey; number `new` is
    hatched.

    >>> plot_stages(["ids", "logits"], [np.ones((2, 9)), np.ones((2, 3))], new=1).figure.get_label()
    'Two boxes from top to bottom, each with its shape: ids 2 × 9 and logits 2 × 3. The hatched one is logits.'
    """
    ax = axes_or_new(ax, height=0.55 * len(names))
    shapes = [" × ".join(map(str, value.shape)) for value in values]
    for row, (name, shape) in enumerate(zip(names, shapes, strict=True)):
        edge = row in (0, len(names) - 1)
        color, hatch = (ORANGE, "///") if row == new else (LIGHT if edge else BLUE, "")
        ax.barh(-row, 1, height=0.6, color=color, hatch=hatch, edgecolor="white")
        words = {"ha": "center", "va": "center", "color": BLACK if edge or row == new else "white"}
        box = {"facecolor": "white", "edgecolor": "none", "pad": 2} if row == new else None
        ax.text(0.5, -row, name, bbox=box, **words)
        ax.text(1.04, -row, shape, va="center")
        if row:
            ax.annotate("", (0.5, 0.3 - row), (0.5, 0.7 - row), arrowprops={"arrowstyle": "->", "color": BLACK})
    ax.set(xlim=(0, 1.6))
    ax.axis("off")
    each = joined((f"{name} {shape or 'a single number'}" for name, shape in zip(names, shapes, strict=True)), most=12)
    hatched = f" The hatched one is {names[new]}." if 0 <= new < len(names) else ""
    shown = f", each with its shape: {each}." if names else "."
    return describe(ax, f"{sentence(counted('box', len(names)))} from top to bottom{shown}{hatched}")


def plot_guesses(says_yes: Sequence[float], accuracy: Sequence[float], yes: float, ax: Axes | None = None) -> Axes:
    """Draw each head's accuracy over its share of answers "yes", beside the line that answering blindly gives.

    `yes` is the share of examples whose label is "yes": the accuracy of always answering so, at the line's right end.
    """
    ax = axes_or_new(ax)
    ax.plot([0, 1], [1 - yes, yes], color=ORANGE, linestyle="--", label="expected of blind answers")
    ax.plot(1, yes, color=ORANGE, marker="s", markersize=9, linestyle="", clip_on=False, label="always yes")
    ax.plot(says_yes, accuracy, color=BLUE, marker="o", linestyle="", label="one head")
    ax.set(xlabel='share of answers "yes"', ylabel="accuracy", xlim=(-0.02, 1.02), ylim=(0, 1))
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3, frameon=False)
    return describe(ax, _guesses_text(np.asarray(says_yes, dtype=float), np.asarray(accuracy, dtype=float), yes))


def _guesses_text(says_yes: np.ndarray, accuracy: np.ndarray, yes: float) -> str:
    """Return what the points show, and how far from the line they are.

    >>> _guesses_text(np.array([0.0, 0.5]), np.array([0.25, 0.6]), 0.75).split("; ")[1]
    'the farthest point is 0.10 away from it.'
    """
    left, right = number(1 - yes), number(yes)
    verb = "is level" if left == right else "rises" if yes > 0.5 else "falls"
    line = f"A dashed line of blind answers {verb} from {left} at never yes to a square at always yes, {right}"
    if not len(accuracy):
        return f"An empty figure of accuracy over the share of answers yes: there are no points. {line}."
    far = np.abs(accuracy - (1 - yes + says_yes * (2 * yes - 1))).max()
    spans = [" to ".join(dict.fromkeys((number(each.min()), number(each.max())))) for each in (accuracy, says_yes)]
    points = f"{sentence(counted('point', len(accuracy)))}, one per head"
    farthest = f"the {'farthest ' * (len(accuracy) > 1)}point is {number(far)} away from it"
    return f"{points}: accuracy ({spans[0]}) over the share of answers yes ({spans[1]}). {line}; {farthest}."
