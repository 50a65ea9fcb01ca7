"""Rows of JSON Lines, or of one JSON value: a list of objects, or an object of columns."""

import io
import json
from collections.abc import Iterable, Iterator
from itertools import chain, islice

from lessons_lib.errors import DataError
from lessons_lib.own_data.files import LINES
from lessons_lib.own_data.reading import MOST_COLUMNS, Reading

LARGEST_JSON = 200 * 2**20  # bytes: one JSON value has to fit into memory as a whole


def read_json_lines(reading: Reading, stream: Iterable[str]) -> None:
    """Give `reading` one row per line of `stream`."""
    reading.place = "line"

    def rows() -> Iterator[tuple[int, dict]]:
        for number, line in enumerate(stream, 1):
            if line.strip("\x00 \t\r\n\ufeff"):
                value, why = _value(line.strip("\ufeff \t\r\n"))
                if isinstance(value, dict):
                    yield number, value
                else:
                    reading.drop(number, why or "no JSON object {…}", line.strip())

    _with_columns(reading, rows())


def _value(text: str) -> tuple[object, str]:
    try:
        value = json.loads(text)
        if "\\ud" in text.lower():  # half a character, as \ud83d alone, can be neither written nor shown
            whole = json.dumps(value, ensure_ascii=False).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
            value = json.loads(whole)
        return value, ""
    except RecursionError:
        return None, "nested too deeply"
    except ValueError as error:
        where = f" at character {error.pos + 1}" if isinstance(error, json.JSONDecodeError) else ""
        return None, f"no JSON: {getattr(error, 'msg', error)}{where}"


def read_json(reading: Reading, stream: io.TextIOBase) -> None:
    """Take a list of objects, an object of columns, or objects line by line."""
    first = stream.readline()
    second = stream.readline()
    stream.seek(0)
    if isinstance(_value(first.strip("\ufeff \r\n"))[0], dict) and second.strip():
        reading.kind = LINES
        return read_json_lines(reading, stream)
    size = reading.path.stat().st_size
    if size > LARGEST_JSON:
        raise DataError(
            f"{reading.path.name} is one JSON value of {size >> 20:,} MiB, which has to be read as a whole. Save it as "
            "JSON Lines, one object per line: that can be read piece by piece."
        )
    with stream:
        value, why = _value(stream.read().strip("\ufeff"))
    if why:
        raise DataError(f"{reading.path.name} is broken: {why}.")
    while isinstance(value, dict) and not all(isinstance(one, list | dict) for one in value.values()):
        inner = [one for one in value.values() if isinstance(one, list) and one and isinstance(one[0], dict)]
        if len(inner) != 1:
            break
        value = inner[0]
    if isinstance(value, dict) and len(value) == 1 and isinstance(next(iter(value.values())), list):
        [inside] = value.values()
        value = inside if inside and isinstance(inside[0], dict) else value
    if isinstance(value, dict):
        value = _turned(reading, value)
    if not isinstance(value, list):
        raise DataError(f"{reading.path.name} holds no rows: expected a list of objects, as [{{…}}, {{…}}].")
    reading.place = "item"

    def rows() -> Iterator[tuple[int, dict]]:
        for number, row in enumerate(value, 1):
            if isinstance(row, dict):
                yield number, row
            else:
                reading.drop(number, "no JSON object {…}", row)

    _with_columns(reading, rows())


def _turned(reading: Reading, columns: dict) -> list[dict]:
    """Turn an object of columns, each a list or an object of values, into rows."""
    lists = {
        name: list(one.values()) if isinstance(one, dict) else one
        for name, one in columns.items()
        if isinstance(one, list | dict)
    }
    lengths = {name: len(one) for name, one in lists.items()}
    if not lists or len(lists) < len(columns) or len(set(lengths.values())) != 1:
        raise DataError(
            f"{reading.path.name} is a JSON object, but not one of columns of equal length ({lengths or 'no lists'}). "
            "Expected a list of objects, as [{…}, {…}]."
        )
    return [dict(zip(lists, row, strict=True)) for row in zip(*lists.values(), strict=True)]


def _with_columns(reading: Reading, rows: Iterator[tuple[int, dict]]) -> None:
    """Take the names of the columns from the first thousand rows, as not every JSON object has every key."""
    ahead = list(islice(rows, 1000))
    reading.columns = list(dict.fromkeys(str(name) for _, row in ahead for name in row))
    if len(reading.columns) > MOST_COLUMNS:
        raise DataError(
            f"{reading.path.name} has {len(reading.columns):,} different keys in its first {len(ahead):,} objects: "
            "each is read as a column. Save the texts and the labels alone."
        )
    reading.rows = chain(ahead, rows)
