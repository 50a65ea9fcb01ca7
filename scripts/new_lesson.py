"""Begins a lesson: a copy of docs/template.ipynb under its own number, with its badges and its install cell.

    python scripts/new_lesson.py 12_my_lesson

The copy runs and keeps every rule of check_lessons.py. What is left to do by hand is printed.
"""

import re
import sys
from pathlib import Path

import nbformat
from links import ROOT, badges, install_cell, read_address

from lessons_lib.lesson import LESSONS

TEMPLATE = ROOT / "docs" / "template.ipynb"
NOTEBOOKS = ROOT / "notebooks"


def write_lesson(name: str, folder: Path = NOTEBOOKS) -> Path:
    """Write the lesson called `name`, such as `"12_my_lesson"`, into `folder` and return its path.

    Raises `ValueError` with what to do where the name is not right or another lesson has its number.
    """
    if not re.fullmatch(r"[0-9]{2}_[a-z0-9][a-z0-9_]*", name):
        raise ValueError(f"{name!r} is no name: write two digits and small letters, make lesson NAME=12_my_lesson")
    for taken in sorted(folder.glob(f"{name[:2]}_*.ipynb")):
        raise ValueError(f"{taken.name} has the number {name[:2]}: choose another, or move that lesson first")
    notebook = nbformat.read(TEMPLATE, as_version=4)
    repo, ref = read_address()
    _, promise = notebook.cells[0].source.split("\n\n")
    notebook.cells[0].source = "\n\n".join([f"# {name[:2]} · {title(name)}", promise, badges(name, repo, ref)])
    notebook.cells.insert(1, nbformat.v4.new_code_cell(install_cell(repo, ref), id="install"))
    for cell in notebook.cells:
        cell.source = cell.source.replace('start_lesson("00")', f'start_lesson("{name[:2]}")')
    path = folder / f"{name}.ipynb"
    path.write_text(nbformat.writes(notebook) + "\n", encoding="utf-8")
    return path


def title(name: str) -> str:
    """Return the title that a name suggests: `"My lesson"` for `"12_my_lesson"`."""
    return name[3:].replace("_", " ").strip().capitalize()


def main(arguments: list[str], folder: Path = NOTEBOOKS) -> int:
    """Write the lesson that the command line names, and say what is left to do."""
    name = arguments[0] if arguments else ""
    try:
        path = write_lesson(name, folder)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    print(f"{folder.name}/{path.name} is there.")
    if name[:2] not in LESSONS:
        print(f'One step is left: add "{name[:2]}": "{title(name)}" to LESSONS in lessons_lib/lesson.py.')
    print(f"Then: make run LESSON={name[:2]}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
