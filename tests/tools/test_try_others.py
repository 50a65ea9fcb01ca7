"""`make try-others`: what it makes of a lesson's end, what it makes for lessons to try, and a small sample of it."""

import nbformat
import pytest
import torch
from datasets import load_dataset
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from tools import ROOT
from tools.run_lessons import find_lessons
from tools.try_others import __main__ as try_others
from tools.try_others.datasets import DATASETS, TASKS
from tools.try_others.kinds import KINDS
from tools.try_others.outcome import FAILS, PASSES, SAYS, USES_COURSE, Outcome
from tools.try_others.plan import CHECKPOINTS, Other, judge, make
from tools.try_others.run import run_lesson
from tools.try_others.variants import VARIANTS

REFUSE = "from lessons_lib.errors import SetupError\ndef refuse(text):\n    raise SetupError(text)"
CALL = 'lesson = start_lesson("00")'
ENDS = {
    "passes": (["start_lesson = str", CALL, "1 + 1"], PASSES, ""),
    "takes another": (["start_lesson = lambda _: print('MiniLM in place\\nof yours')", CALL], USES_COURSE, ""),
    "says it later": (["print('in place of')", "start_lesson = str", CALL, "'in place of'"], PASSES, ""),
    "refuses": ([REFUSE, "start_lesson = refuse", CALL, "1 / 0"], SAYS, "00"),
    "refuses later": (
        [REFUSE, "start_lesson = str", CALL, "x = 1\nrefuse('no')"],
        FAILS,
        "`refuse('no')`: SetupError: no",
    ),
    "other error": (
        ["start_lesson = int", 'start_lesson("x")\n'],
        FAILS,
        "`start_lesson(\"x\")`: ValueError: invalid literal for int() with base 10: 'x'",
    ),
    "no message": (["assert 1 == 2\nx = 3"], FAILS, "`x = 3`: AssertionError: assert 1 == 2"),
    "dies": (["import os\nos._exit(1)"], FAILS, "`os._exit(1)`: DeadKernelError: the kernel died (out of memory?)"),
}
SAMPLE = [
    (Other("roberta", "roberta"), "01", USES_COURSE),
    (Other("three-label-head", "three-label-head"), "04", PASSES),
    (Other("distilbert", "distilbert"), "03", USES_COURSE),
    (Other("sick", "bert", "sick"), "05", PASSES),
    (Other("csv", "bert", "csv"), "00", PASSES),
    (Other("cut-weights", "cut-weights"), "04", SAYS),
]


@pytest.mark.parametrize("name", ENDS)
def test_how_a_lesson_ended(name, tmp_path):
    cells, kind, text = ENDS[name]
    path = tmp_path / "00_small.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells]), path)
    outcome = run_lesson(path, {}, tmp_path / "build")
    assert (outcome.kind, outcome.text) == (kind, text)
    counted = nbformat.read(tmp_path / "build" / path.name, as_version=4).cells[0].execution_count
    assert counted == 1 or name == "dies"  # a kernel that dies may not have counted


@pytest.mark.parametrize("name", KINDS | VARIANTS)
def test_a_checkpoint_loads_and_its_head_is_small(name, tmp_path):
    folder = make(Other(name, name), tmp_path)["LESSONS_CHECKPOINT"]
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForSequenceClassification.from_pretrained(folder, num_labels=2, ignore_mismatched_sizes=True)
    assert 2 * model.config.hidden_size + 2 < 0.001 * sum(weight.numel() for weight in model.parameters())
    with torch.no_grad():
        rain, snow = (
            model(**tokenizer(text, text, return_tensors="pt")).logits for text in ("Rain fell.", "It snows.")
        )
    assert (rain - snow).abs().max() > 0.01


@pytest.mark.parametrize("name", DATASETS)
def test_a_dataset_is_read_by_load_dataset(name, tmp_path):
    folder = make(Other(name, "bert", name), tmp_path)["LESSONS_DATASET"]
    splits = load_dataset(folder, TASKS.get(name), cache_dir=str(tmp_path / "cache"))
    assert "train" in splits and "label" in splits["train"].features


def test_of_a_broken_checkpoint_a_lesson_must_say_so():
    passed = Outcome(PASSES)
    kinds = {name: judge(Other(name, name), passed).kind for name in CHECKPOINTS}
    assert (kinds["bert"], kinds["cut-weights"], kinds["adapter"]) == (PASSES, FAILS, FAILS)


def test_a_failure_is_the_exit_status(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(try_others, "BUILD", tmp_path)
    monkeypatch.setattr(try_others, "run_lesson", lambda path, *_: Outcome(FAILS if "04" in path.name else PASSES))
    assert try_others.main(["--checkpoint", "bert", "--lesson", "04", "--lesson", "03"]) == 1
    assert "| bert | passes | FAILS |" in capsys.readouterr().out
    assert "| bert | passes | FAILS |" in (tmp_path / "tables.md").read_text()
    assert try_others.main(["--checkpoint", "bert", "--lesson", "03"]) == 0


@pytest.mark.parametrize(("other", "number", "kind"), SAMPLE, ids=lambda part: getattr(part, "name", part))
def test_sample(other, number, kind, tmp_path):
    [path] = find_lessons(ROOT / "notebooks", number)
    outcome = judge(other, run_lesson(path, make(other, tmp_path), tmp_path))
    assert outcome.kind == kind, outcome.text
