"""Tries other checkpoints and datasets: `python -m tools.try_others`."""

import argparse
import sys
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from pathlib import Path

import datasets
from transformers.utils import logging

from lessons_lib.course import COURSE
from tools import ROOT, try_others
from tools.run_lessons import find_lessons
from tools.try_others.datasets import DATASETS
from tools.try_others.outcome import FAILS, Outcome
from tools.try_others.plan import CHECKPOINTS, Other, judge, make, plan
from tools.try_others.run import run_lesson
from tools.try_others.tables import table

BUILD = ROOT / "build" / "others"
LESSONS = [lesson.number for lesson in COURSE.lessons]
USUAL = LESSONS[:8]
AT_ONCE = 2


def try_all(tables: dict[str, list[Other]], lessons: Sequence[str], build: Path) -> dict[tuple[str, str], Outcome]:
    """Run `lessons` with each row of `tables`, print how each went, keep the tables in `build`, return the outcomes."""
    outcomes: dict[tuple[str, str], Outcome] = {}
    settings = {row.name: make(row, build / "made") for rows in tables.values() for row in rows}
    with ThreadPoolExecutor(AT_ONCE) as pool:
        runs: dict[Future, tuple[Other, str]] = {}
        for row in [row for rows in tables.values() for row in rows]:
            for number in lessons:
                [path] = find_lessons(ROOT / "notebooks", number)
                runs[pool.submit(run_lesson, path, settings[row.name], build / row.name)] = (row, number)
        for done in as_completed(runs):
            row, number = runs[done]
            outcome = outcomes[row.name, number] = judge(row, done.result())
            print(f"{row.name} {number}: {outcome.seconds:.1f} s, {outcome.kind} {outcome.text}".rstrip(), flush=True)
            (build / "tables.md").write_text(shown(tables, lessons, outcomes), encoding="utf-8")  # as far as it is
    return outcomes


def shown(tables: dict[str, list[Other]], lessons: Sequence[str], outcomes: dict[tuple[str, str], Outcome]) -> str:
    """Return all tables in Markdown."""
    return "\n\n".join(table(title, rows, lessons, outcomes) for title, rows in tables.items()) + "\n"


def main(arguments: list[str] | None = None) -> int:
    """Try what the command line asks for, print the tables, and return the exit status."""
    parser = argparse.ArgumentParser(
        description=try_others.__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for name, known in {"lesson": LESSONS, "checkpoint": list(CHECKPOINTS), "dataset": list(DATASETS)}.items():
        parser.add_argument(
            f"--{name}", action="append", choices=known, default=[], metavar=name.upper(), help=", ".join(known)
        )
    wanted = parser.parse_args(arguments)
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    datasets.disable_progress_bars()
    tables, lessons = plan(wanted.checkpoint, wanted.dataset), sorted(set(wanted.lesson)) or USUAL
    outcomes = try_all(tables, lessons, BUILD)
    print(f"\n{shown(tables, lessons, outcomes)}\nKept in {BUILD / 'tables.md'}, executed lessons beside it.")
    return int(any(outcome.kind == FAILS for outcome in outcomes.values()))


if __name__ == "__main__":
    sys.exit(main())
