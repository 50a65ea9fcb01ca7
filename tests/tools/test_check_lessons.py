"""Each rule catches a notebook that breaks it; that every lesson keeps them is what `nox -s lint` looks at."""

import json
import re

import nbformat
import pytest

from tools import ROOT, check_lessons
from tools.check_lessons import glossary

SAMPLE = ROOT / "notebooks" / "04_fine_tuning_with_trainer.ipynb"


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


def set_in(index: int, **values):
    """Set values in one cell; the fourth is the first of code below the install cell."""
    return lambda notebook: notebook.cells[index].update(values)


def longer(lines: int, some=slice(None)):
    """Add `lines` to `some` of the code cells below the install cell."""

    def change(notebook):
        for cell in [cell for cell in notebook.cells[2:] if cell.cell_type == "code"][some]:
            cell.source += "\nx = 1" * lines

    return change


def keep(wanted):
    """Take out each cell that is not `wanted`, by its place and itself."""
    return lambda notebook: notebook.update(cells=[cell for at, cell in enumerate(notebook.cells) if wanted(at, cell)])


BROKEN = [  # how, and what is said of it
    (lambda notebook: notebook.update(nbformat_minor=4), "convert it to 4.5"),
    (lambda notebook: notebook.cells[3].pop("outputs"), "no valid notebook"),
    (lambda notebook: notebook.cells[3].update(id=notebook.cells[2].id), "no id of its own"),
    (lambda notebook: notebook.metadata.pop("accelerator"), "copy that of another lesson"),
    (lambda notebook: notebook.metadata.update(widgets={}), "copy that of another lesson"),
    (set_in(3, outputs=[nbformat.v4.new_output("stream", text="1")]), "holds outputs"),
    (set_in(3, execution_count=3), "holds outputs"),
    (code("x = 1", collapsed=True), "collapsed"),
    (code("x = 1", tags=["skip"]), "has the tag 'skip'"),
    (replace("# 04 · ", "# 05 · "), "must begin with a title"),
    (replace("By the end", "\n\nBy"), "one paragraph that promises"),
    (lambda notebook: notebook.cells[0].update(source=notebook.cells[0].source + "\n[another](badge)"), "the badges"),
    (replace('"google.colab" in', '"colab" in'), "must be the install cell"),
    (replace('start_lesson("04")', 'start_lesson("05")'), 'never calls start_lesson("04")'),
    (replace("## The problem", "## Problems"), "no heading '## The problem'"),
    (lambda notebook: notebook.cells.reverse(), "in another order"),
    (replace("## 2. ", "## "), "number them from 1"),
    (replace("**Before you ", "**When you "), "asks for 0 predictions"),
    (replace('quiz("04")', 'quiz("05")'), "never asks its quiz"),
    (replace("first_loss.happened(", "print("), "never says what happened: first_loss.happened"),
    (keep(lambda at, cell: at < 12), "code cells: between 15 and 30"),
    (keep(lambda at, cell: at == 0 or cell.cell_type == "code"), "cells of prose for"),
    (longer(6), "in the median"),
    (longer(13, slice(4)), "more than one code cell in ten"),
    (code("x = 1\n" * 21), "has 21 lines"),
    (code("from math import *"), "imports everything"),
    (code('import sys\nsys.path.append("..")'), "changes sys.path"),
    (code('def f():\n    return evaluate.load("glue")'), "load it once"),
    (replace(', dtype="float32"', ""), "loads a model without a dtype"),
    (code('token = "hf_' + 24 * "a" + '"'), "looks like a token: hf_aaa"),
    (prose("It is in `/home/me/course`."), "names a folder of one machine: /home/me"),
    (code("assert accuracy == 0.83"), "asserts a decimal"),
    (lambda notebook: notebook.cells.insert(2, nbformat.v4.new_code_cell("torch.rand(2)")), "before any seed"),
    (code("rng = np.random.default_rng()"), "generator without a seed"),
    (code("plot_losses([])"), "without its alternative text"),
    (code('show(plot_losses([]), alt="")'), "alternative text says too little"),
    (prose("![](picture.png)"), "picture without an alternative text"),
    (prose("A [heap](../docs/glossary.md#heap)"), "links to glossary.md#heap, and there's no such heading"),
    (prose(2 * "A [batch](../docs/glossary.md#batch) "), "links to glossary.md#batch again"),
]


@pytest.mark.parametrize(("change", "expected"), BROKEN)
def test_rule_catches_what_breaks_it(change, expected, tmp_path):
    notebook = nbformat.read(SAMPLE, as_version=4)
    change(notebook)
    path = tmp_path / SAMPLE.name
    path.write_text(json.dumps(notebook), encoding="utf-8")  # nbformat would mend some of it on the way
    broken = check_lessons.complaints(path)
    assert any(expected in line for line in broken), broken


def test_the_command_names_file_and_cell_and_ends_with_one(tmp_path, capsys):
    (tmp_path / SAMPLE.name).write_text(SAMPLE.read_text(encoding="utf-8").replace("# 04 ·", "# 4 ·"), encoding="utf-8")
    assert check_lessons.main([str(tmp_path / SAMPLE.name)]) == 1
    assert capsys.readouterr().out.startswith(f"{SAMPLE.name}: cell 0: must begin with a title")
    assert check_lessons.main([str(SAMPLE)]) == 0


BATCH = "[batch](../docs/glossary.md#batch)"
FIRST_USES = [  # what a lesson says, and the words in it that ought to be links
    ("A batch.", ["batch"]),
    ("Batches of an epoch, and more epochs.", ["Batches", "epoch"]),
    (f"A batch before its **{BATCH}**.", ["batch"]),
    (f"Its **{BATCH}** before a batch.", []),
    ("Gradient accumulation.", ["Gradient accumulation"]),  # and not the gradient in it
    ("An encoder-decoder, batched.", []),
    ("A label is an everyday word.", []),
    ("`a batch`, [a batch](batch.md), <!-- a batch --> and https://huggingface.co/batch", []),
    ("```python\nbatch\n```\n\n    a batch\n\n| batch |\n\n# A batch\n\n> A batch", []),
    ("## In this lesson you will\n\n- see a batch,\n- see two.\n\nThe batch is here.", ["batch"]),
    ("## In this lesson you have\n\n- seen a batch.\n\n**Next:** a batch", []),
]


@pytest.mark.parametrize(("said", "expected"), FIRST_USES)
def test_a_word_of_the_glossary_is_a_link_where_it_comes_first(said, expected):
    lesson = nbformat.v4.new_notebook()
    for change in (prose("# 98 · A batch"), code("batch = []"), prose(said), prose(said)):
        change(lesson)
    broken = list(glossary.check_first_uses(lesson, "98_my_lesson"))
    assert [index for index, _ in broken] == [2] * len(expected)
    assert [text.split("'")[1] for _, text in broken] == expected


def test_a_page_links_only_to_what_the_glossary_has(tmp_path):
    (tmp_path / "measured").mkdir()
    (tmp_path / "glossary.md").write_text("# Glossary\n\n## batch size\n\nSee [heap](#heap).\n", encoding="utf-8")
    page = "[here](#heap), [size](../glossary.md#batch-size), [heap](../glossary.md#heap)"
    (tmp_path / "measured" / "page.md").write_text(page, encoding="utf-8")
    missing = glossary.NOWHERE.format("heap")
    assert list(glossary.check_pages(tmp_path)) == [f"glossary.md: {missing}", f"page.md: {missing}"]
    assert list(glossary.check_pages()) == []


def test_the_glossary_is_in_order_and_each_entry_names_a_lesson():
    text = (glossary.DOCS / "glossary.md").read_text(encoding="utf-8")
    headings = re.findall(r"^## (.+)$", text, flags=re.M)
    assert headings == sorted(headings, key=str.lower) and len(glossary.entries()) == len(headings)
    lessons = re.findall(r"^Explained in \[lesson (\d\d)\]\((.+)\)\.$", text, flags=re.M)
    assert len(lessons) == len(headings)
    for number, link in lessons:
        assert link.startswith(f"../notebooks/{number}_") and (glossary.DOCS / link).is_file()
