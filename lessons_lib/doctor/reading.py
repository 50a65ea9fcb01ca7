"""A tutorial as it stands in its file: the cells of a notebook, or a program, read and not run."""

import ast
import io
import json
import re
import tokenize
import warnings
from dataclasses import dataclass
from pathlib import Path

from lessons_lib.errors import SetupError

LARGEST, DEEPEST = 100 * 2**20, 100  # bytes of a file, levels of what Python makes of a cell
PYTHON_MAGICS = ("time", "timeit", "capture", "prun", "python", "python3", "memit", "mprun", "skip")
MAGIC = re.compile(r"^(\s*)(?:[%!?].*|[\w.]+\?{1,2})$")
ASSIGNED = re.compile(r"^(\s*[\w, ]+=\s*)[%!].*$")
TOP_LEVEL = ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT


class Unreadable(SetupError):
    """A file that is no tutorial in Python; its sentence says why."""


@dataclass(frozen=True)
class Cell:
    """A cell of code: its place in the file (from 1), its text, what Python makes of it, or why it can't read it."""

    number: int
    source: str
    tree: ast.Module | None
    trouble: str = ""


def read(path: Path) -> list[Cell]:
    """Return the cells of code of a notebook, or a program as its only cell. Raises `Unreadable` with a sentence."""
    try:
        if path.stat().st_size > LARGEST:
            raise Unreadable(f"It has more than {LARGEST // 2**20} MiB: clear its outputs first.")
        raw = path.read_bytes()
    except OSError as error:
        raise Unreadable(f"It can't be opened: {error.strerror or type(error).__name__}.") from None
    if path.suffix == ".py":
        return [cell(1, _program(raw))]
    if path.suffix != ".ipynb":
        raise Unreadable("It's neither a notebook (.ipynb) nor a program (.py).")
    found = [cell(number, source) for number, source in _sources(_notebook(raw))]
    if not found:
        raise Unreadable("It has no cell of code.")
    return found


def _program(raw: bytes) -> str:
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(raw).readline)
        return raw.decode(encoding)
    except (SyntaxError, UnicodeDecodeError):
        raise Unreadable("It isn't text in UTF-8, nor in the encoding that its first lines name.") from None


def _notebook(raw: bytes) -> dict:
    try:
        notebook = json.loads(raw.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise Unreadable("It isn't text in UTF-8, and every notebook is.") from None
    except RecursionError:
        raise Unreadable("It's nested too deep to be a notebook.") from None
    except ValueError as error:
        where = f" (line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
        raise Unreadable(f"It isn't JSON{where}, and every notebook is.") from None
    if not isinstance(notebook, dict) or not isinstance(notebook.get("nbformat"), int):
        raise Unreadable("It's JSON, and not a notebook: it says no nbformat.")
    about = notebook.get("metadata")
    about = about if isinstance(about, dict) else {}
    for key, name in (("language_info", "name"), ("kernelspec", "language")):
        said = about.get(key)
        language = said.get(name) if isinstance(said, dict) else None
        if isinstance(language, str) and not re.match(r"(i?python|xpython)", language, flags=re.I):
            raise Unreadable(f"It's a notebook in {language}, not in Python.")
    return notebook


def _sources(notebook: dict):
    """Yield each cell of code with its place among all cells: nbformat 4, and 3 with its worksheets."""
    cells = notebook.get("cells")
    if not isinstance(cells, list):
        sheets = notebook.get("worksheets")
        sheets = sheets if isinstance(sheets, list) else []
        cells = [one for sheet in sheets if isinstance(sheet, dict) for one in _list(sheet.get("cells"))]
    for number, one in enumerate(cells, 1):
        if not isinstance(one, dict) or one.get("cell_type") != "code" or one.get("language", "python") != "python":
            continue
        source = one.get("source", one.get("input"))
        if isinstance(source, list) and all(isinstance(line, str) for line in source):
            source = "".join(source)
        if isinstance(source, str):
            yield number, source


def _list(value) -> list:
    return value if isinstance(value, list) else []


def cell(number: int, source: str) -> Cell:
    """Return a cell, its magics and shell lines left out; one that Python can't read says so and has no tree.

    >>> cell(1, "!pip install x\\nx = 1").tree is not None, cell(2, "x = = 1").trouble
    (True, "line 1: Python can't read this cell (invalid syntax)")
    """
    if re.match(r"\s*%%", source):
        name = re.match(r"\s*%%(\w*)", source)[1]
        if name not in PYTHON_MAGICS:
            return Cell(number, source, None)
    for code in (source, _masked(source)):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                tree = compile(code, "cell", "exec", TOP_LEVEL)
            return Cell(number, source, *((None, "line 1: it's nested too deep to follow") if _deep(tree) else (tree,)))
        except SyntaxError as error:
            trouble = f"line {error.lineno or 1}: Python can't read this cell ({error.msg})"
        except (ValueError, RecursionError, MemoryError):
            trouble = "line 1: Python can't read this cell"
    return Cell(number, source, None, trouble)


def _deep(tree: ast.AST) -> bool:
    """Return whether a tree has more levels than it's safe to follow."""
    level = [tree]
    for _ in range(DEEPEST):
        level = [below for one in level for below in ast.iter_child_nodes(one)]
        if not level:
            return False
    return True


def _masked(source: str) -> str:
    """Return the code with `pass` in the place of each magic and shell line, line for line."""
    lines, goes_on = [], False
    for line in source.split("\n"):
        magic = MAGIC.match(line) or line.lstrip().startswith("%%")
        if goes_on or magic:
            lines.append(re.match(r"\s*", line)[0] + "pass" if not goes_on else "")
            goes_on = line.rstrip().endswith("\\")
        else:
            lines.append(ASSIGNED.sub(r"\1None", line))
    return "\n".join(lines)
