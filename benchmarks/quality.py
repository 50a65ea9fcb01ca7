"""Measures whether the fast recipe is as good as the common one: `make bench-quality`, or

    python benchmarks/quality.py --dataset ../shared/glue --task mrpc

First a small sweep of batches of 16, grouped by length, judged on the validation split: some learning rates for three
epochs, then the best of them for fewer and for more. That is one seed, and one seed can mislead; so three finalists
take five other seeds: what did best, the common recipe's own settings in batches grouped by length, and these in
batches of 16, at a rate that grows with the square root of the batch. All of this is in fp32, and trains every weight.

Two more things make a run faster: frozen embeddings, and a type of 16 bits where this machine is fast with one. With
both, up to three more take the five seeds, the fastest first: what did best in the sweep; the common recipe's settings
at a higher rate, since fewer weights move; and these as they are. The first that is as accurate as the common recipe
is the course's for this type. The common recipe takes the defaults of `TrainingArguments` and the same seeds, and as
accurate is what is not lower by more than one standard error of the difference. Only then one model of the course's
recipe, with yet another seed, sees the test split.

Results are kept in benchmarks/quality.json after every run; a run that is there already, of whatever machine, is not
repeated.

Quality does not depend on the clock: as many runs go side by side as there are cores, each on one thread. The common
recipe's pairs are padded to the longest of their batch here, not to 128: what a mask hides changes no result but the
draws of dropout, only the time. The course's recipe was chosen on validation, the common one was not: the comparison
favours the course's there.

The square root: Malladi et al., On the SDEs and Scaling Rules for Adaptive Gradient Algorithms, 2022,
https://arxiv.org/abs/2205.10287.
"""

import math
import multiprocessing
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from dataclasses import asdict, dataclass, replace
from functools import cache, partial
from pathlib import Path
from statistics import mean

import pandas as pd
import torch
from datasets import Dataset
from predicting import predict_by_length
from results import accuracy_and_f1, arguments, keep, lesson_for, load, machine_name, save, settings_here
from scipy.stats import sem
from strategies import COMMON, COURSE, Strategy, table
from trainer_runs import trainer_for
from transformers import set_seed
from turn import Subject, subject_of

from lessons_lib import machine

RESULTS = Path(__file__).with_suffix(".json")
RATES, EPOCHS = (3e-5, 5e-5, 1e-4, 2e-4), (4, 2)  # these rates for three epochs, then the best of them for EPOCHS
SWEEP_SEED, SEEDS, TEST_SEED = 0, (1, 2, 3, 4, 5), 6
FROZEN = ((16, 1e-4), (8, 7e-5), (8, 5e-5))  # batch size and rate where the embeddings are frozen, the fastest first
WARMUP = {COMMON: 0, COURSE: 0.1}  # steps, or below 1 a share of them


@dataclass(frozen=True)
class Run:
    """One training: which recipe, in batches of what size, at which learning rate, for how many epochs, which seed.

    `freeze_embeddings` and `dtype` are those of a `Strategy`.
    """

    recipe: str
    batch_size: int
    learning_rate: float
    epochs: int
    seed: int
    freeze_embeddings: bool = False
    dtype: str = "fp32"


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


def recipes_for(device: str) -> dict[str, Strategy]:
    """Return the two recipes, each padded to the longest pair of a batch; what a `Run` says itself, it replaces."""
    known = table(device, {})
    return {name: replace(known[name], pad_to=None) for name in (COMMON, COURSE)}


@cache
def _subjects(dataset: str, task: str) -> tuple[dict[str, Strategy], dict[str, Subject], str]:
    torch.set_num_threads(1)
    lesson = lesson_for(dataset, task)
    splits = {split: subject_of(lesson, split) for split in ("train", "validation", "test")}
    return recipes_for(lesson.device), splits, lesson.device


def take(run: Run, dataset: str, task: str, test: bool) -> dict[str, float]:
    """Train as `run` says and return accuracy and F1 on validation; with `test`, on the test split too."""
    recipes, splits, device = _subjects(dataset, task)
    strategy = replace(
        recipes[run.recipe],
        per_device_train_batch_size=run.batch_size,
        freeze_embeddings=run.freeze_embeddings,
        bf16=run.dtype == "bf16",
        fp16=run.dtype == "fp16",
    )
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
    """Return what did best in the sweep, the common recipe's settings in grouped batches, and these in larger ones."""
    grouped = replace(COMMON_RUN, recipe=COURSE)
    return [best(done, sweep), grouped, replace(grouped, batch_size=16, learning_rate=7e-5)]  # 5e-5 * sqrt(2)


def chosen_of(done: Mapping[Run, Mapping[str, float]], runs: Sequence[Run]) -> Run:
    """Return the first of `runs` that is as accurate as the common recipe; where none is, the most accurate one."""
    common = accuracies(done, COMMON_RUN)
    held = (run for run in runs if is_held(accuracies(done, run), common))
    return next(held, None) or max(runs, key=lambda run: mean(accuracies(done, run)))


def accuracies(done: Mapping[Run, Mapping[str, float]], run: Run) -> list[float]:
    """Return the accuracies on validation of `run` with each of the five seeds."""
    return [done[one]["accuracy"] for one in over_seeds(run)]


def is_held(course: Sequence[float], common: Sequence[float]) -> bool:
    """Return whether the mean of `course` is at most one standard error of the difference below that of `common`."""
    return mean(course) >= mean(common) - math.hypot(sem(course), sem(common))


def frozen(dtype: str) -> list[Run]:
    """Return the candidates with frozen embeddings, in `dtype`, the fastest first."""
    return [
        replace(COMMON_RUN, recipe=COURSE, freeze_embeddings=True, dtype=dtype, batch_size=size, learning_rate=rate)
        for size, rate in FROZEN
    ]


def needed(done: Mapping[Run, Mapping[str, float]], dtype: str) -> list[Run]:
    """Return the runs that are known to be needed, once those of `done` are: sweep, finalists, frozen ones, test.

    Nothing is chosen for the common recipe, so its runs wait: they keep the cores busy.
    """
    common = over_seeds(COMMON_RUN)

    def runs() -> Iterator[list[Run]]:
        yield (sweep := rate_sweep())
        yield (more := epoch_sweep(best(done, sweep)))
        yield [run for one in finalists(done, [*sweep, *more]) for run in over_seeds(one)]
        yield common  # what is chosen depends on these, too
        for candidate in frozen(dtype):
            yield over_seeds(candidate)
            if is_held(accuracies(done, candidate), accuracies(done, COMMON_RUN)):
                break
        yield [replace(chosen_of(done, frozen(dtype)), seed=TEST_SEED)]

    known = []
    for part in runs():
        known += part
        if not set(part) <= set(done):
            break
    return [*known, *(run for run in common if run not in known)]


def take_missing(found: dict, how: Callable, key: str, dtype: str, workers: int) -> dict[Run, dict]:
    """Take the runs that are `needed` and that `found` does not hold, save after each, and return all that are done.

    Where one fails, those that go on beside it are still kept, and the program ends.
    """
    done = {Run(**kept["run"]): kept for kept in found["runs"]}
    going, failed = {}, {}
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        while True:
            taken = {*done, *going.values()}
            missing = [] if failed else [run for run in needed(done, dtype) if run not in taken][: workers - len(going)]
            going |= {pool.submit(how, run, test=sees_test(run)): run for run in missing}
            if not going:
                break
            for future in wait(going, return_when=FIRST_COMPLETED).done:
                run = going.pop(future)
                if error := future.exception():
                    failed[run] = error
                    continue
                done[run] = {"run": vars(run), "machine": machine_name(machine.device()), **future.result()}
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


def verdict(course: Sequence[float], common: Sequence[float]) -> str:
    """Return in words whether the course's recipe is as accurate as the common one, from the accuracies over seeds."""
    errors = sem(course), sem(common)
    return (
        f"{'held' if is_held(course, common) else 'lost'}: mean accuracy {mean(course):.4f} (standard error "
        f"{errors[0]:.4f}) against {mean(common):.4f} ({errors[1]:.4f}) of the common recipe; standard error of the "
        f"difference {math.hypot(*errors):.4f}"
    )


def main() -> None:
    """Measure what is not measured yet, print and write it."""
    parser = arguments(__doc__)
    parser.add_argument("--workers", type=int, help="runs side by side: as many as there are cores, one on a GPU")
    wanted = parser.parse_args()
    lesson = lesson_for(wanted.dataset, wanted.task)
    recipes = {name: asdict(strategy) for name, strategy in recipes_for(lesson.device).items()}
    for recipe in recipes.values():
        for name in ("per_device_train_batch_size", "freeze_embeddings", "bf16", "fp16"):  # each run has its own
            del recipe[name]
    settings = settings_here(lesson, subject_of(lesson).lengths, recipes=recipes, warmup=WARMUP)
    for name in ("machine", "processor", "threads", "precision"):  # of each run, or without effect on its quality
        del settings[name]
    found = load(RESULTS, lesson.task, settings, wanted.anew)
    workers = wanted.workers or (machine.cores() if lesson.device == "cpu" else 1)
    dtype = machine.dtype_name(lesson.precision)
    done = take_missing(found, partial(take, dataset=wanted.dataset, task=wanted.task), lesson.task, dtype, workers)
    last = finalists(done, [run for run in done if run.seed == SWEEP_SEED])
    course = chosen_of(done, frozen(dtype))
    found.setdefault("chosen", {})[dtype] = vars(course)
    found.setdefault("verdict", {})[dtype] = verdict(accuracies(done, course), accuracies(done, COMMON_RUN))
    save(RESULTS, lesson.task, found)
    shown = (run for one in (COMMON_RUN, *last, *frozen(dtype)) for run in over_seeds(one))
    rows = [vars(run) | done[run] for run in shown if run in done]
    settings_of = ["recipe", "batch_size", "learning_rate", "epochs", "freeze_embeddings", "dtype"]
    print(pd.DataFrame(rows).groupby(settings_of, sort=False)["accuracy"].agg(["mean", "sem"]).round(4).to_string())
    print(f"chosen: {course}\n{found['verdict'][dtype]}\ntest: {done[replace(course, seed=TEST_SEED)]}")


if __name__ == "__main__":
    main()
