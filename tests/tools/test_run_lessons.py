"""`make run`: what it prints, what it leaves behind, and what it does when a lesson fails."""

import contextlib
import io
import json
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from tools import run_lessons

FILL_300_MIB = "block = bytearray(300 * 2**20)\nfor place in range(0, len(block), 4096):\n    block[place] = 1"
LAB = """
import ipywidgets as widgets
from lessons_lib.labs import Lab
Lab(lambda level: f"<b>level {level}</b>", {"level": widgets.IntSlider(3, description="level")})
"""
LESSONS = {
    "00_small": ["print('hello')"],
    "01_large": [FILL_300_MIB, "import time", "time.sleep(2)"],
    "02_fails": ["answer = 41", "assert answer == 42, 'not the answer'"],
    "03_dies": ["import os\nos._exit(1)"],
    "04_means_to_raise": ["1 / 0"],
    "05_shows_a_lab": [LAB],
}


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A course of our own in a temporary folder, and what runs it: it returns the exit status and what was printed."""
    folder = tmp_path_factory.mktemp("course")
    (folder / "notebooks").mkdir()
    for name, cells in LESSONS.items():
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
        notebook.cells[0].metadata["tags"] = ["raises-exception"] if name == "04_means_to_raise" else []
        nbformat.write(notebook, folder / "notebooks" / f"{name}.ipynb")

    def run(*arguments):
        with contextlib.redirect_stdout(io.StringIO()) as printed, pytest.MonkeyPatch.context() as patch:
            for name, path in {"ROOT": folder, "BUILD": folder / "build", "MEASURED": folder / "measured.json"}.items():
                patch.setattr(run_lessons, name, path)
            patch.setattr(sys, "argv", ["run_lessons.py", *arguments])
            return run_lessons.main(), printed.getvalue()

    return folder, run


@pytest.fixture(scope="module")
def every(course):
    """The folder of executed lessons, the exit status, and what was printed, where every lesson was asked for."""
    folder, run = course
    (folder / "measured.json").write_text('{"other": "kept"}')
    return folder / "build", *run("--record")


def test_all_run_though_some_fail_and_the_table_says_which(every):
    build, status, printed = every
    assert status == 1
    assert printed.startswith("00_small ... ") and "4 of 6 passed" in printed
    rows = dict(re.findall(r"^ *(\d\w+) +[\d.]+ +\d+ +(passed|failed)$", printed, flags=re.M))
    assert [name for name in LESSONS if rows[name] == "failed"] == ["02_fails", "03_dies"]
    assert all(text in printed for text in ("assert answer == 42", "not the answer", "os._exit(1)"))
    assert {path.stem for path in build.glob("*.html")} == {path.stem for path in build.glob("*.ipynb")} == set(LESSONS)


def test_copy_and_page_hold_the_outputs(every):
    build, _, _ = every
    assert nbformat.read(build / "00_small.ipynb", as_version=4).cells[0].outputs[0].text == "hello\n"
    assert "hello" in (build / "00_small.html").read_text()


@pytest.mark.parametrize("kind", ["html", "ipynb"])
def test_a_lab_leaves_its_still_view(every, kind):
    text = (every[0] / f"05_shows_a_lab.{kind}").read_text()
    assert "<b>level 3</b>" in text and "A still picture" in text and "widget-view" not in text


def test_memory_is_that_of_the_kernel_and_the_longest_cell_is_named(every):
    held = {name: int(mib) for name, mib in re.findall(r"^(\w+) \.\.\. [\d.]+ s, (\d+) MiB", every[2], flags=re.M)}
    assert 250 < held["01_large"] - held["00_small"] < 400
    assert re.search(r"longest cell [\d.]+ s, 'time\.sleep\(2\)'", every[2])


def test_record_writes_what_the_card_quotes(every):
    known = json.loads((every[0].parent / "measured.json").read_text())
    assert known.pop("other") == "kept"
    [measured] = known.values()
    assert {"command", "date", "machine"} <= set(measured)
    assert list(measured["lessons"]) == [name[:2] for name in LESSONS]
    assert measured["lessons"]["00"]["memory_mib"] > 0


def test_one_lesson_by_its_number(course):
    status, printed = course[1]("00")
    assert status == 0 and "1 of 1 passed" in printed and "01_large" not in printed
    with pytest.raises(SystemExit, match="one of 00, 01"):
        course[1]("07")


FILL = """
import mmap, os, sys
from lessons_lib.machine import MIB, process_memory
before = process_memory()
with open(sys.argv[1], "rb") as file:
    weights = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
shared, block = mmap.mmap(-1, 60 * MIB), b"x" * (60 * MIB)
shared.write(block)
assert len(weights) > 60 * MIB and len(weights[::4096]) == -(-len(weights) // 4096)  # every page was read
print(process_memory(os.getpid()) - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere it counts")
def test_memory_that_the_system_can_take_back_does_not_count(checkpoint):
    """In a process of its own: a long one may hold free memory already."""
    command = [sys.executable, "-c", FILL, str(Path(checkpoint, "model.safetensors"))]
    grown = int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    assert 120 <= grown < 150
