"""Executes one lesson in a folder of its own, with settings of its own and nothing cached from another run."""

import os
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import nbformat
from huggingface_hub import constants
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

from tools import QUIET
from tools.try_others.outcome import Outcome, finished, line_of, stopped

LONGEST = 600  # seconds that one cell may take


def environment(settings: Mapping[str, str], cache: Path) -> dict[str, str]:
    """Return the environment of a lesson: this one, with the LESSONS_ variables `settings` and no others.

    What the lesson keeps lands in `cache`; what was fetched from the Hub is still there.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LESSONS_", "HF_"))}
    hub = {"HF_HUB_OFFLINE": "1", "HF_HUB_CACHE": constants.HF_HUB_CACHE, "HF_HOME": str(cache)}
    return kept | QUIET | hub | {"OMP_NUM_THREADS": "1", "LESSONS_PROFILE": "embedded"} | dict(settings)


def run_lesson(path: Path, settings: Mapping[str, str], build: Path) -> Outcome:
    """Execute a copy of the notebook at `path` in a temporary folder, write it to `build`, and return the outcome."""
    notebook, start = nbformat.read(path, as_version=4), time.perf_counter()
    with TemporaryDirectory(prefix="others-", ignore_cleanup_errors=True) as folder:
        place = Path(folder, "lesson")
        place.mkdir()
        outcome = execute(notebook, place, environment(settings, Path(folder, "cache")))
    build.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, build / path.name)
    return replace(outcome, seconds=time.perf_counter() - start)


def execute(notebook: nbformat.NotebookNode, place: Path, env: dict[str, str]) -> Outcome:
    """Run the cells of `notebook` in the folder `place` up to the first that fails, and return the outcome."""
    client = NotebookClient(
        notebook,
        timeout=LONGEST,
        kernel_name="python3",
        extra_arguments=["--log-level=ERROR"],
        resources={"metadata": {"path": str(place)}},
    )
    with client.setup_kernel(env=env):
        for index, cell in enumerate(notebook.cells):
            try:
                client.execute_cell(cell, index)
            except CellExecutionError as error:
                return stopped(cell, error.ename, error.evalue or line_of(error.traceback))
            except CellTimeoutError:
                return stopped(cell, "Timeout", f"no end after {LONGEST} seconds")
            except DeadKernelError:
                return stopped(cell, "DeadKernelError", "the kernel died (out of memory?)")
    return finished(notebook)
