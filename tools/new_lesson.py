"""Begins a lesson from a template that runs: the notebook, its stanza in course.toml, and whatever lists the lessons.

python -m tools.new_lesson 20_my_lesson
"""

import re
import sys
from pathlib import Path

import nbformat

from lessons_lib.course import read_course
from tools import ROOT
from tools.write_docs.pages import write_all

TEMPLATE = Path(__file__).with_name("template.ipynb")
STANZA = """
[[lessons]]
slug = "{name}"
title = "{title}"
question = "what question does it answer?"
plain = "what it makes plain, in a line"
# trains = true   # its card then says on how many pairs
# weights = false # it needs no pretrained weights
# binder = true   # it fits into Binder's memory
"""


def write_lesson(name: str, root: Path = ROOT) -> Path:
    """Write the lesson called `name`, such as `"20_my_lesson"`, into the course at `root`, and return its path.

    Raises `ValueError` with what to do where the name is not right or another lesson has its number.
    """
    if not re.fullmatch(r"[0-9]{2}_[a-z0-9][a-z0-9_]*", name):
        raise ValueError(f"{name!r} is no name: write two digits and small letters, make lesson NAME=20_my_lesson")
    facts = root / "lessons_lib" / "course.toml"
    taken = {one.number: one.slug for one in read_course(facts).lessons}
    taken |= {path.name[:2]: path.stem for path in (root / "notebooks").glob("[0-9][0-9]_*.ipynb")}
    if name[:2] in taken:
        raise ValueError(f"{taken[name[:2]]} has the number {name[:2]}: choose another, or move that lesson first")
    notebook = nbformat.read(TEMPLATE, as_version=4)
    notebook.cells.insert(1, nbformat.v4.new_code_cell(id="install"))  # its source is the same in every lesson
    for cell in notebook.cells:
        cell.source = cell.source.replace('start_lesson("00")', f'start_lesson("{name[:2]}")')
    path = root / "notebooks" / f"{name}.ipynb"
    path.write_text(nbformat.writes(notebook) + "\n", encoding="utf-8")
    with facts.open("a", encoding="utf-8") as file:
        file.write(STANZA.format(name=name, title=name[3:].replace("_", " ").strip().capitalize()))
    write_all(root)
    return path


def main(arguments: list[str], root: Path = ROOT) -> None:
    """Write the lesson that the command line names, and say what comes next."""
    try:
        path = write_lesson(arguments[0] if arguments else "", root)
    except ValueError as error:
        sys.exit(str(error))
    print(f"{path.relative_to(root)} runs as it is: make run LESSON={path.name[:2]}")
    print("Its title and question are the last lines of lessons_lib/course.toml: change them there, then run make docs")


if __name__ == "__main__":
    main(sys.argv[1:])
