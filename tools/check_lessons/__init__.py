"""Checks lessons against the rules that a program can judge: their format, anatomy, cells, calls and links.

    python -m tools.check_lessons            every lesson, and the pages of docs
    python -m tools.check_lessons FILE …     these

Prints one line per complaint, `file: cell number: what is wrong and what to do`, and ends with 1 where there is any.
"""

import json
from pathlib import Path

import nbformat

from tools import ROOT
from tools.check_lessons.anatomy import check_anatomy, check_beginning, check_cells, check_format
from tools.check_lessons.code import check_calls, check_dtype, check_figures, check_values
from tools.check_lessons.glossary import check_first_uses, check_links, check_pages

RULES = (
    *(check_format, check_beginning, check_anatomy, check_cells),
    *(check_calls, check_dtype, check_values, check_figures),
    check_links,
    check_first_uses,
)


def complaints(path: Path) -> list[str]:
    """Return one line for each rule that the notebook at `path` breaks."""
    raw = json.loads(path.read_text(encoding="utf-8"))  # nbformat.read would mend some of it
    notebook = nbformat.v4.rwbase.rejoin_lines(nbformat.from_dict(raw))
    broken = [complaint for rule in RULES for complaint in rule(notebook, path.stem)]
    return [f"{path.name}: {'' if index is None else f'cell {index}: '}{text}" for index, text in broken]


def main(files: list[str]) -> int:
    """Print what is wrong with `files`, or with every lesson and the pages of docs where none is named."""
    paths = [Path(file) for file in files] or sorted((ROOT / "notebooks").glob("*.ipynb"))
    lines = [line for path in paths for line in complaints(path)] + ([] if files else list(check_pages()))
    print("\n".join(lines) or f"{len(paths)} lessons, no complaint")
    return 1 if lines else 0
