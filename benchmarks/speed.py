"""Measures how fast each way to train is, on the same model and data.

In each round every strategy is tried once, in an order of the round's own; strategies are compared within a round, so
that the two recipes are tried again in a session that adds to it. `--only` names strategies to try beside these two.
"""

import datetime
import sys
from collections.abc import Mapping

import pandas as pd
from matplotlib.axes import Axes

from benchmarks.kit import store
from benchmarks.kit.clock import in_fresh_process, matmul_peak, peak_memory
from benchmarks.kit.loop import epoch_cost
from benchmarks.kit.strategies import COMMON, COURSE, Strategy, table
from benchmarks.kit.subject import LONGEST, Subject, round_order, run_trial, subject_of
from lessons_lib.palette import BLACK
from lessons_lib.plots import plot_bars

ROUNDS = 5


def begin(measured: dict, known: Mapping[str, Strategy], subject: Subject) -> None:
    """Drop what belongs to strategies that are gone or mean something else by now; count what each epoch computes."""
    now, before = {name: vars(strategy) for name, strategy in known.items()}, measured.get("strategies", {})
    same = {name for name in now if now[name] == before.get(name)}
    measured["runs"] = [run for run in measured["runs"] if run["strategy"] in same]
    measured["memory"] = {name: one for name, one in measured.get("memory", {}).items() if name in same}
    measured |= {"strategies": now, "real_per_example": sum(subject.lengths) / len(subject.lengths)}
    measured["epochs"] = {
        name: {"dtype": strategy.dtype, **vars(epoch_cost(strategy, subject.lengths))}
        for name, strategy in known.items()
    }
    measured.setdefault("peaks", {})


def take_missing(measured: dict, known: Mapping[str, Strategy], subject: Subject, key: str) -> dict[str, str]:
    """Run each trial that is not kept yet, and beside it what it is compared with; return why a strategy failed."""
    done, failed = {(run["round"], run["strategy"]) for run in measured["runs"]}, {}
    limits = {name: measured["settings"][name] for name in ("examples", "most_seconds")}
    session = datetime.datetime.now().isoformat(timespec="seconds")
    for number in range(ROUNDS):
        missing = [name for name in known if (number, name) not in done and name not in failed]
        tried = [name for name in round_order(list(known), number) if missing and name in (*missing, COMMON, COURSE)]
        for dtype in sorted({known[name].dtype for name in tried}):
            measured["peaks"].setdefault(dtype, []).append(matmul_peak(subject.device, dtype))
        for name in tried:
            try:
                run = run_trial(known[name], subject, number, **limits)
            except Exception as error:  # no compiler, not enough memory
                failed[name] = f"{type(error).__name__}: {error}".splitlines()[0]
                continue
            store.keep("speed", key, measured, {"strategy": name, "round": number, "session": session, **run})
            print(f"round {number + 1}, {name}: {run['real'] / run['seconds']:.0f} real tokens per second", flush=True)
    return failed


def memory_of(name: str) -> dict[str, float | None]:
    """Return the peak of memory of a trial of the strategy called `name`."""
    lesson = store.lesson_here()
    strategy, subject = table(lesson.device, lesson.precision)[name], subject_of(lesson)
    with peak_memory(lesson.device) as memory:
        run_trial(strategy, subject, seed=0, examples=1, most_seconds=0)
    return memory


def speed_table(measured: Mapping) -> pd.DataFrame:
    """Return one row per strategy, medians over rounds.

    `times` compares real tokens per second with the common recipe in the same round, `low` and `high` are the least and
    the most of a round; `of_course` and its bounds are the same beside the course's recipe. `computed_per_real` is that
    of an epoch. `of_peak` is the share of operations on real tokens in the best matrix product of that type.
    """
    runs, epochs = pd.DataFrame(measured["runs"]), measured["epochs"]
    peaks = runs["strategy"].map(lambda name: max(measured["peaks"][epochs[name]["dtype"]]))
    runs = runs.assign(rate=runs["real"] / runs["seconds"], of_peak=runs["flops"] / peaks / runs["seconds"])
    speeds = runs.groupby("strategy").agg({"rate": "median", "of_peak": "median", "round": "nunique"})
    speeds = speeds.rename(columns={"rate": "real_per_second", "round": "rounds"})
    speeds["of_peak"] = speeds["of_peak"].where(speeds["of_peak"] <= 1)  # above: a type that is only emulated
    rates = runs.pivot(index=["round", "session"], columns="strategy", values="rate")
    columns = {COMMON: ["times", "low", "high"], COURSE: ["of_course", "of_course_low", "of_course_high"]}
    for base, names in columns.items():
        ratios = rates.div(rates.get(base, float("nan")), axis=0)
        speeds = speeds.join(ratios.agg(["median", "min", "max"]).T.set_axis(names, axis=1))
    speeds["examples_per_second"] = speeds["real_per_second"] / measured["real_per_example"]
    speeds["computed_per_real"] = pd.Series({name: one["computed"] / one["real"] for name, one in epochs.items()})
    speeds["memory_mib"] = pd.Series({name: one["memory_mib"] for name, one in measured["memory"].items()}, dtype=float)
    return speeds.loc[[name for name in epochs if name in rates]]


def faster_and_slower(speeds: pd.DataFrame) -> tuple[list[str], list[str]]:
    """Return what was faster than the course's recipe in each round, of more than one, and what was slower in each."""
    others = speeds[(speeds["rounds"] > 1) & (speeds.index != COURSE)]
    return list(others.index[others["of_course_low"] > 1]), list(others.index[others["of_course_high"] < 1])


def draw(speeds: pd.DataFrame) -> tuple[Axes, str]:
    """Draw `times`, a bar per strategy with the least and the most of a round; return what it shows in words, too."""
    times, low, high = speeds["times"], speeds["low"], speeds["high"]
    label = f"real tokens per second, as a multiple of the {COMMON}"
    axes = plot_bars(dict(times), label, (COMMON, 1), written="")
    axes.errorbar(times, times.index, xerr=[times - low, high - times], fmt="none", ecolor=BLACK)
    for bar, name in zip(axes.patches, times.index, strict=True):
        bar.set(hatch="//" if name == COURSE else "", edgecolor="white")
        axes.annotate(f"{times[name]:.2f}", (high.max(), name), (5, -4), textcoords="offset points")
    best = ", ".join(f"{name} {one:.2f}" for name, one in times.nlargest(3).items())
    alt = f"A bar for each of {len(times)} recipes, with the least and the most of a round: {label}"
    return axes, f"{alt}. The {COURSE} comes to {times[COURSE]:.2f}; the longest bars are {best}."


def main() -> None:
    """Measure what is not measured yet, print and write it."""
    wanted = store.arguments(__doc__, only=[])
    lesson = store.lesson_here()
    known, subject = table(lesson.device, lesson.precision), subject_of(lesson)
    if unknown := sorted(set(wanted.only) - set(known)):
        sys.exit(f"No strategy is called {', '.join(unknown)}. There are: {', '.join(known)}.")
    limits = {"examples": 256 if lesson.device == "cpu" else 1024, "most_seconds": 60, "longest": LONGEST}
    key, measured = store.begin("speed", lesson, subject.lengths, wanted.replace, **limits)
    begin(measured, known, subject)
    chosen = {name: known[name] for name in known if not wanted.only or name in (COMMON, COURSE, *wanted.only)}
    run_trial(known[COMMON], subject, seed=0, examples=1, most_seconds=0)  # what a process pays once
    failed = take_missing(measured, chosen, subject, key)
    for name in {run["strategy"] for run in measured["runs"]} - measured["memory"].keys():
        measured["memory"][name] = memory_of(name) if lesson.device == "cuda" else in_fresh_process(memory_of, name)
        store.save("speed", key, measured)
    speeds = speed_table(measured)
    measured["table"] = store.figures(speeds)
    store.save("speed", key, measured)
    axes, _ = draw(pd.DataFrame.from_dict(measured["table"], orient="index"))  # rounded as the table is
    store.save_picture(axes, f"speed-{lesson.task}-{lesson.device}-{known[COURSE].dtype}.png")
    print(f"{speeds.round(3).to_string()}\nfailed: {failed or 'nothing'}")


if __name__ == "__main__":
    main()
