"""What the book is made of: pages without what only a notebook needs, and an index of calls."""

from dataclasses import replace

import nbformat
import pytest

from lessons_lib.course import COURSE
from tools import ROOT
from tools.book.__main__ import stale
from tools.book.calls import call_index, uses
from tools.book.lessons import nameless, page, plain
from tools.book.pages import sources, write
from tools.check_lessons.code import FOLDER
from tools.write_docs.address import badges

LESSON = "04_fine_tuning_with_trainer"


def notebook(*sources):
    return nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_markdown_cell(one[1:]) if one.startswith("#") else nbformat.v4.new_code_cell(one)
            for one in sources
        ]
    )


def uses_of(*sources):
    return {(name, argument) for name, argument, _ in uses(notebook(*sources))}


def test_a_page_begins_with_its_promise_and_has_no_install_cell():
    lesson = nbformat.read(ROOT / "notebooks" / f"{LESSON}.ipynb", as_version=4)
    cells = len(lesson.cells)
    made = page(lesson, COURSE, LESSON)
    assert len(made.cells) == cells - 1 and "google.colab" not in made.cells[1].source
    assert made.cells[0].source.startswith("# 04 · ") and "address" not in made.cells[0].source


def test_with_an_address_a_page_has_its_buttons():
    course = replace(COURSE, repository="ada/course")
    lesson = nbformat.read(ROOT / "notebooks" / f"{LESSON}.ipynb", as_version=4)
    lesson.cells[0].source = lesson.cells[0].source.replace(badges(COURSE, LESSON), badges(course, LESSON))
    first = page(lesson, course, LESSON).cells[0].source
    assert "Open in Colab <https://colab.research.google.com/github/ada/course/" in first
    assert "Open in Binder <https://mybinder.org/v2/gh/ada/course/" in first and "![" not in first


OUTPUTS = {
    "a bar of progress": ("\rMap:  50%|#####     | 5/10\rMap: 100%|##########| 10/10\ndone\n", "done\n"),
    "a folder in an environment": ("from /home/me/.venv/lib/python3.13/site-packages/gt/model\n", "from gt/model\n"),
    "a folder in a cache": ("/Users/me/.cache/huggingface/hub/models--a--b/snapshots/0123abc/x\n", "0123abc/x\n"),
    "a temporary folder": ("from: /var/folders/x1/T/tmp_21r80b1\n", "from: a temporary folder\n"),
    "a file of the course": (f"wrote {ROOT}/trainer_output\n", "wrote trainer_output\n"),
}


@pytest.mark.parametrize(("printed", "shown"), OUTPUTS.values(), ids=OUTPUTS)
def test_an_output_names_no_machine(printed, shown):
    assert plain(nbformat.v4.new_output("stream", text=printed)).text == shown
    assert not FOLDER.search(nameless(printed))


def test_the_trainers_table_is_folded():
    table = nbformat.v4.new_output("display_data", data={"text/html": "<progress value='2'></progress><table></table>"})
    assert plain(table).data["text/html"].startswith("<details><summary>")
    other = nbformat.v4.new_output("display_data", data={"text/html": '<a href="05_metrics.ipynb">05</a>'})
    assert plain(other).data["text/html"] == '<a href="05_metrics.html">05</a>'


def test_calls_are_named_by_what_they_are_called_on():
    found = uses_of(
        "import evaluate\nfrom transformers import AutoTokenizer, Trainer as T",
        'tokenizer = AutoTokenizer.from_pretrained("x", revision="y")\ntokenizer("a", padding=True)',
        "%pip install x\ntrainer = T(model=None)\ntrainer.train(resume_from_checkpoint=True)",
        'metric = evaluate.load("f1")\nmetric.compute(predictions=[], **more)',
    )
    assert found == {
        ("transformers.AutoTokenizer", ""),
        ("transformers.Trainer", ""),
        ("transformers.AutoTokenizer.from_pretrained", ""),
        ("transformers.AutoTokenizer.from_pretrained", "revision"),
        ("transformers.AutoTokenizer", "padding"),
        ("transformers.Trainer", "model"),
        ("transformers.Trainer.train", ""),
        ("transformers.Trainer.train", "resume_from_checkpoint"),
        ("evaluate.load", ""),
        ("evaluate.EvaluationModule.compute", ""),
        ("evaluate.EvaluationModule.compute", "predictions"),
    }


def test_other_peoples_calls_are_left_out_and_a_name_may_change_its_meaning():
    code = "from transformers import Trainer\nimport numpy as np\nx = Trainer()\nx = np.zeros(3)\nx.train(y=1)"
    assert uses_of(code + "\nprint(end='')") == {("transformers.Trainer", "")}


def test_the_index_leads_to_the_heading_above_the_use():
    index = call_index({"04_x": notebook("### A", "x = 1", "### 2. The Trainer", "from datasets import load_dataset")})
    assert "| `load_dataset` | [04](notebooks/04_x.ipynb#2-the-trainer) |" in index and "## datasets" in index


def test_the_index_knows_what_the_lessons_teach():
    lessons = {path.stem: nbformat.read(path, as_version=4) for path in (ROOT / "notebooks").glob("*.ipynb")}
    index = call_index(lessons)
    for name in ("TrainingArguments", "`learning_rate=`", "DataCollatorWithPadding", "`num_labels=`", "load_dataset"):
        assert name in index


def test_only_what_changed_is_written(tmp_path):
    assert sorted(write({"a.md": "one", "b/c.md": "two"}, tmp_path)) == ["a.md", "b/c.md"]
    assert write({"a.md": "one", "b/c.md": "three"}, tmp_path) == ["b/c.md"]
    assert write({"a.md": "one"}, tmp_path) == ["b/c.md"] and not (tmp_path / "b/c.md").exists()


def test_a_lesson_that_changed_since_it_ran_is_stale(tmp_path):
    lessons, executed = tmp_path / "notebooks", tmp_path / "executed"
    lessons.mkdir()
    executed.mkdir()
    nbformat.write(notebook("x = 1"), lessons / "00_a.ipynb")
    assert [one.name for one in stale(executed, lessons)] == ["00_a.ipynb"]
    ran = notebook("x = 1")
    ran.cells[0].outputs = [nbformat.v4.new_output("stream", text="1")]
    nbformat.write(ran, executed / "00_a.ipynb")
    assert stale(executed, lessons) == []
    nbformat.write(notebook("x = 2"), lessons / "00_a.ipynb")
    assert [one.name for one in stale(executed, lessons)] == ["00_a.ipynb"]


def test_every_page_of_docs_and_every_lesson_is_in_it():
    found = sources(COURSE, ROOT / "notebooks")
    assert {f"notebooks/{one.slug}.ipynb" for one in COURSE.lessons} <= set(found)
    assert {path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").rglob("*.md")} <= set(found)
    assert found["index.md"].startswith("# ") and not found["lessons_lib/embedded/pairs/README.md"].startswith("---")
