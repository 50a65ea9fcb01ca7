"""Executes the lessons headless and says how long each took, with which part, and how much memory its kernel held.

    python scripts/run_lessons.py            every lesson
    python scripts/run_lessons.py 04         one
    python scripts/run_lessons.py --record   also writes what was measured to lessons_lib/measured.json

Executed copies and HTML land in build/lessons/. At the foot of each lesson that passed stand the versions it passed on.
"""

import argparse
import datetime
import json
import os
import shutil
import sys
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
import psutil
from lesson_parts import PARTS, seconds_by_part, shows_picture
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError
from nbconvert import HTMLExporter
from versions_seen import foot, question

from lessons_lib import machine
from lessons_lib.lesson import MEASURED

ROOT = Path(__file__).resolve().parents[1]
QUIET = {"HF_HUB_DISABLE_PROGRESS_BARS": "1", "HF_DATASETS_DISABLE_PROGRESS_BARS": "1"}  # a page keeps them at 0 %
BUILD = ROOT / "build" / "lessons"
WIDGET = "application/vnd.jupyter.widget-view+json"


@dataclass(frozen=True)
class Result:
    """What became of one lesson; `error` is empty where it passed.

    `parts` is where the seconds of its cells went, `picture` how many went by from the start of its first cell until
    its first picture was there.
    """

    name: str
    seconds: float
    memory_mib: int
    error: str
    parts: dict[str, float] = field(default_factory=dict)
    picture: float | None = None


class Client(NotebookClient):
    """A client that knows when the first picture of a lesson came, on the clock of `time.perf_counter`."""

    picture_at: float | None = None

    def process_message(self, msg, *args, **kwargs) -> nbformat.NotebookNode | None:
        """Take a message of the kernel as any client does, and look whether it brings the first picture."""
        if self.picture_at is None and shows_picture([msg["content"]]):
            self.picture_at = time.perf_counter()
        return super().process_message(msg, *args, **kwargs)


def watch_memory(pid: int, peak: list[int], stop: threading.Event) -> None:
    """Keep in `peak[0]` the most main memory, in bytes, that the process `pid` held, until `stop` is set.

    Where the system keeps the peak itself (VmHWM on Linux, peak_wset on Windows), that figure is read; elsewhere what
    is held now, ten times a second.
    """
    process = psutil.Process(pid)
    status = Path(f"/proc/{pid}/status")
    while True:
        last = stop.is_set()  # one more look once the lesson is over, or a late peak would be missed
        try:
            found = process.memory_info()
            high = getattr(found, "peak_wset", found.rss)
            if status.exists():
                high = next(int(line.split()[1]) * 1024 for line in status.read_text().splitlines() if "VmHWM" in line)
        except (psutil.NoSuchProcess, FileNotFoundError, ProcessLookupError, StopIteration):
            return  # the kernel has ended
        peak[0] = max(peak[0], high)
        if last:
            return
        stop.wait(0.1)


def run_lesson(path: Path, build: Path) -> Result:
    """Execute the notebook at `path` in its own folder, write its copy and HTML to `build`, and return the result."""
    notebook = nbformat.read(path, as_version=4)
    client = Client(
        notebook,
        timeout=None,
        kernel_name="python3",
        extra_arguments=["--log-level=ERROR"],
        resources={"metadata": {"path": str(path.parent)}},
    )
    peak, stop, error, start = [0], threading.Event(), "", time.perf_counter()
    taken = []
    with client.setup_kernel(env=os.environ | QUIET):
        watcher = threading.Thread(target=watch_memory, args=(client.km.provisioner.pid, peak, stop))
        watcher.start()
        first_cell = time.perf_counter()
        try:
            for index, cell in enumerate(notebook.cells):
                began = time.perf_counter()
                try:
                    client.execute_cell(cell, index)
                finally:
                    taken.append(time.perf_counter() - began)
        except CellExecutionError as failed:
            error = str(failed)
        except DeadKernelError:
            error = f"The kernel died in this cell (out of memory?):\n{notebook.cells[index].source}"
        finally:
            stop.set()
            watcher.join()
            seconds = time.perf_counter() - start
        parts = seconds_by_part(notebook.cells, taken)
        if not error:
            add_foot(notebook, client)
    drop_widgets(notebook)
    nbformat.write(notebook, build / path.name)
    html, _ = HTMLExporter().from_notebook_node(notebook)
    (build / path.with_suffix(".html").name).write_text(html, encoding="utf-8")
    picture = client.picture_at and client.picture_at - first_cell
    return Result(path.stem, seconds, peak[0] // machine.MIB, error, parts, picture)


def add_foot(notebook: nbformat.NotebookNode, client: NotebookClient) -> None:
    """Append to `notebook`, all of whose cells have passed, the versions that its kernel names when asked."""
    notebook.cells.append(question())
    notebook.cells[-1] = foot(client.execute_cell(notebook.cells[-1], len(notebook.cells) - 1))


def drop_widgets(notebook: nbformat.NotebookNode) -> None:
    """Take the widgets out of an executed notebook: no kernel listens there, and each lab has its still view beside."""
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if WIDGET not in output.get("data", {})]


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
        print(f"{last.seconds:.1f} s, {last.memory_mib} MiB, {'failed' if last.error else 'passed'}", flush=True)
        if last.error:
            print(f"\n{last.error}\n", flush=True)
        results.append(last)
    return results


def table(results: list[Result]) -> str:
    """Return the closing table: lesson, seconds, peak memory in MiB, passed or failed."""
    width = max(len(result.name) for result in results)
    lines = [f"{'lesson':<{width}}  seconds     MiB  result"]
    for result in results:
        outcome = "failed" if result.error else "passed"
        lines.append(f"{result.name:<{width}}  {result.seconds:7.1f}  {result.memory_mib:6d}  {outcome}")
    total, most = sum(result.seconds for result in results), max(result.memory_mib for result in results)
    lines.append(
        f"{'in all':<{width}}  {total:7.1f}  {most:6d}  {sum(not r.error for r in results)} of {len(results)} passed"
    )
    return "\n".join(lines)


def parts_table(results: list[Result]) -> str:
    """Return where the seconds of each lesson went: the start of its kernel, its parts, and its first picture."""
    width = max(len(result.name) for result in results)
    heads = ["kernel", *PARTS, "first picture"]
    lines = [f"{'lesson':<{width}}  " + "  ".join(f"{head:>8}" for head in heads)]
    for result in results:
        kernel = result.seconds - sum(result.parts.values())
        cells = [f"{seconds:8.1f}" for seconds in (kernel, *result.parts.values())]
        cells.append(f"{'none' if result.picture is None else f'{result.picture:.1f}':>{len(heads[-1])}}")
        lines.append(f"{result.name:<{width}}  " + "  ".join(cells))
    return "\n".join(lines)


def record(results: list[Result]) -> None:
    """Write the figures that the lessons' cards quote, with the machine and the date they hold for.

    What was measured on machines that train in another precision stays.
    """
    device = machine.device()
    dtype = machine.dtype_name(machine.precision_here(device))
    measured = json.loads(MEASURED.read_text(encoding="utf-8")) if MEASURED.exists() else {}
    measured[dtype] = {
        "command": "python scripts/run_lessons.py --record",
        "date": datetime.date.today().isoformat(),
        "machine": machine.device_name(device),
        "lessons": {r.name[:2]: {"seconds": round(r.seconds), "memory_mib": r.memory_mib} for r in results},
    }
    MEASURED.write_text(json.dumps(measured, indent=2) + "\n", encoding="utf-8")


def main() -> int:
    """Run what the command line asks for; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("lesson", nargs="?", default="", help="the number of one lesson, such as 04")
    parser.add_argument("--record", action="store_true", help="write the figures to lessons_lib/measured.json")
    wanted = parser.parse_args()
    paths = find_lessons(ROOT / "notebooks", wanted.lesson)
    if not paths:
        return 2
    results = run_all(paths, BUILD)
    print(f"\nSeconds by part, and from the first cell to the first picture:\n{parts_table(results)}")
    print(f"\n{table(results)}\n\nExecuted lessons and HTML: {BUILD}")
    if wanted.record:
        record(results)
    return 1 if any(result.error for result in results) else 0


if __name__ == "__main__":
    sys.exit(main())
