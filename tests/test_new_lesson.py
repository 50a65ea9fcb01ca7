"""`make lesson`: what it writes keeps every rule and runs, and what it refuses it refuses with a sentence."""

from pathlib import Path

import check_lessons
import nbformat
import new_lesson
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).parents[1]

WRONG = ["", "12", "12_", "12__", "1_lesson", "my_lesson", "12_My_lesson", "12-lesson", "../12_lesson"]


def test_new_lesson_keeps_every_rule(tmp_path):
    path = new_lesson.write_lesson("12_my_lesson", tmp_path)
    assert path == tmp_path / "12_my_lesson.ipynb"
    assert check_lessons.complaints(path) == []


def test_title_and_badges_are_its_own(tmp_path):
    first = nbformat.read(new_lesson.write_lesson("12_my_lesson", tmp_path), as_version=4).cells[0].source
    assert first.startswith("# 12 · My lesson\n\n")
    assert first.count("/notebooks/12_my_lesson.ipynb") == 2


def test_new_lesson_runs(tmp_path):
    path = new_lesson.write_lesson("04_any_number_that_is_known", tmp_path)
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": tmp_path}}).execute()
    assert all(cell.execution_count for cell in notebook.cells if cell.cell_type == "code")


def test_the_step_that_is_left_is_said(tmp_path, capsys):
    assert new_lesson.main(["98_my_lesson"], tmp_path) == 0
    assert 'add "98": "My lesson" to LESSONS in lessons_lib/lesson.py' in capsys.readouterr().out
    assert new_lesson.main(["04_my_lesson"], tmp_path) == 0
    assert "to LESSONS" not in capsys.readouterr().out


@pytest.mark.parametrize("name", WRONG)
def test_wrong_name_is_refused(name, tmp_path, capsys):
    assert new_lesson.main([name], tmp_path) == 2
    assert "make lesson NAME=12_my_lesson" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["12_my_lesson", "12_another"])
def test_a_number_that_is_taken_is_refused(name, tmp_path, capsys):
    path = tmp_path / "12_my_lesson.ipynb"
    path.write_text("mine", encoding="utf-8")
    assert new_lesson.main([name], tmp_path) == 2
    assert "12_my_lesson.ipynb has the number 12" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == [path]
    assert path.read_text(encoding="utf-8") == "mine"
