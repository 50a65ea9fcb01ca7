"""What is tried: which checkpoint with which dataset in which row of which table, and what a lesson must say of it."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tools.try_others.datasets import DATASETS, TASKS
from tools.try_others.kinds import KINDS
from tools.try_others.outcome import FAILS, SAYS, Outcome
from tools.try_others.variants import BROKEN, VARIANTS

CHECKPOINTS = KINDS | VARIANTS | BROKEN
FASTEST = "bert"  # the checkpoint for datasets


@dataclass(frozen=True)
class Other:
    """A row of a table: a checkpoint, or the `FASTEST`, and a dataset, or the course's own pairs where it is empty."""

    name: str
    checkpoint: str
    dataset: str = ""


def plan(checkpoints: Sequence[str], datasets: Sequence[str]) -> dict[str, list[Other]]:
    """Return the rows of each table, by its title; without any name that is every checkpoint, and every dataset.

    >>> plan(["roberta"], ["rte"])
    {'checkpoints and datasets': [Other(name='roberta+rte', checkpoint='roberta', dataset='rte')]}
    >>> {title: len(rows) > 20 for title, rows in plan([], []).items()}
    {'checkpoints': True, 'datasets': True}
    """
    if checkpoints and datasets:
        both = [Other(f"{one}+{other}", one, other) for one in checkpoints for other in datasets]
        return {"checkpoints and datasets": both}
    every = not checkpoints and not datasets
    rows = {
        "checkpoints": [Other(name, name) for name in (CHECKPOINTS if every else checkpoints)],
        "datasets": [Other(name, FASTEST, name) for name in (DATASETS if every else datasets)],
    }
    return {title: of_table for title, of_table in rows.items() if of_table}


def make(other: Other, folder: Path) -> dict[str, str]:
    """Write the checkpoint and the dataset below `folder`, and return the LESSONS_ variables that name them."""
    settings = {"LESSONS_CHECKPOINT": str(_made(folder / "checkpoints" / other.checkpoint, CHECKPOINTS))}
    if other.dataset:
        settings["LESSONS_DATASET"] = str(_made(folder / "datasets" / other.dataset, DATASETS))
    if other.dataset in TASKS:
        settings["LESSONS_TASK"] = TASKS[other.dataset]
    return settings


def _made(folder: Path, builders: dict) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    builders[folder.name](folder)
    return folder


def judge(other: Other, outcome: Outcome) -> Outcome:
    """Return the `outcome`, or a failure where the lesson should have said that a checkpoint is broken."""
    if other.checkpoint in BROKEN and outcome.kind not in (SAYS, FAILS):
        return Outcome(FAILS, f"{outcome.kind}, and says nothing of what is broken", outcome.seconds)
    return outcome
