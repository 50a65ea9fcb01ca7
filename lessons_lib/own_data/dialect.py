"""What parts the fields of a CSV or TSV file, and whether quotation marks enclose them."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from lessons_lib.errors import DataError
from lessons_lib.own_data.reading import above_header

DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars"}
ENCLOSED = re.compile(r'"([^"]|"")*"')
LONGEST_FIELD = 2**26  # characters, of four bytes each while they are read; the limit of `csv` is 131,072


def check_delimiter(delimiter: object) -> None:
    """Raise `DataError` where `delimiter` cannot part fields."""
    if not isinstance(delimiter, str) or len(delimiter) != 1 or delimiter in '"\r\n\x00':
        raise DataError(
            f"A delimiter is one character, and no quotation mark or line end; {delimiter!r} is none. For tabs, write "
            "delimiter='\\t'."
        )


def find_delimiter(sample: str, suffix: str) -> str:
    """Return the delimiter that parts the most lines of `sample` into the same number of fields, two or more.

    >>> find_delimiter("text;label\\nGood, really;1\\nBad;0\\n", ".csv")
    ';'
    """
    sample = _whole_lines(sample)
    best = ("\t" if suffix == ".tsv" else ",", 0.0, 1)
    for delimiter in DELIMITERS:
        try:
            rows = [row for row in parsed(sample, delimiter) if row]
        except csv.Error:
            continue
        rows = rows[above_header(rows[:200]) :]
        fields = Counter(map(len, rows)).most_common(1)[0][0] if rows else 1
        header = len(rows[0]) if rows else 1
        share = sum(len(row) == header for row in rows) / max(len(rows), 1) if header > 1 else 0.0
        preferred = delimiter == "\t" and suffix == ".tsv"
        if fields > 1 and header > 1 and (share + preferred, fields) > best[1:]:
            best = (delimiter, share + preferred, fields)
    return best[0]


def encloses(sample: str, delimiter: str) -> bool:
    """Return whether quotation marks enclose fields, as in CSV; in many a file with tabs they are part of the texts.

    They are where the lines only add up without: each has as many fields as the others, though some begin with a mark
    that closes nowhere, or that text follows.

    >>> encloses('text\\tlabel\\n"Good" food\\t1\\n"Bad\\t0\\n', "\\t")
    False
    """
    if delimiter in ",;" or '"' not in sample:
        return True
    sample = _whole_lines(sample)
    try:
        if len({len(row) for row in parsed(sample, delimiter, strict=True) if row}) == 1:
            return True
    except csv.Error:
        pass
    plain = [row for row in parsed(sample, delimiter, quoting=csv.QUOTE_NONE) if row]
    plain = plain[above_header(plain[:200]) :]
    marked = [one for row in plain for one in row if one.startswith('"')]
    enclosed = sum(bool(ENCLOSED.fullmatch(one)) for one in marked)
    return len(set(map(len, plain))) != 1 or enclosed > len(marked) / 2


def blanks_lead(sample: str, delimiter: str) -> bool:
    """Return whether blanks come before the marks that enclose fields, as people type it; `csv` never writes that.

    >>> blanks_lead('label, text\\n1, "Good, really"\\n0, "Bad"\\n', ",")
    True
    """
    after = rf'{re.escape(delimiter)} +"[^"{re.escape(delimiter)}\r\n]'
    return delimiter != "\t" and len(re.findall(after, sample)) >= max(sample.count("\n") / 2, 1)


def parsed(sample: str, delimiter: str, **how: object) -> list[list[str]]:
    """Return the records of `sample`; raises `csv.Error`."""
    with long_fields():
        return list(csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter, **how))


@contextmanager
def long_fields() -> Iterator[None]:
    """Let `csv` read fields of up to `LONGEST_FIELD` characters, for as long as this lasts."""
    before = csv.field_size_limit(LONGEST_FIELD)
    try:
        yield
    finally:
        csv.field_size_limit(before)


def _whole_lines(sample: str) -> str:
    return sample[: max(sample.rfind("\n"), sample.rfind("\r")) + 1] or sample if len(sample) > 2000 else sample
