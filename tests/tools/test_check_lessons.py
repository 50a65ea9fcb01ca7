"""Every lesson keeps the rules, and each rule catches a notebook that breaks it."""

import copy
import json
from pathlib import Path

import nbformat
import pytest

from tools import check_lessons
from tools.check_lessons.__main__ import main

ROOT = Path(__file__).parents[2]

LESSONS = sorted((ROOT / "notebooks").glob("*.ipynb"))
SAMPLE = ROOT / "notebooks" / "04_fine_tuning_with_trainer.ipynb"


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_lesson_keeps_every_rule(path):
    assert check_lessons.complaints(path) == []


def code(source: str, **metadata):
    return lambda notebook: notebook.cells.append(nbformat.v4.new_code_cell(source, metadata=metadata))


def prose(source: str):
    return lambda notebook: notebook.cells.append(nbformat.v4.new_markdown_cell(source))


def replace(old: str, new: str):
    """Put `new` for `old` in every cell."""

    def change(notebook):
        assert any(old in cell.source for cell in notebook.cells), old
        for cell in notebook.cells:
            cell.source = cell.source.replace(old, new)

    return change


def set_in(kind: str, **values):
    """Set values in the first cell of a kind, beyond the first two cells."""

    def change(notebook):
        cell = next(cell for cell in notebook.cells[2:] if cell.cell_type == kind)
        for name, value in values.items():
            cell[name] = value

    return change


def same_ids(notebook):
    notebook.cells[3]["id"] = notebook.cells[2]["id"]


def no_outputs_key(notebook):
    del notebook.cells[3]["outputs"]


def other_badges(notebook):
    notebook.cells[0].source = notebook.cells[0].source.rpartition("\n\n")[0] + "\n\n[a badge](https://elsewhere)"


def swap_headings(notebook):
    places = [index for index, cell in enumerate(notebook.cells) if "## The problem" in cell.source]
    last = next(index for index, cell in enumerate(notebook.cells) if "## A common mistake" in cell.source)
    notebook.cells[places[0]], notebook.cells[last] = notebook.cells[last], notebook.cells[places[0]]


def fewer_cells(notebook):
    notebook.cells = [cell for cell in notebook.cells if cell.cell_type == "markdown"] + notebook.cells[3:10:2]


def long_cells(notebook):
    for cell in notebook.cells[3:]:
        if cell.cell_type == "code":
            cell.source += "\nx = 1" * 6


def no_prose(notebook):
    notebook.cells = [notebook.cells[0], *(cell for cell in notebook.cells[1:] if cell.cell_type == "code")]


def dense(notebook):
    for cell in [cell for cell in notebook.cells if cell.cell_type == "code"][3:7]:
        cell.source += "\nx = 1" * 13


BROKEN = {
    "an old format": (lambda notebook: notebook.update(nbformat_minor=4), "convert it to 4.5"),
    "no valid notebook": (no_outputs_key, "no valid notebook"),
    "two cells of one id": (same_ids, "no id of its own"),
    "no GPU asked of Colab": (lambda notebook: notebook.metadata.pop("accelerator"), "copy that of another lesson"),
    "widget state": (lambda notebook: notebook.metadata.update(widgets={}), "copy that of another lesson"),
    "outputs": (set_in("code", outputs=[nbformat.v4.new_output("stream", text="1")]), "holds outputs"),
    "an execution count": (set_in("code", execution_count=3), "holds outputs"),
    "cell metadata": (code("x = 1", collapsed=True), "collapsed"),
    "an unknown tag": (code("x = 1", tags=["skip"]), "has the tag 'skip'"),
    "another number": (replace("# 04 · ", "# 05 · "), "must begin with a title"),
    "no promise": (
        lambda notebook: notebook.cells[0].update(source=notebook.cells[0].source.replace("By the end", "\n\nBy")),
        "one paragraph that promises",
    ),
    "other badges": (other_badges, "the badges"),
    "another install cell": (replace('"google.colab" in', '"colab" in'), "must be the install cell"),
    "another lesson's number": (replace('start_lesson("04")', 'start_lesson("05")'), 'never calls start_lesson("04")'),
    "a heading is absent": (replace("## The problem", "## Problems"), "no heading '## The problem'"),
    "headings out of order": (swap_headings, "in another order"),
    "sections not numbered": (replace("## 2. TrainingArguments", "## TrainingArguments"), "number them from 1"),
    "no prediction": (replace("**Before you run", "**When you run"), "asks for 0 predictions"),
    "few cells": (fewer_cells, "code cells: between 15 and 30"),
    "little prose": (no_prose, "cells of prose for"),
    "long cells": (long_cells, "in the median"),
    "many long cells": (dense, "more than one code cell in ten"),
    "one very long cell": (code("x = 1\n" * 21), "has 21 lines"),
    "a star import": (code("from math import *"), "imports everything"),
    "sys.path": (code('import sys\nsys.path.append("..")'), "changes sys.path"),
    "a metric loaded again and again": (code('def f():\n    return evaluate.load("glue")'), "load it once"),
    "a token": (code('token = "hf_' + 24 * "a" + '"'), "looks like a token: hf_aaa"),
    "a folder of one machine": (prose("It is in `/home/me/course`."), "names a folder of one machine: /home/me"),
    "a decimal asserted": (code("assert accuracy == 0.83"), "asserts a decimal"),
    "a draw before the seed": (
        lambda notebook: notebook.cells.insert(2, nbformat.v4.new_code_cell("torch.rand(2)")),
        "before any seed",
    ),
    "a generator without a seed": (code("rng = np.random.default_rng()"), "generator without a seed"),
    "a figure that nobody describes": (code("plot_losses([])"), "without an alternative text"),
    "an empty description": (code('show(plot_losses([]), alt="")'), "missing or says too little"),
    "a picture that nobody describes": (prose("![](picture.png)"), "picture without an alternative text"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_rule_catches_what_breaks_it(name, tmp_path):
    change, expected = BROKEN[name]
    notebook = copy.deepcopy(nbformat.read(SAMPLE, as_version=4))
    change(notebook)
    path = tmp_path / SAMPLE.name
    path.write_text(json.dumps(notebook), encoding="utf-8")  # nbformat would mend some of it on the way
    broken = check_lessons.complaints(path)
    assert any(expected in line for line in broken), broken


def test_the_command_names_file_and_cell_and_ends_with_one(tmp_path, capsys):
    (tmp_path / SAMPLE.name).write_text(SAMPLE.read_text(encoding="utf-8").replace("# 04 ·", "# 4 ·"), encoding="utf-8")
    assert main([str(tmp_path / SAMPLE.name)]) == 1
    assert capsys.readouterr().out.startswith(f"{SAMPLE.name}: cell 0: must begin with a title")
    assert main([str(SAMPLE)]) == 0
