"""From files to a `DatasetDict` with named labels, and a report."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
import pandas as pd
from datasets import ClassLabel, Dataset, DatasetDict, Features, Value

from lessons_lib.errors import DataError
from lessons_lib.own_data.columns import named
from lessons_lib.own_data.gather import gather
from lessons_lib.own_data.labels import name_classes
from lessons_lib.own_data.report import Report, near_duplicates, token_lengths, too_few
from lessons_lib.own_data.source import SPLITS, files_of
from lessons_lib.own_data.splits import TEXT_COLUMNS, fill_splits, in_later_split, same_text


def read_own_data(
    source: object,
    text: str | Sequence[str] | None = None,
    label: str | None = None,
    *,
    encoding: str | None = None,
    delimiter: str | None = None,
    unlabelled: str | None = None,
    tokenizer: object = None,
    max_length: int | None = None,
    seed: int = 42,
) -> tuple[DatasetDict, Report]:
    """Read `source`; return its splits with the columns `text`, `label` and `place`, and a report of what was found.

    `source` is the path of a CSV, TSV, JSON Lines, JSON, Parquet or Excel file, a mapping of split to path, or a
    `FileUpload` widget. `text` names one column or two (which become `sentence1` and `sentence2`), `label` one;
    unless given they are found. Where the source brings no validation or test split, each takes 15 % of every class.
    The same text is never in two splits, and `place` says where in the file a row stands. The file is only read.

    `max_length` is in tokens, those of `tokenizer`; rows with the label `unlabelled` are left out. Raises `DataError`
    with what was found and what to do.

    >>> from lessons_lib.sources import EMBEDDED
    >>> splits, report = read_own_data(EMBEDDED / "texts" / "reviews.csv")
    >>> splits["train"].features["label"].names
    ['negative', 'positive']
    """
    files = files_of(source)
    found = gather(files, text, label, unlabelled, seed, encoding=encoding, delimiter=delimiter)
    table = found.table
    too_few(len(table), 0, found.dropped)
    classes, names, notes = name_classes(Counter(table["label"]), found.class_names)
    too_few(len(table), len(names), found.dropped)
    texts = [name for name in TEXT_COLUMNS if name in table]
    table["label"] = table["label"].map(classes).map({name: number for number, name in enumerate(names)})
    joined = table[texts[0]].str.cat(table[texts[1:]], sep="\n") if texts[1:] else table[texts[0]]
    table["group"] = same_text(joined.tolist())
    table["split"] = fill_splits(*(table[name].to_numpy() for name in ("split", "label", "group")), seed)
    leaked = in_later_split(table["split"].to_numpy(), table["group"].to_numpy())
    gone = table[leaked].assign(why="a later split has the same text", text=joined[leaked])
    dropped = pd.concat([found.dropped, gone[found.dropped.columns]], ignore_index=True)
    table, joined = table[~leaked], joined[~leaked].tolist()
    _check_train(table, names, dropped)

    counts = table.groupby(["label", "split"]).size().unstack(fill_value=0)
    labels = counts.reindex(range(len(names)), fill_value=0).set_axis(names)
    labels = labels[[name for name in SPLITS if name in labels]]
    near, compared = near_duplicates(joined, table["group"].to_numpy(), table["split"].to_numpy())
    report = Report(
        files={name or "all": path.name for name, path in files.items()},
        read=found.read,
        columns=found.columns,
        labels=labels,
        dropped=dropped,
        duplicates=int(table.duplicated(["group", "label"]).sum()),
        conflicts=_conflicts(table, joined, names),
        near=near,
        compared=compared,
        lengths=token_lengths(tokenizer, table[texts], seed) if tokenizer is not None else pd.Series(dtype=int),
        max_length=max_length,
        notes=[*found.notes, *notes, *_rare(labels)],
    )
    features = Features(
        {**dict.fromkeys(texts, Value("string")), "label": ClassLabel(names=names), "place": Value("string")}
    )
    splits = {
        name: Dataset.from_pandas(table.loc[table["split"] == name, list(features)], features, preserve_index=False)
        for name in labels
    }
    return DatasetDict(splits), report


def _check_train(table: pd.DataFrame, names: Sequence[str], dropped: pd.DataFrame) -> None:
    too_few(len(table), len(names), dropped)
    trained = table.loc[table["split"] == "train", "label"].unique()
    if len(trained) < 2:
        there = ", ".join(f"{count:,} for {name}" for name, count in table["split"].value_counts().items())
        which = f"only the label {named([names[trained[0]]])!r}" if len(trained) else "no row"
        raise DataError(
            f"There is {which} to train on (rows left: {there}). A text in several splits stays in the last of them: "
            "is it one file for all? Name a file for train that has other rows, or one file alone, to be split here."
        )


def _conflicts(table: pd.DataFrame, joined: Sequence[str], names: Sequence[str]) -> pd.DataFrame:
    """Return one row per text that has several labels: the text, its labels, and where they stand."""
    several = table.groupby("group")["label"].transform("nunique").to_numpy() > 1
    some = table[several].assign(
        text=np.array(joined, dtype=object)[several], labels=lambda one: one["label"].map(names.__getitem__)
    )
    return some.groupby("group", sort=False).agg(
        text=("text", "first"),
        labels=("labels", lambda one: ", ".join(dict.fromkeys(one))),
        places=("place", ", ".join),
    )


def _rare(labels: pd.DataFrame) -> list[str]:
    nowhere = [name for name, row in labels.iterrows() if (row == 0).any() and row.sum()]
    few = f"{named(nowhere[:5])}{', …' if len(nowhere) > 5 else ''}"
    return (
        [f"{few}: too few rows for every split, so not measured in each; collect more, or join classes"]
        if nowhere
        else []
    )
