"""Measures whether the fast recipe is as accurate as the common one, on the validation split.

First a sweep of rates and epochs with one seed, in batches of 16 of like length, in fp32, every weight trained. Then
five other seeds for what did best there, for the common recipe, and for its settings in batches of like length, of 8
and of 16, at a rate that grows with the square root of the batch (Malladi et al., 2022,
https://arxiv.org/abs/2205.10287). Last, with frozen embeddings and in 16 bits where this machine is fast with them, up
to three candidates, the fastest first: the first that is as accurate as the common recipe, that is, not lower by more
than one standard error of the difference, is the course's for this type. Only then one model of it, with yet another
seed, sees the test split. The common recipe was not chosen on validation: that favours the course's.

Quality does not depend on the clock: as many runs as there are cores go side by side, each on one thread (one run on a
GPU), and the common recipe pads to the longest pair of a batch.
"""

import multiprocessing
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import astuple, dataclass, fields, replace

import numpy as np
import pandas as pd
import torch
from transformers import set_seed

from benchmarks.kit import store
from benchmarks.kit.strategies import COMMON, COURSE, Strategy, table
from benchmarks.kit.subject import judge, subject_of, trainer_for
from lessons_lib import course, machine

SWEEP_SEED, SEEDS, TEST_SEED = 0, (1, 2, 3, 4, 5), 6
WARMUP = {COMMON: 0, COURSE: course.COURSE.recipe.warmup_steps}


@dataclass(frozen=True)
class Run:
    """One training; `freeze_embeddings` and `dtype` are those of a `Strategy`."""

    recipe: str
    batch_size: int
    learning_rate: float
    epochs: int = 3
    freeze_embeddings: bool = False
    dtype: str = "fp32"
    seed: int = SWEEP_SEED


SETTINGS = [field.name for field in fields(Run)][:-1]
COMMON_RUN = Run(COMMON, 8, 5e-5)  # the defaults of `TrainingArguments`
SWEEP = [Run(COURSE, 16, rate) for rate in (3e-5, 5e-5, 1e-4, 2e-4)] + [Run(COURSE, 16, 1e-4, n) for n in (4, 2)]
FINALISTS = [COMMON_RUN, Run(COURSE, 16, 1e-4), Run(COURSE, 8, 5e-5), Run(COURSE, 16, 7e-5)]  # 5e-5 * sqrt(2)


def frozen(dtype: str) -> list[Run]:
    """Return the candidates with frozen embeddings, in `dtype`, the fastest first."""
    return [Run(COURSE, *own, freeze_embeddings=True, dtype=dtype) for own in ((16, 1e-4), (8, 7e-5), (8, 5e-5))]


def over_seeds(*runs: Run) -> list[Run]:
    """Return each of `runs` with each of the five seeds."""
    return [replace(run, seed=seed) for run in runs for seed in SEEDS]


def settings(run: Run) -> tuple:
    """Return what the seeds of `run` have in common, in the order of `SETTINGS`."""
    return astuple(run)[:-1]


def seeds_table(measured: Mapping) -> pd.DataFrame:
    """Return the accuracy on validation over the five seeds, one row per recipe and its settings.

    `difference_sem` is the standard error of the difference to the common recipe; `held` says whether the mean is lower
    by no more than that.
    """
    runs = pd.DataFrame([run | run["run"] for run in measured["runs"] if run["run"]["seed"] in SEEDS])
    seeds = runs.groupby(SETTINGS)["accuracy"].agg(["size", "mean", "sem", "min", "max"])
    common = seeds.loc[COMMON].iloc[0]
    seeds["difference_sem"] = np.hypot(seeds["sem"], common["sem"])
    return seeds.assign(held=seeds["mean"] >= common["mean"] - seeds["difference_sem"])


def choose(measured: Mapping, dtype: str) -> Run:
    """Return the first candidate in `dtype` that is as accurate as the common recipe; else the most accurate one."""
    seeds = seeds_table(measured)
    rows = {run: seeds.loc[settings(run)] for run in frozen(dtype) if settings(run) in seeds.index}
    return next((run for run in rows if rows[run]["held"]), max(rows, key=lambda run: rows[run]["mean"]))


def recipes_for(device: str) -> dict[str, Strategy]:
    """Return the two recipes, each padded to the longest pair of a batch; what a `Run` says itself, it replaces."""
    known = table(device, {})
    return {name: replace(known[name], pad_to=None) for name in (COMMON, COURSE)}


def take(kept: Mapping) -> dict[str, float]:
    """Train as the run to be `kept` says; return accuracy and F1 on validation, with the last seed on test, too."""
    torch.set_num_threads(1)
    lesson, run = store.lesson_here(), Run(**kept["run"])
    types = {name: run.dtype == name for name in ("bf16", "fp16")}
    own = {"per_device_train_batch_size": run.batch_size, "freeze_embeddings": run.freeze_embeddings, **types}
    strategy, train = replace(recipes_for(lesson.device)[run.recipe], **own), subject_of(lesson)
    rate = {"learning_rate": run.learning_rate, "warmup_steps": WARMUP[run.recipe], "num_train_epochs": run.epochs}
    set_seed(run.seed)
    trainer = trainer_for(strategy, train, train.rows, seed=run.seed, **rate)
    trainer.train()
    scores = judge(trainer, subject_of(lesson, "validation").rows)
    if run.seed == TEST_SEED:  # nothing is chosen any more
        scores |= {f"test_{name}": one for name, one in judge(trainer, subject_of(lesson, "test").rows).items()}
    return scores


def measure(measured: dict, key: str, dtype: str, mapped: Callable = map) -> Run:
    """Take what is missing, the test split last, and return the candidate in `dtype` that was chosen before it."""

    def take_missing(*runs: Run) -> None:
        store.take_missing("quality", key, measured, [{"run": vars(run)} for run in runs], take, mapped=mapped)

    take_missing(*SWEEP, *over_seeds(*FINALISTS))
    for candidate in frozen(dtype):
        take_missing(*over_seeds(candidate))
        if seeds_table(measured)["held"][settings(candidate)]:
            break
    chosen = choose(measured, dtype)
    take_missing(replace(chosen, seed=TEST_SEED))
    return chosen


def main() -> None:
    """Measure what is not measured yet, print and write it."""
    wanted = store.arguments(__doc__)
    lesson = store.lesson_here()
    own = ("per_device_train_batch_size", "freeze_embeddings", "bf16", "fp16")  # of each run
    recipes = {
        name: {field: one for field, one in vars(strategy).items() if field not in own}
        for name, strategy in recipes_for(lesson.device).items()
    }
    here = store.settings_here(lesson, subject_of(lesson).lengths)
    same = {name: here[name] for name in ("versions", "checkpoint", "texts, tokens")}  # no machine changes quality
    same |= {"recipes": recipes, "warmup": WARMUP}
    measured = store.load("quality", lesson.task, same, wanted.replace)
    dtype, workers = machine.dtype_name(lesson.precision), machine.cores() if lesson.device == "cpu" else 1
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        chosen = measure(measured, lesson.task, dtype, pool.map)
    measured.setdefault("chosen", {})[dtype] = vars(chosen)
    store.save("quality", lesson.task, measured)
    print(f"{seeds_table(measured).round(4).to_string()}\nchosen: {chosen}")


if __name__ == "__main__":
    main()
