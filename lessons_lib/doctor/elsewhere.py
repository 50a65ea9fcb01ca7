"""What elsewhere in a tutorial makes a finding uncertain."""

import ast
import re
from collections.abc import Iterator

from lessons_lib.doctor.reading import Cell

LAZY = ("torch", "pt", "numpy", "np")  # formats in which a column stays what it is
MAKES_A_FOLDER = (
    r"(clone|mkdir|makedirs|save_to_disk|local_dir|unzip|tar |extract|wget|curl)[^\n]*(?<![\w-]){}(?![\w-])"
)

LOOKS_ELSEWHERE = re.compile(r"^\s*%?cd\s|\bos\.chdir\(|\bsys\.path\b", re.M)


def _calls(cells: list[Cell]) -> Iterator[ast.Call]:
    for one in cells:
        yield from (node for node in ast.walk(one.tree) if isinstance(node, ast.Call)) if one.tree else ()


def other_formats(cells: list[Cell]) -> bool:
    """Return whether a dataset is set to a format, such as pandas, in which its columns are something else."""
    for call in _calls(cells):
        if isinstance(call.func, ast.Attribute) and call.func.attr in ("set_format", "set_transform"):
            given = [*call.args[:1], *(one.value for one in call.keywords if one.arg == "type")]
            if not all(isinstance(one, ast.Constant) and one.value in LAZY for one in given) or not given:
                return True
    return False


def made_here(found, cells: list[Cell]) -> bool:
    """Return whether the tutorial itself makes a folder or a file of the name that a finding is about."""
    line = next(one.source for one in cells if one.number == found.cell).split("\n")[found.line - 1]
    name = re.match(r"""["']([^"']+)""", line.encode()[found.column :].decode(errors="replace"))
    return bool(name) and any(re.search(MAKES_A_FOLDER.format(re.escape(name[1])), one.source) for one in cells)


def looks_elsewhere(cells: list[Cell]) -> bool:
    """Return whether a tutorial changes where Python looks for modules: what it imports may be a folder of its own."""
    return any(LOOKS_ELSEWHERE.search(one.source) for one in cells)
