"""The Trainer in the benchmarks, by what it counts: steps, tokens, calls; and that lessons train as it does."""

import ast
from pathlib import Path

import nbformat
import numpy as np
import pytest
import torch
from transformers import TrainingArguments

from benchmarks import trainer as benchmark
from benchmarks.kit import store
from benchmarks.kit.strategies import COURSE, Strategy, table
from benchmarks.kit.subject import StepClock, judge, trainer_for
from benchmarks.trainer import BARE, DASHBOARD, EXAMPLES, VARIANTS, cost_table
from lessons_lib import start_lesson

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_trainer_takes_the_tokens_and_steps_of_a_lesson_and_judges_every_pair(subject, steps, masks):
    """480 pairs in batches of 4, as lessons 04 and 05 train on a processor."""
    trainer = trainer_for(Strategy(4), subject, subject.rows)
    trainer.train()
    assert len(steps) == len(masks) == trainer.state.global_step == 120
    trainer.model.classifier.bias.data = torch.tensor([0.0, 1e4])  # it always says yes
    assert judge(trainer, subject.rows)["accuracy"] == pytest.approx(np.mean(subject.rows["label"][:]), abs=1e-4)
    for taken, most in ((masks[:120], 1.02), (masks[120:], 1.05)):
        real, computed = (sum(int(count(mask)) for mask in taken) for count in (torch.sum, torch.numel))
        assert real == sum(subject.lengths) and computed / real <= most


@pytest.mark.parametrize("name", ["04_fine_tuning_with_trainer", "05_metrics"])
def test_lessons_train_as_the_recipe_that_is_measured(name, monkeypatch):
    """On a machine that trains on every pair."""
    monkeypatch.setattr("lessons_lib.lesson.start.train_size", lambda dataset, device: None)
    lesson = start_lesson(name[:2])
    strategy = table(lesson.device, lesson.precision)[COURSE]
    cells = [cell.source for cell in nbformat.read(NOTEBOOKS / f"{name}.ipynb", 4).cells]
    source = next(cell for cell in cells if "training_args = TrainingArguments(" in cell)
    call = next(one.value for one in ast.parse(source).body if isinstance(one, ast.Assign))  # the first one
    args = eval(ast.unparse(call), {"TrainingArguments": TrainingArguments, "lesson": lesson})
    expected = {field: one for field, one in strategy.arguments(lesson.device).items() if field != "use_cpu"}
    assert {field: getattr(args, field) for field in expected} == expected
    frozen = any("model.get_input_embeddings().requires_grad_(False)" in cell for cell in cells)
    assert frozen == strategy.freeze_embeddings


@pytest.mark.parametrize("variant", [BARE, *VARIANTS])
def test_each_variant_takes_every_step_and_does_what_it_says(variant, subject, steps, tmp_path, monkeypatch, capsys):
    drawn, logged, loading = [], [], []
    monkeypatch.setattr(benchmark, "panel", lambda run, status, now: drawn.append(status))
    monkeypatch.setattr(StepClock, "on_log", lambda self, args, state, control, logs, **_: logged.append(logs))
    build = torch.utils.data.DataLoader.__init__

    def noticed(self, *args, **kwargs):
        loading.append(kwargs["num_workers"])
        build(self, *args, **kwargs)

    monkeypatch.setattr(torch.utils.data.DataLoader, "__init__", noticed)
    taken = benchmark.seconds({"round": 0, "variant": variant}, Strategy(16), subject)["steps"]
    assert len(steps) == len(taken) + 1 == len(subject.rows) // 16 < EXAMPLES / 16 and min(taken) > 0
    assert bool(drawn) == (variant == DASHBOARD)
    assert any("loss" in logs for logs in logged) == variant.startswith("a log")
    assert ("30/30" in capsys.readouterr().err) == (variant == "progress bar")
    assert (max(loading) == 2) == (variant == "two loading processes")
    assert any(tmp_path.rglob("model.safetensors")) == (variant == "a checkpoint at the end")


@pytest.mark.parametrize("measured", store.read("trainer").values())
def test_committed_table_comes_from_its_runs_and_compares_within_rounds(measured):
    assert store.figures(cost_table(measured["small"], measured["runs"])) == measured["table"]
    steps = {(run["round"], run["variant"]): np.mean(run["steps"]) for run in measured["small"]}
    added = np.median([steps[number, "Trainer"] - steps[number, BARE] for number in range(len(steps) // 7)])
    assert measured["table"]["Trainer"]["added_ms"] == pytest.approx(1000 * added, rel=1e-3)
