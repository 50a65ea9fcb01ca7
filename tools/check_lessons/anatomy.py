"""What a lesson is made of: its format, its beginning, its headings, its cells."""

import re
import statistics
from collections.abc import Iterator

import nbformat

from lessons_lib.course import COURSE
from lessons_lib.exercises.questions import QUIZZES
from tools import ROOT
from tools.write_docs.address import badges, install_cell
from tools.write_docs.exercises import solutions

METADATA = {
    "accelerator": "GPU",
    "colab": {"gpuType": "T4", "provenance": []},
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {  # without these, `jupyter nbconvert --to script` writes a .txt with untranslated magics
        "codemirror_mode": {"name": "ipython", "version": 3},
        "file_extension": ".py",
        "mimetype": "text/x-python",
        "name": "python",
        "nbconvert_exporter": "python",
        "pygments_lexer": "ipython3",
    },
}
PROGRAM = 50  # lines of a file that a cell writes: a whole program, on one page
TAGS = {"raises-exception", "skip-execution", "solution"}
HEADINGS = (
    "In this lesson you will",
    "The problem",
    "A common mistake",
    "Try it yourself",
    "In this lesson you have",
)
PREDICT = "**Before you "
ASKS = re.compile(r"^(\w+ = )?(predict|quiz)\(", re.M)  # a cell that asks, and counts as little as a stub

Complaint = tuple[int | None, str]  # the number of the cell, from 0, where there is one


def check_format(notebook, name: str) -> Iterator[Complaint]:
    """nbformat 4.5, valid, an id a cell, no outputs, no counts, and the metadata that Colab reads."""
    if (notebook.nbformat, notebook.nbformat_minor) != (4, 5):
        yield None, f"is in nbformat {notebook.nbformat}.{notebook.nbformat_minor}: convert it to 4.5"
    for error in nbformat.validator.iter_validate(notebook):
        yield None, f"is no valid notebook: {error.message.splitlines()[0]}"
    ids = [cell.get("id") for cell in notebook.cells]
    for index, one in enumerate(ids):
        if one in ids[:index]:
            yield index, "has no id of its own: save the notebook in JupyterLab"
    if dict(notebook.metadata) != METADATA:
        yield None, f"has the metadata {dict(notebook.metadata)}: copy that of another lesson"
    for index, cell in enumerate(notebook.cells):
        if cell.cell_type == "code" and (cell.get("outputs") or cell.get("execution_count") is not None):
            yield index, "holds outputs: run `make format`"
        if set(cell.metadata) - {"tags"}:
            yield index, f"has the metadata {sorted(set(cell.metadata) - {'tags'})}: run `make format`, or take it out"
        for tag in set(cell.metadata.get("tags", [])) - TAGS:
            yield index, f"has the tag {tag!r}: known are {', '.join(sorted(TAGS))}"


def check_beginning(notebook, name: str) -> Iterator[Complaint]:
    """Title, promise and badges; the install cell; and a lesson that starts under its own number."""
    title = notebook.cells[0].source.split("\n\n")
    if not re.fullmatch(rf"# {name[:2]} · \S.*", title[0]):
        yield 0, f"must begin with a title such as '# {name[:2]} · Tokenization'"
    if len(title) != 3 or title[-1] != badges(COURSE, name):
        yield 0, "must hold title, one paragraph that promises something, and the badges: run `make docs`"
    if notebook.cells[1].cell_type != "code" or notebook.cells[1].source != install_cell(COURSE, ROOT):
        yield 1, "must be the install cell, the same bytes in every lesson: run `make docs`"
    code = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    if f'start_lesson("{name[:2]}")' not in code:
        yield None, f'never calls start_lesson("{name[:2]}")'


def check_anatomy(notebook, name: str) -> Iterator[Complaint]:
    """The headings of a lesson, in their order, sections between them, and predictions asked before the reveal."""
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    headings = re.findall(r"^## (.+)$", text, flags=re.M)
    found = [re.sub(r"^\d+\. ", "", heading) for heading in headings]
    for heading in [one for one in HEADINGS if one not in found]:
        yield None, f"has no heading '## {heading}'"
    places = [found.index(heading) for heading in HEADINGS if heading in found]
    if places != sorted(places):
        yield None, f"has its headings in another order than: {', '.join(HEADINGS)}"
    numbers = [int(number) for number in re.findall(r"^## (\d+)\. ", text, flags=re.M)]
    if len(numbers) < 3 or numbers != list(range(1, len(numbers) + 1)):
        yield None, f"has the sections {numbers}: number them from 1, and have three at least"
    if text.count(PREDICT) < 2:
        yield None, f"asks for {text.count(PREDICT)} predictions: ask for two at least, with '{PREDICT}…'"


def check_cells(notebook, name: str) -> Iterator[Complaint]:
    """How many cells, how long, and as much prose as code; a quiz where there's one, and what is guessed is shown."""
    source = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    if (QUIZZES / f"{name[:2]}.json").exists() and f'quiz("{name[:2]}")' not in source:
        yield None, f'never asks its quiz: end with quiz("{name[:2]}")'
    for guess in re.findall(r"^(\w+) = predict\(", source, flags=re.M):
        if f"{guess}.happened(" not in source:
            yield None, f"never says what happened: {guess}.happened(…)"
    stubs = {index - 1 for index, *_ in solutions(notebook)}  # of exercises: they are derived
    code = [
        (index, cell)
        for index, cell in enumerate(notebook.cells)
        if cell.cell_type == "code" and index not in stubs and not ASKS.search(cell.source)
    ]
    lengths = [sum(bool(line.strip()) for line in cell.source.splitlines()) for _, cell in code]
    prose = sum(cell.cell_type == "markdown" for cell in notebook.cells)
    if not 15 <= len(code) <= 30:
        yield None, f"has {len(code)} code cells: between 15 and 30 are easy to follow"
    if prose < len(code):
        yield None, f"has {prose} cells of prose for {len(code)} of code: say before each what it does"
    if statistics.median_low(lengths) > 4:
        yield None, f"has code cells of {statistics.median_low(lengths)} lines in the median: at most 4"
    if sum(length <= 12 for length in lengths) < 0.9 * len(lengths):
        yield None, "has more than one code cell in ten with over 12 lines: one idea a cell"
    for (index, cell), length in zip(code, lengths, strict=True):
        most = PROGRAM if cell.source.startswith("%%writefile") else 20
        if length > most:
            yield index, f"has {length} lines: at most {most}"
