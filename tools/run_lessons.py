"""Executes the lessons headless and says how long each took, with which cell, and how much memory its kernel held.

    python -m tools.run_lessons            every lesson
    python -m tools.run_lessons 04         one
    python -m tools.run_lessons --record   also keeps what was measured, for cards and docs/measured

Executed copies and HTML land in build/lessons/.
"""

import argparse
import contextlib
import datetime
import json
import os
import sys
import threading
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pandas as pd
import psutil
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError
from nbconvert import HTMLExporter

from lessons_lib import machine
from lessons_lib.lesson import MEASURED
from tools import QUIET, ROOT

BUILD = ROOT / "build" / "lessons"
WIDGET = "application/vnd.jupyter.widget-view+json"


@dataclass(frozen=True)
class Result:
    """What became of one lesson; `error` is empty where it passed, `slowest` names the cell that took longest."""

    name: str
    seconds: float
    memory_mib: int
    error: str
    slowest: str = ""


def watch(pid: int, stop: threading.Event) -> int:
    """Return the most memory, in MiB, that the process `pid` held, asked twenty times a second until `stop` is set."""
    most, over = 0, False
    with contextlib.suppress(psutil.NoSuchProcess, OSError):  # the process ended
        while not over:
            over = stop.wait(0.05)  # and once more when the lesson is over, or a late peak would be missed
            most = max(most, machine.process_memory(pid))
    return most


def run_lesson(path: Path, build: Path) -> Result:
    """Execute the notebook at `path` in its own folder, write its copy and HTML to `build`, and return the result."""
    notebook = nbformat.read(path, as_version=4)
    there = {"metadata": {"path": str(path.parent)}}
    client = NotebookClient(
        notebook, timeout=None, kernel_name="python3", extra_arguments=["--log-level=ERROR"], resources=there
    )
    stop, start = threading.Event(), time.perf_counter()
    with client.setup_kernel(env=os.environ | QUIET), ThreadPoolExecutor() as pool:
        most = pool.submit(watch, client.km.provisioner.pid, stop)
        try:
            error, slowest = execute(client)
        finally:
            stop.set()
        memory_mib, seconds = most.result(), time.perf_counter() - start
    for cell in notebook.cells:  # no kernel listens in a page: each lab has its still view beside its widgets
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if WIDGET not in output.get("data", {})]
    nbformat.write(notebook, build / path.name)
    html, _ = HTMLExporter().from_notebook_node(notebook)
    (build / path.with_suffix(".html").name).write_text(html, encoding="utf-8")
    return Result(path.stem, seconds, memory_mib, error, slowest)


def execute(client: NotebookClient) -> tuple[str, str]:
    """Run the cells one by one; return the error that stopped them, or nothing, and which cell took longest."""
    error, took = "", {}
    for index, cell in enumerate(client.nb.cells):
        start = time.perf_counter()
        try:
            client.execute_cell(cell, index)
        except CellExecutionError as failed:
            error = str(failed)
        except DeadKernelError:
            error = f"The kernel died in this cell (out of memory?):\n{cell.source}"
        took[time.perf_counter() - start] = cell.source.strip().rpartition("\n")[2]
        if error:
            break
    return error, f"longest cell {max(took):.1f} s, {took[max(took)]!r}"


def find_lessons(folder: Path, number: str) -> list[Path]:
    """Return the notebooks in `folder` whose name begins with `number`; where there is none, say which there are."""
    paths = sorted(folder.glob(f"{number}*.ipynb"))
    if not paths:
        known = ", ".join(path.name[:2] for path in sorted(folder.glob("*.ipynb")))
        sys.exit(f"There is no lesson {number!r}: write LESSON= and one of {known}.")
    return paths


def run_all(paths: Iterable[Path], build: Path) -> list[Result]:
    """Execute one notebook after the other, print how each went and where it failed, and return the results."""
    build.mkdir(parents=True, exist_ok=True)
    results = []
    for path in paths:
        print(f"{path.stem} ...", end=" ", flush=True)
        last = run_lesson(path, build)
        outcome = "failed" if last.error else "passed"
        print(f"{last.seconds:.1f} s, {last.memory_mib} MiB, {outcome}; {last.slowest}\n{last.error}", flush=True)
        results.append(last)
    return results


def report(results: list[Result], build: Path, faults: Iterable[str] = (), well: str = "") -> int:
    """Print the closing table, then what failed and `faults`, or that all is `well`; return the exit status."""
    failed = [one.name for one in results if one.error]
    rows = [(one.name, one.seconds, one.memory_mib, "failed" if one.error else "passed") for one in results]
    passed = f"{len(results) - len(failed)} of {len(results)} passed"
    rows.append(("in all", sum(one.seconds for one in results), max(one.memory_mib for one in results), passed))
    table = pd.DataFrame(rows, columns=["lesson", "seconds", "MiB", "result"]).round(1).to_string(index=False)
    wrong = [*faults, *(f"{name}: failed" for name in failed)]
    print(f"\n{table}\n\nExecuted lessons and HTML: {build}", *(wrong or [well]), sep="\n")
    return 1 if wrong else 0


def record(results: list[Result]) -> None:
    """Write the figures that the lessons' cards quote; those of other lessons, and in another precision, stay."""
    device = machine.device()
    dtype = machine.dtype_name(machine.precision_here(device))
    measured = json.loads(MEASURED.read_text(encoding="utf-8")) if MEASURED.exists() else {}
    lessons = measured.get(dtype, {}).get("lessons", {})
    lessons |= {r.name[:2]: {"seconds": round(r.seconds), "memory_mib": r.memory_mib} for r in results}
    measured[dtype] = {
        "command": "make run LESSON=--record",
        "date": datetime.date.today().isoformat(),
        "machine": machine.device_name(device),
        "lessons": dict(sorted(lessons.items())),
    }
    MEASURED.write_text(json.dumps(measured, indent=2) + "\n", encoding="utf-8")


def main() -> int:
    """Run what the command line asks for; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("lesson", nargs="?", default="", help="the number of one lesson, such as 04")
    parser.add_argument("--record", action="store_true", help="keep the figures, for cards and docs/measured")
    wanted = parser.parse_args()
    paths = find_lessons(ROOT / "notebooks", wanted.lesson)
    results = run_all(paths, BUILD)
    if wanted.record:
        record(results)
    return report(results, BUILD)


if __name__ == "__main__":
    sys.exit(main())
