"""Sources of a learner's own: looked at, and changed where a lesson needs them otherwise."""

import os
from dataclasses import replace
from pathlib import Path

from lessons_lib.course import COURSE
from lessons_lib.errors import SetupError
from lessons_lib.hub import fetch_checkpoint
from lessons_lib.lesson.card import how_long, setting
from lessons_lib.sources import METRIC, Sources, find_sources

FEWEST_ROWS = 40


def fit_checkpoint(sources: Sources, number: str, cuda: bool) -> tuple[Sources, list[str]]:
    """Return `sources` with a checkpoint that lesson `number` can take, and in sentences what is different about it."""
    from lessons_lib.own_checkpoint import fit, why_unsuited, why_unusable

    called, here = f"LESSONS_CHECKPOINT is {setting('CHECKPOINT')!r}", sources.checkpoint
    folder = Path(here) if Path(here).is_dir() else fetch_checkpoint(here, sources.revision)
    if (wrong := why_unusable(folder)) is not None:
        raise SetupError(f"{called}: {'it' if str(folder) == setting('CHECKPOINT') else folder} {wrong}.")
    if (why := why_unsuited(folder, number)) is not None:
        usual, _ = find_sources(os.environ | {"LESSONS_CHECKPOINT": ""}, cuda=cuda)
        told = f"The course's own checkpoint in place of {here}. {why}"
        return replace(sources, checkpoint=usual.checkpoint, revision=usual.revision), [told]
    fitting, told = fit(folder, called, plain=number == "03")
    return replace(sources, checkpoint=str(fitting)) if fitting != folder else sources, told


def fit_own_pairs(sources: Sources, number: str, device: str) -> tuple[Sources, list[str]]:
    """Return `sources` with a dataset that lesson `number` can take, and in sentences what is different about it."""
    from lessons_lib.own_pairs import fit_pairs

    rows = setting("ROWS")
    if rows and not (rows.isascii() and rows.isdigit() and int(rows) >= FEWEST_ROWS):
        raise SetupError(f"LESSONS_ROWS is {rows!r}: write a whole number from {FEWEST_ROWS} on, or leave it unset.")
    found = (sources.dataset, sources.task, sources.dataset_revision)
    dataset, task, count, told = fit_pairs(*found, number, int(rows) if rows else None)
    if device == "cpu" and COURSE.lesson(number).trains:
        told += how_long(count)
    if dataset == sources.dataset:
        return sources, told
    return replace(sources, dataset=dataset, task=task, dataset_revision=None, metric=METRIC), told
