"""A lesson's card: the machine, the sources, what to expect, how to change it."""

import json
import os
import platform
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from lessons_lib import machine
from lessons_lib.course import COURSE, RESULTS
from lessons_lib.sources import EMBEDDED, packaged_checkpoint

if TYPE_CHECKING:
    from lessons_lib.lesson.start import Lesson

MEASURED = RESULTS / "lessons.json"


def card(lesson: "Lesson", reason: str) -> str:
    """Return the text of a lesson's card: the machine, the sources, what to expect, how to change it."""
    rows = {
        "device": machine.device_name(lesson.device),
        "precision": machine.dtype_name(lesson.precision),
        "profile": f"{lesson.profile} ({reason})",
        "checkpoint": _shown(lesson.checkpoint, lesson.revision),
        **(
            {"decoder": _shown(lesson.decoder, lesson.decoder_revision)} if COURSE.lesson(lesson.number).decoder else {}
        ),
        "dataset": f"{_shown(lesson.dataset, lesson.dataset_revision)}, task {lesson.task}",
        **({"trains on": _training_pairs(lesson)} if COURSE.lesson(lesson.number).trains else {}),
        "expect": expectation(lesson),
        "to change": f"set LESSONS_PROFILE to hub or embedded{_own()} before the kernel starts, and restart it",
        "software": f"Python {platform.python_version()}, "
        f"transformers {version('transformers')}, torch {version('torch')}",
    }
    width = max(map(len, rows))
    lines = [f"{name:<{width}}  {value}" for name, value in rows.items()]
    return "\n".join([f"Lesson {lesson.number}: {COURSE.lesson(lesson.number).title}", *lines])


def _own() -> str:
    """Return which settings of the learner's own are in force, as a part of a sentence."""
    names = [f"LESSONS_{name}" for name in ("CHECKPOINT", "DATASET", "TASK", "ROWS") if setting(name)]
    return f", or {' and '.join(names)} to something else," if names else ""


def setting(name: str) -> str:
    """Return what the variable `LESSONS_` and `name` says; `""` where it is unset."""
    return os.environ.get(f"LESSONS_{name}", "").strip()


def _training_pairs(lesson: "Lesson") -> str:
    return f"the first {lesson.train_size} pairs" if lesson.train_size else "every training pair"


def _shown(source: str, revision: str | None) -> str:
    folder = Path(source)
    if folder == packaged_checkpoint():
        return "all-MiniLM-L6-v2, its SHA-256 as expected"
    name = f"{folder.parent.name}/{folder.name}" if folder.is_dir() else source
    if folder.parts[-3:-1] in (("lessons", "checkpoints"), ("lessons", "datasets")):  # in the cache
        name = "a copy of yours, see the note below"
    return f"{name} at {revision[:7]}" if revision else name


def is_ours(checkpoint: str) -> bool:
    """Return whether the checkpoint is the one that was measured: from its package, or the same bytes from the Hub."""
    folder = Path(checkpoint)
    return folder == packaged_checkpoint() or folder.name == COURSE.embedded["revision"]


def expectation(lesson: "Lesson", measured: Path = MEASURED) -> str:
    """Return the minutes and the memory that `lesson` took where it was measured, or that it was not measured."""
    tables = json.loads(measured.read_text(encoding="utf-8")) if measured.exists() else {}
    table = tables.get(machine.dtype_name(lesson.precision), {"lessons": {}})
    taken = table["lessons"].get(lesson.number)
    if (
        taken is None
        or lesson.device != "cpu"
        or lesson.dataset != str(EMBEDDED / "pairs")
        or not is_ours(lesson.checkpoint)
    ):
        return "not measured on a machine, a dataset and a checkpoint like these"
    minutes = taken["seconds"] / 60
    return f"{minutes:.1f} minutes and {taken['memory_mib']} MiB of memory, as measured on a {table['machine']}"


def how_long(pairs: int, patience: float = 10.0) -> list[str]:
    """Return in a sentence how long `pairs` may take on a CPU, where that is more than `patience` minutes."""
    recorded = json.loads(MEASURED.read_text(encoding="utf-8"))
    seconds = min(table["lessons"]["04"]["seconds"] for table in recorded.values()) / COURSE.short["train_size"]
    minutes = pairs * seconds / 60
    if minutes < patience:
        return []
    return [
        f"{pairs:,} training pairs may take {minutes / 60:.1f} hours on a CPU, more with a checkpoint larger than the "
        "course's. LESSONS_ROWS=2000 takes 2,000 of each split, of each class its share."
    ]
