"""Whatever a file holds: its rows are all accounted for, or a `DataError` says why not; a sound file loses none.

A normal run draws a few files; `pytest -m slow tests/test_own_data_property.py` draws 10,008.
"""

import csv
import io
import json
import string
import tempfile
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from own_data_files import excel, lines, objects, parquet, rows, table

from lessons_lib.errors import DataError
from lessons_lib.own_data import read_own_data
from lessons_lib.own_data.labels import written

FEW, MANY = (
    settings(max_examples=count, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    for count in (40, 1112)
)
SUFFIXES = [".csv", ".tsv", ".txt", ".jsonl", ".json", ".parquet", ".xlsx", ""]
DELIMITERS = [",", ";", "\t", "|"]
CHARACTERS = st.characters(exclude_categories=["Cs", "Cc"], include_characters="\t\n\r\x0b\x0c\x1b\x85\u2028")
SIGNS = st.sampled_from(['"', '""', ",", ";", "\t", "|", "\n", "\r\n", "\r", "'", "\\", " ", "é", "😀", "#", "\ufeff"])
CELLS = st.one_of(st.text(max_size=12), st.integers().map(str), st.sampled_from(["", "good", "bad", "text", "label"]))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9) | st.sampled_from(["text", "label"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(CELLS, inner, max_size=4),
    max_leaves=12,
)
OBJECTS = st.dictionaries(st.sampled_from(["text", "label", "split", "\ud800", "other"]), VALUES, max_size=4)


def said(name, content):
    """Read `content`; each of its rows is kept or listed, or a sentence says why it cannot be read."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, name)
        path.write_bytes(content)
        try:
            splits, report = read_own_data(path)
        except DataError as error:
            assert str(error).isprintable(), repr(str(error))
            assert 10 < len(str(error)) < 3000
        else:
            assert report.kept + len(report.dropped) == report.read
            assert sum(map(len, splits.values())) == report.kept
            assert str(report).encode()
        assert path.read_bytes() == content


@st.composite
def spoilt(draw):
    """Return a sound file with some of its bytes taken out, overwritten, or put in."""
    label = draw(st.sampled_from(DELIMITERS))
    sound = [
        table(rows(), delimiter=label),
        table([(f'"{text}", he said\n', name) for text, name in rows()], delimiter=label, encoding="utf-16"),
        table([(f"{text} é", name) for text, name in rows()], delimiter=label, encoding="latin-1"),
        lines(objects()),
        json.dumps(objects()).encode(),
        PARQUET,
        EXCEL,
    ]
    content = bytearray(draw(st.sampled_from(sound)))
    some = st.binary(max_size=4) | SIGNS.map(str.encode) | st.just(b"\xff") | st.just(b'\n"')
    for _ in range(draw(st.integers(1, 6))):
        start = draw(st.integers(0, max(len(content) - 1, 0)))
        length = draw(st.sampled_from([0, 0, 1, 3, 40, 700]))
        content[start : start + length] = draw(some)
    return bytes(content)


@st.composite
def tables(draw):
    """Return any table as `csv.writer` writes it, in any dialect."""
    how = {
        "delimiter": draw(st.sampled_from([*DELIMITERS, " ", ":"])),
        "quoting": draw(st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL, csv.QUOTE_NONNUMERIC, csv.QUOTE_NONE])),
        "lineterminator": draw(st.sampled_from(["\n", "\r\n", "\r"])),
        "escapechar": "\\",
        "doublequote": draw(st.booleans()),
    }
    width = draw(st.integers(2 if how["quoting"] == csv.QUOTE_NONE else 1, 4))
    cells = draw(st.lists(st.lists(CELLS, min_size=width, max_size=width), min_size=1, max_size=60))
    stream = io.StringIO()
    csv.writer(stream, **how).writerows(cells)
    return stream.getvalue().encode("utf-8", "replace")


@st.composite
def sound(draw):
    """Return the rows of a sound file: texts that all differ, each with one of two to five labels."""
    words = st.lists(st.text(CHARACTERS, min_size=1, max_size=12) | SIGNS, min_size=1, max_size=6).map("".join)
    names = draw(
        st.lists(
            st.text(string.ascii_letters + "éß日 -", min_size=1, max_size=8).filter(lambda one: written(one) > "@"),
            min_size=2,
            max_size=5,
            unique_by=lambda one: written(one).casefold(),
        )
    )
    count = draw(st.integers(20, 40))
    texts = draw(
        st.lists(
            words.filter(lambda one: bool(one.strip()) and one.strip() not in ("text", "label")),
            min_size=count,
            max_size=count,
            unique_by=lambda one: " ".join(one.casefold().split()),
        )
    )
    return [(text, names[number % len(names)]) for number, text in enumerate(texts)]


def kept(name, content):
    """Return the texts and the names of the labels that are read from `content`, in order of the text."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, name)
        path.write_bytes(content)
        splits, report = read_own_data(path)
    assert report.dropped.empty
    return sorted(
        (text, split.features["label"].int2str(label))
        for split in splits.values()
        for text, label in zip(split["text"], split["label"], strict=True)
    )


def expected(pairs):
    return sorted((text, written(label)) for text, label in pairs)


def delimited(pairs, delimiter, end, quoting):
    if any(other in text.replace(end, "") for text, _ in pairs for other in "\r\n"):
        quoting = csv.QUOTE_ALL  # `csv` of Python 3.11 leaves all line ends but its own without quotation marks
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, delimiter=delimiter, lineterminator=end, quoting=quoting)
    writer.writerows([("text", "label"), *pairs])
    return stream.getvalue().encode()


PARQUET = parquet(text=[text for text, _ in rows()], label=[label for _, label in rows()])
EXCEL = excel([("text", "label"), *rows()])
BYTES = st.binary(max_size=300) | st.text(max_size=300).map(lambda one: one.encode("utf-16", "replace"))
JSON_LINES = st.lists(OBJECTS | VALUES, max_size=30).map(lines)
WRITTEN = (
    st.sampled_from(DELIMITERS),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL, csv.QUOTE_NONNUMERIC]),
)


def any_bytes(name, content):
    said(f"a{name}", content)


def any_text(name, content):
    said(f"a{name}", content.encode("utf-8", "replace"))


def any_json(name, content):
    said(f"a{name}", json.dumps(content).encode())


def sound_delimited(pairs, delimiter, end, quoting):
    assert kept("a.csv", delimited(pairs, delimiter, end, quoting)) == expected(pairs)


def sound_json_lines(pairs, ascii_only):
    content = "".join(
        json.dumps({"text": text, "label": label}, ensure_ascii=ascii_only) + "\n" for text, label in pairs
    )
    assert kept("a.jsonl", content.encode()) == expected(pairs)


def sound_parquet(pairs):
    stream = io.BytesIO()
    pd.DataFrame(pairs, columns=["text", "label"]).to_parquet(stream)
    assert kept("a.parquet", stream.getvalue()) == expected(pairs)


PROPERTIES = {
    "bytes": (any_bytes, st.sampled_from(SUFFIXES), BYTES),
    "text": (any_text, st.sampled_from(SUFFIXES), st.text(max_size=400) | st.lists(CELLS | SIGNS).map("".join)),
    "a sound file spoilt": (any_bytes, st.sampled_from(SUFFIXES), spoilt()),
    "a table": (any_bytes, st.sampled_from([".csv", ".tsv", ".txt"]), tables()),
    "JSON": (any_json, st.sampled_from([".json", ".jsonl", ".csv"]), VALUES | st.lists(OBJECTS, max_size=30)),
    "JSON Lines": (any_bytes, st.sampled_from([".jsonl", ".json", ".txt"]), JSON_LINES),
    "a sound CSV file": (sound_delimited, sound(), *WRITTEN),
    "a sound JSON Lines file": (sound_json_lines, sound(), st.booleans()),
    "a sound Parquet file": (sound_parquet, sound()),
}


@pytest.mark.parametrize("name", PROPERTIES)
def test_each_row_is_accounted_for_or_a_sentence_says_why_not(name):
    check, *drawn = PROPERTIES[name]
    FEW(given(*drawn)(check))()


@pytest.mark.slow
@pytest.mark.parametrize("name", PROPERTIES)
def test_that_holds_for_ten_thousand_files(name):
    check, *drawn = PROPERTIES[name]
    MANY(given(*drawn)(check))()
