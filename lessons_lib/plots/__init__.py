"""One function per figure: data in, axes out, and on the figure a text for readers who cannot see it.

`show` ends a cell: it puts the figure into the page, with that text. Hatches, markers or labels repeat what a colour
says.
"""

from lessons_lib.plots.bars import plot_bars, plot_trainable
from lessons_lib.plots.batches import plot_batch, plot_batches, plot_epoch
from lessons_lib.plots.classes import MOST_CLASSES, SHADES, plot_confusion, plot_probabilities
from lessons_lib.plots.heads import plot_guesses, plot_stages
from lessons_lib.plots.lengths import plot_lengths, plot_widths
from lessons_lib.plots.lines import plot_lines
from lessons_lib.plots.picture import show
from lessons_lib.plots.starts import plot_learning_curve, plot_starts
from lessons_lib.plots.threshold import plot_threshold
from lessons_lib.plots.training import plot_loss_and_metric, plot_losses

__all__ = [
    "MOST_CLASSES",
    "SHADES",
    "plot_bars",
    "plot_batch",
    "plot_batches",
    "plot_confusion",
    "plot_epoch",
    "plot_guesses",
    "plot_learning_curve",
    "plot_lengths",
    "plot_lines",
    "plot_loss_and_metric",
    "plot_losses",
    "plot_probabilities",
    "plot_stages",
    "plot_starts",
    "plot_threshold",
    "plot_trainable",
    "plot_widths",
    "show",
]
