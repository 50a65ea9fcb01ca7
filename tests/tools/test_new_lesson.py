"""`make lesson`: what it writes keeps every rule, runs and is listed; what it refuses it refuses with a sentence."""

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from lessons_lib.course import read_course
from tools import ROOT, new_lesson
from tools.check_lessons import complaints
from tools.write_docs.pages import write_all

NAME = "98_my_lesson"
WRONG = ["", "98", "98_", "98__", "1_lesson", "my_lesson", "98_My_lesson", "98-lesson", "../98_lesson"]


def texts(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_nothing_is_left_to_do_by_hand(course):
    before = texts(course)
    path = new_lesson.write_lesson(NAME, course)
    changed = {name for name, text in texts(course).items() if before.get(name) != text}
    last = read_course(ROOT / "lessons_lib" / "course.toml").lessons[-1]
    by_hand = {f"notebooks/{NAME}.ipynb", "lessons_lib/course.toml"}  # the author goes on in these two
    written = {"README.md", "docs/measured/lessons.md", "notebooks/00_start_here.ipynb", f"notebooks/{last.slug}.ipynb"}
    assert changed == by_hand | written
    assert complaints(path) == [] and write_all(course, check=True) == []
    assert read_course(course / "lessons_lib" / "course.toml").lesson("98").title == "My lesson"
    assert "| [98 My lesson](notebooks/98_my_lesson.ipynb)" in (course / "README.md").read_text(encoding="utf-8")
    assert nbformat.read(path, as_version=4).cells[0].source.startswith("# 98 · My lesson\n\n")


def test_new_lesson_runs(course):
    path = new_lesson.write_lesson(NAME, course)
    notebook = nbformat.read(path, as_version=4)
    there = {"metadata": {"path": course}}  # the course that knows it, and not the one that is installed
    NotebookClient(notebook, timeout=300, kernel_name="python3", resources=there).execute()
    assert all(cell.execution_count for cell in notebook.cells if cell.cell_type == "code")


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        *((name, "make lesson NAME=20_my_lesson") for name in WRONG),
        *((name, "97_mine has the number 97") for name in ("97_mine", "97_another")),
    ],
)
def test_a_wrong_name_and_a_number_that_is_taken_are_refused(name, sentence, course):
    (course / "notebooks" / "97_mine.ipynb").write_text("mine", encoding="utf-8")
    before = texts(course)
    with pytest.raises(SystemExit, match=sentence):
        new_lesson.main([name], course)
    assert texts(course) == before
