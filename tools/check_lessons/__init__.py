"""Checks every lesson against the rules that a program can judge: its format, its anatomy, its cells, its calls."""

import json
from pathlib import Path

import nbformat

from tools.check_lessons.anatomy import check_anatomy, check_beginning, check_cells, check_format
from tools.check_lessons.code import check_calls, check_figures, check_values

RULES = (check_format, check_beginning, check_anatomy, check_cells, check_calls, check_values, check_figures)


def complaints(path: Path) -> list[str]:
    """Return one line for each rule that the notebook at `path` breaks."""
    raw = json.loads(path.read_text(encoding="utf-8"))  # nbformat.read would mend some of it
    notebook = nbformat.v4.rwbase.rejoin_lines(nbformat.from_dict(raw))
    broken = [complaint for rule in RULES for complaint in rule(notebook, path.stem)]
    return [f"{path.name}: {'' if index is None else f'cell {index}: '}{text}" for index, text in broken]
