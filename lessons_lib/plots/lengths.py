"""How many tokens texts and batches have."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes

from lessons_lib.palette import BLACK, BLUE
from lessons_lib.plots.lines import lines_text, plot_lines
from lessons_lib.plots.phrases import counted, number, sentence
from lessons_lib.plots.picture import axes_or_new, describe

BIN = 4  # tokens to a bar


def plot_lengths(lengths: Sequence[int], line: tuple[str, float] | None = None, ax: Axes | None = None) -> Axes:
    """Draw how many texts have how many tokens, with a dashed `line`, a `(name, length)`: unless given, the mean.

    >>> plot_lengths([3, 5, 7]).figure.get_label().split(". ")[0]
    'Histogram of tokens in a pair: three pairs, from 3 to 7 tokens'
    """
    ax, lengths = axes_or_new(ax), list(lengths)
    counts, edges, _ = ax.hist(lengths, bins=range(0, max(lengths, default=0) + 5, BIN), color=BLUE, edgecolor="white")
    ax.set(xlabel="tokens in a pair", ylabel="pairs")
    if not lengths:
        return describe(ax, "An empty histogram of tokens in a pair: there are no pairs.")
    name, length = line or ("mean", float(np.mean(lengths)))
    top = ax.get_ylim()[1]
    ax.axvline(length, color=BLACK, linestyle="--")
    ax.text(length + 1, top * 1.04, f"{name} {number(length)}")
    ax.set(ylim=(0, top * 1.12))
    ends = (min(lengths), max(lengths))
    span = f"from {ends[0]:,} to {ends[1]:,} tokens" if ends[0] < ends[1] else f"of {counted('token', ends[0])}"
    highest = [int(edge) for edge, count in zip(edges, counts, strict=False) if count == counts.max()]
    pairs = counted("pair", int(counts.max()))
    peak = f"The highest bar, {pairs}, is at {highest[0]} to {highest[0] + BIN - 1} tokens."
    if len(highest) > 1:
        peak = f"{sentence(counted('bar', len(highest)))} are equally high, with {pairs} each."
    dashed = f"The dashed line says {name} {number(length)}."
    return describe(ax, f"Histogram of tokens in a pair: {counted('pair', len(lengths))}, {span}. {peak} {dashed}")


def plot_widths(widths: Mapping[str, Sequence[int]], ax: Axes | None = None) -> Axes:
    """Draw how many positions wide each batch of an epoch is, in the order of the epoch, one line a name.

    >>> plot_widths({"grouped": [9, 5]}).figure.get_label()
    'One line shows width of the batch in tokens over batch of the epoch (1 to 2): grouped falls from 9 to 5.'
    """
    ax = axes_or_new(ax)
    lines = {name: (range(1, len(values) + 1), values) for name, values in widths.items()}
    labels = "batch of the epoch", "width of the batch in tokens"
    ax = plot_lines(lines, *labels, ax)
    ax.set_ylim(0, None)
    return describe(ax, lines_text(lines, *labels, at="batch {}"))
