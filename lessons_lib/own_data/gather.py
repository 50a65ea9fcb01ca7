"""From one or several files to one table of usable rows; the rest is listed with its reason."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm.auto import tqdm

from lessons_lib.own_data.columns import find_columns, key, named
from lessons_lib.own_data.keep import Kept
from lessons_lib.own_data.labels import UNLABELLED, written
from lessons_lib.own_data.reading import Reading
from lessons_lib.own_data.source import SPLIT_NAMES
from lessons_lib.own_data.tables import read_rows

LARGE = 32 * 2**20  # bytes from which a progress bar is shown
AHEAD = 1000  # rows by which the columns are found, fewer where there are very many columns


@dataclass
class Gathered:
    """The usable rows of all files: `table` has the texts, `label` (as it is written), `split` and `place`."""

    table: pd.DataFrame
    read: int
    dropped: pd.DataFrame
    columns: str
    class_names: list[str]
    notes: list[str] = field(default_factory=list)


def gather(
    files: Mapping[str, Path],
    text: str | Sequence[str] | None,
    label: str | None,
    unlabelled: str | None,
    seed: int,
    **how: str | None,
) -> Gathered:
    """Read `files`, split by split, and keep the usable rows, `MOST_ROWS` at the most, drawn evenly.

    The columns are found in the first file. `how` has `encoding` and `delimiter`. Raises `DataError`.
    """
    kept = Kept(np.random.default_rng(seed))
    dropped: list[tuple] = []
    notes: list[str] = []
    first, names = None, []
    for split, path in files.items():
        reading = read_rows(path, **how)
        ahead = list(islice(reading.rows, max(100, min(AHEAD, 1_000_000 // len(reading.columns or [1])))))
        if first and key(first[1]) not in map(key, reading.columns):
            notes.append(
                f"{path.name} has no column {named([first[1]])!r}, so nothing can be measured on it: it isn't used"
            )
            continue
        samples = [row for _, row in ahead]
        texts, target, chosen = find_columns(reading.columns, samples, *(first or (text, label)), path.name)
        if not first:
            first = texts, target
            said = " and ".join(named([one]) for one in texts)
            columns = f"{said} for the text, {named([target])} for the label ({chosen})"
        names = names or reading.class_names.get(target, [])
        source = f"{path.name}, {reading.place}" if len(files) > 1 else reading.place
        column = None if split else _split_column(reading.columns, (*texts, target))
        without = UNLABELLED if _unlabelled(split, samples, target, reading) else unlabelled
        rows = _with_progress(chain(ahead, reading.rows), path)
        for place, *row, own_split in _usable(reading, rows, texts, target, column, without):
            kept.add((*row, split or own_split, path.name, f"{source} {place}"))
        notes += reading.notes
        dropped += [(path.name, f"{source} {place}", why, some) for place, why, some in reading.dropped]
    notes += kept.note()
    texts = ["text"] if len(first[0]) == 1 else ["sentence1", "sentence2"]
    table = pd.DataFrame(kept.in_order(), columns=[*texts, "label", "split", "file", "place"], dtype=object)
    strange = sum("\ufffd" in one for name in texts for one in table[name])
    notes += [f"{strange:,} texts hold �: a character that could not be read"] if strange else []
    left_out = pd.DataFrame(dropped, columns=["file", "place", "why", "text"])
    return Gathered(table, kept.offered + len(dropped), left_out, columns, names, notes)


def _split_column(columns: Sequence[str], taken: Sequence[str]) -> str | None:
    return next((one for one in columns if key(one) == "split" and one not in taken), None)


def _unlabelled(split: str, rows: Sequence[Mapping], label: str, reading: Reading) -> bool:
    """Return whether -1 means no label: in a column of class names, and in a test file that has no other."""
    labels = {written(row.get(label)) for row in rows if not isinstance(row.get(label), list | dict)}
    return label in reading.class_names or (split in ("validation", "test") and labels == {UNLABELLED})


def _usable(
    reading: Reading,
    rows: Iterable[tuple[int, dict]],
    texts: Sequence[str],
    label: str,
    split_column: str | None,
    unlabelled: str | None,
) -> Iterator[tuple]:
    """Yield `(place, *texts, label, split)` for each row that has them; `split` is `""` where no column names it."""
    others: Counter[str] = Counter()
    for place, row in rows:
        cells = [_text(row.get(name)) for name in texts]
        value = row.get(label)
        if None in cells:
            reading.drop(place, "the text is a list or an object", row.get(texts[cells.index(None)]))
        elif not all(one.strip() for one in cells):
            reading.drop(place, "no text", value)
        elif isinstance(value, list | dict) or not (value := written(value)):
            reading.drop(place, "no label", cells[0])
        elif value == unlabelled:
            reading.drop(place, f"unlabelled ({value})", cells[0])
        else:
            split = key(row.get(split_column)) if split_column else ""
            if split and split not in SPLIT_NAMES and len(others) < 100:
                others[split] += 1
            yield place, *cells, value, SPLIT_NAMES.get(split, "")
    if others:
        some = ", ".join(f"{named([name])} ({count:,} rows)" for name, count in others.most_common(5))
        reading.notes.append(
            f"column {split_column!r} names no split that is known here: {some}; such rows are divided anew"
        )


def _text(value: object) -> str | None:
    """Return a cell as text: `""` where it is missing, `None` where it is no single value."""
    if isinstance(value, list | dict):
        return None
    if value is None or value != value:
        return ""
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    return text.encode("utf-8", "replace").decode("utf-8")  # JSON can hold half a character


def _with_progress(rows: Iterable[tuple[int, dict]], path: Path) -> Iterable[tuple[int, dict]]:
    large = path.stat().st_size > LARGE
    return tqdm(rows, desc=f"reading {path.name}", unit=" rows") if large else rows
