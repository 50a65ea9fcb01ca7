"""`make run`: what it prints, what it leaves behind, and what it does when a lesson fails."""

import json
import re
import sys

import nbformat
import pytest

from tools import run_lessons

FILL_300_MIB = "block = bytearray(300 * 2**20)\nfor place in range(0, len(block), 4096):\n    block[place] = 1"
PICTURE_FIRST = """
from IPython.display import Image, display
display(Image(b"\\x89PNG", format="png"))
time.sleep(2)
"""
LAB = """
import ipywidgets as widgets
from lessons_lib.labs import Lab
Lab(lambda level: f"<b>level {level}</b>", {"level": widgets.IntSlider(3, description="level")})
"""


@pytest.fixture
def course(tmp_path, monkeypatch):
    """An empty course of our own in a temporary folder; call it with a number and the cells of a lesson."""
    (tmp_path / "notebooks").mkdir()
    monkeypatch.setattr(run_lessons, "ROOT", tmp_path)
    monkeypatch.setattr(run_lessons, "BUILD", tmp_path / "build")
    monkeypatch.setattr(run_lessons, "MEASURED", tmp_path / "measured.json")

    def write(number, *cells):
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
        nbformat.write(notebook, tmp_path / "notebooks" / f"{number}_lesson.ipynb")

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["run_lessons.py", *arguments])
        return run_lessons.main()

    return write, run, tmp_path


def test_passing_lessons_give_a_table_and_copies(course, capsys):
    write, run, folder = course
    write("00", "print('hello')")
    write("01", FILL_300_MIB)
    assert run() == 0
    out = capsys.readouterr().out
    assert out.splitlines()[0].startswith("00_lesson ... ")
    assert "2 of 2 passed" in out
    executed = nbformat.read(folder / "build" / "00_lesson.ipynb", as_version=4)
    assert executed.cells[0].outputs[0].text == "hello\n"
    assert "hello" in (folder / "build" / "00_lesson.html").read_text()
    rows = [line.split() for line in out.splitlines() if re.fullmatch(r" *\S+ +[\d.]+ +\d+ +passed", line)]
    assert 250 < int(rows[1][2]) - int(rows[0][2]) < 400  # MiB that the second kernel held on top


def test_where_the_time_went_is_told(course, capsys):
    write, run, _ = course
    write("00", "import time", "time.sleep(1)", PICTURE_FIRST)
    assert run() == 0
    [picture, longest] = re.search(
        r"first picture after ([\d.]+) s; longest cell ([\d.]+) s", capsys.readouterr().out
    ).groups()
    assert 1 <= float(picture) < 2.9 and float(longest) >= 2  # the whole cell, though its picture came at its beginning


def test_failing_lesson_is_shown_and_the_rest_still_runs(course, capsys):
    write, run, folder = course
    write("00", "answer = 41", "assert answer == 42, 'not the answer'")
    write("01", "print('still runs')")
    assert run() == 1
    out = capsys.readouterr().out
    assert "assert answer == 42" in out
    assert "not the answer" in out
    assert "1 of 2 passed" in out
    assert len(list((folder / "build").glob("*.html"))) == 2


def test_cell_that_is_meant_to_raise_does_not_fail(course):
    write, run, folder = course
    write("00", "1 / 0")
    path = folder / "notebooks" / "00_lesson.ipynb"
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[0].metadata["tags"] = ["raises-exception"]
    nbformat.write(notebook, path)
    assert run() == 0


def test_dead_kernel_is_a_failure_with_its_cell(course, capsys):
    write, run, _ = course
    write("00", "import os\nos._exit(1)")
    assert run() == 1
    assert "os._exit(1)" in capsys.readouterr().out


def test_a_lab_leaves_its_still_view(course):
    write, run, folder = course
    write("00", LAB)
    assert run() == 0
    page, copy = ((folder / "build" / f"00_lesson.{kind}").read_text() for kind in ("html", "ipynb"))
    for text in (page, copy):
        assert "<b>level 3</b>" in text
        assert "A still picture" in text
        assert "widget-view" not in text


def test_one_lesson_by_its_number(course, capsys):
    write, run, _ = course
    write("00", "1")
    write("01", "2")
    assert run("01") == 0
    assert "00_lesson" not in capsys.readouterr().out


def test_unknown_number_names_the_lessons(course, capsys):
    write, run, _ = course
    write("00", "1")
    assert run("07") == 2
    assert "one of 00" in capsys.readouterr().out


def test_record_writes_what_the_card_quotes(course):
    write, run, folder = course
    write("00", "1")
    (folder / "measured.json").write_text('{"other": "kept"}')
    assert run("--record") == 0
    known = json.loads((folder / "measured.json").read_text())
    [measured] = [table for dtype, table in known.items() if dtype != "other"]
    assert set(measured["lessons"]) == {"00"}
    assert measured["lessons"]["00"]["memory_mib"] > 0
    assert {"command", "date", "machine"} <= set(measured)
    assert known["other"] == "kept"
