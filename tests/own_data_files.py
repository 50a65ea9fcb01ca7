"""Files as people bring them: `BAD` are refused with a sentence, `ODD` are read, and something is said of them.

Each is a name, its bytes, and what the sentence or the report must name. `rows` makes a sound table to spoil.
"""

import io
import json
import pickle
import zipfile
from decimal import Decimal

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as parquet_files

LABELS = ("good", "bad")


def rows(count: int = 40) -> list[tuple[str, str]]:
    """Return texts with labels, no two alike."""
    return [(f"review number {number} says {LABELS[number % 2]} things", LABELS[number % 2]) for number in range(count)]


def table(lines, header=("text", "label"), delimiter=",", encoding="utf-8") -> bytes:
    """Return `lines` as a delimited file."""
    stream = io.StringIO()
    frame = pd.DataFrame(lines, columns=header)
    frame.to_csv(stream, index=False, sep=delimiter)
    return stream.getvalue().encode(encoding)


def with_lines(*more: str, count: int = 40) -> bytes:
    """Return a sound CSV file with `more` lines at its end, as they are."""
    return table(rows(count)) + "".join(f"{line}\n" for line in more).encode()


def relabelled(*labels, count: int = 40) -> bytes:
    """Return a sound CSV file whose labels are `labels`, one after the other."""
    return table([(text, labels[number % len(labels)]) for number, (text, _) in enumerate(rows(count))])


def as_json(value) -> bytes:
    """Return `value` as JSON."""
    return json.dumps(value).encode()


def objects(count: int = 40, **more) -> list[dict]:
    """Return a sound list of JSON objects."""
    return [{"text": text, "label": label, **more} for text, label in rows(count)]


def lines(values) -> bytes:
    """Return `values` as JSON Lines."""
    return b"".join(as_json(one) + b"\n" for one in values)


def zipped(name: str = "data.csv") -> bytes:
    """Return a ZIP archive with one file."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr(name, table(rows()))
    return stream.getvalue()


def excel(*sheets) -> bytes:
    """Return an Excel file of `sheets`, each a list of rows with its header first."""
    stream = io.BytesIO()
    with pd.ExcelWriter(stream) as writer:
        for number, sheet in enumerate(sheets):
            pd.DataFrame(sheet).to_excel(writer, sheet_name=f"sheet{number}", index=False, header=False)
    return stream.getvalue()


def indexed() -> bytes:
    """Return a Parquet file whose texts are its index."""
    stream = io.BytesIO()
    pd.DataFrame(objects()).set_index("text").to_parquet(stream)
    return stream.getvalue()


def parquet_twice() -> bytes:
    """Return a Parquet file whose columns have one name."""
    stream = io.BytesIO()
    columns = [pa.array([text for text, _ in rows()])] * 2
    parquet_files.write_table(pa.Table.from_arrays(columns, names=["text", "text"]), stream)
    return stream.getvalue()


def parquet(**columns) -> bytes:
    """Return a Parquet file of `columns`."""
    stream = io.BytesIO()
    pd.DataFrame(columns).to_parquet(stream)
    return stream.getvalue()


TEXTS = [text for text, _ in rows()]
QUOTED = ('"', "")
UNIQUE = [f"label {number}" for number in range(40)]
BROKEN_ZIP = "broken ZIP or Excel file"
TO_COME = zipped().replace(b"PK\1\2\x14\x03\x14", b"PK\1\2\x14\x03\xfa")  # needs version 25 of the format

BAD = {
    "nothing in it": ("a.csv", b"", "is empty"),
    "only blanks": ("a.csv", b" \n\n  \n", "is empty"),
    "only a byte-order mark": ("a.csv", b"\xef\xbb\xbf", "is empty"),
    "only NUL bytes": ("a.csv", bytes(5000), "is empty"),
    "header only": ("a.csv", b"text,label\n", "no rows. Its first line names text, label"),
    "empty JSON Lines": ("a.jsonl", b"\n\n", "is empty"),
    "one column": ("a.csv", b"text\n" + b"some words here\n" * 30, "has one column, text"),
    "a delimiter nobody knows": ("a.csv", table(rows(), delimiter="^"), "delimiter"),
    "no label column": ("a.csv", table([(text, text[::-1]) for text in TEXTS], ("text", "note")), "holds the labels"),
    "two columns could be labels": (
        "a.csv",
        table([(text, label, label[0]) for text, label in rows()], ("text", "first", "second")),
        "first and second have few values",
    ),
    "two columns could be texts": (
        "a.csv",
        table([(text, text[::-1], label) for text, label in rows()], ("one", "other", "label")),
        "look alike. Pass text=",
    ),
    "no column of words": (
        "a.csv",
        table([(n, n % 2) for n in range(40)], ("amount", "label")),
        "no column holds words",
    ),
    "one class": ("a.csv", relabelled("good"), "the same label, 'good'"),
    "no label at all": ("a.csv", table([(text, "") for text in TEXTS]), "0 rows with a text and a label"),
    "no text at all": ("a.csv", table([("  ", label) for _, label in rows()]), "0 rows"),
    "too few rows": ("a.csv", table(rows(6)), "6 rows with a text and a label: too few"),
    "fewer rows than classes": (
        "a.csv",
        table(list(zip(TEXTS, UNIQUE, strict=True))),
        "40 different labels in 40 rows",
    ),
    "a number to predict": (
        "a.csv",
        table([(text, f"{number * 0.37:.2f}") for number, (text, _) in enumerate(rows())]),
        "regression",
    ),
    "decimal commas to predict": (
        "a.csv",
        table([(text, f"{n * 0.37:.2f}".replace(".", ",")) for n, (text, _) in enumerate(rows())], delimiter=";"),
        "regression",
    ),
    "a quotation mark never closed": (
        "a.csv",
        with_lines('"it goes on,good', "and on,bad"),
        "line 42: a quotation mark",
    ),
    "a quotation mark never closed in a long file": (
        "a.csv",
        b'text,label\n"' + b"x,y\n" * 200_000,
        "line 2: a quotation mark",
    ),
    "every row broken": ("a.csv", b"text,label\n" + b"a,b,c,d\n" * 30, "All of its 30 rows are broken"),
    "a web page": ("a.csv", b"<!DOCTYPE html><html><body>Sign in</body></html>", "is a web page"),
    "a PDF": ("a.csv", b"%PDF-1.7\n%\xe2\xe3", "is a PDF"),
    "a ZIP archive": ("a.csv", zipped(), "ZIP archive, whatever its name says, with data.csv"),
    "a broken ZIP archive": ("a.xlsx", zipped()[:60], BROKEN_ZIP),
    "a ZIP archive of a version to come": ("a.xlsx", TO_COME, BROKEN_ZIP),
    "a ZIP archive with a broken name": ("a.xlsx", zipped("é").replace("é".encode(), b"\xff\xff"), BROKEN_ZIP),
    "an executable": ("a.csv", b"\x7fELF\x02\x01\x01" + bytes(200), "is a program"),
    "a Windows program": ("a.csv", b"MZ\x90\x00\x03" + bytes(200), "is a program"),
    "a picture": ("a.csv", b"\x89PNG\r\n\x1a\n" + bytes(40), "is a picture"),
    "gzip": ("a.csv.gz", b"\x1f\x8b\x08\x00" + bytes(range(60)), "compressed (gzip)"),
    "zstd": ("a.csv", b"\x28\xb5\x2f\xfd" + bytes(range(60)), "compressed (zstd)"),
    "an old Excel file": ("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(60), "Excel file of before 2007"),
    "a database": ("a.csv", b"SQLite format 3\x00" + bytes(60), "SQLite"),
    "a pickle": ("a.csv", pickle.dumps(rows()), "runs whatever code"),
    "an old pickle": ("a.pkl", pickle.dumps(rows(), protocol=0), "runs whatever code"),
    "weights of torch, renamed": ("a.csv", zipped("model/data.pkl"), "a.csv is a pickle or may hold one"),
    "weights of torch": ("a.pt", zipped("model/data.pkl"), "runs whatever code"),
    "an array": ("a.npy", b"\x93NUMPY\x01\x00" + bytes(60), "NumPy array"),
    "random bytes": ("a.csv", bytes((n * 7919 + n // 3) % 256 for n in range(4000)), "is no text"),
    "text called Parquet": ("a.parquet", table(rows()), "is no Parquet file"),
    "text called Excel": ("a.xlsx", table(rows()), "is no Excel file"),
    "a Parquet file cut off": ("a.parquet", parquet(text=TEXTS, label=["a", "b"] * 20)[:300], "broken Parquet"),
    "an Excel file cut off": ("a.xlsx", excel([("text", "label"), *rows()])[:900], BROKEN_ZIP),
    "an empty sheet": ("a.xlsx", excel([]), "is empty"),
    "broken JSON": ("a.json", b'[{"text": "fine", "label"', "is broken"),
    "a JSON number": ("a.json", b"42", "holds no rows"),
    "a JSON string": ("a.json", b'"text"', "holds no rows"),
    "a JSON list of lists": ("a.json", as_json([["a", "b"]] * 30), "30 rows are broken"),
    "columns of unequal length": ("a.json", as_json({"text": ["a", "b"], "label": [1]}), "columns of equal length"),
    "no JSON on any line": ("a.jsonl", b"text;label\nfine;good\n" * 20, "rows are broken"),
    "JSON nested too deeply": ("a.json", b"[" * 100_000, "nested too deeply"),
    "texts that are lists": ("a.json", as_json([{"text": ["a"], "label": n % 2} for n in range(40)]), "0 rows"),
    "one long line": ("a.csv", b"word " * 50_000, "has one column"),
    "all duplicates of a few": ("a.csv", table(rows(4) * 3), "12 rows"),
    "marks after backslashes in each row": (
        "a.csv",
        b"text,label\n" + "".join(f'"he said \\"{text}\\", so",{label}\n' for text, label in rows()).encode(),
        'write "" for a quotation mark inside',
    ),
    "a JSON object of splits": (
        "a.json",
        as_json({"train": objects(), "test": objects(10)}),
        "columns of equal length",
    ),
    "JSON with the texts further in": ("a.jsonl", lines({"data": one} for one in objects()), "has one column, data"),
    "labels that are all null": ("a.jsonl", lines({"text": text, "label": None} for text in TEXTS), "no label"),
    "one column in Excel": ("a.xlsx", excel([("text",), *((text,) for text in TEXTS)]), "has one column, text"),
    "many columns": ("a.csv", b"a" + b"," * 30_000 + b"b\n" + b"x,y\n" * 30, "30,001 columns"),
    "a wide table of numbers": (
        "a.csv",
        table([[n * k for k in range(500)] for n in range(40)], [f"f{k}" for k in range(500)]),
        "… (500 columns); no column holds words",
    ),
    "words before a label, parted by a blank": (
        "a.txt",
        "".join(f"{('DESC:manner', 'NUM:count')[n % 2]} How {text}?\n" for n, text in enumerate(TEXTS)).encode(),
        "has one column",
    ),
    "many classes": (
        "a.csv",
        table([(text, f"class {n % 200}") for n, (text, _) in enumerate(rows(1000))]),
        "200 different labels",
    ),
    "labels that are dates": (
        "a.csv",
        table([(text, f"2020-01-{n % 28 + 1:02}") for n, text in enumerate(TEXTS)]),
        "28 different labels",
    ),
    "rows that are all for testing": (
        "a.csv",
        table([(text, label, "test") for text, label in rows()], ("text", "label", "split")),
        "no row to train on",
    ),
    "two columns of one name in Parquet": ("a.parquet", parquet_twice(), "each with a name of its own"),
    "a date that Python has not": (
        "a.parquet",
        parquet(text=TEXTS, label=["a", "b"] * 20, day=pd.array([10**7] * 40, dtype="date32[pyarrow]")),
        "cannot be read after row 0",
    ),
    "keys that all differ": (
        "a.jsonl",
        lines({f"{n} {k}": 1 for k in range(300)} for n in range(100)),
        "different keys",
    ),
}

ODD = {
    "no header": ("a.csv", table(rows()).split(b"\n", 1)[1], "no header"),
    "the header twice": ("a.csv", table(rows(20)) + table(rows()), "the header once more"),
    "semicolons": ("a.csv", table(rows(), delimiter=";"), "2: bad 50%, good 50%"),
    "tabs": ("a.tsv", table(rows(), delimiter="\t"), "40 kept"),
    "bars": ("a.txt", table(rows(), delimiter="|"), "40 kept"),
    "other names": (
        "a.csv",
        table(rows(), ("what they wrote", "kind")),
        "what they wrote for the text, kind for the label",
    ),
    "names in capitals": ("a.csv", table(rows(), ("TEXT", "Label ")), "TEXT for the text, Label for the label"),
    "two columns of one name": (
        "a.csv",
        table([(text, label, "x") for text, label in rows()], ("text", "label", "label")),
        "two columns are called 'label'",
    ),
    "an index without a name": ("a.csv", pd.DataFrame(rows(), columns=["text", "label"]).to_csv().encode(), "40 kept"),
    "empty texts": ("a.csv", with_lines(",good", '"  ",bad'), "2: no text (line 42, line 43)"),
    "missing labels": ("a.csv", with_lines("a text,", "another, "), "2: no label (line 42, line 43)"),
    "labels like nan": ("a.csv", relabelled("good", "bad", "NaN"), "'NaN' (13 rows) looks like a missing one"),
    "labels 1 and 2": ("a.csv", relabelled(1, 2), "2: 1 50%, 2 50%"),
    "labels 0.0 and 1.0": ("a.csv", relabelled("0.0", "1.0"), "2: 0 50%, 1 50%"),
    "labels 007 and 7": ("a.csv", relabelled("007", "7"), "2: 007 50%, 7 50%"),
    "booleans": ("a.csv", relabelled("True", "False"), "False 50%, True 50%"),
    "mixed types": ("a.jsonl", lines({"text": t, "label": (1, "1", 0)[n % 3]} for n, t in enumerate(TEXTS)), "2: 0"),
    "labels that differ by case": ("a.csv", relabelled("Good", "good ", "bad"), "'Good' and 'good' are one label"),
    "sentiment from -1 to 1": ("a.csv", relabelled(-1, 0, 1), "rows have the label -1"),
    "a class with one row": ("a.csv", with_lines("the only one,ugly"), "ugly: too few rows for every split"),
    "a byte-order mark": ("a.csv", table(rows(), encoding="utf-8-sig"), "text for the text"),
    "UTF-16": ("a.csv", table(rows(), encoding="utf-16"), "40 kept"),
    "UTF-16 without a mark": ("a.csv", table(rows(), encoding="utf-16-le"), "read as utf-16-le"),
    "UTF-32": ("a.csv", table(rows(), encoding="utf-32"), "40 kept"),
    "Windows-1252": ("a.csv", table([(f"{t} – café „déjà vu“", lb) for t, lb in rows()], encoding="cp1252"), "cp1252"),
    "Latin-1": ("a.csv", table([(f"{t} füße straße größe", lb) for t, lb in rows()], encoding="latin-1"), "cp1252"),
    "Windows-1251": (
        "a.csv",
        table([(f"{t} очень хороший фильм", lb) for t, lb in rows()], encoding="cp1251"),
        "cp1251",
    ),
    "UTF-8 with a broken byte": (
        "a.csv",
        table([(f"{t} é", lb) for t, lb in rows()]) + b"a \xe9 text,bad\n",
        "1 texts hold �",
    ),
    "decimal commas": (
        "a.csv",
        table([(t, f"{n},5", lb) for n, (t, lb) in enumerate(rows())], ("text", "price", "label"), delimiter=";"),
        "40 kept",
    ),
    "newlines and quotes inside": (
        "a.csv",
        table([(f'{text}\nand "so\r\non"', label) for text, label in rows()]),
        "40 kept",
    ),
    "a broken row": ("a.csv", with_lines("too, many, commas,good", "fine,good"), "4 fields between commas, expected 2"),
    "text behind a quotation mark": ("a.csv", with_lines('"one" two,good'), "text goes on after a closing quotation"),
    "NUL characters": ("a.csv", with_lines("a\x00 text,good"), "1 NUL characters taken out"),
    "a row of commas at the end": ("a.csv", with_lines(",", ","), "40 kept"),
    "spare commas in each row": (
        "a.csv",
        b"text,label\n" + b"".join(f"{t},{lb},,\n".encode() for t, lb in rows()),
        "40 kept",
    ),
    "Windows line ends": ("a.csv", table(rows()).replace(b"\n", b"\r\n"), "40 kept"),
    "old Mac line ends": ("a.csv", table(rows()).replace(b"\n", b"\r"), "40 kept"),
    "a very long field": ("a.csv", with_lines("word " * 60_000 + ",good"), "41 kept"),
    "the same text twice": ("a.csv", table(rows() + rows(4)), "4 rows repeat another"),
    "one text twice": ("a.csv", table(rows() + rows(1)), "1 row repeats another"),
    "the same text, another label": ("a.csv", with_lines(f"{TEXTS[0]},bad"), "1 text has more than one label"),
    "JSON": ("a.json", as_json(objects()), "40 kept"),
    "JSON of columns": ("a.json", as_json({"text": TEXTS, "label": ["a", "b"] * 20}), "40 kept"),
    "JSON as pandas writes it": ("a.json", pd.DataFrame(objects()).to_json().encode(), "40 kept"),
    "JSON with a wrapper": ("a.json", as_json({"version": 1, "data": objects()}), "40 kept"),
    "JSON Lines called JSON": ("a.json", lines(objects()), "40 kept"),
    "JSON Lines with a broken line": ("a.jsonl", lines(objects()) + b'{"text": "a\n', "no JSON"),
    "JSON with half a character": (
        "a.jsonl",
        lines(objects()) + b'{"text": "a \\ud800 b", "label": "good"}\n',
        "41 kept",
    ),
    "JSON with missing keys": ("a.jsonl", lines(objects()) + b'{"text": "only"}\n', "1: no label (line 41)"),
    "Parquet": ("a.parquet", parquet(text=TEXTS, label=["a", "b"] * 20), "40 kept"),
    "Parquet with missing labels": ("a.parquet", parquet(text=TEXTS, label=[0.0, 1.0, None, 1.0] * 10), "10: no label"),
    "Excel": ("a.xlsx", excel([("text", "label"), *rows()]), "40 kept"),
    "Excel with two sheets": ("a.xlsx", excel([("text", "label"), *rows()], [("x", "y")]), "2 sheets"),
    "Excel called CSV": ("a.csv", excel([("text", "label"), *rows()]), "40 kept"),
    "a split column": (
        "a.csv",
        table([(t, lb, "test" if n > 29 else "train") for n, (t, lb) in enumerate(rows())], ("text", "label", "split")),
        "10 test",
    ),
    "pairs": (
        "a.csv",
        table([(t, t[::-1], lb) for t, lb in rows()], ("premise", "hypothesis", "label")),
        "premise and hypothesis",
    ),
    "sorted by label": ("a.csv", table(sorted(rows(3000), key=lambda one: one[1])), "3,000 kept"),
    "no header, and a label that is a known name": (
        "a.tsv",
        "".join(f"{('spam', 'ham')[n % 2]}\t{text}\n" for n, text in enumerate(TEXTS)).encode(),
        "40 read, 40 kept",
    ),
    "no header, the class first, a title": (
        "a.csv",
        "".join(f'"{n % 4 + 1}","Title {n}","(Reuters) {text}, it says"\n' for n, text in enumerate(TEXTS)).encode(),
        "column_3 for the text, column_1 for the label",
    ),
    "names with signs": ("a.csv", table(rows(), ('Überschrift "neu"', "größe (cm)")), "größe (cm) for the label"),
    "numbers as names": (
        "a.csv",
        table(
            [(*(n * k for k in range(30)), t, lb) for n, (t, lb) in enumerate(rows())], [*range(30), "content", "cl"]
        ),
        "content for the text, cl for the label",
    ),
    "empty columns, used here and there": (
        "a.csv",
        "\n".join(
            ["v1,v2,,", "good,fine,so,", "bad,poor,so,x", *(f"{label},{text},," for text, label in rows())]
        ).encode(),
        "v2 for the text, v1 for the label",
    ),
    "the header twice, a column without a name": (
        "a.csv",
        table([(*one, 1) for one in rows(20)], ("text", "label", ""))
        + table([(*one, 1) for one in rows()], ("text", "label", "")),
        "the header once more",
    ),
    "a title above the header": ("a.csv", b"Reviews of 2024\n" + table(rows()), "it stands above the header (line 1)"),
    "a title with commas": ("a.csv", b"Reviews of 2024,\n" + table(rows()), "it stands above the header (line 1)"),
    "comments above the header": (
        "a.csv",
        b"# source: example.org, 2024\n# licence: CC BY\n" + table(rows()),
        "it stands above the header (line 1, line 2)",
    ),
    "a header of two lines": ("a.csv", b"all,all\n" + table(rows()), "it stands above the header (line 1)"),
    "a sign for a name": (
        "a.csv",
        table([(n, *one) for n, one in enumerate(rows())], ("#", "text", "label")),
        "40 read, 40 kept",
    ),
    "a total at the end": ("a.csv", with_lines("Total: 40 rows"), "1 fields between commas, expected 2 (line 42)"),
    "tabs, and quotation marks in the texts": (
        "a.tsv",
        b"text\tlabel\n" + "".join(f"{QUOTED[n % 2]}{t}\t{lb}\n" for n, (t, lb) in enumerate(rows())).encode(),
        "40 read, 40 kept",
    ),
    "a quotation mark that joins lines": (
        "a.csv",
        with_lines('"one,good', 'two" three,bad', "four,bad"),
        "42 kept",
    ),
    "a text with lines and commas": (
        "a.csv",
        with_lines('"one, two', 'three",good'),
        "whether a quotation mark is missing",
    ),
    "two byte-order marks": (
        "a.csv",
        b"\xef\xbb\xbf" * 2 + b'"text","label"\n' + with_lines()[11:],
        "text for the text",
    ),
    "UTF-32, the other way round": ("a.csv", b"\x00\x00\xfe\xff" + table(rows(), encoding="utf-32-be"), "40 kept"),
    "texts that are numbers": ("a.csv", table([(n, n % 2) for n in range(40)]), "40 kept"),
    "thousands with a comma": (
        "a.csv",
        table([(t, f"{n:,}", lb) for n, (t, lb) in enumerate(rows(), 9_990)], ("text", "votes", "label")),
        "40 kept",
    ),
    "a line of HTML in each": ("a.csv", table([(f"{t}<br /><br />{t}", lb) for t, lb in rows()]), "40 kept"),
    "the label first": ("a.csv", table([(lb, t) for t, lb in rows()], ("Sentiment", "SentimentText")), "40 kept"),
    "a split nobody knows": (
        "a.csv",
        table([(t, lb, "AB"[n % 2]) for n, (t, lb) in enumerate(rows())], ("text", "label", "split")),
        "names no split that is known here: a (20 rows), b (20 rows)",
    ),
    "a split column with test first": (
        "a.csv",
        table([(t, lb, "test" if n < 10 else "train") for n, (t, lb) in enumerate(rows())], ("text", "label", "split")),
        "10 test",
    ),
    "JSON Lines called CSV": ("a.csv", lines(objects()), "text for the text, label for the label"),
    "a JSON list called JSON Lines": ("a.jsonl", as_json(objects()), "40 kept"),
    "JSON with objects beside": ("a.json", as_json(objects(user={"name": "x", "at": [1, {"y": 2}]})), "40 kept"),
    "half a character in a label": (
        "a.jsonl",
        lines({"text": text, "label": ("\ud800", "good")[n % 2]} for n, text in enumerate(TEXTS)),
        "good 50%",
    ),
    "half a character in a name": (
        "a.jsonl",
        lines({"te\ud800": text, "label": label} for text, label in rows()),
        "te� for the text",
    ),
    "Parquet with all kinds of columns": (
        "a.parquet",
        parquet(
            text=pd.Categorical(TEXTS),
            label=[b"good", b"bad"] * 20,
            struct=[{"a": [1]}] * 40,
            when=pd.to_datetime(["2020-01-01"] * 40),
            price=[Decimal("1.5")] * 40,
        ),
        "bad 50%, good 50%",
    ),
    "Excel with a title, dates and gaps": (
        "a.xlsx",
        excel(
            [
                (None, None, None),
                ("Reviews", None, None),
                ("text", "label", "day"),
                *((t, lb if n % 10 else None, pd.Timestamp("2020-01-01")) for n, (t, lb) in enumerate(rows())),
            ]
        ),
        "4: no label (row 4, row 14, row 24, …)",
    ),
    "Excel with numbers": (
        "a.xlsx",
        excel([("text", "label"), *((n + 0.5, n % 2) for n in range(40))]),
        "0 50%, 1 50%",
    ),
    "Excel with a cover": (
        "a.xlsx",
        excel([("Read me",), ("please",)], [("text", "label"), *rows()]),
        "'sheet1' is read",
    ),
    "blanks before quotation marks": (
        "a.csv",
        b"label, text\n" + "".join(f'{label}, "{text}, it says"\n' for text, label in rows()).encode(),
        "bad 50%, good 50%",
    ),
    "rows with numbers, as R writes them": (
        "a.csv",
        b'"text","label"\n' + "".join(f'"{n}","{t}","{lb}"\n' for n, (t, lb) in enumerate(rows())).encode(),
        "40 read, 40 kept",
    ),
    "a line for Excel": ("a.csv", b"sep=;\r\n" + table(rows(), delimiter=";"), "it stands above the header (line 1)"),
    "marks after a backslash": (
        "a.csv",
        with_lines('"he said \\"hi\\", so",good'),
        "text goes on after a closing quotation",
    ),
    "labels of one sign": ("a.csv", relabelled("😀", "😡"), "😀 50%, 😡 50%"),
    "an index of texts": ("a.parquet", indexed(), "40 kept"),
}
