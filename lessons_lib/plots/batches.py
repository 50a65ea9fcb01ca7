"""What filling texts up to batches costs: real tokens dark, padding hatched."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap

from lessons_lib.padding import batch_masks
from lessons_lib.palette import BLUE, LIGHT, RULE
from lessons_lib.plots.phrases import counted, joined, percent, sentence
from lessons_lib.plots.picture import axes_or_new, describe


def plot_batch(mask: np.ndarray, ax: Axes | None = None) -> Axes:
    """Draw one batch from its attention mask `(batch, seq)`: real tokens dark, padding light and hatched.

    >>> plot_batch(np.array([[1, 1, 0, 0], [1, 1, 1, 1]])).figure.get_label()
    'One batch, two rows of four positions: dark real tokens, hatched padding at the end, 25% of the positions.'
    """
    ax = axes_or_new(ax, height=2.6)
    rows, width = mask.shape
    ax.pcolor(np.ma.masked_equal(mask, 1), cmap=ListedColormap([LIGHT]), hatch="///", edgecolor=RULE, linewidth=0)
    ax.pcolor(np.ma.masked_equal(mask, 0), cmap=ListedColormap([BLUE]), edgecolor="white", linewidth=0.3)
    ax.set(xlim=(0, width), ylim=(rows, 0), xlabel="position in the sequence", ylabel="example in the batch")
    ax.set_title(f"{mask.size:,} positions, {percent(mask.size - mask.sum(), mask.size)} of them padding", fontsize=10)
    shape = f"{counted('row', rows)} of {counted('position', width)}"
    return describe(ax, f"One batch, {shape}: dark real tokens, {_padded(mask)}.")


def plot_batches(masks: Mapping[str, np.ndarray]) -> Axes:
    """Draw one batch a name, each from its attention mask `(batch, seq)`, below one another and on one scale.

    >>> plot_batches({"a": np.array([[1, 1], [1, 0]]), "b": np.ones((2, 1))}).figure.get_label().split("; ")[1]
    'and b, one position wide: no padding.'
    """
    size = (7.0, 1.9 * len(masks))
    figure, axes = plt.subplots(len(masks), 1, figsize=size, sharex=True, squeeze=False, layout="constrained")
    for ax, (name, mask) in zip(axes[:, 0], masks.items(), strict=True):
        plot_batch(mask, ax=ax)
        ax.set_title(f"{name}: {ax.get_title()}", fontsize=10)
        ax.set(ylabel="")
        ax.label_outer()
    figure.supylabel("example in the batch", fontsize=10)
    ax.set_xlim(0, max(mask.shape[1] for mask in masks.values()))
    each = (f"{name}, {counted('position', mask.shape[1])} wide: {_padded(mask)}" for name, mask in masks.items())
    count = counted("batch", len(masks))
    below = " below one another, on one scale" if len(masks) > 1 else ""
    return describe(ax, f"{sentence(count)}{below}: {joined(each, by=';')}.", whole=True)


def _padded(mask: np.ndarray) -> str:
    """Say how much of a mask is padding, and at which end of its rows.

    >>> _padded(np.array([[0, 1], [1, 1]])), _padded(np.ones((1, 2)))
    ('hatched padding at the start, 25% of the positions', 'no padding')
    """
    if mask.all():
        return "no padding"
    steps = np.diff(mask.astype(int), axis=1)
    where = " at the end" if (steps <= 0).all() else " at the start" if (steps >= 0).all() else ""
    return f"hatched padding{where}, {percent(mask.size - mask.sum(), mask.size)} of the positions"


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

    >>> plot_epoch([1, 4], order=[0, 1], batch_size=2).figure.get_label().split(". ")[1]
    'Dark are the real tokens, from 1 to 4 tokens in a row; hatched is the padding, 38% of all positions.'
    """
    ax = axes_or_new(ax, height=3.6)
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
    return describe(ax, _epoch_text(masks, real, int(padding.sum())))


def _epoch_text(masks: Sequence[np.ndarray], real: np.ndarray, padding: int) -> str:
    widths = [mask.shape[1] for mask in masks]
    share = percent(padding, padding + real.sum())
    texts = "text" if len(real) == 1 else counted("text", len(real))
    hatched = f"hatched is the padding, {share} of all positions" if padding else "nothing is padding"
    return (
        f"The first {texts} of an epoch, one row each, in {counted('batch', len(masks))} "
        f"{_span(widths, 'position')} wide. Dark are the real tokens, {_span(real, 'token')} in a row; {hatched}."
    )


def _span(values: Sequence[int], unit: str) -> str:
    """Say from where to where `values` reach.

    >>> _span([5, 9], "token"), _span([1, 1], "token")
    ('from 5 to 9 tokens', 'one token')
    """
    low, high = int(min(values)), int(max(values))
    return counted(unit, low) if low == high else f"from {low:,} to {high:,} {unit}s"
