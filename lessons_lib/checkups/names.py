"""Do the dataset and the model call the classes alike?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lessons_lib.checkups.case import Case
from lessons_lib.checkups.report import Verdict, clean, listed
from lessons_lib.checkups.rows import Rows


def names(case: Case, rows: Rows) -> Iterator[Verdict]:
    """Return where the names of the dataset's classes and of the model's differ, in number or in order."""
    given = class_names(case.trainer.train_dataset) if rows.name == "train" else []
    if not given:
        return
    if len(given) != case.task.columns:
        yield (
            "doubt",
            f"The dataset names {len(given)} classes ({listed(given)}), and the head has {case.task.columns} columns. "
            f"Load the model with `num_labels={len(given)}`.",
        )
    ours = case.task.names
    pairs = [(number, clean(given[number], 40), clean(ours[number], 40)) for number in ours if number < len(given)]
    other = [one for one in pairs if one[1].casefold() != one[2].casefold()]
    if other:
        number, theirs, own = other[0]
        same = {one.casefold() for one in given} == {one.casefold() for one in ours.values()}
        yield (
            "fault" if same else "doubt",
            f"{len(other)} of {len(pairs)} classes have another name in the dataset than in the model: label "
            f"{number} is `{theirs}` there and `{own}` here. Every answer would be shown under the wrong name: set "
            "`id2label` and `label2id` from the dataset's names.",
        )


def class_names(dataset: Any) -> list[str]:
    """Return the names of the classes of a `datasets.Dataset`; none for another, or where it has no names."""
    features = getattr(dataset, "features", None) or {}
    for column in ("label", "labels"):
        feature = features.get(column) if hasattr(features, "get") else None
        feature = getattr(feature, "feature", feature)  # a list of classes, one per token
        if getattr(feature, "names", None):
            return list(feature.names)
    return []
