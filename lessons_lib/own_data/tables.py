"""From a file to its rows, one after the other, each with its place in the file; nothing is left out in silence."""

from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path

from lessons_lib.errors import DataError
from lessons_lib.own_data.columns import named
from lessons_lib.own_data.delimited import read_delimited
from lessons_lib.own_data.encodings import check_encoding, find_encoding
from lessons_lib.own_data.files import DELIMITED, EXCEL, LINES, PARQUET, kind_of
from lessons_lib.own_data.json_rows import read_json, read_json_lines
from lessons_lib.own_data.reading import MOST_COLUMNS, Reading, name_columns


def read_rows(path: Path, encoding: str | None = None, delimiter: str | None = None) -> Reading:
    """Open the table in `path`. Its rows are read while they are taken; broken ones end up in `dropped`.

    Raises `DataError` where there is no table in it.
    """
    reading = Reading(path, kind_of(path))
    if reading.kind == PARQUET:
        _parquet(reading)
    elif reading.kind == EXCEL:
        _excel(reading)
    else:
        errors = "replace"
        if encoding is None:
            encoding, errors, note = find_encoding(path)
            reading.notes += [note] if note else []
        else:
            check_encoding(path, encoding)
        stream = path.open(encoding=encoding, errors=errors, newline="")
        if reading.kind == DELIMITED:
            read_delimited(reading, stream, delimiter)
        elif reading.kind == LINES:
            read_json_lines(reading, stream)
        else:
            read_json(reading, stream)
    first = list(islice(reading.rows, 1))
    if not first:
        broken = (
            f" All of its {len(reading.dropped)} rows are broken: {reading.dropped[0][1]}." if reading.dropped else ""
        )
        header = f" Its first line names {named(reading.columns)}." if reading.columns else ""
        raise DataError(f"{path.name} has no rows.{header}{broken}")
    reading.rows = chain(first, reading.rows)
    return reading


def _line(error: Exception) -> str:
    return named([" ".join(str(error).split())], 1, 200)


def _parquet(reading: Reading) -> None:
    import pyarrow as pa
    from datasets import ClassLabel, Features
    from pyarrow import parquet

    try:
        file = parquet.ParquetFile(reading.path)
        reading.columns = file.schema_arrow.names
    except (pa.ArrowException, OSError, ValueError) as error:
        raise DataError(f"{reading.path.name} is a broken Parquet file ({_line(error)}). Download it again.") from None
    if len(reading.columns) > MOST_COLUMNS or len(set(reading.columns)) < len(reading.columns):
        raise DataError(
            f"{reading.path.name} has {len(reading.columns):,} columns, and up to {MOST_COLUMNS:,}, each with a name "
            f"of its own, can be read: {named(reading.columns)}. Save the texts and the labels alone."
        )
    try:
        features = Features.from_arrow_schema(file.schema_arrow) if file.schema_arrow.metadata else {}
    except Exception:  # what another version of `datasets`, or another program, wrote there
        features = {}
    reading.class_names = {name: one.names for name, one in features.items() if isinstance(one, ClassLabel)}

    def rows() -> Iterator[tuple[int, dict]]:
        number = 0
        try:
            for batch in file.iter_batches(batch_size=max(1, min(1000, 100_000 // max(len(reading.columns), 1)))):
                for row in batch.to_pylist():
                    number += 1
                    yield number, row
        except (pa.ArrowException, OSError, ValueError, OverflowError, TypeError) as error:
            raise DataError(
                f"{reading.path.name} cannot be read after row {number:,} ({_line(error)}). Download it again; or save "
                "the texts and the labels alone, where another column holds dates or bytes that Python doesn't know."
            ) from None

    reading.rows = rows()


def _excel(reading: Reading) -> None:
    import pandas as pd

    try:
        sheets = pd.read_excel(reading.path, sheet_name=None, header=None, dtype=object, na_filter=False)
    except ImportError:
        raise DataError(
            "Reading Excel needs one more package: `pip install openpyxl`. Or save the sheet as CSV."
        ) from None
    except Exception as error:  # openpyxl raises whatever its XML parser met
        raise DataError(f"{reading.path.name} is a broken Excel file ({_line(error)}). Save it as CSV.") from None
    full = [(name, one) for name, one in sheets.items() if len(one)]
    name, sheet = next((one for one in full if one[1].shape[1] > 1), full[0] if full else ("", pd.DataFrame()))
    if len(sheets) > 1:
        reading.notes.append(f"{len(sheets)} sheets, of which {name!r} is read")
    cells = ((number, ["" if one is None else one for one in row]) for number, row in enumerate(sheet.to_numpy(), 1))
    records = [(number, row) for number, row in cells if any(str(one).strip() for one in row)]
    if not records:
        raise DataError(f"{reading.path.name} is empty: no sheet has a cell with something in it.")
    start = name_columns(reading, [[str(one) for one in row] for _, row in records[:200]])
    for number, row in records[: max(start - 1, 0)]:
        reading.drop(number, "it stands above the header", " ".join(map(str, row)).strip())
    reading.rows = ((number, dict(zip(reading.columns, row, strict=True))) for number, row in records[start:])
