"""Measures how fast each way to train is, on the same model and data: `make bench`, or

    python benchmarks/speed.py                                          the embedded pairs
    python benchmarks/speed.py --dataset ../shared/glue --task mrpc     the real MRPC

One process, but for memory, which each strategy takes in one of its own. In each round every strategy takes its turn,
and each round begins with another one. Figures are medians over rounds; strategies are compared within a round. Results
are kept in benchmarks/speed.json, by task and machine, after every turn; a turn that is there already, with the same
settings, is not repeated. It ends with the table, and writes docs/speed-<task>-<device>-<type>.png.
"""

import argparse
import multiprocessing
from collections.abc import Iterable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from pathlib import Path

from loop import epoch_cost
from measure import matmul_peak
from report import as_json, draw, speed_table, verdict
from results import arguments, keep, lesson_for, load, save, settings_here
from strategies import COMMON, COURSE, Strategy, table
from turn import LONGEST, Subject, subject_of, take_turn, turns

RESULTS = Path(__file__).with_suffix(".json")
DOCS = Path(__file__).parents[1] / "docs"


def begin(found: dict, known: Mapping[str, Strategy], subject: Subject) -> None:
    """Drop what belongs to strategies that are gone or mean something else by now; count what each epoch computes."""
    before = found.get("strategies", {})
    same = {name for name, strategy in known.items() if before.get(name) == asdict(strategy)}
    found["runs"] = [run for run in found["runs"] if run["strategy"] in same]
    for part in ("failed", "memory"):
        found[part] = {name: value for name, value in found.get(part, {}).items() if name in same}
    found["strategies"] = {name: asdict(strategy) for name, strategy in known.items()}
    costs = {name: epoch_cost(strategy, subject.lengths) for name, strategy in known.items()}
    found["epochs"] = {
        name: {"dtype": known[name].dtype, "real": cost.real, "computed": cost.computed} for name, cost in costs.items()
    }
    found["real_per_example"] = sum(subject.lengths) / len(subject.lengths)
    found.setdefault("peaks", {})


def take_missing(
    found: dict, known: Mapping[str, Strategy], subject: Subject, device: str, wanted: argparse.Namespace, key: str
) -> None:
    """Take every turn of the strategies `known` that `found` does not hold yet, and save after each."""
    found["failed"] = {name: why for name, why in found["failed"].items() if name not in known}  # these are tried again
    done = {(run["round"], run["strategy"]) for run in found["runs"]}
    missing = [turn for turn in turns(list(known), wanted.rounds) if turn not in done]
    if missing:  # what a process pays once, such as starting threads, is nobody's turn
        take_turn(known[COMMON], subject, device, seed=0, examples=1, most_seconds=0)
    last = None
    for number, name in missing:
        if name in found["failed"] or (name != COMMON and _cut_short(found, name, wanted.most_seconds)):
            continue
        if number != last:  # the peak is measured in every round too, beside what is compared with it
            for dtype in sorted({strategy.dtype for strategy in known.values()}):
                found["peaks"].setdefault(dtype, []).append(matmul_peak(device, dtype))
            last = number
        try:
            run = take_turn(known[name], subject, device, number, wanted.examples, wanted.most_seconds)
        except Exception as error:  # no compiler, not enough memory: one strategy less, and the table says so
            found["failed"][name] = f"{type(error).__name__}: {error}".splitlines()[0]
            save(RESULTS, key, found)
        else:
            timed = {part: value for part, value in run.items() if not part.startswith("memory")}
            keep(RESULTS, key, found, {"strategy": name, "round": number, **timed})
            print(f"round {number + 1}, {name}: {run['real'] / run['seconds']:.0f} real tokens per second", flush=True)


def memory_of(name: str, dataset: str, task: str) -> dict[str, object]:
    """Return the peak of memory of a turn of the strategy called `name`, in a process that has done nothing before.

    In a process that has, the peak depends on what its allocator kept of earlier turns: it grew by a half in five
    rounds.
    """
    lesson = lesson_for(dataset, task)
    run = take_turn(table(lesson.device, lesson.precision)[name], subject_of(lesson), lesson.device, 0, 1, 0)
    return {part: value for part, value in run.items() if part.startswith("memory")}


def take_memory(found: dict, names: Iterable[str], wanted: argparse.Namespace, key: str) -> None:
    """Measure the memory of each strategy that took a turn, where `found` does not hold it yet, and save after each."""
    measured, timed = found["memory"], {run["strategy"] for run in found["runs"]}
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context, max_tasks_per_child=1) as pool:
        for name in [name for name in names if name in timed and name not in measured]:
            measured[name] = pool.submit(memory_of, name, wanted.dataset, wanted.task).result()
            save(RESULTS, key, found)


def _cut_short(found: Mapping, name: str, most_seconds: float) -> bool:
    """Say whether a turn of `name` outlasted its time: what is that slow is known after one round."""
    return any(run["strategy"] == name and run["seconds"] > most_seconds for run in found["runs"])


def main() -> None:
    """Measure what is not measured yet, print and write it."""
    parser = arguments(__doc__, rounds=5)
    parser.add_argument("--examples", type=int, help="of a turn; 256 on a CPU, else the whole epoch")
    parser.add_argument("--most-seconds", type=float, default=60, help="a turn that takes longer is cut short")
    parser.add_argument("--only", nargs="*", default=[], help="names of strategies; the common recipe always runs")
    wanted = parser.parse_args()
    lesson = lesson_for(wanted.dataset, wanted.task)
    known = table(lesson.device, lesson.precision)
    unknown = sorted(set(wanted.only) - set(known))
    if unknown:
        parser.error(f"no strategy is called {', '.join(unknown)}. There are: {', '.join(known)}.")
    subject = subject_of(lesson)
    wanted.examples = wanted.examples or (256 if lesson.device == "cpu" else len(subject.rows))
    settings = settings_here(
        lesson, subject.lengths, examples=wanted.examples, most_seconds=wanted.most_seconds, longest=LONGEST
    )
    key = f"{lesson.task}, {settings['machine']}"
    found = load(RESULTS, key, settings, wanted.anew)
    begin(found, known, subject)
    chosen = {name: known[name] for name in known if not wanted.only or name in (COMMON, *wanted.only)}
    take_missing(found, chosen, subject, lesson.device, wanted, key)
    take_memory(found, chosen, wanted, key)
    measured = speed_table(found)
    found["table"] = as_json(measured)  # for readers that have not this code, such as lesson 04
    save(RESULTS, key, found)
    draw(measured, DOCS / f"speed-{lesson.task}-{lesson.device}-{known[COURSE].dtype}.png")
    print(measured.round(3).to_string())
    for name, why in found["failed"].items():
        print(f"{name} failed: {why}")
    if COURSE in measured.index:
        print(*verdict(measured, bf16=bool(lesson.precision)), sep="\n")


if __name__ == "__main__":
    main()
