"""A dataset of one's own: looked at before a lesson begins, and copied where the lessons need it otherwise."""

import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from datasets import ClassLabel, Dataset, DatasetDict, Value, load_dataset, load_from_disk

from lessons_lib.cache import cached
from lessons_lib.errors import DataError, SetupError
from lessons_lib.own_data import read_own_data
from lessons_lib.own_data.folder import TASK, write_folder
from lessons_lib.own_data.source import SPLIT_NAMES, was_saved_to_disk

TEXTS, NEEDED = ("sentence1", "sentence2"), ("train", "validation")
FEWEST = {"train": 16, "validation": 4}
FEWEST_WHERE_SHORT = {"train": 64, "validation": 24}  # where a lesson takes short ones alone
TAKE_SHORT = ("06", "07")
ONLY_TWO = ("00", "03")  # lessons that speak of a yes and a no
REPORT = "report.txt"
SEED = 42


def fit_pairs(
    dataset: str, task: str, revision: str | None, number: str, rows: int | None = None
) -> tuple[str, str, int, list[str]]:
    """Return the dataset and the task to load in their place, its training pairs, and what is different, in sentences.

    They stay as they are where lesson `number` can take them and no split has more than `rows` rows. Else a copy is
    made in the Hugging Face cache, with the columns, classes and splits that the lessons need; of more than `rows`, a
    part is drawn in which each class has its share. Raises `SetupError` with what no copy can mend.
    """
    named = f"The dataset {dataset}, task {task},"
    raw = load(dataset, task, revision)
    fault = next(faults(raw), None)
    told = []
    if fault:
        folder = cached("datasets", "pairs", _rows(raw), partial(_mend, raw, f"{named} {fault}"))
        raw, report = load_dataset(str(folder), TASK), (folder / REPORT).read_text(encoding="utf-8")
        dataset, task = str(folder), TASK
        told.append(f"{named} {fault}. The lesson uses a copy, {folder}: {report}")
    if (lasting := next(lasting_faults(raw, number), None)) is not None:
        raise SetupError(f"{named} {lasting}.")
    if rows and any(len(raw[split]) > rows for split in NEEDED):
        folder = cached("datasets", f"{rows}-pairs", _rows(raw), partial(_take, raw, rows))
        dataset, task = str(folder), TASK
        told.append(f"At most {rows:,} rows of each split, as LESSONS_ROWS says: {folder}.")
    return dataset, task, min(len(raw["train"]), rows or len(raw["train"])), told


def load(dataset: str, task: str, revision: str | None) -> DatasetDict:
    """Return the splits of a dataset, of one that `save_to_disk` wrote, too; raise `SetupError` with the reason."""
    try:
        saved = (
            load_from_disk(dataset) if was_saved_to_disk(dataset) else load_dataset(dataset, task, revision=revision)
        )
    except Exception as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise SetupError(f"The dataset {dataset}, task {task}, cannot be loaded: {reason}.") from None
    return saved if isinstance(saved, DatasetDict) else DatasetDict({"train": saved})


def faults(raw: DatasetDict) -> Iterator[str]:
    """Yield what the lessons can't take as it is and a copy can mend, one phrase each."""
    missing = [split for split in NEEDED if split not in raw]
    if missing:
        yield f"has the splits {', '.join(raw)} and no {' and no '.join(missing)}"
        return
    features = raw["train"].features
    absent = [name for name in (*TEXTS, "label") if name not in features]
    if absent:
        yield f"has no column {' and none called '.join(absent)}; it has {', '.join(features)}"
        return
    for name in TEXTS:
        if features[name] not in (Value("string"), Value("large_string")):
            yield f"has the type {features[name].dtype} in the column {name}"
    if not isinstance(features["label"], ClassLabel):
        some = ", ".join(map(repr, sorted(set(raw["train"]["label"][:1000]), key=str)[:3]))
        yield f"has labels such as {some}, without names"
        return
    for split in NEEDED:
        yield from _wrong_labels(raw[split], split, len(features["label"].names))
    for split, rows in raw.items():  # a lesson tokenizes every split
        yield from _wrong_texts(rows, split)


def _wrong_labels(rows: Dataset, split: str, classes: int) -> Iterator[str]:
    labels = pd.Series(rows["label"][:], dtype=object)
    wrong = np.flatnonzero(~labels.isin(range(classes)))
    if len(wrong):
        first = f"the first in row {wrong[0]:,}: {labels[wrong[0]]}"
        yield f"has {len(wrong):,} labels in {split} that name no class, {first}"


def _wrong_texts(rows: Dataset, split: str) -> Iterator[str]:
    for name in TEXTS:
        if name not in rows.features:
            yield f"has no column {name} in {split}"
            return
        texts = pd.Series(rows[name][:], dtype=object)
        empty = np.flatnonzero(texts.isna() | ~texts.astype(str).str.contains(r"\w", regex=True))
        if len(empty):
            yield f"has {len(empty):,} rows in {split} without a text in {name}, the first is row {empty[0]:,}"


def lasting_faults(raw: DatasetDict, number: str) -> Iterator[str]:
    """Yield what no copy can mend for lesson `number`."""
    for split, fewest in (FEWEST_WHERE_SHORT if number in TAKE_SHORT else FEWEST).items():
        if len(raw[split]) < fewest:
            yield f"has {len(raw[split])} usable rows in {split}, and a lesson needs {fewest} at least"
    names, there = raw["train"].features["label"].names, sorted(set(raw["train"]["label"][:]))
    if len(there) < 2:
        yield f"has the one class {names[there[0]]!r} in train: there is nothing to tell apart"
    if len(names) > 2 and number in ONLY_TWO:
        yield (
            f"has {len(names)} classes, and lesson {number} is about two, a yes and a no; 01, 02 and those from 04 "
            "on take any number"
        )


def _rows(raw: DatasetDict) -> dict[str, tuple[str, int]]:
    return {name: (rows._fingerprint, len(rows)) for name, rows in raw.items()}


def _mend(raw: DatasetDict, why: str, folder: Path) -> None:
    """Write what `read_own_data` makes of `raw` into `folder`, with a line on what it did."""
    with tempfile.TemporaryDirectory() as temporary:
        files, used = {}, set()
        for name, rows in raw.items():
            split = SPLIT_NAMES.get(name.lower().split("_")[0], "train" if len(raw) == 1 else "")
            if split and split not in files and len(rows):
                files[split] = Path(temporary, f"{split}.parquet")
                rows.to_parquet(files[split])
                used.add(name)
        try:
            splits, report = read_own_data(files if len(files) > 1 else next(iter(files.values()), ""))
        except DataError as error:
            raise SetupError(f"{why}. {error}") from None
    if "sentence2" not in splits["train"].features:
        raise SetupError(f"{why}. It has one text per row, and this lesson needs two: lesson 08 takes it.")
    unused = ", ".join(sorted(set(raw) - used))
    write_folder(splits, folder)
    (folder / REPORT).write_text(report.brief + (f" Not used: {unused}." if unused else ""), encoding="utf-8")


def _take(raw: DatasetDict, most: int, folder: Path) -> None:
    """Write at most `most` rows of each split into `folder`, of each class its share, in their order."""
    parts = {}
    for split in NEEDED:
        labels = pd.Series(raw[split]["label"][:])
        drawn = labels.groupby(labels).sample(frac=min(1, most / len(labels)), random_state=SEED)
        parts[split] = raw[split].select(sorted(drawn.index)).select_columns([*TEXTS, "label"])
    write_folder(DatasetDict(parts), folder)
