"""A mended copy beside a tutorial: what has an automatic fix is changed, and nothing else."""

import io
import json
import tokenize
from pathlib import Path

from lessons_lib.doctor.fixes import Edit, apply
from lessons_lib.doctor.looks import examine
from lessons_lib.doctor.reading import Cell, cell, read

ROUNDS = 50  # more than any cell has fixes that touch each other


def mended(cells: list[Cell]) -> list[Cell]:
    """Return the cells after every fix; fixes that touch each other are made one after the other."""
    for _ in range(ROUNDS):
        edits: dict[int, list[Edit]] = {}
        for one in examine(cells):
            here = edits.setdefault(one.cell, [])
            if one.edits and not any(_touch(new, old) for new in one.edits for old in here):
                here.extend(one.edits)
        if not any(edits.values()):
            return cells
        cells = [
            cell(one.number, apply(one.source, edits[one.number])) if edits.get(one.number) else one for one in cells
        ]
    return cells


def _touch(one: Edit, other: Edit) -> bool:
    return one.start <= other.end and other.start <= one.end


def write_mended(path: Path) -> Path:
    """Write the mended copy of a tutorial beside it, under a name that's free, and return its path."""
    cells = mended(read(path))
    raw = path.read_bytes()
    if path.suffix == ".py":
        encoding, _ = tokenize.detect_encoding(io.BytesIO(raw).readline)
        new = cells[0].source.encode(encoding)
    else:
        new = _with(json.loads(raw.decode("utf-8-sig")), {one.number: one.source for one in cells})
    copy, number = path.with_suffix(f".fixed{path.suffix}"), 1
    while True:
        try:
            with copy.open("xb") as file:
                file.write(new)
            return copy
        except FileExistsError:
            number += 1
            copy = path.with_suffix(f".fixed-{number}{path.suffix}")


def _with(notebook: dict, sources: dict[int, str]) -> bytes:
    """Return the notebook with other sources, each a list of lines where it was one."""
    cells = notebook.get("cells")
    if not isinstance(cells, list):
        cells = [one for sheet in notebook["worksheets"] for one in sheet.get("cells", [])]
    for number, source in sources.items():
        one = cells[number - 1]
        key = "source" if "source" in one else "input"
        one[key] = source.splitlines(keepends=True) if isinstance(one[key], list) else source
    return (json.dumps(notebook, indent=1, ensure_ascii=False) + "\n").encode(errors="surrogatepass")
