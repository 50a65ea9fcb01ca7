"""Where the seconds of a lesson go: which part a cell counts as."""

import doctest

import lesson_parts
import nbformat
import pytest
from lesson_parts import PARTS, seconds_by_part

PICTURE = [nbformat.v4.new_output("display_data", {"image/png": "AA=="})]
LAB = [nbformat.v4.new_output("display_data", {"application/vnd.jupyter.widget-view+json": {"model_id": "a"}})]
DRAWING = [nbformat.v4.new_output("display_data", {"text/html": "<p><img alt='a curve'></p>"})]
TABLE = [nbformat.v4.new_output("execute_result", {"text/html": "<table></table>"})]


def code(source, outputs=()):
    return nbformat.v4.new_code_cell(source, outputs=list(outputs))


@pytest.mark.parametrize(
    "cell, part",
    [
        (code("import numpy as np"), "imports"),
        (code("from datasets import load_dataset\nraw = load_dataset('a')"), "data"),
        (code("short = raw.map(tokenize)"), "data"),
        (code("trainer.train()", PICTURE), "training"),
        (code("judge(model)"), "training"),  # defined below, over another function that predicts
        (code("prediction = trainer.predict(validation)"), "training"),
        (code("show(plot(losses))", PICTURE), "drawing"),
        (code("pair_lab(model)", LAB), "drawing"),
        (code("table", TABLE), "other"),
        (code("view(text)", DRAWING), "drawing"),
        (code("def later():\n    trainer.train()"), "other"),  # nothing is trained yet
        (code("%%writefile train.py\ntrainer.train()"), "other"),
        (code("this is not Python"), "other"),
        (code(""), "other"),
    ],
)
def test_part_of_a_cell(cell, part):
    helpers = code("def judge(model):\n    return scores(model)\n\n\ndef scores(model):\n    return model.predict(1)")
    found = seconds_by_part([helpers, cell], [0.0, 2.0])
    assert found == dict.fromkeys(PARTS, 0.0) | {part: 2.0}


def test_a_lesson_that_stopped_is_counted_as_far_as_it_came():
    cells = [code("import numpy"), code("trainer.train()"), code("show()")]
    assert seconds_by_part(cells, [1.0]) == dict.fromkeys(PARTS, 0.0) | {"imports": 1.0}


def test_examples():
    outcome = doctest.testmod(lesson_parts)
    assert outcome.attempted and not outcome.failed
