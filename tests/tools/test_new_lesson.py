"""`make lesson`: what it writes keeps every rule, runs and is listed; what it refuses it refuses with a sentence."""

import shutil
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from lessons_lib.course import read_course
from tools import new_lesson
from tools.check_lessons import complaints
from tools.write_docs import ROOT, write_all

NAME = "98_my_lesson"
WRONG = ["", "98", "98_", "98__", "1_lesson", "my_lesson", "98_My_lesson", "98-lesson", "../98_lesson"]


@pytest.fixture
def course(tmp_path):
    """A copy of whatever a new lesson may change."""
    for name in ("README.md", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, tmp_path)
    for name in ("binder", "docs", "lessons_lib", "notebooks"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", "trainer_output"))
    return tmp_path


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


@pytest.mark.parametrize("name", WRONG)
def test_wrong_name_is_refused(name, course, capsys):
    before = texts(course)
    assert new_lesson.main([name], course) == 2
    assert "make lesson NAME=08_my_lesson" in capsys.readouterr().err
    assert texts(course) == before


@pytest.mark.parametrize("name", [NAME, "98_another"])
def test_a_number_that_is_taken_is_refused(name, course, capsys):
    (course / "notebooks" / f"{NAME}.ipynb").write_text("mine", encoding="utf-8")
    before = texts(course)
    assert new_lesson.main([name], course) == 2
    assert "98_my_lesson has the number 98" in capsys.readouterr().err
    assert texts(course) == before
