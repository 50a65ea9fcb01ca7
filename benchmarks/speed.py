"""Measures how fast each way to train is, on the same model and data: `make bench`, or

    python benchmarks/speed.py                                          the embedded pairs
    python benchmarks/speed.py --dataset ../shared/glue --task mrpc     the real MRPC

One process, but for memory, which each strategy takes in one of its own. In each round every strategy takes its turn,
in an order of the round's own. Figures are medians over rounds; strategies are compared within a round. Results are
kept in benchmarks/speed.json, by task and machine, after every turn; a turn that is there already, with the same
settings, is not repeated, but for the two recipes that the others are compared with: these take a turn in each session
that adds to a round. It ends with the table, and writes docs/speed-<task>-<device>-<type>.png.
"""

import argparse
import datetime
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path

from loop import epoch_cost
from measure import in_fresh_process, matmul_peak, peak_memory
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
    """Take every turn of the strategies `known` that `found` does not hold yet, and save after each.

    The common recipe and the course's take theirs again in a round that something is added to: a ratio is one of turns
    taken at one time, the `session`.
    """
    found["failed"] = {name: why for name, why in found["failed"].items() if name not in known}  # these are tried again
    done = {(run["round"], run["strategy"]) for run in found["runs"]}

    def given_up(name: str) -> bool:
        return name in found["failed"] or (name != COMMON and _cut_short(found, name, wanted.most_seconds))

    order = turns(list(known), wanted.rounds)
    missing = {(number, name) for number, name in order if (number, name) not in done and not given_up(name)}
    missing |= {(number, name) for number, _ in missing for name in (COMMON, COURSE) if name in known}
    if missing:  # what a process pays once, such as starting threads, is nobody's turn
        take_turn(known[COMMON], subject, device, seed=0, examples=1, most_seconds=0)
    last, session = None, datetime.datetime.now().isoformat(timespec="seconds")
    for number, name in order:
        if (number, name) not in missing or given_up(name):
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
            keep(RESULTS, key, found, {"strategy": name, "round": number, "session": session, **run})
            print(f"round {number + 1}, {name}: {run['real'] / run['seconds']:.0f} real tokens per second", flush=True)


def memory_of(name: str, dataset: str, task: str) -> dict[str, object]:
    """Return the peak of memory of a turn of the strategy called `name`."""
    lesson = lesson_for(dataset, task)
    strategy, subject = table(lesson.device, lesson.precision)[name], subject_of(lesson)
    with peak_memory(lesson.device) as memory:
        take_turn(strategy, subject, lesson.device, seed=0, examples=1, most_seconds=0)
    return memory


def take_memory(found: dict, names: Iterable[str], wanted: argparse.Namespace, key: str) -> None:
    """Measure the memory of each strategy that took a turn, where `found` does not hold it yet, and save after each.

    Where that fails, as where a GPU has no room beside this process, the table has none, and the next run tries again.
    """
    measured, timed = found["memory"], {run["strategy"] for run in found["runs"]}
    for name in [name for name in names if name in timed and name not in measured]:
        try:
            measured[name] = in_fresh_process(memory_of, name, wanted.dataset, wanted.task)
        except Exception as error:  # a process that was killed, too
            print(f"The memory of {name} was not measured: {error!r}")
        else:
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
        print(*verdict(measured, bf16=known[COURSE].bf16), sep="\n")


if __name__ == "__main__":
    main()
