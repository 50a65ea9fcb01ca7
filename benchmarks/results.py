"""What is asked for, and what was measured: kept in a JSON file, while the settings stay what they are."""

import argparse
import contextlib
import datetime
import json
import multiprocessing
import os
import re
import sys
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from transformers.utils import logging

from lessons_lib import machine, start_lesson
from lessons_lib.metrics import scores


def arguments(description: str, rounds: int = 0) -> argparse.ArgumentParser:
    """Return a parser that knows `--dataset`, `--task`, `--anew` and, where `rounds` are usual, `--rounds`."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dataset", default="")
    parser.add_argument("--task", default="")
    parser.add_argument("--anew", action="store_true", help="drop what was measured under other settings")
    if rounds:
        parser.add_argument("--rounds", type=int, default=rounds)
    return parser


def lesson_for(dataset: str, task: str):
    """Return lesson 04 on `dataset` and `task`; where these are empty, on what the environment or the course names.

    Its card is printed once, not again by each process that measures a part.
    """
    for name, value in (("LESSONS_DATASET", dataset), ("LESSONS_TASK", task)):
        if value:
            os.environ[name] = value
    logging.set_verbosity_error()  # each turn loads the checkpoint, and would report its new head
    logging.disable_progress_bar()
    with contextlib.redirect_stdout(None if multiprocessing.parent_process() else sys.stdout):
        return start_lesson("04")


def machine_name(device: str) -> str:
    """Return a name that tells processors apart by what they can do, such as `"CPU with 2 cores (AVX2, no bf16)"`."""
    if device != "cpu":
        return machine.device_name(device)
    told = " by ATEN_CPU_CAPABILITY" if "ATEN_CPU_CAPABILITY" in os.environ else ""
    bf16 = "with bf16" if machine.cpu_has_bf16() else "no bf16"
    return f"CPU with {machine.cores()} cores ({torch.backends.cpu.get_cpu_capability()}{told}, {bf16})"


def accuracy_and_f1(predictions: np.ndarray, labels: np.ndarray, digits: int = 4) -> dict[str, float]:
    """Return accuracy and F1 of `predictions` (0 or 1), rounded as they are kept; both arrays `(n,)`."""
    found = scores(predictions, labels)
    return {name: round(found[name], digits) for name in ("accuracy", "f1")}


def processor() -> str:
    """Return what Linux calls the processor; empty elsewhere."""
    info = Path("/proc/cpuinfo")
    found = re.search(r"^model name\s*: (.+)$", info.read_text(), re.MULTILINE) if info.exists() else None
    return found[1] if found else ""


def settings_here(lesson, lengths: Sequence[int], **others: object) -> dict[str, object]:
    """Return what a figure depends on: machine, threads, versions, checkpoint, the texts' `lengths`, and `others`."""
    local = Path(lesson.checkpoint)
    return {
        "machine": machine_name(lesson.device),
        "processor": processor(),
        "threads": torch.get_num_threads(),
        "precision": lesson.precision,
        "versions": {name: version(name) for name in ("torch", "transformers", "datasets", "accelerate")},
        "checkpoint": f"{local.parent.name}/{local.name}" if local.is_dir() else [lesson.checkpoint, lesson.revision],
        "texts, tokens": [len(lengths), sum(lengths)],
        **others,
    }


def load(path: Path, key: str, settings: Mapping[str, object], anew: bool = False) -> dict:
    """Return what `path` holds under `key`, or a new beginning.

    Ends the program where that was measured under other `settings`, unless it may begin `anew`: a short trial shall not
    cost what took hours.
    """
    same = json.loads(json.dumps(settings))  # as the file gives it back: tuples become lists
    found = _everything(path).get(key, {"settings": same, "runs": []})
    before = found["settings"]
    if before != same and found["runs"] and not anew:
        names = [name for name in {**before, **same} if before.get(name) != same.get(name)]
        told = "; ".join(f"{name} was {before.get(name)} and is {same.get(name)}" for name in names)
        sys.exit(f"{path.name} holds {len(found['runs'])} runs for {key!r}, and {told}. Add --anew to replace them.")
    return found if before == same else {"settings": same, "runs": []}


def keep(path: Path, key: str, found: dict, run: Mapping[str, object], part: str = "runs") -> None:
    """Add a `run` to that `part` of what was `found`, with the command and the date of the last one, and write it."""
    found[part].append(run)
    command = " ".join([f"python benchmarks/{path.stem}.py", *sys.argv[1:]])
    found |= {"command": command, "date": datetime.date.today().isoformat()}
    save(path, key, found)


def save(path: Path, key: str, found: Mapping[str, object]) -> None:
    """Write `found` under `key`; what stands under other keys stays."""
    partial = path.with_suffix(".partial")  # killed while it writes, a benchmark loses one run, not all
    partial.write_text(json.dumps(_everything(path) | {key: found}, indent=1) + "\n", encoding="utf-8")
    partial.replace(path)


def _everything(path: Path) -> dict:
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
