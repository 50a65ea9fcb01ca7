"""Measures whether the fast recipe is as accurate as the common one, on the validation split.

First a sweep of rates and epochs with one seed, in batches of 16 of like length, in fp32, every weight trained. Then
five other seeds for what did best there, for the common recipe, and for its settings in batches of like length, of 8
and of 16, at a rate that grows with the square root of the batch (Malladi et al., 2022,
https://arxiv.org/abs/2205.10287). Last, with frozen embeddings and in 16 bits where this machine is fast with them, up
to three candidates, the fastest first: the first that is as accurate as the common recipe, that is, not lower by more
than one standard error of the difference, is the course's for this type. Only then one model of it, with yet another
seed, sees the test split. The common recipe was not chosen on validation: that favours the course's.

Quality does not depend on the clock: `--workers` runs go side by side, each on one thread (usually as many as there are
cores, one on a GPU), and the common recipe pads to the longest pair of a batch.
"""

import math
import multiprocessing
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from functools import partial
from statistics import mean

import numpy as np
import pandas as pd
import torch
from scipy.stats import sem
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
    seed: int = SWEEP_SEED
    freeze_embeddings: bool = False
    dtype: str = "fp32"


Done = Mapping[Run, Mapping[str, float]]
COMMON_RUN = Run(COMMON, 8, 5e-5)  # the defaults of `TrainingArguments`
SWEEP = [Run(COURSE, 16, rate) for rate in (3e-5, 5e-5, 1e-4, 2e-4)] + [Run(COURSE, 16, 1e-4, n) for n in (4, 2)]
FINALISTS = [COMMON_RUN, Run(COURSE, 16, 1e-4), Run(COURSE, 8, 5e-5), Run(COURSE, 16, 7e-5)]  # 5e-5 * sqrt(2)


def frozen(dtype: str) -> list[Run]:
    """Return the candidates with frozen embeddings, in `dtype`, the fastest first."""
    return [Run(COURSE, *own, freeze_embeddings=True, dtype=dtype) for own in ((16, 1e-4), (8, 7e-5), (8, 5e-5))]


def over_seeds(*runs: Run) -> list[Run]:
    """Return each of `runs` with each of the five seeds."""
    return [replace(run, seed=seed) for run in runs for seed in SEEDS]


def choose(done: Done, runs: Sequence[Run]) -> Run:
    """Return the first of `runs` that is as accurate as the common recipe; where none is, the most accurate one."""
    held = next((run for run in runs if is_held(done, run)), None)
    return held or max(runs, key=lambda run: mean(done[one]["accuracy"] for one in over_seeds(run)))


def is_held(done: Done, run: Run) -> bool:
    """Return whether the mean accuracy of `run` is at most a standard error of the difference below the common one."""
    ours, common = ([done[one]["accuracy"] for one in over_seeds(each)] for each in (run, COMMON_RUN))
    return mean(ours) >= mean(common) - math.hypot(sem(ours), sem(common))


def stages(done: Done, dtype: str) -> Iterator[list[Run]]:
    """Yield what to run next, each time that everything yielded before is `done`: the test split comes last."""
    yield [*SWEEP, *over_seeds(*FINALISTS)]
    for candidate in frozen(dtype):
        yield over_seeds(candidate)
        if is_held(done, candidate):
            break
    yield [replace(choose(done, frozen(dtype)), seed=TEST_SEED)]


def recipes_for(device: str) -> dict[str, Strategy]:
    """Return the two recipes, each padded to the longest pair of a batch; what a `Run` says itself, it replaces."""
    known = table(device, {})
    return {name: replace(known[name], pad_to=None) for name in (COMMON, COURSE)}


def take(run: Run, dataset: str, task: str) -> dict[str, float]:
    """Train as `run` says and return accuracy and F1 on validation; with the last seed, on the test split too."""
    torch.set_num_threads(1)
    lesson = store.lesson_for(dataset, task)
    types = {name: run.dtype == name for name in ("bf16", "fp16")}
    own = {"per_device_train_batch_size": run.batch_size, "freeze_embeddings": run.freeze_embeddings, **types}
    strategy, train = replace(recipes_for(lesson.device)[run.recipe], **own), subject_of(lesson)
    order = {"train_sampling_strategy": strategy.train_sampling_strategy, "seed": run.seed}
    rate = {"learning_rate": run.learning_rate, "warmup_steps": WARMUP[run.recipe], "num_train_epochs": run.epochs}
    set_seed(run.seed)
    trainer = trainer_for(strategy, train, train.rows, **order, **rate)
    trainer.train()
    scores = judge(trainer, subject_of(lesson, "validation").rows)
    if run.seed == TEST_SEED:  # nothing is chosen any more
        scores |= {f"test_{name}": one for name, one in judge(trainer, subject_of(lesson, "test").rows).items()}
    return scores


def take_missing(measured: dict, how: Callable, key: str, dtype: str, workers: int) -> dict[Run, dict]:
    """Take the runs that are not kept yet, stage by stage, save after each, and return all; one that fails ends it."""
    done = {Run(**kept["run"]): kept for kept in measured["runs"]}
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        for stage in stages(done, dtype):
            going = {pool.submit(how, run): run for run in stage if run not in done}
            for future in as_completed(going):
                run, error = going[future], future.exception()
                if not error:
                    done[run] = {"run": vars(run), "machine": store.machine_name(machine.device()), **future.result()}
                    store.keep("quality", key, measured, done[run])
                print(run, error or future.result(), flush=True)
            if not set(stage) <= set(done):
                sys.exit("A run failed, and is tried again by the same command. Is memory short? Add --workers 1.")
    return done


def seeds_table(measured: Mapping) -> pd.DataFrame:
    """Return the accuracy on validation over the five seeds, one row per recipe and its settings.

    `difference_sem` is the standard error of the difference to the common recipe; `held` says whether the mean is lower
    by no more than that.
    """
    runs = pd.DataFrame([run | run["run"] for run in measured["runs"] if run["run"]["seed"] in SEEDS])
    settings = ["recipe", "batch_size", "learning_rate", "epochs", "freeze_embeddings", "dtype"]
    seeds = runs.groupby(settings)["accuracy"].agg(["size", "mean", "sem", "min", "max"])
    common = seeds.loc[COMMON].iloc[0]
    seeds["difference_sem"] = np.hypot(seeds["sem"], common["sem"])
    return seeds.assign(held=seeds["mean"] >= common["mean"] - seeds["difference_sem"])


def main() -> None:
    """Measure what is not measured yet, print and write it."""
    wanted = store.arguments(__doc__, workers=0)
    lesson = store.lesson_for(wanted.dataset, wanted.task)
    own = ("per_device_train_batch_size", "freeze_embeddings", "bf16", "fp16")  # of each run
    recipes = {
        name: {field: one for field, one in vars(strategy).items() if field not in own}
        for name, strategy in recipes_for(lesson.device).items()
    }
    here = store.settings_here(lesson, subject_of(lesson).lengths)
    settings = {name: here[name] for name in ("versions", "checkpoint", "texts, tokens")}  # no machine changes quality
    settings |= {"recipes": recipes, "warmup": WARMUP}
    measured = store.load("quality", lesson.task, settings, wanted.replace)
    workers = wanted.workers or (machine.cores() if lesson.device == "cpu" else 1)
    dtype, how = machine.dtype_name(lesson.precision), partial(take, dataset=wanted.dataset, task=wanted.task)
    done = take_missing(measured, how, lesson.task, dtype, workers)
    chosen = choose(done, frozen(dtype))
    measured.setdefault("chosen", {})[dtype] = vars(chosen)
    store.save("quality", lesson.task, measured)
    print(f"{seeds_table(measured).round(4).to_string()}\nchosen: {chosen}")
    print(f"test: {done[replace(chosen, seed=TEST_SEED)]}")


if __name__ == "__main__":
    main()
