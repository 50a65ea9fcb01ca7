"""Looks at a dataset of one's own before a lesson does: a sentence now, not an error after minutes of training."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from datasets import ClassLabel, Dataset, DatasetDict, Value, load_dataset

from lessons_lib.errors import SetupError

TEXTS, NEEDED = ("sentence1", "sentence2"), ("train", "validation")
FEWEST = {"train": 8, "validation": 4}
ONLY_TWO = ("00", "03", "05", "06", "07")  # lessons that speak of a yes and a no


def check_dataset(dataset: str, task: str, revision: str | None, number: str) -> None:
    """Load a dataset as lesson `number` does, and raise `SetupError` with the first thing in it that would stop it."""
    try:
        raw = load_dataset(dataset, task, revision=revision)
    except Exception as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise SetupError(f"The dataset {dataset}, task {task}, cannot be loaded: {reason}.") from None
    for fault in faults(raw, number):
        local = Path(dataset).is_dir()
        mend = (
            f" `python -m lessons_lib.own_data {dataset} my_pairs` writes one that every lesson takes" if local else ""
        )
        raise SetupError(f"The dataset {dataset}, task {task}, {fault}{f';{mend}' if mend else ''}.")


def faults(raw: DatasetDict, number: str) -> Iterator[str]:
    """Yield what would stop lesson `number`, one phrase each, the first to be mended first."""
    missing = [split for split in NEEDED if split not in raw]
    if missing:
        yield f"has the splits {', '.join(raw)} and no {' and no '.join(missing)}; the lessons train and judge on these"
        return
    features = raw["train"].features
    absent = [name for name in (*TEXTS, "label") if name not in features]
    if absent:
        yield f"has no column {' and none called '.join(absent)}; it has {', '.join(features)}"
        return
    yield from _wrong_types(raw["train"])
    if isinstance(features["label"], ClassLabel):
        for split in NEEDED:
            yield from _wrong_rows(raw[split], split, features["label"].names)
        yield from _wrong_classes(raw["train"], features["label"].names, number)


def _wrong_types(rows: Dataset) -> Iterator[str]:
    for name in TEXTS:
        if rows.features[name] not in (Value("string"), Value("large_string")):
            yield f"has the type {rows.features[name]} in the column {name}, where texts are needed"
    label = rows.features["label"]
    if isinstance(label, ClassLabel):
        return
    some = ", ".join(map(repr, sorted(set(rows["label"][:1000]), key=str)[:3]))
    if str(getattr(label, "dtype", "")).startswith("float") and any(
        value % 1 for value in rows["label"][:1000] if value
    ):
        yield f"has numbers such as {some} as labels, which is regression; the lessons are about classes"
    else:
        yield f"has labels such as {some}, of which no card says how many classes there are and what they are called"


def _wrong_rows(rows: Dataset, split: str, names: list[str]) -> Iterator[str]:
    if len(rows) < FEWEST[split]:
        yield f"has {len(rows)} rows in {split}, and a lesson needs {FEWEST[split]} at least"
    labels = pd.Series(rows["label"][:], dtype=object)
    wrong = np.flatnonzero(~labels.isin(range(len(names))))
    if len(wrong):
        secret = "; -1 and nothing often mean that the right answer is kept secret" if split != "train" else ""
        first = f"the first in row {wrong[0]:,}: {labels[wrong[0]]}"
        yield f"has {len(wrong):,} labels in {split} that name no class, {first}{secret}"
    for name in TEXTS:
        texts = pd.Series(rows[name][:], dtype=object)
        empty = np.flatnonzero(texts.isna() | ~texts.astype(str).str.contains(r"\w", regex=True))
        if len(empty):
            yield f"has {len(empty):,} rows in {split} without a text in {name}, the first is row {empty[0]:,}"


def _wrong_classes(rows: Dataset, names: list[str], number: str) -> Iterator[str]:
    there = sorted(set(rows["label"][:]))
    if len(there) < 2:
        yield f"has the one class {names[there[0]]!r} in train: there is nothing to tell apart"
    elif len(names) > 2 and number in ONLY_TWO:
        yield f"has {len(names)} classes, and lesson {number} is about two; lessons 04 and 08 take any number"
