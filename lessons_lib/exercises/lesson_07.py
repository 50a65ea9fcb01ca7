"""Exercises of lesson 07: what accumulation, clipping, a schedule and patience compute."""

from collections.abc import Callable, Sequence
from types import SimpleNamespace

import numpy as np
import torch
from transformers import EarlyStoppingCallback, TrainerControl, TrainingArguments, get_linear_schedule_with_warmup

from lessons_lib.exercises.engine import Exercise, Mistake


def _parts(rng: np.random.Generator) -> tuple[list[float], list[int]]:
    number = int(rng.integers(2, 6))
    return rng.uniform(0.1, 2, number).tolist(), [*[8] * (number - 1), int(rng.integers(1, 8))]


whole_loss = Exercise(
    reference=lambda means, sizes: np.average(means, weights=sizes),
    draw=_parts,
    mistakes=(
        Mistake(
            lambda means, sizes: sum(means),
            "That's the trap of section 3: the means are added, and nothing divides the sum.",
        ),
        Mistake(
            lambda means, sizes: np.mean(means),
            "The last part has fewer pairs, so it must count less: weigh each mean by its number of pairs.",
        ),
        Mistake(
            lambda means, sizes: np.dot(means, sizes),
            "That's the sum over all pairs: divide by how many pairs there are.",
        ),
        Mistake(
            lambda means, sizes: np.dot(means, sizes) / len(means),
            "You divided by the number of parts: divide by the number of pairs.",
        ),
        Mistake(
            lambda means, sizes: np.dot(means, sizes) / (len(sizes) * max(sizes)),
            "You divided as if every part were full: the last has fewer pairs.",
        ),
    ),
    hints=(
        "Each *pair* counts the same, whichever part it's in.",
        "`mean * size` is the sum of a part's losses.",
        "Add these sums over the parts, and divide by `sum(sizes)`.",
    ),
)


def _clip(gradients: list[torch.Tensor], most: float, norm: float = 2.0) -> list[torch.Tensor]:
    weights = [torch.nn.Parameter(torch.zeros_like(gradient)) for gradient in gradients]
    for weight, gradient in zip(weights, gradients, strict=True):
        weight.grad = gradient.clone()
    torch.nn.utils.clip_grad_norm_(weights, most, norm_type=norm)
    return [weight.grad for weight in weights]


def _scaled(gradients: list[torch.Tensor], factor: Callable[[torch.Tensor], float]) -> list[torch.Tensor]:
    norm = torch.cat([gradient.flatten() for gradient in gradients]).norm()
    return [gradient * factor(norm) for gradient in gradients]


def _gradients(rng: np.random.Generator) -> tuple[list[torch.Tensor], float]:
    shapes = [(3, 2), (2,), (2, 2)][: rng.integers(2, 4)]
    size = rng.choice([0.05, 0.5, 3])
    return [torch.from_numpy(rng.normal(0, size, shape)) for shape in shapes], float(rng.choice([0.5, 2]))


clipped_gradients = Exercise(
    reference=_clip,
    draw=_gradients,
    mistakes=(
        Mistake(
            lambda gradients, most: [_clip([gradient], most)[0] for gradient in gradients],
            "You clipped each tensor alone, and that turns the direction: all of them have one length together.",
        ),
        Mistake(
            lambda gradients, most: [gradient.clamp(-most, most) for gradient in gradients],
            "You cut off single numbers, and that turns the direction: multiply all of them by one factor.",
        ),
        Mistake(
            lambda gradients, most: _scaled(gradients, lambda norm: most / norm),
            "A gradient that's short enough stays as it is: you made it longer.",
        ),
        Mistake(
            lambda gradients, most: _scaled(gradients, lambda norm: min(1, most / norm**2)),
            "The length is the root of the sum of squares: you left out the root.",
        ),
        Mistake(
            lambda gradients, most: _clip(gradients, most, norm=1.0),
            "You added the sizes of the numbers: add their squares, and take the root.",
        ),
        Mistake(
            lambda gradients, most: _scaled(
                gradients, lambda norm: min(1, most / sum(gradient.norm() for gradient in gradients))
            ),
            "You added the lengths of the tensors: add all their squares, then take one root.",
        ),
        Mistake(
            lambda gradients, most: _scaled(gradients, lambda norm: min(1, 1 / norm)),
            "You clipped to a length of 1: `most` says how long it may be.",
        ),
    ),
    hints=(
        "All numbers of all tensors are one long vector: how long is it?",
        "The length is the root of the sum of all squares; `(gradient**2).sum()` is one tensor's share.",
        "Multiply every tensor by `most / norm`, or by 1 where that's above 1.",
    ),
)


def _warmup_steps(steps: int, warmup: float) -> int:
    return TrainingArguments.get_warmup_steps(SimpleNamespace(warmup_steps=warmup), steps)


def _rates(steps: int, top: float, warmup: float) -> list[float]:
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=top)
    factor = get_linear_schedule_with_warmup(optimizer, _warmup_steps(steps, warmup), steps).lr_lambdas[0]
    return [top * factor(step) for step in range(steps)]


def _other_rates(climb: Callable, fall: Callable) -> Callable:
    """Return a schedule with another `climb` or `fall`: each makes a factor of a step, the warm-up and all steps."""

    def rates(steps: int, top: float, warmup: float) -> list[float]:
        until = _warmup_steps(steps, warmup)
        return [top * (climb if step < until else fall)(step, until, steps) for step in range(steps)]

    return rates


def _climb(step: int, until: int, steps: int) -> float:
    return step / until


def _fall(step: int, until: int, steps: int) -> float:
    return (steps - step) / (steps - until)


def _run(rng: np.random.Generator) -> tuple[int, float, float]:
    share, number = round(rng.uniform(0.1, 0.4), 2), int(rng.integers(2))  # no warm-up, or one step
    return int(rng.integers(11, 30)), rng.choice([0.02, 0.5, 3]).item(), share if rng.random() < 0.4 else number


learning_rates = Exercise(
    reference=_rates,
    draw=_run,
    mistakes=(
        Mistake(
            lambda steps, top, warmup: _rates(steps, top, int(warmup)),
            "Where `warmup` is below 1, it's a share of all steps: you had no warm-up there.",
        ),
        Mistake(
            lambda steps, top, warmup: _rates(steps, top, warmup if warmup >= 1 else int(warmup * steps)),
            "A share that's no whole number of steps is rounded up (`math.ceil`): you rounded it down.",
        ),
        Mistake(
            _other_rates(lambda step, until, steps: (step + 1) / until, _fall),
            "Your first step is too large: the climb starts at zero, at step 0.",
        ),
        Mistake(
            _other_rates(_climb, lambda step, until, steps: (steps - step) / steps),
            "Your fall doesn't start at `top`: it has `steps - warmup` steps, so divide by these.",
        ),
        Mistake(
            _other_rates(_climb, lambda step, until, steps: (steps - step - 1) / max(1, steps - until - 1)),
            "Your last step has a rate of zero: zero comes one step later, at `steps`.",
        ),
        Mistake(
            _other_rates(_climb, lambda step, until, steps: 1),
            "That's a constant rate after the warm-up: it has to fall.",
        ),
        Mistake(
            lambda steps, top, warmup: _rates(steps, 1, warmup),
            "Those are the factors: multiply each by `top`.",
        ),
    ),
    hints=(
        "Write the climb and the fall as two lists, and add them.",
        "The climb is `top * step / warmup`; the fall is `top` times the share of its steps that's left.",
        "The fall is `top * (steps - step) / (steps - warmup)`, for `step` from `warmup` on.",
    ),
)


def _stop(steps: list[int], losses: list[float], patience: int) -> tuple[int, int]:
    callback, control, state = EarlyStoppingCallback(patience), TrainerControl(), SimpleNamespace(best_metric=None)
    args = SimpleNamespace(metric_for_best_model="eval_loss", greater_is_better=False)
    for number, loss in enumerate(losses):
        callback.on_evaluate(args, state, control, {"eval_loss": loss})
        state.best_metric = min(losses[: number + 1])  # the Trainer does this after each evaluation
        if control.should_training_stop:
            break
    return steps[number], steps[int(np.argmin(losses[: number + 1]))]


def _count(losses: Sequence[float], worse: Callable[[Sequence[float], int], bool], patience: int) -> int:
    """Return the number of the evaluation at which as many in a row as `patience` says were `worse`."""
    row = 0
    for number in range(1, len(losses)):
        row = row + 1 if worse(losses, number) else 0
        if row == patience:
            return number
    return len(losses) - 1


def _stop_where(worse: Callable[[Sequence[float], int], bool]) -> Callable:
    def stop(steps: list[int], losses: list[float], patience: int) -> tuple[int, int]:
        last = _count(losses, worse, patience)
        return steps[last], steps[int(np.argmin(losses[: last + 1]))]

    return stop


def _stop_in_all(steps: list[int], losses: list[float], patience: int) -> tuple[int, int]:
    worse = [number for number in range(1, len(losses)) if losses[number] >= min(losses[:number])]
    last = worse[patience - 1] if len(worse) >= patience else len(losses) - 1
    return steps[last], steps[int(np.argmin(losses[: last + 1]))]


def _last_best(steps: list[int], losses: list[float], patience: int) -> tuple[int, int]:
    last = steps.index(_stop(steps, losses, patience)[0])
    return steps[last], max(
        step
        for step, loss in zip(steps, losses, strict=True)
        if step <= steps[last] and loss == min(losses[: last + 1])
    )


def _evaluations(rng: np.random.Generator) -> tuple[list[int], list[float], int]:
    number = int(rng.integers(5, 12))
    losses = np.linspace(0.8, rng.choice([0.2, 0.6]), number) + rng.normal(0, 0.1, number)
    steps = np.arange(1, number + 1) * rng.choice([5, 20])
    return steps.tolist(), np.round(losses, 1).tolist(), int(rng.integers(1, 4))  # one decimal: ties


early_stop = Exercise(
    reference=_stop,
    draw=_evaluations,
    mistakes=(
        Mistake(
            _stop_where(lambda losses, number: losses[number] >= losses[number - 1]),
            "You compare with the evaluation before: compare with the best so far.",
        ),
        Mistake(
            _stop_where(lambda losses, number: losses[number] > min(losses[:number])),
            "A loss that's only as good as the best is no improvement.",
        ),
        Mistake(
            _stop_in_all,
            "You count all evaluations without an improvement: an improvement sets the count back to zero.",
        ),
        Mistake(
            lambda steps, losses, patience: _stop(steps, losses, patience + 1),
            "You stop one evaluation too late: with a patience of 1, the first without an improvement is the last.",
        ),
        Mistake(
            lambda steps, losses, patience: (
                _stop(steps, losses, patience)[0],
                steps[int(np.argmin(losses))],
            ),
            "Your best model comes from all the losses: the run never sees those after it has stopped.",
        ),
        Mistake(_last_best, "Of several equally good ones, the first is kept: the later ones were no improvement."),
        Mistake(
            lambda steps, losses, patience: tuple(steps.index(step) for step in _stop(steps, losses, patience)),
            "Those are numbers of evaluations: return the steps.",
        ),
        Mistake(
            lambda steps, losses, patience: _stop(steps, losses, patience)[::-1],
            "The other way round: first where it stops, then where it was best.",
        ),
    ),
    hints=(
        "Go through the losses, and remember which evaluation was the best so far.",
        "Count the evaluations since the best one; when there are as many as `patience`, the run stops.",
        "Return `(steps[last], steps[best])`; if the count never gets there, `last` is the last evaluation.",
    ),
)
