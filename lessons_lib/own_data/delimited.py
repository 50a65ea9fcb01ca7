"""Rows of a CSV or TSV file: its header, its rows, its broken lines."""

import csv
import io
from collections import deque
from collections.abc import Iterable, Iterator
from itertools import chain, islice

from lessons_lib.errors import DataError
from lessons_lib.own_data.dialect import DELIMITERS, blanks_lead, check_delimiter, encloses, find_delimiter, long_fields
from lessons_lib.own_data.files import SAMPLE
from lessons_lib.own_data.reading import Reading, name_columns

MOST_LINES = 100_000  # that one row can have, before memory is spent on what can only be a mark that is missing


def read_delimited(reading: Reading, stream: io.TextIOBase, delimiter: str | None) -> None:
    """Give `reading` the rows of `stream`; the `delimiter` is found unless it is given."""
    reading.place = "line"
    sample = stream.read(SAMPLE).replace("\x00", "").lstrip("\ufeff")
    stream.seek(0)
    delimiter = find_delimiter(sample, reading.path.suffix.lower()) if delimiter is None else delimiter
    check_delimiter(delimiter)
    how = {"delimiter": delimiter, "strict": True, "skipinitialspace": blanks_lead(sample, delimiter)}
    if not encloses(sample, delimiter):
        how["quoting"] = csv.QUOTE_NONE
        reading.notes.append("quotation marks are taken as part of the texts: as enclosing ones they don't add up")
    records = _records(reading, stream, how)
    ahead = list(islice(records, 200))
    if not ahead:
        raise DataError(f"{reading.path.name} has no line that can be read.")
    start = name_columns(reading, [fields for _, fields in ahead])
    header = [one.strip() for one in ahead[start - 1][1]] if start else []
    for line, fields in ahead[: max(start - 1, 0)]:
        reading.drop(line, "it stands above the header", delimiter.join(fields))
    _name_rows(reading, [fields for _, fields in ahead[start:]])
    reading.rows = _as_dicts(reading, chain(ahead[start:], records), delimiter, header)


def _name_rows(reading: Reading, rows: list[list[str]]) -> None:
    """Give the numbers of the rows a column, where the header has no name for them, as R writes it."""
    wanted = len(reading.columns) + 1
    if len(rows) > 1 and all(len(fields) == wanted and fields[0].isdecimal() and fields[-1].strip() for fields in rows):
        reading.columns.insert(0, f"column_{wanted}" if "row" in reading.columns else "row")
        reading.notes.append("the header has a name less than the rows have fields: the first holds their numbers")


def _records(reading: Reading, stream: io.TextIOBase, how: dict) -> Iterator[tuple[int, list[str]]]:
    """Yield `(line, fields)` for each record that can be parsed; a record may have several lines.

    Where one cannot, its first line is left out, and the others are read again on their own.
    """
    again: deque[str] = deque()
    taken: list[str] = []
    zeros, doubtful, start = 0, [], 1

    def lines() -> Iterator[str]:
        nonlocal zeros
        while True:
            if len(taken) > MOST_LINES:
                raise _never_closed(reading, start, len(taken))
            line = again.popleft() if again else next(stream, None)
            if line is None:
                return
            zeros += line.count("\x00")
            line = line.replace("\x00", "")
            taken.append(line if start > 1 or taken else line.lstrip("\ufeff"))
            yield taken[-1]

    delimiter, reader = how["delimiter"], csv.reader(lines(), **how)
    while True:
        try:
            with long_fields():
                fields = next(reader)
            if any(one.strip() for one in fields):
                yield start, fields
            if len(taken) > 1 and any(delimiter in one and ("\n" in one or "\r" in one) for one in fields):
                doubtful.append(start)
        except StopIteration:
            break
        except csv.Error as error:
            if "unexpected end" in str(error) or "field larger" in str(error):
                raise _never_closed(reading, start, len(taken)) from None
            why = 'text goes on after a closing quotation mark: write "" for a quotation mark inside'
            reading.drop(start, why, taken[0].rstrip("\r\n"))
            again.extendleft(reversed(taken[1:]))
            del taken[1:]
        start += len(taken)
        taken.clear()
    stream.close()
    if zeros:
        reading.notes.append(f"{zeros} NUL characters taken out")
    if doubtful:
        places = f"line {', '.join(map(str, doubtful[:3]))}{', …' if len(doubtful) > 3 else ''}"
        reading.notes.append(
            f"{len(doubtful):,} rows run over several lines with {DELIMITERS.get(delimiter, delimiter)} in them: "
            f"have a look whether a quotation mark is missing ({places})"
        )


def _never_closed(reading: Reading, start: int, lines: int) -> DataError:
    return DataError(
        f'{reading.path.name}, line {start}: a quotation mark (") is opened there and never closed, so {lines:,} lines '
        "run together. Close it, or write two where one is meant."
    )


def _as_dicts(
    reading: Reading, records: Iterable[tuple[int, list[str]]], delimiter: str, header: list[str]
) -> Iterator[tuple[int, dict]]:
    wanted = len(reading.columns)
    for line, fields in records:
        if header and [one.strip() for one in fields] == header:
            reading.drop(line, "the header once more")
            continue
        if len(fields) > wanted and not any(one.strip() for one in fields[wanted:]):
            fields = fields[:wanted]
        if len(fields) == wanted:
            yield line, dict(zip(reading.columns, fields, strict=True))
        else:
            hint = ": a text with a delimiter in it needs quotation marks" if len(fields) > wanted else ""
            between = DELIMITERS.get(delimiter, delimiter)
            reading.drop(
                line, f"{len(fields)} fields between {between}, expected {wanted}{hint}", delimiter.join(fields)
            )
