"""What a file is, whatever its name says."""

import difflib
import json
import os
import re
import zipfile
from pathlib import Path

from lessons_lib.errors import DataError

DELIMITED, LINES, JSON, PARQUET, EXCEL = "CSV", "JSON Lines", "JSON", "Parquet", "Excel"
SAVE_AS = "Open it in the program that made it, and save it as CSV (UTF-8)."
NO_TABLE = {  # how a file begins: what it is, and what to do
    b"%PDF": ("a PDF", "Copy its table into a spreadsheet, and save that as CSV."),
    b"\x7fELF": ("a program", "Ask for the data file."),
    b"MZ": ("a program", "Ask for the data file."),
    b"\xcf\xfa\xed\xfe": ("a program", "Ask for the data file."),
    b"\x1f\x8b": ("compressed (gzip)", "Unpack it first: `gunzip` the file."),
    b"BZh": ("compressed (bzip2)", "Unpack it first: `bunzip2` the file."),
    b"\xfd7zXZ\x00": ("compressed (xz)", "Unpack it first: `unxz` the file."),
    b"\x28\xb5\x2f\xfd": ("compressed (zstd)", "Unpack it first: `unzstd` the file."),
    b"7z\xbc\xaf": ("a 7-Zip archive", "Unpack it first."),
    b"Rar!": ("a RAR archive", "Unpack it first."),
    b"\xd0\xcf\x11\xe0": ("an Excel file of before 2007, or another old Office file", SAVE_AS),
    b"SQLite format 3": ("an SQLite database", "Export the table as CSV."),
    b"\x89PNG": ("a picture", "Ask for the data file."),
    b"\xff\xd8\xff": ("a picture", "Ask for the data file."),
    b"GIF8": ("a picture", "Ask for the data file."),
    b"\x89HDF": ("an HDF5 file", SAVE_AS),
    b"\x93NUMPY": ("a NumPy array", "It holds numbers: save texts and labels as CSV."),
    b"ARROW1": ("an Arrow file", "Save it as Parquet: `datasets.Dataset.from_file(…).to_parquet(…)`."),
}
PICKLES = (".pkl", ".pickle", ".joblib", ".pt", ".pth", ".bin", ".ckpt")
SAMPLE = 1 << 18  # bytes


def find_file(source: str | Path) -> Path:
    """Return the file that `source` names; raise `DataError` where it is a URL, a folder, or not there."""
    if not isinstance(source, str | os.PathLike):
        raise DataError(
            f"A {type(source).__name__} is no path. Write where the file is, as 'my_texts.csv', or name one per split: "
            "{'train': …, 'test': …}. Save what is in memory first: `table.to_csv('my_texts.csv', index=False)`."
        )
    text = os.fsdecode(source).strip()
    if re.match(r"[a-z][a-z0-9+.-]+://", text, re.IGNORECASE):
        raise DataError(
            f"{text} is an address, and only files of this machine are read here. Download it first, or let "
            f"`load_dataset` do it: `load_dataset('csv', data_files={text!r})`."
        )
    try:
        path = Path(text).expanduser()
        return _existing(path)
    except (OSError, ValueError, RuntimeError) as error:  # a name too long, a folder closed to us, no such user
        if isinstance(error, DataError):
            raise
        raise DataError(f"{text[:200]!r} cannot be opened ({error}). Check the name, and who may read it.") from None


def _existing(path: Path) -> Path:
    if path.is_dir():
        files = sorted(one.name for one in path.iterdir() if one.is_file())[:8]
        inside = f"It holds {', '.join(files)}: name one of these" if files else "It holds no file: name one"
        raise DataError(f"{path} is a folder. {inside}, or several by split: {{'train': …, 'test': …}}.")
    if not path.is_file():
        beside = [one.name for one in path.parent.iterdir()] if path.parent.is_dir() else []
        near = difflib.get_close_matches(path.name, beside, n=1, cutoff=0.6)
        hint = f"Did you mean {near[0]}?" if near else f"A relative path counts from {Path.cwd()}."
        raise DataError(f"There is no file {path}. {hint}")
    return path


def kind_of(path: Path) -> str:
    """Return what the file at `path` holds, by its first bytes before its name; raise `DataError` if it is no table."""
    try:
        with path.open("rb") as stream:
            start = stream.read(SAMPLE)
    except OSError as error:
        raise DataError(f"{path} cannot be opened ({error.strerror}). Check who may read it.") from None
    if not start.strip(b"\x00\xef\xbb\xbf\xff\xfe \t\r\n"):
        raise DataError(f"{path.name} is empty. Was it saved, or copied as a whole?")
    if _looks_like_pickle(path, start):
        raise _pickle_refused(path)
    if start.startswith(b"PK\x03\x04"):
        return _zipped(path)
    if start.startswith(b"PAR1"):
        return PARQUET
    for magic, (what, remedy) in NO_TABLE.items():
        if start.startswith(magic) and (len(magic) > 2 or b"\x00" in start):
            raise DataError(f"{path.name} is {what}, whatever its name says. {remedy}")
    if re.match(rb"\s*<(!doctype html|html)", start, re.IGNORECASE):
        raise DataError(f"{path.name} is a web page: the page about the data was saved. Download the file itself.")
    if path.suffix.lower() == ".parquet":
        raise DataError(f"{path.name} is no Parquet file, whatever its name says: it doesn't begin with PAR1.")
    if path.suffix.lower() in (".xlsx", ".xls", ".ods"):
        raise DataError(f"{path.name} is no Excel file, whatever its name says. If it's text, rename it to .csv.")
    return _text_kind(path, start)


def _looks_like_pickle(path: Path, start: bytes) -> bool:
    protocol = len(start) > 2 and start[0] == 0x80 and 2 <= start[1] <= 5
    return protocol or path.suffix.lower() in PICKLES


def _pickle_refused(path: Path) -> DataError:
    return DataError(
        f"{path.name} is a pickle or may hold one, and opening a pickle runs whatever code is in it. It isn't "
        "opened here. Ask for CSV, JSON Lines or Parquet."
    )


def _zipped(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        raise DataError(f"{path.name} is a broken ZIP or Excel file. Download or save it again.") from None
    if any(name.startswith("xl/") for name in names):
        return EXCEL
    if any(name.endswith("data.pkl") for name in names):
        raise _pickle_refused(path)
    raise DataError(
        f"{path.name} is a ZIP archive, whatever its name says, with {', '.join(names[:5]) or 'nothing in it'}. "
        "Unpack it, and name the file that you want."
    )


def _text_kind(path: Path, start: bytes) -> str:
    suffix = path.suffix.lower()
    first = start.replace(b"\x00", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")
    if suffix in (".jsonl", ".ndjson"):
        return JSON if re.match(rb"\[\s*\{", first) else LINES
    looks_like_rows = re.match(rb'\{\s*"', first) or re.match(rb"\[\s*\{", first)
    if suffix in (".csv", ".tsv") and looks_like_rows:
        looks_like_rows = first[:1] == b"[" or _is_json(first.split(b"\n", 1)[0])
    return JSON if looks_like_rows or suffix == ".json" else DELIMITED


def _is_json(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False
