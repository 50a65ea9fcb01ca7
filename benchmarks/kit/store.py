"""What was measured: kept in runs/<name>.json.gz while its settings stay what they are, quoted in the package."""

import argparse
import contextlib
import datetime
import gzip
import json
import multiprocessing
import os
import re
import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

import pandas as pd
import torch
from matplotlib.axes import Axes
from sklearn.metrics import accuracy_score, f1_score
from transformers.utils import logging

from lessons_lib import machine, start_lesson
from lessons_lib.course import RESULTS
from lessons_lib.lesson import Lesson

RUNS = Path(__file__).parents[1] / "runs"
PICTURES = Path(__file__).parents[2] / "docs" / "measured"
QUOTED = {  # what lessons need of each benchmark, as package data
    "starts": ("command", "date", "settings", "runs"),
    "bodies": ("command", "date", "settings", "runs"),
    "gpu": ("command", "date", "settings", "runs"),
}


def arguments(description: str, **others: int | list) -> argparse.Namespace:
    """Return what the command line asks for: `dataset`, `task`, `replace`, and `others`, given as they usually are.

    Dataset and task go into the environment, from where `lesson_here` takes them, in other processes, too.
    """
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dataset", default="", help="a folder or an id of the Hub; usually what the lessons take")
    parser.add_argument("--task", default="", help="the configuration of the dataset, such as mrpc")
    parser.add_argument("--replace", action="store_true", help="drop what was measured under other settings")
    for name, usual in others.items():
        kind = {"type": int} if isinstance(usual, int) else {"nargs": "*"}
        parser.add_argument(f"--{name}", default=usual, help=f"usually {usual or 'all'}", **kind)
    wanted = parser.parse_args()
    asked = {"LESSONS_DATASET": wanted.dataset, "LESSONS_TASK": wanted.task}
    os.environ.update({name: value for name, value in asked.items() if value})
    return wanted


def lesson_here(number: str = "04") -> Lesson:
    """Return the lesson called `number` on the dataset and the task that the environment or the course names."""
    logging.set_verbosity_error()  # each trial loads the checkpoint, and would report its new head
    logging.disable_progress_bar()
    with contextlib.redirect_stdout(None if multiprocessing.parent_process() else sys.stdout):  # one card is enough
        return start_lesson(number)


def settings_here(lesson: Lesson, lengths: Sequence[int], **others: object) -> dict[str, object]:
    """Return what a figure depends on: machine, threads, versions, checkpoint, the texts' `lengths`, and `others`.

    The name of a processor tells what it can do, such as `"CPU with 2 cores (AVX2, no bf16)"`.
    """
    local, info = Path(lesson.checkpoint), Path("/proc/cpuinfo")
    processor = re.search(r"^model name\s*: (.+)$", info.read_text() if info.exists() else "", re.MULTILINE)
    told = " by ATEN_CPU_CAPABILITY" if "ATEN_CPU_CAPABILITY" in os.environ else ""
    bf16 = "with bf16" if machine.cpu_has_bf16() else "no bf16"
    cpu = f"CPU with {machine.cores()} cores ({torch.backends.cpu.get_cpu_capability()}{told}, {bf16})"
    return {
        "machine": cpu if lesson.device == "cpu" else machine.device_name(lesson.device),
        "processor": processor[1] if processor else "",
        "threads": torch.get_num_threads(),
        "precision": lesson.precision,
        "versions": {name: version(name) for name in ("torch", "transformers", "datasets", "accelerate")},
        "checkpoint": f"{local.parent.name}/{local.name}" if local.is_dir() else [lesson.checkpoint, lesson.revision],
        "texts, tokens": [len(lengths), sum(lengths)],
        **others,
    }


def accuracy_and_f1(predictions: Sequence[int], labels: Sequence[int]) -> dict[str, float]:
    """Return accuracy and F1 of `predictions` (0 or 1), rounded as they are kept; both of shape `(n,)`."""
    accuracy, f1 = accuracy_score(labels, predictions), f1_score(labels, predictions, zero_division=0)
    return {"accuracy": round(float(accuracy), 4), "f1": round(float(f1), 4)}


def read(name: str) -> dict[str, dict]:
    """Return everything that the benchmark called `name` measured, by task and machine; `{}` where it never ran."""
    path = RUNS / f"{name}.json.gz"
    return json.loads(gzip.decompress(path.read_bytes())) if path.exists() else {}


def load(name: str, key: str, settings: Mapping[str, object], replace: bool = False) -> dict:
    """Return what was measured under `key`, or a new beginning; a short trial must not cost what took hours.

    Ends the program where that was measured under other `settings`, unless it may `replace` it.
    """
    now = json.loads(json.dumps(settings))  # as the file gives it back: tuples become lists
    measured = read(name).get(key, {"settings": now, "runs": []})
    before, count = measured["settings"], len(measured["runs"])
    if before != now and count and not replace:
        differ = [one for one in {**before, **now} if before.get(one) != now.get(one)]
        told = "; ".join(f"{one} was {before.get(one)} and is {now.get(one)}" for one in differ)
        sys.exit(f"{name}.json.gz holds {count} runs for {key!r}, and {told}. Add --replace to drop them.")
    return measured if before == now else {"settings": now, "runs": []}


def begin(name: str, lesson: Lesson, lengths: Sequence[int], replace: bool, **others) -> tuple[str, dict]:
    """Return the key of this task and machine, and what was measured under it by these settings."""
    settings = settings_here(lesson, lengths, **others)
    key = f"{lesson.task}, {settings['machine']}"
    return key, load(name, key, settings, replace)


def take_missing(
    name: str, key: str, measured: dict, plan: Sequence[Mapping], how: Callable, part="runs", mapped: Callable = map
) -> None:
    """Keep `how(run)` for each `run` of a `plan` that `part` of what was `measured` lacks, `mapped` as by `map`."""
    before = measured.setdefault(part, [])
    missing = [run for run in plan if not any(run.items() <= kept.items() for kept in before)]
    for run, taken in zip(missing, mapped(how, missing), strict=True):
        print(*run.values(), {what: one for what, one in taken.items() if not isinstance(one, list)}, flush=True)
        keep(name, key, measured, {**run, **taken}, part)


def keep(name: str, key: str, measured: dict, run: Mapping[str, object], part: str = "runs") -> None:
    """Add a `run` to that `part` of what was `measured`, stamp it, and write it."""
    measured[part].append(run)
    measured |= stamp(name)
    save(name, key, measured)


def stamp(name: str) -> dict[str, str]:
    """Return the command that is running, and today's date."""
    command = shlex.join(["python", "-m", f"benchmarks.{name}", *sys.argv[1:]])
    return {"command": command, "date": datetime.date.today().isoformat()}


def save(name: str, key: str, measured: Mapping[str, object]) -> None:
    """Write what was `measured` under `key`; what other keys hold stays."""
    partial = RUNS / f"{name}.partial"  # killed while it writes, a benchmark loses one run, not all
    partial.write_bytes(gzip.compress(json.dumps(read(name) | {key: measured}).encode(), mtime=0))
    partial.replace(RUNS / f"{name}.json.gz")


def publish(name: str) -> None:
    """Write into the package what lessons quote of the benchmark called `name`: a run or a row of a table per line."""
    parts = {key: {part: measured[part] for part in QUOTED[name]} for key, measured in read(name).items()}
    innermost = re.compile(r"\{[^{}\[\]]*\}|\[[^{}\[\]]*\]")
    lines = innermost.sub(lambda one: " ".join(one[0].split()), json.dumps(parts, indent=1))
    (RESULTS / f"{name}.json").write_text(lines + "\n", encoding="utf-8")


def figures(table: pd.DataFrame) -> dict[str, dict[str, float | None]]:
    """Return the rows of `table` by name, four significant figures each, and `None` where nothing was measured.

    >>> figures(pd.DataFrame({"times": [2.34567], "memory_mib": [float("nan")]}, index=["a"]))
    {'a': {'times': 2.346, 'memory_mib': None}}
    """
    rounded = table.map(lambda one: float(f"{one:.4g}"))
    return rounded.astype(object).where(rounded.notna(), None).to_dict("index")


def save_picture(axes: Axes, name: str) -> None:
    """Write the figure of `axes` to docs/measured/<name>."""
    axes.figure.savefig(PICTURES / name, dpi=130, bbox_inches="tight", facecolor="white")
