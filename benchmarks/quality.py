"""Measures whether the fast recipe is as good as the common one: `make bench-quality`, or

    python benchmarks/quality.py --dataset ../shared/glue --task mrpc

First a small sweep of batches of 16, grouped by length, judged on the validation split: some learning rates for three
epochs, then the best of them for fewer and for more. That is one seed, and one seed can mislead; so two finalists take
five other seeds: what did best, and the common recipe's own settings in batches grouped by length. The course's recipe
is the one of higher mean accuracy, and stands beside the common recipe, which takes the defaults of `TrainingArguments`
and the same seeds. Only then one model of the course's, with yet another seed, sees the test split. Results are kept in
benchmarks/quality.json after every run; a run that is there already is not repeated.

Quality does not depend on the clock: as many runs go side by side as there are cores, each on one thread. The common
recipe's pairs are padded to the longest of their batch here, not to 128: what a mask hides changes no result but the
draws of dropout, only the time. The course's recipe was chosen on validation, the common one was not: the comparison
favours the course's there.
"""

import math
import multiprocessing
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from dataclasses import asdict, dataclass, replace
from functools import cache, partial
from pathlib import Path
from statistics import mean

import pandas as pd
import torch
from datasets import Dataset
from predicting import predict_by_length
from results import accuracy_and_f1, arguments, keep, lesson_for, load, save, settings_here
from strategies import COMMON, COURSE, Strategy, table
from trainer_runs import trainer_for
from transformers import set_seed
from turn import Subject, subject_of

from lessons_lib import machine

RESULTS = Path(__file__).with_suffix(".json")
RATES, EPOCHS = (3e-5, 5e-5, 1e-4, 2e-4), (4, 2)  # these rates for three epochs, then the best of them for EPOCHS
SWEEP_SEED, SEEDS, TEST_SEED = 0, (1, 2, 3, 4, 5), 6
WARMUP = {COMMON: 0, COURSE: 0.1}  # steps, or below 1 a share of them


@dataclass(frozen=True)
class Run:
    """One training: which recipe, in batches of what size, at which learning rate, for how many epochs, which seed."""

    recipe: str
    batch_size: int
    learning_rate: float
    epochs: int
    seed: int


COMMON_RUN = Run(COMMON, batch_size=8, learning_rate=5e-5, epochs=3, seed=SWEEP_SEED)  # `TrainingArguments`' defaults


def rate_sweep() -> list[Run]:
    """Return the first part of the sweep, over learning rates."""
    return [Run(COURSE, 16, rate, 3, SWEEP_SEED) for rate in RATES]


def epoch_sweep(chosen: Run) -> list[Run]:
    """Return the second part of the sweep: what was `chosen` of the first, for other numbers of epochs."""
    return [replace(chosen, epochs=number) for number in EPOCHS]


def best(done: Mapping[Run, Mapping[str, float]], runs: Sequence[Run]) -> Run:
    """Return the one of `runs` with the highest accuracy on validation; of equal ones, that with fewer epochs."""
    return max(runs, key=lambda run: (done[run]["accuracy"], -run.epochs))


def over_seeds(run: Run) -> list[Run]:
    """Return `run` with each of the five seeds."""
    return [replace(run, seed=seed) for seed in SEEDS]


def recipes_for(lesson) -> dict[str, Strategy]:
    """Return the two recipes as they are trained here: padded to the longest pair of a batch."""
    known = table(lesson.device, lesson.precision)
    return {name: replace(known[name], pad_to=None) for name in (COMMON, COURSE)}


@cache
def _subjects(dataset: str, task: str) -> tuple[dict[str, Strategy], dict[str, Subject], str]:
    torch.set_num_threads(1)
    lesson = lesson_for(dataset, task)
    splits = {split: subject_of(lesson, split) for split in ("train", "validation", "test")}
    return recipes_for(lesson), splits, lesson.device


def take(run: Run, dataset: str, task: str, test: bool) -> dict[str, float]:
    """Train as `run` says and return accuracy and F1 on validation; with `test`, on the test split too."""
    recipes, splits, device = _subjects(dataset, task)
    strategy = replace(recipes[run.recipe], per_device_train_batch_size=run.batch_size)
    set_seed(run.seed)
    trainer = trainer_for(
        strategy,
        splits["train"],
        splits["train"].rows,
        device,
        num_train_epochs=run.epochs,
        learning_rate=run.learning_rate,
        warmup_steps=WARMUP[run.recipe],
        train_sampling_strategy=strategy.train_sampling_strategy,
        per_device_eval_batch_size=32,
        seed=run.seed,
    )
    trainer.train()
    found = judged(trainer, splits["validation"].rows)
    if test:
        found |= {f"test_{name}": value for name, value in judged(trainer, splits["test"].rows).items()}
    return found


def judged(trainer, rows: Dataset) -> dict[str, float]:
    """Return accuracy and F1 of the trainer's model on `rows`, four decimals each."""
    prediction = predict_by_length(trainer, rows)
    return accuracy_and_f1(prediction.predictions.argmax(axis=-1), prediction.label_ids)


def finalists(done: Mapping[Run, Mapping[str, float]], sweep: Sequence[Run]) -> list[Run]:
    """Return what did best in the sweep, and the common recipe's settings in batches grouped by length."""
    return [best(done, sweep), replace(COMMON_RUN, recipe=COURSE)]


def chosen_of(done: Mapping[Run, Mapping[str, float]], runs: Sequence[Run]) -> Run:
    """Return the one of the finalists `runs` with the highest mean accuracy over seeds."""
    return max(runs, key=lambda run: mean(done[one]["accuracy"] for one in over_seeds(run)))


def needed(done: Mapping[Run, Mapping[str, float]]) -> list[Run]:
    """Return the runs that are known to be needed, once those of `done` are: sweep, finalists, the one for the test.

    Nothing is chosen for the common recipe, so its runs come last: they keep the cores busy.
    """
    runs = rate_sweep()
    if set(runs) <= set(done):
        runs += epoch_sweep(best(done, runs))
        if set(runs) <= set(done):
            last = finalists(done, runs)
            runs += [run for one in last for run in over_seeds(one)]
            if set(runs) <= set(done):
                runs.append(replace(chosen_of(done, last), seed=TEST_SEED))
    return [*runs, *over_seeds(COMMON_RUN)]


def take_missing(found: dict, how: Callable, key: str, workers: int) -> dict[Run, dict]:
    """Take the runs that are `needed` and that `found` does not hold, save after each, and return all that are done.

    Where one fails, those that go on beside it are still kept, and the program ends.
    """
    done = {Run(**kept["run"]): kept for kept in found["runs"]}
    going, failed = {}, {}
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        while True:
            taken = {*done, *going.values()}
            missing = [] if failed else [run for run in needed(done) if run not in taken][: workers - len(going)]
            going |= {pool.submit(how, run, test=sees_test(run)): run for run in missing}
            if not going:
                break
            for future in wait(going, return_when=FIRST_COMPLETED).done:
                run = going.pop(future)
                if error := future.exception():
                    failed[run] = error
                    continue
                done[run] = {"run": vars(run), **future.result()}
                keep(RESULTS, key, found, done[run])
                print(run, future.result(), flush=True)
    if failed:
        sys.exit(
            f"A run failed: {next(iter(failed.items()))}. What was done is kept; the same command takes what is "
            "missing. Where memory was short, ask for fewer --workers."
        )
    return done


def sees_test(run: Run) -> bool:
    """Return whether this is the one model that is scored on the test split: nothing is chosen any more."""
    return run.seed == TEST_SEED


def verdict(runs: pd.DataFrame) -> str:
    """Return whether the course's recipe is as accurate as the common one, from a row for each run over seeds."""
    found = runs.groupby("recipe")["accuracy"].agg(["mean", "sem"])
    (course, course_error), (common, common_error) = found.loc[COURSE], found.loc[COMMON]
    error = math.hypot(course_error, common_error)
    said = "held" if course >= common - error else "lost"
    return (
        f"{said}: mean accuracy {course:.4f} (standard error {course_error:.4f}) against {common:.4f} "
        f"({common_error:.4f}) of the common recipe; standard error of the difference {error:.4f}"
    )


def main() -> None:
    """Measure what is not measured yet, print and write it."""
    parser = arguments(__doc__)
    parser.add_argument("--workers", type=int, help="runs side by side: as many as there are cores, one on a GPU")
    wanted = parser.parse_args()
    lesson = lesson_for(wanted.dataset, wanted.task)
    recipes = {name: asdict(strategy) for name, strategy in recipes_for(lesson).items()}
    for recipe in recipes.values():
        del recipe["per_device_train_batch_size"]  # each run has its own
    others = {"recipes": recipes, "warmup": WARMUP}
    settings = settings_here(lesson, subject_of(lesson).lengths, **others) | {"threads": 1}
    key = f"{lesson.task}, {settings['machine']}"
    found = load(RESULTS, key, settings, wanted.anew)
    workers = wanted.workers or (machine.cores() if lesson.device == "cpu" else 1)
    how = partial(take, dataset=wanted.dataset, task=wanted.task)
    done = take_missing(found, how, key, workers)
    sweep = [run for run in done if run.recipe == COURSE and run.seed == SWEEP_SEED]
    last = finalists(done, sweep)
    chosen = chosen_of(done, last)
    compared = [vars(run) | done[run] for one in (chosen, COMMON_RUN) for run in over_seeds(one)]
    found["chosen"], found["verdict"] = vars(chosen), verdict(pd.DataFrame(compared))
    save(RESULTS, key, found)
    rows = pd.DataFrame([vars(run) | done[run] for one in (*last, COMMON_RUN) for run in over_seeds(one)])
    settings_of = ["recipe", "batch_size", "learning_rate", "epochs"]
    print(rows.groupby(settings_of, sort=False)["accuracy"].agg(["mean", "sem"]).round(4).to_string())
    print(f"chosen: {chosen}\n{found['verdict']}\ntest: {done[replace(chosen, seed=TEST_SEED)]}")


if __name__ == "__main__":
    main()
