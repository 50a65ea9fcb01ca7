"""Measures what the Trainer adds to a bare loop over the same batches, and what order does for predicting.

The bare loop and variants of the Trainer take the course's recipe in rounds, as in speed.py: first with a model so
narrow that the milliseconds that a Trainer adds to a step can be seen (they do not depend on its width), then with the
real one, in a fifth as many rounds.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from itertools import chain
from statistics import mean, median

import numpy as np
import pandas as pd
from datasets import Dataset

from benchmarks.kit import store
from benchmarks.kit.clock import clock
from benchmarks.kit.loop import epoch_updates, sample_updates, take_updates
from benchmarks.kit.strategies import COURSE, Strategy, table
from benchmarks.kit.subject import StepClock, Subject, predict_by_length, round_order, subject_of, trainer_for
from lessons_lib.dashboard import TrainingDashboard
from lessons_lib.dashboard.panel import panel
from lessons_lib.padding import batches

EXAMPLES = 512  # of a run, in full updates
IN_ORDER = {"train_sampling_strategy": "sequential"}  # else the Trainer draws an order of its own
BARE, DASHBOARD = "bare loop", "a log every 20 steps, dashboard"
LOGS = {"logging_strategy": "steps", "logging_steps": 20}
VARIANTS = {  # arguments on top of the recipe's
    "Trainer": {},
    "a log every 20 steps": LOGS,
    "progress bar": {"disable_tqdm": False},
    DASHBOARD: LOGS,
    "two loading processes": {"dataloader_num_workers": 2},
    "a checkpoint at the end": {"save_strategy": "epoch"},
}
NARROW = {"hidden_size": 16, "intermediate_size": 16, "num_attention_heads": 2}


def same_batches(strategy: Strategy, subject: Subject, seed: int, examples: int = EXAMPLES) -> Dataset:
    """Return rows that, taken in their order, are a sample of the batches of the recipe's epoch, each of them full."""
    epoch = epoch_updates(strategy, subject.lengths, seed)
    full = [update for update in epoch if len(update) == strategy.update_size]
    chosen = sample_updates(full, examples // strategy.update_size, seed)
    return subject.rows.select(list(chain(*chosen))).flatten_indices()


def seconds(run: Mapping, strategy: Strategy, subject: Subject) -> dict[str, list[float]]:
    """Return the seconds of the `steps` but the first of a `run`'s variant, over the batches of its round."""
    rows, steps, variant = same_batches(strategy, subject, run["round"]), StepClock(subject.device), run["variant"]
    if variant == BARE:
        model = subject.model_for(strategy).to(subject.device)
        updates = list(batches(range(len(rows)), strategy.update_size))
        for _ in take_updates(strategy, model, rows, updates, subject.tokenizer):
            steps.on_step_end()
    else:
        trainer = trainer_for(strategy, subject, rows, **IN_ORDER, **VARIANTS[variant])
        if variant == DASHBOARD:
            dashboard = TrainingDashboard()
            dashboard._draw = lambda status: panel(dashboard.run, status, dashboard.clock())  # as in a notebook
            trainer.add_callback(dashboard)
        trainer.add_callback(steps)
        trainer.train()
    return {"steps": np.diff(steps.ends).round(6).tolist()}


def predict_seconds(strategy: Strategy, subject: Subject, rows: Dataset) -> dict[str, float]:
    """Return the seconds to predict `rows` as they stand, and by length, after a warm-up."""
    trainer = trainer_for(strategy, subject, None, **IN_ORDER)
    trainer.predict(rows.select(range(min(32, len(rows)))))
    with clock(subject.device) as plain:
        trainer.predict(rows)
    with clock(subject.device) as by_length:
        predict_by_length(trainer, rows)
    return {"as they stand": plain["seconds"], "by length": by_length["seconds"]}


def cost_table(small: Sequence[Mapping], real: Sequence[Mapping]) -> pd.DataFrame:
    """Return one row per variant, medians over rounds.

    With the narrow model, `added_ms` are added to the mean bare step of the same round. With the real one, `step_ms` is
    the mean step, and `added_share` what `added_ms` is of the bare one.
    """
    narrow, wide = (
        pd.DataFrame([run | {"step": mean(run["steps"])} for run in runs]).pivot_table("step", "round", "variant")
        for runs in (small, real)
    )
    added, step = narrow.sub(narrow[BARE], axis=0).median(), wide.median()
    costs = {"added_ms": 1000 * added, "added_share": added / step[BARE], "step_ms": 1000 * step}
    return pd.DataFrame(costs).loc[[BARE, *VARIANTS]]


def main() -> None:
    """Measure what is not measured yet, print and write it."""
    wanted = store.arguments(__doc__, rounds=5)
    lesson = store.lesson_here()
    subject, strategy = subject_of(lesson), table(lesson.device, lesson.precision)[COURSE]
    same = {"examples": EXAMPLES, "strategy": vars(strategy)}
    key, measured = store.begin("trainer", lesson, subject.lengths, wanted.replace, **same)
    for part, rounds, trained in (("small", 5, subject.from_scratch(**NARROW)), ("runs", 1, subject)):
        orders = {number: round_order([BARE, *VARIANTS], number) for number in range(rounds * wanted.rounds)}
        plan = [{"round": number, "variant": variant} for number, order in orders.items() for variant in order]
        how = partial(seconds, strategy=strategy, subject=trained)
        store.take_missing("trainer", key, measured, plan, how, part)
    some = subject.rows.select(range(min(EXAMPLES, len(subject.rows))))
    for _ in range(wanted.rounds - len(measured.setdefault("predict", []))):
        store.keep("trainer", key, measured, predict_seconds(strategy, subject, some), "predict")
    costs = cost_table(measured["small"], measured["runs"])
    measured["table"] = store.figures(costs)
    store.save("trainer", key, measured)
    faster = median(one["as they stand"] / one["by length"] for one in measured["predict"])
    print(f"predict: {faster:.2f} times as fast by length\n{costs.round(3).to_string()}")


if __name__ == "__main__":
    main()
