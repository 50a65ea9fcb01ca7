"""Exercises of lesson 04: what `Trainer` does, by hand."""

from functools import partial

import numpy as np
import torch
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader, TensorDataset
from transformers import get_scheduler

from lessons_lib.exercises.engine import Exercise, Mistake

SMALLER = "You left out the smaller batch at the end of an epoch: it's a step, too."


def _run(rng: np.random.Generator) -> tuple[int, int, int]:
    batch_size, full, epochs = int(rng.integers(2, 9)), int(rng.integers(1, 6)), int(rng.integers(1, 5))
    left = int(rng.integers(0, 2)) * int(rng.integers(1, batch_size))  # half of the time, none
    return batch_size * full + left, batch_size, epochs


number_of_steps = Exercise(
    reference=lambda examples, batch_size, epochs: len(DataLoader(range(examples), batch_size)) * epochs,
    draw=_run,
    mistakes=(
        Mistake(
            lambda examples, batch_size, epochs: len(DataLoader(range(examples), batch_size, drop_last=True)) * epochs,
            SMALLER,
        ),
        Mistake(
            lambda examples, batch_size, epochs: examples / batch_size * epochs,
            "There's no half step: round the batches of one epoch up.",
        ),
        Mistake(
            lambda examples, batch_size, epochs: len(DataLoader(range(examples * epochs), batch_size)),
            "Your batches reach into the next epoch: round up each epoch on its own.",
        ),
        Mistake(
            lambda examples, batch_size, epochs: (examples // batch_size + 1) * epochs,
            "When the pairs fill every batch, no smaller one is left: round up instead of adding 1.",
        ),
        Mistake(
            lambda examples, batch_size, epochs: len(DataLoader(range(examples), batch_size)),
            "That's one epoch: there are `epochs` of them.",
        ),
    ),
    hints=(
        "How many batches does one epoch have?",
        "`np.ceil` rounds up, so that the pairs left over get a batch, too.",
        "Divide `examples` by `batch_size`, round up, and multiply by `epochs`.",
    ),
)


def _rates(steps: int, warmup_steps: int, learning_rate: float, name: str = "linear", first: int = 0) -> list[float]:
    optimizer = torch.optim.SGD([torch.zeros(1)], learning_rate)
    factor = get_scheduler(name, optimizer, warmup_steps, steps).lr_lambdas[0]
    return [learning_rate * factor(step) for step in range(first, first + steps)]


def _schedule(rng: np.random.Generator) -> tuple[int, int, float]:
    steps = int(rng.integers(5, 13))
    return steps, int(rng.integers(0, 2)) * int(rng.integers(2, steps - 1)), float(rng.uniform(0.2, 2))


linear_rates = Exercise(
    reference=_rates,
    draw=_schedule,
    mistakes=(
        Mistake(
            lambda steps, warmup_steps, learning_rate: [
                rate if step < warmup_steps else learning_rate * (1 - step / steps)
                for step, rate in enumerate(_rates(steps, warmup_steps, learning_rate))
            ],
            "Your fall begins at step 0: it begins where the warm-up ends, at the full rate.",
        ),
        Mistake(
            partial(_rates, name="constant_with_warmup"), "Your rate stays up: after the warm-up it falls to zero."
        ),
        Mistake(
            lambda steps, warmup_steps, learning_rate: _rates(steps, 0, learning_rate),
            "The warm-up is missing: for `warmup_steps` steps the rate rises.",
        ),
        Mistake(partial(_rates, first=1), "You're one step ahead: steps are counted from 0."),
        Mistake(
            lambda steps, warmup_steps, learning_rate: _rates(steps, warmup_steps, 1.0),
            "That's the share of the rate: multiply it by `learning_rate`.",
        ),
        Mistake(
            lambda steps, warmup_steps, learning_rate: [
                *np.linspace(0, learning_rate, warmup_steps),
                *np.linspace(learning_rate, 0, steps - warmup_steps),
            ],
            "`np.linspace` ends on its last value: with `endpoint=False` it stops one step before.",
        ),
    ),
    hints=(
        "A step of the warm-up and a later one need a line each.",
        "In the warm-up, step number `step` gets `step / warmup_steps` of the full rate.",
        "After it, the share is the steps that are left, `steps - step`, over `steps - warmup_steps`.",
    ),
)


def _train(
    weight, features, labels, batch_size, epochs, learning_rate, *, schedule="linear", first=0, clear=True, **options
) -> torch.Tensor:
    weight = weight.clone().requires_grad_()
    drop_last, own = options.pop("drop_last", False), torch.Generator()  # the learner's random numbers stay as they are
    loader = DataLoader(TensorDataset(features, labels), batch_size, drop_last=drop_last, generator=own)
    optimizer = torch.optim.SGD([weight], learning_rate, **options)
    factor = get_scheduler(schedule, optimizer, 0, len(loader) * epochs).lr_lambdas[0]
    batches = [batch for _ in range(epochs) for batch in loader]
    for step, (inputs, targets) in enumerate(batches, first):
        optimizer.param_groups[0]["lr"] = learning_rate * factor(step)
        cross_entropy(inputs @ weight.T, targets).backward()
        optimizer.step()
        if clear:
            optimizer.zero_grad()
    return weight.detach()


def _head(rng: np.random.Generator) -> tuple:
    classes, pairs = int(rng.integers(2, 4)), int(rng.integers(5, 10))
    weight, features = (torch.from_numpy(rng.normal(size=(rows, 3))) for rows in (classes, pairs))
    labels = torch.from_numpy(rng.integers(0, classes, pairs))
    return weight, features, labels, int(rng.integers(2, 5)), int(rng.integers(2, 4)), float(rng.uniform(0.5, 1))


train_head = Exercise(
    reference=_train,
    draw=_head,
    mistakes=(
        Mistake(partial(_train, clear=False), "`backward` adds to the old gradient: clear it after each step."),
        Mistake(partial(_train, maximize=True), "You went along the gradient, and the loss grows: subtract it."),
        Mistake(partial(_train, schedule="constant"), "Your rate stays the same: it falls from step to step."),
        Mistake(partial(_train, first=1), "Your rate is one step ahead: step 0 takes the full one."),
        Mistake(partial(_train, drop_last=True), SMALLER),
        Mistake(lambda *given: _train(*given[:4], 1, given[5]), "That's one epoch: go over the pairs `epochs` times."),
        Mistake(
            lambda *given: _train(*given[:3], len(given[2]), *given[4:]),
            "You took all pairs at once: a step is `batch_size` pairs.",
        ),
        Mistake(lambda weight, *_: weight, "Your weight is as it was: return the one that has taken the steps."),
    ),
    hints=(
        "Write the loop first: which pairs does each step get, and how many steps are there?",
        "Per batch: loss, `loss.backward()`, and under `torch.no_grad()` a step against `weight.grad`.",
        "Of `steps` steps, number `step` takes `learning_rate * (1 - step / steps)` of the gradient; then clear it.",
    ),
)
