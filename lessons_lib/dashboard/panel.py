"""What a training run has come to, as a panel of HTML and as one line of text."""

import math
import sys
from html import escape

from lessons_lib import html, machine
from lessons_lib.dashboard.charts import charts
from lessons_lib.dashboard.logs import figure
from lessons_lib.dashboard.state import RunState

GOING_ON = ("starting", "training", "evaluating")
MOST_CURVES = 18  # of losses, and as many of metrics


def figures(run: RunState, status: str, now: float) -> dict[str, str]:
    """Return what `run` has come to as numbers to show, by name; what is not known is left out."""
    numbers = {
        "step": f"{run.step:,} of {run.max_steps:,}",
        "epoch": f"{run.epoch:.2f}"
        + (f" of {run.epochs:g}" if run.epochs < sys.maxsize else ""),  # a stream has no end
    }
    if not math.isfinite(run.gradient_norm or 0):
        numbers["gradient norm"] = figure(run.gradient_norm)
    if status in GOING_ON:
        numbers["time left"] = clock_time(run.seconds_left(now))
    if run.mean_loss is not None and "training loss" not in run.losses:
        numbers["mean training loss"] = figure(run.mean_loss)
    for curves in (run.losses, run.metrics):
        for name, points in list(curves.items())[:MOST_CURVES]:
            numbers.setdefault(name, figure(points[-1][1]))
    for name, points in run.learning_rates.items():
        numbers[name] = f"{points[-1][1]:.1e}"
    return numbers | _costs(run)


def _costs(run: RunState) -> dict[str, str]:
    """Return the tokens per second, how much of them is padding, and the memory."""
    numbers, (real, computed) = {}, run.tokens()
    if computed and run.training_seconds:
        numbers["real tokens per second"] = f"{real * run.processes / run.training_seconds:,.0f}"
        numbers["padding"] = f"{1 - real / computed:.1%}"
    numbers["memory"] = f"{machine.process_memory():,} MiB"
    gpu = machine.gpu_memory()
    return numbers | ({"GPU memory, at most": f"{gpu:,} MiB"} if gpu else {})


def notes(run: RunState, status: str) -> list[str]:
    """Return a sentence or two on each thing that the numbers of `run` do not say by themselves."""
    left_out = sum(max(0, len(curves) - MOST_CURVES) for curves in (run.losses, run.metrics))
    more = f"The log has {left_out} more losses and metrics: see `trainer.state.log_history`." if left_out else ""
    return [note for note in (_not_finite(run), _no_loss(run, status), more) if note]


def _not_finite(run: RunState) -> str:
    """Say which of the last logged values is not finite, or that a loss of 0 may stand for such losses."""
    last = {name: points[-1][1] for name, points in {**run.losses, **run.metrics}.items()}
    if run.gradient_norm is not None:
        last["gradient norm"] = run.gradient_norm
    wrong = {name: figure(value) for name, value in last.items() if not math.isfinite(value)}
    left_out = "with `logging_nan_inf_filter`, as by default, the Trainer leaves losses that are not finite out."
    if wrong:
        words = f"Not finite: {', '.join(f'{name} {value}' for name, value in wrong.items())}."
        return f"{words} The training loss may read too low, or 0: {left_out}" if "gradient norm" in wrong else words
    if run.gradient_norm is None and last.get("training loss", run.mean_loss) == 0:
        return f"A training loss of exactly 0 may mean that no loss was finite: {left_out}"
    return ""


def _no_loss(run: RunState, status: str) -> str:
    """Say what to set where the run makes fewer steps than come before the first log."""
    steps = run.max_steps if status in GOING_ON else run.step
    logs_in_time = run.logging_steps is None or 0 < run.logging_steps <= steps
    if "training loss" in run.losses or logs_in_time or not steps:
        return ""
    if run.logging_steps == 0:
        return 'No training loss is logged: `logging_strategy` is "no". Set it to "steps" to see a curve.'
    return (
        f"No training loss is logged: `logging_steps` is {run.logging_steps:,}, but the run has {steps:,} steps. "
        f"Lower it, for example to {max(1, steps // 20):,}, to see a curve."
    )


def panel(run: RunState, status: str, now: float) -> str:
    """Return the HTML of the panel: a sentence, notes, the numbers, curves for losses, metrics and learning rate."""
    spent = clock_time(now - run.began)
    words = f"{status[:1].upper()}{status[1:]} at step {run.step:,} of {run.max_steps:,}, {spent} after the run began."
    return (
        f'<div class="training-dashboard tex2jax_ignore mathjax_ignore"><b>{escape(words)}</b>'
        f"{''.join(map(html.note, notes(run, status)))}{html.numbers(figures(run, status, now))}"
        f"{' '.join(charts(run, MOST_CURVES))}</div>"
    )


def line(run: RunState, status: str, now: float) -> str:
    """Return the line of a terminal."""
    numbers = (f"{name} {value}" for name, value in figures(run, status, now).items())
    return " · ".join([status, *numbers, *notes(run, status)])


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
