"""Measures what the Trainer adds to a bare loop over the same batches, and what order does for predicting.

    make bench-trainer
    python benchmarks/trainer.py [--dataset ../shared/glue --task mrpc]

The course's recipe, in rounds as in speed.py: the bare loop and the Trainer in several outfits take their turns. What
is compared is the time from the end of a step to the end of the next, with that of the bare loop on the same batch in
the same round; what comes before the first step and after the last is told apart. Then one run is profiled. Results are
kept in benchmarks/trainer.json.
"""

import cProfile
import pstats
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

import numpy as np
import pandas as pd
from datasets import Dataset
from predicting import predict_seconds
from report import as_json
from results import arguments, keep, lesson_for, load, save, settings_here
from strategies import COURSE, Strategy, table
from trainer_runs import BARE, OUTFITS, DrawnDashboard, bare_seconds, same_batches, trainer_for, trainer_seconds
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
    trainer = trainer_for(strategy, subject, rows, device, **OUTFITS["a log every 20 steps, dashboard"])
    trainer.add_callback(DrawnDashboard())
    profile = cProfile.Profile()
    began = time.perf_counter()
    profile.runcall(trainer.train)
    seconds = time.perf_counter() - began
    stats = pstats.Stats(profile).stats
    found = {}
    for part, (file, function) in PARTS.items():
        rows = [row for (path, _, name), row in stats.items() if name == function and path.endswith(file)]
        if not rows:
            raise LookupError(f"No {function} of {file} was called: transformers may have renamed it. Correct PARTS.")
        found[part] = sum(row[3] for row in rows) / seconds
    return dict(sorted(found.items(), key=lambda part: -part[1]))


def cost_table(found: Sequence[dict]) -> pd.DataFrame:
    """Return one row an outfit: milliseconds of a step, and what is `added` to the bare step on the same batch.

    What a round adds is the median over its steps, so that what else the machine does now and then counts little;
    `added` is the median over rounds, `low` and `high` are the least and the most of them.
    """
    runs = {(run["outfit"], run["round"]): run for run in found}
    rows = {}
    for name in dict.fromkeys(name for name, _ in runs):
        own = {number: run for (other, number), run in runs.items() if other == name}
        bare = {number: np.array(runs[BARE, number]["steps"]) for number in own if (BARE, number) in runs}
        added = [np.median(own[number]["steps"] / steps) - 1 for number, steps in bare.items()]
        rows[name] = {
            "step_ms": 1000 * np.median([run["steps"] for run in own.values()]),
            "added": np.median(added),
            "low": min(added),
            "high": max(added),
            "before_s": median(run.get("before", 0.0) for run in own.values()),
            "after_s": median(run.get("after", 0.0) for run in own.values()),
            "rounds": len(own),
        }
    return pd.DataFrame.from_dict(rows, orient="index")


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
    done = {(run["round"], run["outfit"]) for run in found["runs"]}
    for number, outfit in turns([BARE, *OUTFITS], wanted.rounds):
        if (number, outfit) in done:
            continue
        rows = same_batches(strategy, subject, number, wanted.examples)
        if outfit == BARE:
            taken = bare_seconds(strategy, subject, rows, lesson.device)
        else:
            taken = trainer_seconds(outfit, strategy, subject, rows, lesson.device)
        keep(RESULTS, key, found, {"round": number, "outfit": outfit, **taken})
        print(f"round {number}, {outfit}: {1000 * np.median(taken['steps']):.0f} ms a step", flush=True)
    some = subject.rows.select(range(min(wanted.examples, len(subject.rows))))
    predicted = found.setdefault("predict", [])
    while len(predicted) < wanted.rounds:
        predicted.append(predict_seconds(strategy, subject, lesson.device, some))
        save(RESULTS, key, found)
    if "profile" not in found:
        rows = same_batches(strategy, subject, 0, wanted.examples)
        found["profile"] = profiled(strategy, subject, rows, lesson.device)
    costs = cost_table(found["runs"])
    found["table"] = as_json(costs)
    save(RESULTS, key, found)
    print(pd.Series(found["profile"], name="share of the run, profiled").round(4).to_string())
    faster = median(one["as they stand"] / one["by length"] for one in predicted)
    print(f"predict: {faster:.2f} times as fast by length\n{costs.round(3).to_string()}")


if __name__ == "__main__":
    main()
