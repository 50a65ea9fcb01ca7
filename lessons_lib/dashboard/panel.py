"""What a training run has come to, as a panel of HTML and as one line of text."""

import sys
from collections.abc import Mapping
from html import escape

from lessons_lib import html, machine
from lessons_lib.dashboard import svg
from lessons_lib.dashboard.state import RunState

GOING_ON = ("starting", "training", "evaluating")


def figures(run: RunState, status: str, now: float) -> dict[str, str]:
    """Return what `run` has come to as numbers to show, by name; what is not known is left out."""
    numbers = {
        "step": f"{run.step:,} of {run.max_steps:,}",
        "epoch": f"{run.epoch:.2f}"
        + (f" of {run.epochs:g}" if run.epochs < sys.maxsize else ""),  # a stream has no end
    }
    if status in GOING_ON:
        numbers["time left"] = clock_time(run.seconds_left(now))
    for name, points in {**run.losses, **run.metrics}.items():
        numbers.setdefault(name, f"{points[-1][1]:.3f}")
    for name, points in run.learning_rates.items():
        numbers[name] = f"{points[-1][1]:.1e}"
    real, computed = run.tokens()
    if computed and run.training_seconds:
        numbers["real tokens per second"] = f"{real * run.processes / run.training_seconds:,.0f}"
        numbers["padding"] = f"{1 - real / computed:.1%}"
    numbers["memory"] = f"{machine.process_memory():,} MiB"
    gpu = machine.gpu_memory()
    return numbers | ({"GPU memory, at most": f"{gpu:,} MiB"} if gpu else {})


def panel(run: RunState, status: str, now: float) -> str:
    """Return the HTML of the panel: a sentence, the numbers, a curve each for losses, metrics and learning rate."""
    spent = clock_time(now - run.began)
    words = f"{status[:1].upper()}{status[1:]} at step {run.step:,} of {run.max_steps:,}, {spent} after the run began."
    drawn = {"loss": run.losses, "metrics on validation": run.metrics, "learning rate": run.learning_rates}
    pictures = [
        svg.picture(svg.line_chart(series, title, xmax=run.max_steps), _alt(title, series))
        for title, series in drawn.items()
        if series
    ]
    return (
        f'<div class="training-dashboard tex2jax_ignore mathjax_ignore"><b>{escape(words)}</b>'
        f"{html.numbers(figures(run, status, now))}{' '.join(pictures)}</div>"
    )


def line(run: RunState, status: str, now: float) -> str:
    """Return the line of a terminal."""
    return " · ".join([status, *(f"{name} {value}" for name, value in figures(run, status, now).items())])


def clock_time(seconds: float | None) -> str:
    """Return `seconds` as a clock shows them.

    >>> clock_time(75), clock_time(3675), clock_time(None)
    ('1:15', '1:01:15', 'not known yet')
    """
    if seconds is None:
        return "not known yet"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _alt(title: str, series: Mapping[str, list[tuple[float, float]]]) -> str:
    ends = [f"{name} from {points[0][1]:.3g} to {points[-1][1]:.3g}" for name, points in series.items()]
    return f"A curve over the steps: {title}. {'; '.join(ends)}."
