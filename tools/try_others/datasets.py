"""Datasets as learners bring them: the course's own sentences with other labels, columns, splits and files."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pandas as pd

from tools.try_others.folders import save, save_card, save_csv
from tools.try_others.pairs import pairs

TWO = ("not_equivalent", "equivalent")
THREE = ("ENTAILMENT", "NEUTRAL", "CONTRADICTION")
GLUE = {"rte": ("entailment", "not_entailment"), "wnli": ("not_entailment", "entailment")}
PREMISE, LONG = 3, 40  # sentences in one text; 40 are more than 700 words

Splits = dict[str, pd.DataFrame]
Column = Callable[[pd.DataFrame], Sequence]


def usual(train: int = 400, validation: int = 100, **columns: Column) -> Splits:
    """Return so many embedded pairs in each split, with `columns`, each made of a split, in the place of theirs.

    >>> usual(3, 1)["train"]["label"].tolist(), usual(3, 1, label=reverse)["train"]["label"].tolist()
    ([0, 1, 0], [1, 0, 1])
    """
    sizes = {"train": train, "validation": validation}
    return {split: pairs(split, size).assign(**columns) for split, size in sizes.items()}


def balanced(split: str, count: int) -> pd.DataFrame:
    """Return `count` embedded pairs, as many of one class as of the other."""
    return pairs(split, 2000).groupby("label").head(-(-count // 2)).sort_index().head(count).reset_index(drop=True)


def joined(texts: pd.Series, count: int) -> list[str]:
    """Return for each text that one and those after it, so many that it has `count` sentences or one more.

    >>> joined(pd.Series(["A.", "B.", "C."]), 2)
    ['A. B.', 'B. C. A.', 'C. A.']
    """
    around = texts.tolist() * (1 + -(-(count + 1) // len(texts)))
    return [" ".join(around[i : i + count + i % 2]) for i in range(len(texts))]


def reverse(rows: pd.DataFrame) -> pd.Series:
    """Return labels in which the majority is class 0."""
    return 1 - rows["label"]


def three(rows: pd.DataFrame) -> list[int]:
    """Return labels of three classes: an equivalent pair is a 0, the others are 1 and 2 in turn."""
    return [0 if label else 1 + i % 2 for i, label in enumerate(rows["label"])]


def similarity(rows: pd.DataFrame) -> list[float]:
    """Return numbers from 0 to 5, those of equivalent pairs at least 2.4."""
    return [round(2.4 * label + i % 14 / 5, 1) for i, label in enumerate(rows["label"])]


def every_tenth(column: str, value: object) -> Column:
    """Return what puts `value` in every tenth row of `column`."""
    return lambda rows: [value if i % 10 == 3 else old for i, old in enumerate(rows[column])]


def glue(folder: Path) -> None:
    """Write two of GLUE's tasks, which LESSONS_TASK chooses from; the labels of `test` are kept secret."""
    sizes = {
        "rte": {"train": 400, "validation": 100, "test": 100},
        "wnli": {"train": 200, "validation": 71, "test": 40},
    }
    files = {task: {split: f"{task}/data/{split}-*" for split in of_task} for task, of_task in sizes.items()}
    for task, of_task in sizes.items():
        splits = {split: balanced(split, size) for split, size in of_task.items()}
        if task == "rte":
            for split, rows in splits.items():
                splits[split] = rows.assign(label=reverse, sentence1=joined(rows["sentence1"], PREMISE))
        splits["test"] = splits["test"].assign(label=-1)
        save(folder / task, splits, GLUE[task])
    save_card(folder, files, GLUE)


def reversed_labels(folder: Path) -> None:
    """Write CSV files, and a card that names their classes, of which 0 is the more frequent."""
    splits = usual(label=reverse)
    save_csv(folder, splits)
    save_card(folder, {"pairs": {split: f"{split}.csv" for split in splits}}, {"pairs": TWO[::-1]})


def mnli(folder: Path) -> None:
    """Write three classes under other column names, and two splits for validation."""
    splits = usual(label=three)
    splits["validation_matched"] = splits.pop("validation")
    splits["validation_mismatched"] = pairs("test", 100).assign(label=three)
    save(folder, renamed(splits, sentence1="premise", sentence2="hypothesis"), [name.lower() for name in THREE])


def renamed(splits: Splits, **columns: str) -> Splits:
    """Return the splits with `columns` called otherwise, and of the texts only those that are named."""
    return {split: rows.rename(columns=columns)[[*columns.values(), "label"]] for split, rows in splits.items()}


def relabelled(**columns: Column) -> Callable[[Path], None]:
    """Return what writes Parquet with other `columns`, and without names of classes."""
    return lambda folder: save(folder, usual(**columns))


def named(train: int = 400, validation: int = 100, **columns: Column) -> Callable[[Path], None]:
    """Return what writes Parquet with other `columns`, and with the course's own two classes."""
    return lambda folder: save(folder, usual(train, validation, **columns), TWO)


def judged_on(label: Column) -> Callable[[Path], None]:
    """Return what writes Parquet whose validation split has other labels."""
    return lambda folder: save(folder, usual() | {"validation": pairs("validation", 100).assign(label=label)}, TWO)


DATASETS = {
    "rte": glue,
    "wnli": glue,
    "reversed": reversed_labels,
    "sick": lambda folder: save(folder, usual(label=three), THREE),
    "mnli": mnli,
    "stsb": relabelled(label=similarity),
    "csv": lambda folder: save_csv(folder, usual()),
    "strings": lambda folder: save_csv(folder, usual(label=lambda rows: rows["label"].map({0: "no", 1: "yes"}))),
    "booleans": relabelled(label=lambda rows: rows["label"] == 1),
    "floats": relabelled(label=lambda rows: rows["label"].astype(float)),
    "one-two": relabelled(label=lambda rows: rows["label"] + 1),
    "minus-one": judged_on(every_tenth("label", -1)),
    "all-minus-one": judged_on(lambda rows: [-1] * len(rows)),
    "none-text": named(sentence1=every_tenth("sentence1", None), label=every_tenth("label", None)),
    "no-validation": lambda folder: save(folder, {"train": pairs("train", 400)}, TWO),
    "only-test-named-dev": lambda folder: save(
        folder, {"train": pairs("train", 400), "dev": pairs("validation", 100)}, TWO
    ),
    "one-class": named(label=lambda rows: [1] * len(rows)),
    "small": named(100, 40),
    "tiny": named(4, 2),
    "long": named(
        **{name: lambda rows, name=name: joined(rows[name], LONG) for name in ("sentence1", "sentence2")},
    ),
    "other-columns": lambda folder: save(folder, renamed(usual(), sentence1="text_a", sentence2="text_b"), TWO),
    "one-text": lambda folder: save(folder, renamed(usual(), sentence1="text"), TWO),
}
TASKS = {"rte": "rte", "wnli": "wnli"}  # of which configuration a lesson must be told
