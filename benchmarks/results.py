"""What is asked for, and what was measured: kept in a JSON file, while the settings stay what they are."""

import argparse
import datetime
import json
import os
import sys
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

import torch
from transformers.utils import logging

from lessons_lib import machine, start_lesson


def arguments(description: str, rounds: int = 0) -> argparse.ArgumentParser:
    """Return a parser that knows `--dataset`, `--task` and, where `rounds` says how many are usual, `--rounds`."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dataset", default="")
    parser.add_argument("--task", default="")
    if rounds:
        parser.add_argument("--rounds", type=int, default=rounds)
    return parser


def lesson_for(wanted: argparse.Namespace):
    """Return lesson 04 on the dataset and the task that were asked for."""
    for name, value in (("LESSONS_DATASET", wanted.dataset), ("LESSONS_TASK", wanted.task)):
        if value:
            os.environ[name] = value
    logging.set_verbosity_error()  # each turn loads the checkpoint, and would report its new head
    logging.disable_progress_bar()
    return start_lesson("04")


def machine_name(device: str) -> str:
    """Return a name that tells processors apart by what they can do, such as `"CPU with 2 cores (AVX2, no bf16)"`."""
    if device != "cpu":
        return machine.device_name(device)
    bf16 = "with bf16" if machine.cpu_has_bf16() else "no bf16"
    return f"CPU with {machine.cores()} cores ({torch.backends.cpu.get_cpu_capability()}, {bf16})"


def settings_here(lesson, **others: object) -> dict[str, object]:
    """Return what a figure depends on: machine, threads, versions, checkpoint, and `others`."""
    local = Path(lesson.checkpoint)
    return {
        "machine": machine_name(lesson.device),
        "threads": torch.get_num_threads(),
        "precision": lesson.precision,
        "versions": {name: version(name) for name in ("torch", "transformers", "datasets", "accelerate")},
        "checkpoint": local.parent.name if local.is_dir() else lesson.checkpoint,
        **others,
    }


def load(path: Path, key: str, settings: Mapping[str, object]) -> dict:
    """Return what `path` holds under `key` where that was measured with the same `settings`; else a new beginning."""
    same = json.loads(json.dumps(settings))  # as the file gives it back: tuples become lists
    found = _everything(path).get(key, {})
    return found if found.get("settings") == same else {"settings": same, "runs": []}


def save(path: Path, key: str, found: Mapping[str, object]) -> None:
    """Write `found` under `key`, with the command and the date; what stands under other keys stays."""
    command = " ".join([f"python benchmarks/{path.stem}.py", *sys.argv[1:]])
    dated = {**found, "command": command, "date": datetime.date.today().isoformat()}
    partial = path.with_suffix(".partial")  # killed while it writes, a benchmark loses one run, not all
    partial.write_text(json.dumps(_everything(path) | {key: dated}, indent=1) + "\n", encoding="utf-8")
    partial.replace(path)


def _everything(path: Path) -> dict:
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
