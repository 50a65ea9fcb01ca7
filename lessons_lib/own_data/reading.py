"""One file while it is read, and what its first rows say about its columns."""

import re
import reprlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from lessons_lib.errors import DataError
from lessons_lib.own_data.columns import known_names, named

NAMES = re.compile(r"[^\W\d]\w*([ ._-]\w+)*")  # how a column's name looks, and few texts do
MOST_COLUMNS = 20_000
MOST_DROPPED = 500_000  # rows: each is remembered with its place, and from there on it's the wrong file


@dataclass
class Reading:
    """One file while it is read: its rows as `(place, {column: value})`, and what there is to say about it."""

    path: Path
    kind: str
    place: str = "row"
    columns: list[str] = field(default_factory=list)
    rows: Iterable[tuple[int, dict]] = ()
    dropped: list[tuple[int, str, str]] = field(default_factory=list)  # place, why, what stood there
    notes: list[str] = field(default_factory=list)
    class_names: dict[str, list[str]] = field(default_factory=dict)  # of a Parquet file that `datasets` wrote

    def drop(self, place: int, why: str, text: object = "") -> None:
        """Leave out what stands at `place`, and remember why; raise `DataError` where that goes on and on."""
        self.dropped.append((place, why, (text if isinstance(text, str) else reprlib.repr(text))[:80]))
        if len(self.dropped) >= MOST_DROPPED:
            raise DataError(
                f"{self.path.name}: {len(self.dropped):,} rows up to {self.place} {place:,} had to be left out, the "
                f"last one because of this: {why}. Look at the file there, or pass text=…, label=… or delimiter=…."
            )


def is_header(first: Sequence[str], others: Sequence[Sequence[str]]) -> bool:
    """Return whether `first` names columns: it looks like names, and says nothing that its columns say again.

    >>> is_header(["spam", "Win a prize!"], [["ham", "See you."], ["spam", "Call now."]])
    False
    """
    names = [one.strip() for one in first]
    others = [row for row in others if [one.strip() for one in row] != names]
    below = [Counter(row[place].strip() for row in others if place < len(row)) for place in range(len(names))]
    repeated = [one for one, cells in zip(names, below, strict=True) if one and one in cells]
    known = known_names(names)
    if known > 1 or known > known_names(repeated):
        return True
    if not any(names) or repeated or any(len(one) > 40 or len(one.split()) > 4 for one in names):
        return False
    if all(NAMES.fullmatch(one) for one in names if one):
        return True
    classes = [cells for one, cells in zip(names, below, strict=True) if one[:1].isalpha()]
    return len(others) > 9 and any(len(cells) <= len(others) / 4 for cells in classes)  # its name would be one, too


def above_header(records: Sequence[Sequence[str]]) -> int:
    """Return how many of the first `records` are titles or comments above a header that has names we know.

    >>> above_header([["# from example.org"], ["text", "label"], ["Fine.", "good"]])
    1
    """
    for number, record in enumerate(records[:20]):
        filled, known = sum(bool(one.strip()) for one in record), known_names(record)
        if not known or filled < 2:
            continue
        above = [row for row in records[:number] if not "".join(row).lstrip().startswith("#")]
        fewer = all(sum(bool(one.strip()) for one in row) < filled for row in above)
        two_lines = len(above) == 1 and known > 1 and not known_names(above[0])  # as pandas writes a MultiIndex
        return number if (fewer or two_lines) and is_header(record, records[number + 1 :]) else 0
    return 0


def name_columns(reading: Reading, records: Sequence[Sequence[str]]) -> int:
    """Name the columns of `reading` after the header in `records`, or by their numbers; return where the rows begin.

    What stands above the header is the caller's to drop. Raises `DataError` where there are more columns than any table
    of texts has.
    """
    above = above_header(records)
    header = records[above]
    if len(header) > MOST_COLUMNS:
        raise DataError(
            f"{reading.path.name} has {len(header):,} columns in its first row: that's no table of texts and labels. "
            "Save the two columns that you need, or pass delimiter=…."
        )
    if is_header(header, records[above + 1 :]):
        reading.columns = unique(reading, header)
        return above + 1
    reading.columns = [f"column_{number}" for number in range(1, len(header) + 1)]
    reading.notes.append(f"no header: the columns are called {named(reading.columns)}")
    return above


def unique(reading: Reading, header: Sequence[str]) -> list[str]:
    """Return the names in `header`, each given once; an empty one is called by its number."""
    columns: dict[str, None] = {}
    twice = []
    for number, name in enumerate(header, 1):
        name = name.strip("\ufeff \t\r\n") or f"column_{number}"
        if name in columns:
            said = named([name])
            twice.append(f"two columns are called {said!r}: the second is {said}_{number} here")
        while name in columns:
            name = f"{name}_{number}"
        columns[name] = None
    reading.notes += twice[:3] + [f"{len(twice) - 3} more columns are called as another"] * (len(twice) > 3)
    return list(columns)
