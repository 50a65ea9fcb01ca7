"""The Trainer and the bare loop over the same batches: the seconds from the end of a step to the end of the next."""

import copy
import sys
import time
from dataclasses import replace

import numpy as np
from datasets import Dataset
from loop import as_updates, collator, epoch_updates, sample_updates, take_updates
from measure import synchronize
from strategies import Strategy
from transformers import AutoModelForSequenceClassification, Trainer, TrainerCallback, TrainingArguments
from turn import Subject

from lessons_lib.dashboard import TrainingDashboard
from lessons_lib.run_panel import panel

BARE = "bare loop"
QUIET = {"logging_strategy": "no", "save_strategy": "no", "report_to": "none", "disable_tqdm": True}
LOGS = {"logging_strategy": "steps", "logging_steps": 20}
DASHBOARD = "a log every 20 steps, dashboard"
OUTFITS = {  # arguments on top of the recipe's, beside QUIET
    "Trainer": {},
    "a log every 20 steps": LOGS,
    "progress bar": {"disable_tqdm": False},
    DASHBOARD: LOGS,
    "two loading processes": {"dataloader_num_workers": 2},
    "a checkpoint at the end": {"save_strategy": "epoch"},
}


class DrawnDashboard(TrainingDashboard):
    """A dashboard that draws its panel as it does in a notebook; here there is none."""

    def _draw(self, status: str) -> None:
        panel(self.run, status, self.clock())


class StepClock(TrainerCallback):
    """Notes when the first step begins, `began`, and when each step ends, `ends`, a GPU waited for."""

    def __init__(self, device: str) -> None:
        """Begin with no step."""
        self.began, self.ends, self.device = None, [], device

    def on_step_begin(self, args, state, control, **kwargs) -> None:
        """Note when the first step begins."""
        self.began = self.began or time.perf_counter()

    def on_step_end(self, args, state, control, **kwargs) -> None:
        """Note when a step ends."""
        synchronize(self.device)
        self.ends.append(time.perf_counter())


def bare_seconds(strategy: Strategy, subject: Subject, rows: Dataset, device: str) -> dict[str, list[float]]:
    """Return the seconds of the bare loop's `steps` but the first, over `rows` in their order."""
    updates = as_updates(range(len(rows)), strategy)
    model = subject.model_for(strategy).to(device)
    ends = []
    for _ in take_updates(strategy, model, rows, updates, collator(strategy, subject.tokenizer)):
        synchronize(device)
        ends.append(time.perf_counter())
    return {"steps": np.diff(ends).round(6).tolist()}


def same_batches(strategy: Strategy, subject: Subject, seed: int, examples: int) -> Dataset:
    """Return rows that, taken in their order, are a sample of the batches of the recipe's epoch, each of them full."""
    full = [
        update
        for update in epoch_updates(strategy, subject.lengths, seed)
        if sum(map(len, update)) == strategy.update_size
    ]
    chosen = sample_updates(full, examples // strategy.update_size, seed)
    return subject.rows.select([index for update in chosen for batch in update for index in batch]).flatten_indices()


def with_small_model(subject: Subject) -> Subject:
    """Return `subject` with a model of as many layers, but so narrow that the loop around a step can be seen.

    What a Trainer adds to a step does not depend on how wide a model is, and is little beside a wide one.
    """
    config = copy.deepcopy(subject.config)
    config.update({"hidden_size": 16, "intermediate_size": 16, "num_attention_heads": 2})
    return replace(subject, config=config, new_model=lambda _: AutoModelForSequenceClassification.from_config(config))


def trainer_for(strategy: Strategy, subject: Subject, rows: Dataset | None, device: str, **others) -> Trainer:
    """Return a quiet Trainer of `strategy` that takes `rows` in their order; `others` are arguments of the run.

    Ends the program where several GPUs can be seen: the Trainer would take them all, each with a batch of its own.
    """
    own = strategy.arguments(device) | QUIET | {"train_sampling_strategy": "sequential", "num_train_epochs": 1}
    args = TrainingArguments("build/benchmarks/trainer", **(own | others))
    if args.n_gpu > 1:
        sys.exit(f"{args.n_gpu} GPUs can be seen. Set CUDA_VISIBLE_DEVICES=0, so that the benchmark takes one.")
    return Trainer(
        model=subject.model_for(strategy),
        args=args,
        train_dataset=rows,
        data_collator=collator(strategy, subject.tokenizer),
        processing_class=subject.tokenizer,
    )


def trainer_in(outfit: str, strategy: Strategy, subject: Subject, rows: Dataset, device: str) -> Trainer:
    """Return the Trainer of `strategy` over `rows` in their order, in an `outfit`."""
    trainer = trainer_for(strategy, subject, rows, device, **OUTFITS[outfit])
    if outfit == DASHBOARD:
        trainer.add_callback(DrawnDashboard())
    return trainer


def trainer_seconds(
    outfit: str, strategy: Strategy, subject: Subject, rows: Dataset, device: str
) -> dict[str, float | list[float]]:
    """Return the seconds of the `steps` of the Trainer in an `outfit` but the first, those before and those after."""
    trainer, clock = trainer_in(outfit, strategy, subject, rows, device), StepClock(device)
    trainer.add_callback(clock)
    began = time.perf_counter()
    trainer.train()
    over = time.perf_counter()
    return {
        "steps": np.diff(clock.ends).round(6).tolist(),
        "before": clock.began - began,
        "after": over - clock.ends[-1],
    }
