"""A figure as a picture in the page, and the text that says what it shows."""

import base64
import io
from html import escape

import matplotlib.pyplot as plt
from IPython.display import HTML
from matplotlib.axes import Axes


def show(axes: Axes, alt: str | None = None) -> HTML:
    """Return the figure of `axes` as a picture with its alternative text, and close the figure.

    The text is `alt`, or what the `plot_` function that drew the figure says of it. Raises `ValueError` where there is
    neither.
    """
    text = alt or axes.figure.get_label()
    if not text:
        raise ValueError(
            "This figure has no alternative text. Draw it with a plot_ function of lessons_lib.plots, which brings one,"
            ' or say what it shows: show(axes, alt="One line: the loss falls from 0.69 to 0.31.")'
        )
    stream = io.BytesIO()
    axes.figure.savefig(stream, format="png", dpi=150, bbox_inches="tight", facecolor="white")
    plt.close(axes.figure)
    data = base64.b64encode(stream.getvalue()).decode("ascii")
    return HTML(f'<img alt="{escape(text)}" style="max-width: min(100%, 760px)" src="data:image/png;base64,{data}">')


def describe(axes: Axes, text: str, whole: bool = False) -> Axes:
    """Put `text` on the figure of `axes` as its alternative text, and return `axes`.

    A figure of several parts has the texts of its parts, in their order, unless one text was given for the `whole`.
    """
    figure = axes.figure
    one_for_all = figure.get_label() not in ("", _of_parts(axes))
    if not whole:
        axes.set_label(text)
    if whole or not one_for_all:
        figure.set_label(text if whole else _of_parts(axes))
    return axes


def _of_parts(axes: Axes) -> str:
    return " ".join(part.get_label() for part in axes.figure.axes if part.get_label())


def axes_or_new(ax: Axes | None, width: float = 7.0, height: float = 3.2) -> Axes:
    """Return `ax` or, where there is none, the axes of a new figure, `width` by `height` inches; both without a box."""
    if ax is None:
        _, ax = plt.subplots(figsize=(width, height))
    ax.spines[["top", "right"]].set_visible(False)
    return ax
