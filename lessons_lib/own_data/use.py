"""What a lesson does with own data: which file, a part of it, its texts, the rows whose label looks wrong."""

import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from datasets import Dataset, DatasetDict

from lessons_lib.errors import DataError
from lessons_lib.machine import named_path
from lessons_lib.own_data.splits import TEXT_COLUMNS, split_rows


def own_file(default: str | Path) -> Path:
    """Return the file that `LESSONS_OWN_DATA` names, or `default`; a relative one counts from where one typed."""
    asked = os.environ.get("LESSONS_OWN_DATA", "").strip()
    return named_path(asked) if asked else Path(default)


def own_columns() -> dict[str, object]:
    """Return the columns that `LESSONS_OWN_COLUMNS` names, the label last, as `read_own_data` takes them; else nothing.

    Raises `DataError` where it names but one.
    """
    names = [name.strip() for name in os.environ.get("LESSONS_OWN_COLUMNS", "").split(",") if name.strip()]
    if len(names) == 1 or len(names) > 3:
        raise DataError(f"LESSONS_OWN_COLUMNS names {len(names)} columns: write text,label or first,second,label.")
    return {"text": names[:-1], "label": names[-1]} if names else {}


def within(splits: Mapping[str, Dataset], budget: int | None, seed: int = 42) -> DatasetDict:
    """Return at most `budget` rows of each split, shuffled, every class in its share; `None` means all of them.

    Each class keeps at least one row, so there can be a few more rows than that.
    """
    parts = {}
    for name, split in splits.items():
        split = split.shuffle(seed=seed)
        if budget and len(split) > budget:
            labels = np.array(split["label"][:])
            taken = split_rows(labels, np.arange(len(split)), {"taken": budget / len(split)}, seed) == "taken"
            split = split.select(np.flatnonzero(taken | (np.bincount(labels)[labels] == 1)))
        parts[name] = split
    return DatasetDict(parts)


def text_columns(split: Dataset) -> list[str]:
    """Return the one or two columns of `split` that hold texts, as the tokenizer takes them."""
    return [name for name in TEXT_COLUMNS if name in split.column_names]


def joined(split: Dataset) -> list[str]:
    """Return one text per row: two columns joined by a blank, for what cannot take two."""
    return [" ".join(parts) for parts in zip(*(split[name] for name in text_columns(split)), strict=True)]


def least_likely(vectors: np.ndarray, labels: np.ndarray, count: int, seed: int = 42) -> pd.DataFrame:
    """Return the `count` rows whose own label is least likely: `row`, its `probability`, and the `answer` instead.

    Each row is judged by a logistic regression on `vectors` `(n, hidden)` that was trained on other rows: five parts,
    each judged by a model of the other four. The idea is that of confident learning (Northcutt et al., 2021,
    https://arxiv.org/abs/1911.00068); no label is changed.

    >>> vectors = np.array([[0.0], [0.1], [0.2], [1.0], [1.1], [1.2]] * 5)
    >>> labels = np.array([0, 0, 0, 1, 1, 1] * 5)
    >>> labels[7] = 1
    >>> least_likely(vectors, labels, 1)[["row", "answer"]].to_numpy().tolist()
    [[7, 0]]
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import KFold

    own, answers = np.zeros(len(labels)), np.zeros(len(labels), dtype=int)
    for others, part in KFold(5, shuffle=True, random_state=seed).split(vectors):
        model = LogisticRegression(C=10, max_iter=1000).fit(vectors[others], labels[others])
        known = dict(zip(model.classes_, model.predict_proba(vectors[part]).T, strict=True))
        own[part] = [known[label][row] if label in known else 0.0 for row, label in enumerate(labels[part])]
        answers[part] = model.predict(vectors[part])
    rows = np.argsort(own, kind="stable")[:count]
    return pd.DataFrame({"row": rows, "probability": own[rows], "answer": answers[rows]})
