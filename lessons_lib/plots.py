"""One function per figure: data in, axes out. `show` ends a cell: it puts the figure into the page, with a text for
readers who cannot see it. Hatches, markers or labels repeat what a colour says.
"""

import base64
import io
from collections.abc import Mapping, Sequence
from html import escape

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from IPython.display import HTML
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.ticker import MaxNLocator
from sklearn.metrics import confusion_matrix, precision_recall_curve, precision_score, recall_score, roc_curve

from lessons_lib.padding import batch_masks
from lessons_lib.palette import BLACK, BLUE, DARK_PURPLE, GREEN, GREY, LIGHT, ORANGE, RULE

MOST_CLASSES = 12  # of a confusion matrix, that can still be read
SHADES = ((ORANGE, "///"), (BLUE, ""), (GREEN, "xxx"), (GREY, "..."), (DARK_PURPLE, "---"))  # one per class


def show(axes: Axes, alt: str) -> HTML:
    """Return the figure of `axes` as a picture with `alt` as its alternative text, and close the figure."""
    stream = io.BytesIO()
    axes.figure.savefig(stream, format="png", dpi=150, bbox_inches="tight", facecolor="white")
    plt.close(axes.figure)
    data = base64.b64encode(stream.getvalue()).decode("ascii")
    return HTML(f'<img alt="{escape(alt)}" style="max-width: min(100%, 760px)" src="data:image/png;base64,{data}">')


def _axes(ax: Axes | None, width: float = 7.0, height: float = 3.2) -> Axes:
    if ax is None:
        _, ax = plt.subplots(figsize=(width, height))
    ax.spines[["top", "right"]].set_visible(False)
    return ax


def plot_lengths(lengths: Sequence[int], line: tuple[str, float] | None = None, ax: Axes | None = None) -> Axes:
    """Draw how many texts have how many tokens, with a dashed `line`, a `(name, length)`: unless given, the mean."""
    ax = _axes(ax)
    name, length = line or ("mean", float(np.mean(lengths)))
    ax.hist(lengths, bins=range(0, max(lengths) + 5, 4), color=BLUE, edgecolor="white")
    top = ax.get_ylim()[1]
    ax.axvline(length, color=BLACK, linestyle="--")
    ax.text(length + 1, top * 1.04, f"{name} {length:.3g}")
    ax.set(xlabel="tokens in a pair", ylabel="pairs", ylim=(0, top * 1.12))
    return ax


def plot_batch(mask: np.ndarray, ax: Axes | None = None) -> Axes:
    """Draw one batch from its attention mask `(batch, seq)`: real tokens dark, padding light and hatched."""
    ax = _axes(ax, height=2.6)
    rows, width = mask.shape
    ax.pcolor(np.ma.masked_equal(mask, 1), cmap=ListedColormap([LIGHT]), hatch="///", edgecolor=RULE, linewidth=0)
    ax.pcolor(np.ma.masked_equal(mask, 0), cmap=ListedColormap([BLUE]), edgecolor="white", linewidth=0.3)
    ax.set(xlim=(0, width), ylim=(rows, 0), xlabel="position in the sequence", ylabel="example in the batch")
    ax.set_title(f"{mask.size:,} positions, {mask.sum() / mask.size:.0%} of them real tokens", fontsize=10)
    return ax


def plot_batches(masks: Mapping[str, np.ndarray]) -> Axes:
    """Draw one batch a name, each from its attention mask `(batch, seq)`, below one another and on one scale."""
    size = (7.0, 1.9 * len(masks))
    figure, axes = plt.subplots(len(masks), 1, figsize=size, sharex=True, squeeze=False, layout="constrained")
    for ax, (name, mask) in zip(axes[:, 0], masks.items(), strict=True):
        plot_batch(mask, ax=ax)
        ax.set_title(f"{name}: {ax.get_title()}", fontsize=10)
        ax.set(ylabel="")
        ax.label_outer()
    figure.supylabel("example in the batch", fontsize=10)
    ax.set_xlim(0, max(mask.shape[1] for mask in masks.values()))
    return ax


def plot_widths(widths: Mapping[str, Sequence[int]], ax: Axes | None = None) -> Axes:
    """Draw how many positions wide each batch of an epoch is, in the order of the epoch, one line a name."""
    ax = _axes(ax)
    lines = {name: (range(1, len(values) + 1), values) for name, values in widths.items()}
    ax = plot_lines(lines, "batch of the epoch", "width of the batch in tokens", ax)
    ax.set_ylim(0, None)
    return ax


def plot_lines(
    lines: Mapping[str, tuple[Sequence[float], Sequence[float]]], xlabel: str, ylabel: str, ax: Axes | None = None
) -> Axes:
    """Draw up to four lines, each a name with its x and its y values, told apart by colour and by stroke."""
    ax = _axes(ax)
    styles = ((ORANGE, ":"), (BLUE, "-"), (GREEN, "--"), (BLACK, "-."))
    for (name, (x, y)), (color, style) in zip(lines.items(), styles, strict=False):
        ax.plot(x, y, color=color, linestyle=style, label=name)
    ax.set(xlabel=xlabel, ylabel=ylabel)
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=len(lines), frameon=False)
    return ax


def plot_bars(
    values: Mapping[str, float],
    label: str,
    line: tuple[str, float] | None = None,
    written: str = "{:.2f}",
    log: bool = False,
    ax: Axes | None = None,
) -> Axes:
    """Draw one horizontal bar a name, its value `written` at its end; `line` is a `(name, value)` to compare with.

    On a logarithmic axis (`log`) bars start a little below the least value: there is no zero on it.
    """
    ax = _axes(ax, height=0.6 + 0.4 * len(values))
    bars = ax.barh(list(values), list(values.values()), color=BLUE)
    ax.bar_label(bars, fmt=written, padding=4)
    ax.invert_yaxis()
    least, most = min(values.values()), max(values.values())
    ax.set(xlabel=label, xlim=(least / 10, most * 100) if log else (0, most * 1.15))
    if log:
        ax.set_xscale("log")
    if line:
        ax.axvline(line[1], color=ORANGE, linestyle="--", label=line[0])
        ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), frameon=False)
    return ax


def plot_guesses(says_yes: Sequence[float], accuracy: Sequence[float], yes: float, ax: Axes | None = None) -> Axes:
    """Draw each head's accuracy over its share of answers "yes", beside the line that answering blindly gives.

    `yes` is the share of examples whose label is "yes": the accuracy of always answering so, at the line's right end.
    """
    ax = _axes(ax)
    ax.plot([0, 1], [1 - yes, yes], color=ORANGE, linestyle="--", label="expected of blind answers")
    ax.plot(1, yes, color=ORANGE, marker="s", markersize=9, linestyle="", clip_on=False, label="always yes")
    ax.plot(says_yes, accuracy, color=BLUE, marker="o", linestyle="", label="one head")
    ax.set(xlabel='share of answers "yes"', ylabel="accuracy", xlim=(-0.02, 1.02), ylim=(0, 1))
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3, frameon=False)
    return ax


def plot_losses(log_history: Sequence[Mapping[str, float]], ax: Axes | None = None) -> Axes:
    """Draw the training loss and, where there is one, the validation loss from `trainer.state.log_history`."""
    ax = _axes(ax)
    log = pd.DataFrame(log_history)
    for column, name, color, marker in (("loss", "training", BLUE, "o"), ("eval_loss", "validation", ORANGE, "s")):
        if column in log:
            points = log.dropna(subset=[column])
            ax.plot(points["epoch"], points[column].astype(float), color=color, marker=marker, label=f"{name} loss")
    ax.set(xlabel="epoch", ylabel="cross-entropy")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.legend(frameon=False)
    return ax


def plot_stages(names: Sequence[str], values: Sequence[np.ndarray], new: int, ax: Axes | None = None) -> Axes:
    """Draw the stages of a model from top to bottom, each a box with the shape of the value that leaves it.

    `values` are arrays or tensors. The first is what goes in and the last what comes out, in grey; number `new` is
    hatched.
    """
    ax = _axes(ax, height=0.55 * len(names))
    for row, (name, value) in enumerate(zip(names, values, strict=True)):
        edge = row in (0, len(names) - 1)
        color, hatch = (ORANGE, "///") if row == new else (LIGHT if edge else BLUE, "")
        ax.barh(-row, 1, height=0.6, color=color, hatch=hatch, edgecolor="white")
        words = {"ha": "center", "va": "center", "color": BLACK if edge or row == new else "white"}
        box = {"facecolor": "white", "edgecolor": "none", "pad": 2} if row == new else None
        ax.text(0.5, -row, name, bbox=box, **words)
        ax.text(1.04, -row, " × ".join(map(str, value.shape)), va="center")
        if row:
            ax.annotate("", (0.5, 0.3 - row), (0.5, 0.7 - row), arrowprops={"arrowstyle": "->", "color": BLACK})
    ax.set(xlim=(0, 1.6))
    ax.axis("off")
    return ax


def plot_loss_and_metric(
    log_history: Sequence[Mapping[str, float]], line: tuple[str, float], metric: str = "eval_accuracy"
) -> Axes:
    """Draw both losses on the left, and on the right one metric of the validation pairs, epoch by epoch.

    `line` names the metric's baseline and says how high it is.
    """
    _, (left, right) = plt.subplots(1, 2, figsize=(9, 3.2), layout="constrained")
    plot_losses(log_history, ax=left)
    points = pd.DataFrame(log_history).dropna(subset=[metric])
    right.plot(points["epoch"], points[metric].astype(float), color=GREEN, marker="^")
    right.axhline(line[1], color=BLACK, linestyle="--", linewidth=1, label=line[0])
    right.legend(frameon=False)
    right.xaxis.set_major_locator(MaxNLocator(integer=True))
    right.set(xlabel="epoch", ylabel=metric.removeprefix("eval_") + " on validation")
    right.spines[["top", "right"]].set_visible(False)
    return right


def plot_confusion(counts: np.ndarray, names: Sequence[str], ax: Axes | None = None) -> Axes:
    """Draw a confusion matrix `(classes, classes)`: true classes down, predicted ones across, counts written in.

    Of more than `MOST_CLASSES` it shows the most common ones.
    """
    shown = np.sort(np.argsort(-counts.sum(axis=1), kind="stable")[:MOST_CLASSES])
    counts, names = counts[np.ix_(shown, shown)], [names[number] for number in shown]
    many = len(names) > 2
    ax = _axes(ax, width=4.2 + 0.5 * many * len(names), height=3.4 + 0.3 * many * len(names))
    ax.imshow(counts, cmap="Blues")
    for (row, column), count in np.ndenumerate(counts):
        color = "white" if count > counts.max() / 2 else "black"
        ax.text(column, row, f"{count}", ha="center", va="center", color=color, fontsize=11 if many else 14)
    ax.set(xlabel="predicted", ylabel="true", xticks=range(len(names)), yticks=range(len(names)))
    ax.set_xticklabels(names, rotation=30 if many else 0, ha="right" if many else "center")
    ax.set_yticklabels(names, rotation=0 if many else 90, va="center")
    return ax


def plot_probabilities(
    probabilities: np.ndarray, labels: np.ndarray, names: Sequence[str], ax: Axes | None = None
) -> Axes:
    """Draw how the probability of class 1 (or a cosine), shape `(n,)`, spreads over the examples of each true class.

    Of more than `len(SHADES)` classes it shows class 1 and the most common others.
    """
    ax = _axes(ax)
    common = sorted(range(len(names)), key=lambda label: (label != 1, -(labels == label).sum()))
    shown = sorted(common[: len(SHADES)])
    groups = [probabilities[labels == label] for label in shown]
    colors, hatches = zip(*SHADES[: len(shown)], strict=True)
    bins = np.arange(min(0, np.floor(20 * np.min(probabilities, initial=0))), 21) / 20
    _, _, bars = ax.hist(groups, bins=bins, color=colors, label=[names[label] for label in shown])
    for patches, hatch in zip(bars, hatches, strict=True):
        for patch in patches:
            patch.set_hatch(hatch)
    ax.set(xlabel=f"probability of {names[1]}", ylabel="pairs")
    ax.legend(title="true class", frameon=False)
    return ax


def plot_epoch(
    lengths: Sequence[int],
    order: Sequence[int],
    batch_size: int,
    pad_to: int | None = None,
    rows: int = 64,
    width: int | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the first `rows` texts of an epoch in their `order`: real tokens dark, padding light and hatched.

    `lengths` are tokens. A white line parts the batches. The axis reaches to `width` tokens, or to the longest.
    """
    ax = _axes(ax, height=3.6)
    masks = batch_masks(lengths, order[: max(rows // batch_size, 1) * batch_size], batch_size, pad_to)
    real = np.concatenate([mask.sum(axis=1) for mask in masks])
    padding = np.concatenate([np.full(len(mask), mask.shape[1]) for mask in masks]) - real
    places = np.arange(len(real)) + 0.5
    ax.barh(places, real, height=1, color=BLUE, label="real token")
    ax.barh(places, padding, left=real, height=1, color=LIGHT, hatch="///", edgecolor=RULE, lw=0, label="padding")
    for end in np.cumsum([len(mask) for mask in masks])[:-1]:
        ax.axhline(end, color="white", linewidth=1.5)
    ax.set(xlim=(0, width or max(mask.shape[1] for mask in masks)), ylim=(len(real), 0))
    ax.set(xlabel="position in the sequence", ylabel=f"the first {len(real)} texts")
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2, frameon=False)
    return ax


def plot_trainable(parameters: Mapping[str, int], frozen: Sequence[str], ax: Axes | None = None) -> Axes:
    """Draw how many parameters each part of a model has; the parts in `frozen` light and hatched, the others dark."""
    ax = _axes(ax, height=0.9 + 0.26 * len(parameters))
    for name, count in parameters.items():
        still = name in frozen
        color, edge, hatch = (LIGHT, RULE, "///") if still else (BLUE, BLUE, "")
        ax.barh(name, count / 1e6, color=color, edgecolor=edge, hatch=hatch, linewidth=0.5)
        ax.annotate(
            "frozen" if still else "trains", (count / 1e6, name), (4, -3), textcoords="offset points", fontsize=8
        )
    ax.invert_yaxis()
    ax.set(xlabel="millions of parameters", xlim=(0, max(parameters.values()) / 1e6 * 1.12))
    return ax


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
    _curve(roc, *roc_curve(labels, probabilities)[:2], (false_yes, sensitivity))
    roc.plot([0, 1], [0, 1], color=ORANGE, linestyle="--", label="guessing")
    roc.set(title="ROC", xlabel=f"wrong yes among all {names[0]}", ylabel="recall")
    precisions, recalls, _ = precision_recall_curve(labels, probabilities)
    _curve(recall, recalls, precisions, (sensitivity, precision) if predicted.any() else None)
    recall.axhline(labels.mean(), color=ORANGE, linestyle="--", label="guessing")
    recall.set(title="precision and recall", xlabel="recall", ylabel="precision")
    for ax in (roc, recall):
        ax.legend(loc="lower center", frameon=False, fontsize=9)
    return recall


def _curve(ax: Axes, across: np.ndarray, up: np.ndarray, point: tuple[float, float] | None) -> None:
    _axes(ax)
    ax.plot(across, up, color=BLUE)
    if point:
        ax.plot(*point, color=BLACK, marker="o", linestyle="", markersize=8, clip_on=False, label="this threshold")
    ax.set(xlim=(-0.02, 1.02), ylim=(0, 1.05))


def plot_starts(table: pd.DataFrame, baselines: Mapping[str, float], line: str, ax: Axes | None = None) -> Axes:
    """Draw the accuracy of several starts: a bar each with its interval over seeds, and `baselines` above them.

    `table` comes from `compare.seed_table`; `line` names the baseline that is also drawn across.
    """
    ax = _axes(ax, width=8, height=0.9 + 0.42 * (len(table) + len(baselines)))
    bars = [*baselines.items(), *table["accuracy"].items()]
    reach = [*(0.0 for _ in baselines), *(table["high"] - table["accuracy"])]
    names, values = zip(*bars, strict=True)
    drawn = ax.barh(names, values, color=[GREY] * len(baselines) + [BLUE] * len(table))
    for patch in drawn[: len(baselines)]:
        patch.set_hatch("///")
    ax.errorbar(
        values[len(baselines) :], names[len(baselines) :], xerr=reach[len(baselines) :], fmt="none", color=BLACK
    )
    for name, value, far in zip(names, values, reach, strict=True):
        ax.annotate(f"{value:.2f}", (value + far, name), (5, -4), textcoords="offset points")
    ax.axvline(baselines[line], color=ORANGE, linestyle="--", label=line)
    ax.invert_yaxis()
    ax.set(xlabel="accuracy on validation", xlim=(0, 1.02))
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), frameon=False)
    return ax


def plot_learning_curve(
    tables: Mapping[str, pd.DataFrame], line: tuple[str, float], crossing: float | None = None, ax: Axes | None = None
) -> Axes:
    """Draw accuracy over the number of training pairs, one line a name with its interval over seeds as a band.

    Each table comes from `compare.seed_table(runs, by="train_size")`; `line` is a `(name, value)` to compare with, and
    `crossing` the number of pairs to mark, where there is one.
    """
    ax = _axes(ax)
    styles = ((ORANGE, "-.", "D"), (GREEN, "--", "s"), (BLUE, "-", "o"), (GREY, "--", "^"))
    for (name, table), (color, style, marker) in zip(tables.items(), styles, strict=False):
        table = table.sort_index()
        ax.plot(table.index, table["accuracy"], color=color, linestyle=style, marker=marker, label=name)
        ax.fill_between(table.index, table["low"], table["high"], color=color, alpha=0.15)
    ax.axhline(line[1], color=BLACK, linestyle=":", label=line[0])
    sizes = sorted({size for table in tables.values() for size in table.index})
    if crossing:
        ax.axvline(crossing, color=BLACK, linewidth=0.8)
        about, at = f"about {float(f'{crossing:.2g}'):,.0f} pairs", ("data", "axes fraction")
        ax.annotate(about, (crossing, 0.93), (-5, 0), xycoords=at, textcoords="offset points", ha="right")
    ax.set(xscale="log", xlabel="training pairs", ylabel="accuracy on validation")
    ax.set_xticks(sizes, [f"{size:,}" for size in sizes])
    ax.minorticks_off()
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3, frameon=False)
    return ax
