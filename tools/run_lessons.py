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
import shutil
import sys
import threading
import time
from collections.abc import Iterable
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

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / "build" / "lessons"
QUIET = {"HF_HUB_DISABLE_PROGRESS_BARS": "1", "HF_DATASETS_DISABLE_PROGRESS_BARS": "1"}  # a page keeps them at 0 %
WIDGET = "application/vnd.jupyter.widget-view+json"


@dataclass(frozen=True)
class Result:
    """What became of one lesson; `error` is empty where it passed, `notes` says where its time went."""

    name: str
    seconds: float
    memory_mib: int
    error: str
    notes: str = ""


class Client(NotebookClient):
    """A client that knows when the first picture of a lesson came, on the clock of `time.perf_counter`."""

    picture_at: float | None = None

    def process_message(self, msg, *args, **kwargs) -> nbformat.NotebookNode | None:
        """Take a message of the kernel as any client does, and look whether it brings the first picture."""
        shown = msg["content"].get("data", {})
        if self.picture_at is None and ({"image/png", WIDGET} & set(shown) or "<img" in shown.get("text/html", "")):
            self.picture_at = time.perf_counter()
        return super().process_message(msg, *args, **kwargs)


def watch_memory(pid: int, peak: list[int], stop: threading.Event) -> None:
    """Keep in `peak[0]` the most main memory, in bytes, that the process `pid` held, until `stop` is set.

    Where the system keeps the peak itself (VmHWM on Linux, peak_wset on Windows), that figure is read; elsewhere what
    is held now, ten times a second.
    """
    process, status = psutil.Process(pid), Path(f"/proc/{pid}/status")
    with contextlib.suppress(psutil.NoSuchProcess, FileNotFoundError, ProcessLookupError, StopIteration):  # it ended
        while True:
            last = stop.is_set()  # one more look once the lesson is over, or a late peak would be missed
            held = process.memory_info()
            high = getattr(held, "peak_wset", held.rss)
            if status.exists():
                high = next(int(line.split()[1]) * 1024 for line in status.read_text().splitlines() if "VmHWM" in line)
            peak[0] = max(peak[0], high)
            if last:
                return
            stop.wait(0.1)


def run_lesson(path: Path, build: Path) -> Result:
    """Execute the notebook at `path` in its own folder, write its copy and HTML to `build`, and return the result."""
    notebook = nbformat.read(path, as_version=4)
    there = {"metadata": {"path": str(path.parent)}}
    client = Client(
        notebook, timeout=None, kernel_name="python3", extra_arguments=["--log-level=ERROR"], resources=there
    )
    peak, stop, start = [0], threading.Event(), time.perf_counter()
    with client.setup_kernel(env=os.environ | QUIET):
        watcher = threading.Thread(target=watch_memory, args=(client.km.provisioner.pid, peak, stop))
        watcher.start()
        try:
            error, notes = execute(client)
        finally:
            stop.set()
            watcher.join()
        seconds = time.perf_counter() - start
    for cell in notebook.cells:  # no kernel listens in a page: each lab has its still view beside its widgets
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if WIDGET not in output.get("data", {})]
    nbformat.write(notebook, build / path.name)
    html, _ = HTMLExporter().from_notebook_node(notebook)
    (build / path.with_suffix(".html").name).write_text(html, encoding="utf-8")
    return Result(path.stem, seconds, peak[0] // machine.MIB, error, notes)


def execute(client: Client) -> tuple[str, str]:
    """Run the cells one by one; return the error that stopped them, or nothing, and where the time went."""
    first, error, slowest, longest = time.perf_counter(), "", "", 0.0
    for index, cell in enumerate(client.nb.cells):
        began = time.perf_counter()
        try:
            client.execute_cell(cell, index)
        except CellExecutionError as failed:
            error = str(failed)
        except DeadKernelError:
            error = f"The kernel died in this cell (out of memory?):\n{cell.source}"
        if time.perf_counter() - began > longest:
            longest, slowest = time.perf_counter() - began, (cell.source.strip().splitlines() or [""])[-1]
        if error:
            break
    picture = f"first picture after {client.picture_at - first:.1f} s" if client.picture_at else "no picture"
    return error, f"{picture}; longest cell {longest:.1f} s, {slowest!r}"


def find_lessons(folder: Path, number: str) -> list[Path]:
    """Return the notebooks in `folder` whose name begins with `number`; where there is none, print which there are."""
    paths = sorted(folder.glob(f"{number}*.ipynb"))
    if not paths:
        known = ", ".join(path.name[:2] for path in sorted(folder.glob("*.ipynb")))
        print(f"There is no lesson {number!r}: write LESSON= and one of {known}.")
    return paths


def clear(build: Path, number: str) -> None:
    """Empty the folder `build` where every lesson is to run, not one by its `number`: no earlier run shall count."""
    if not number:
        shutil.rmtree(build, ignore_errors=True)


def run_all(paths: Iterable[Path], build: Path) -> list[Result]:
    """Execute one notebook after the other, print how each went and where it failed, and return the results."""
    build.mkdir(parents=True, exist_ok=True)
    results = []
    for path in paths:
        print(f"{path.stem} ...", end=" ", flush=True)
        last = run_lesson(path, build)
        outcome = "failed" if last.error else "passed"
        print(f"{last.seconds:.1f} s, {last.memory_mib} MiB, {outcome}; {last.notes}\n{last.error}", flush=True)
        results.append(last)
    return results


def table(results: list[Result]) -> str:
    """Return the closing table: lesson, seconds, peak memory in MiB, passed or failed."""
    rows = [(one.name, one.seconds, one.memory_mib, "failed" if one.error else "passed") for one in results]
    passed = f"{sum(not one.error for one in results)} of {len(results)} passed"
    rows.append(("in all", sum(one.seconds for one in results), max(one.memory_mib for one in results), passed))
    return pd.DataFrame(rows, columns=["lesson", "seconds", "MiB", "result"]).round(1).to_string(index=False)


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
    if not paths:
        return 2
    results = run_all(paths, BUILD)
    print(f"\n{table(results)}\n\nExecuted lessons and HTML: {BUILD}")
    if wanted.record:
        record(results)
    return 1 if any(result.error for result in results) else 0


if __name__ == "__main__":
    sys.exit(main())
