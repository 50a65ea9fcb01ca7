"""How a line runs, in words."""

from collections.abc import Sequence

import numpy as np

from lessons_lib.plots.phrases import counted, number


def trend(x: Sequence[float], y: Sequence[float], at: str = "{}", straight: bool = True) -> str:
    """Say how a line through the points of `x` and `y` runs. `at` names a place on the x axis.

    Whether a piece is `straight` is said only of axes that are linear.

    >>> trend([1, 2, 3], [0.69, 0.5, 0.31])
    'falls from 0.69 to 0.31'
    >>> trend([1, 2, 3, 4], [0.69, 0.8, 0.5, 0.52])
    'falls from 0.69 to 0.52, with ups and downs between 0.50 and 0.80'
    >>> trend([1, 2, 3], [0.69, 0.5, 0.6], at="epoch {}"), trend([1], [0.5]), trend([1, 2], [0.5, 0.5])
    ('falls from 0.69 to 0.50 at epoch 2, then rises to 0.60', 'has one point, at 0.50', 'stays level at 0.50')
    """
    across, up = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    kept = np.isfinite(up)
    lost = int((~kept).sum())
    run = _run(across[kept], up[kept], at, straight) if kept.any() else "has no points"
    return run + (f", and {counted('value', lost)} {'is no number' if lost == 1 else 'are no numbers'}" if lost else "")


def _run(x: np.ndarray, y: np.ndarray, at: str, straight: bool) -> str:
    first, last, low, high = (number(value) for value in (y[0], y[-1], y.min(), y.max()))
    if len(y) == 1:
        return f"has one point, at {first}"
    if low == high:
        return f"stays level at {first}"
    for turn in (int(y.argmax()), int(y.argmin())):
        top = number(y[turn])
        if top != first and turn < len(y) - 1 and _one_way(y[: turn + 1]) and _one_way(y[turn:]):
            place = at.format(number(x[turn]))
            after = "stays level" if top == last else f"{_moves(x[turn:], y[turn:], straight)} to {last}"
            return f"{_moves(x[: turn + 1], y[: turn + 1], straight)} from {first} to {top} at {place}, then {after}"
    if _one_way(y):
        return f"{_moves(x, y, straight)} from {first} to {last}"
    ends = f"starts and ends at {first}" if first == last else f"{_moves(x, y, False)} from {first} to {last}"
    return f"{ends}, with ups and downs" + ("" if {low, high} == {first, last} else f" between {low} and {high}")


def _one_way(y: np.ndarray) -> bool:
    steps = np.diff(y)
    return bool((steps >= 0).all() or (steps <= 0).all())


def _moves(x: np.ndarray, y: np.ndarray, straight: bool) -> str:
    verb = "rises" if y[-1] > y[0] else "falls"
    if not straight or len(y) < 4 or x[0] == x[-1]:
        return verb
    chord = y[0] + (y[-1] - y[0]) * (x - x[0]) / (x[-1] - x[0])
    return f"{verb} straight" if np.abs(y - chord).max() <= 0.01 * abs(y[-1] - y[0]) else verb
