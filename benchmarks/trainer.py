"""Measures what the Trainer adds to a bare loop over the same batches, and what order does for predicting.

    make bench-trainer
    python benchmarks/trainer.py [--dataset ../shared/glue --task mrpc]

The course's recipe, in rounds as in speed.py: the bare loop and the Trainer in several outfits take their turns, first
with a model so small that the milliseconds that a Trainer adds to a step can be seen, then with the real one, where
they are few beside the step. What comes before the first step and after the last is told apart. Then one run is
profiled. Results are kept in benchmarks/trainer.json.
"""

import cProfile
import pstats
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import mean, median

import pandas as pd
from datasets import Dataset
from predicting import predict_seconds
from report import as_json
from results import arguments, keep, lesson_for, load, save, settings_here
from strategies import COURSE, Strategy, table
from trainer_runs import (
    BARE,
    DASHBOARD,
    OUTFITS,
    bare_seconds,
    same_batches,
    trainer_in,
    trainer_seconds,
    with_small_model,
)
from turn import Subject, subject_of, turns

RESULTS = Path(__file__).with_suffix(".json")
PARTS = {  # on a step's way: the file and the function that a profile names
    "loading a batch": ("transformers/trainer.py", "get_batch_samples"),
    "forward and backward": ("transformers/trainer.py", "training_step"),
    "clipping": ("transformers/trainer.py", "_clip_grad_norm"),
    "optimizer": ("accelerate/optimizer.py", "step"),
    "callbacks": ("transformers/trainer_callback.py", "call_event"),
    "counting operations": ("transformers/trainer.py", "floating_point_ops"),
    "log, save, evaluate": ("transformers/trainer.py", "_maybe_log_save_evaluate"),
    "beginning": ("transformers/trainer.py", "_prepare_for_training"),
}


def profiled(strategy: Strategy, subject: Subject, rows: Dataset, device: str) -> dict[str, float]:
    """Return the share of a run's seconds that each of `PARTS` took, with what it called; the profiler slows both.

    The run is a lesson's: a log every 20 steps, and the dashboard. Some of what one part calls is another part's.
    Raises `LookupError` where the Trainer has no such function any more.
    """
    trainer = trainer_in(DASHBOARD, strategy, subject, rows, device)
    profile = cProfile.Profile()
    began = time.perf_counter()
    profile.runcall(trainer.train)
    seconds = time.perf_counter() - began
    stats = pstats.Stats(profile).stats
    found = {}
    for part, (file, function) in PARTS.items():
        called = [
            row for (path, _, name), row in stats.items() if name == function and Path(path).as_posix().endswith(file)
        ]
        if not called:
            raise LookupError(f"No {function} of {file} was called: transformers may have renamed it. Correct PARTS.")
        found[part] = sum(row[3] for row in called) / seconds
    return dict(sorted(found.items(), key=lambda part: -part[1]))


def cost_table(small: Sequence[dict], real: Sequence[dict]) -> pd.DataFrame:
    """Return one row an outfit, medians over rounds.

    - `added_ms`: milliseconds added to the mean bare step of the same round, with the small model
    - `step_ms`: the mean step with the real model, and `added_share`, the share of its bare step that `added_ms` is
    - `ratio`: the real step over the bare one of the same round, less 1, with `low` and `high`, the least and the most:
      the direct comparison, as far as the machine holds still
    - `before_s`, `after_s`: seconds before the first step and after the last; unknown of the bare loop
    """
    narrow, wide = _steps(small), _steps(real)
    added = narrow.sub(narrow[BARE], axis=0).median()
    ratio = wide.div(wide[BARE], axis=0) - 1
    around = pd.DataFrame(real).groupby("outfit")[["before", "after"]].median()
    figures = {
        "added_ms": 1000 * added,
        "added_share": added / wide[BARE].median(),
        "step_ms": 1000 * wide.median(),
        "ratio": ratio.median(),
        "low": ratio.min(),
        "high": ratio.max(),
        "before_s": around["before"],
        "after_s": around["after"],
    }
    return pd.DataFrame(figures).loc[[name for name in (BARE, *OUTFITS) if name in wide]]


def _steps(runs: Sequence[dict]) -> pd.DataFrame:
    """Return the seconds of the mean step, one row a round, one column an outfit."""
    found = pd.DataFrame([{"round": run["round"], "outfit": run["outfit"], "step": mean(run["steps"])} for run in runs])
    return found.pivot(index="round", columns="outfit", values="step")


def take_missing(
    found: dict, part: str, rounds: int, strategy: Strategy, subject: Subject, device: str, examples: int, key: str
) -> None:
    """Take the turns of `part`, `"small"` or `"runs"`, that `found` does not hold yet, and save after each."""
    runs = found.setdefault(part, [])
    done = {(run["round"], run["outfit"]) for run in runs}
    for number, outfit in turns([BARE, *OUTFITS], rounds):
        if (number, outfit) in done:
            continue
        rows = same_batches(strategy, subject, number, examples)
        if outfit == BARE:
            taken = bare_seconds(strategy, subject, rows, device)
        else:
            taken = trainer_seconds(outfit, strategy, subject, rows, device)
        keep(RESULTS, key, found, {"round": number, "outfit": outfit, **taken}, part)
        print(f"{part}, round {number + 1}, {outfit}: {1000 * mean(taken['steps']):.1f} ms a step", flush=True)


def main() -> None:
    """Measure what is not measured yet, print and write it."""
    parser = arguments(__doc__, rounds=5)
    parser.add_argument("--examples", type=int, default=512, help="of a turn, in full updates")
    wanted = parser.parse_args()
    lesson = lesson_for(wanted.dataset, wanted.task)
    subject, strategy = subject_of(lesson), table(lesson.device, lesson.precision)[COURSE]
    settings = settings_here(lesson, subject.lengths, examples=wanted.examples, strategy=vars(strategy))
    key = f"{lesson.task}, {settings['machine']}"
    found = load(RESULTS, key, settings, wanted.anew)
    small = with_small_model(subject)
    take_missing(found, "small", 5 * wanted.rounds, strategy, small, lesson.device, wanted.examples, key)
    take_missing(found, "runs", wanted.rounds, strategy, subject, lesson.device, wanted.examples, key)
    some = subject.rows.select(range(min(wanted.examples, len(subject.rows))))
    predicted = found.setdefault("predict", [])
    while len(predicted) < wanted.rounds:
        predicted.append(predict_seconds(strategy, subject, lesson.device, some))
        save(RESULTS, key, found)
    rows = same_batches(strategy, subject, 0, wanted.examples)
    found["profile"] = profiled(strategy, subject, rows, lesson.device)
    costs = cost_table(found["small"], found["runs"])
    found["table"] = as_json(costs)
    save(RESULTS, key, found)
    print(pd.Series(found["profile"], name="share of the run, profiled").round(4).to_string())
    faster = median(one["as they stand"] / one["by length"] for one in predicted)
    print(f"predict: {faster:.2f} times as fast by length\n{costs.round(3).to_string()}")


if __name__ == "__main__":
    main()
