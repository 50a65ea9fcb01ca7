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
from benchmarks.trainer import BARE, DASHBOARD, EXAMPLES, NARROW, VARIANTS, cost_table
from lessons_lib import start_lesson

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def counted(trainer):
    """Return a list to which the trainer's collator adds the real and the computed tokens of each of its batches."""
    calls, collate = [], trainer.data_collator

    def count(features):
        batch = collate(features)
        calls.append((int(batch["attention_mask"].sum()), batch["input_ids"].numel()))
        return batch

    trainer.data_collator = count
    return calls


def test_trainer_takes_the_tokens_and_steps_of_a_lesson_and_judges_every_pair(subject, steps):
    """480 pairs in batches of 4, as lessons 04 and 05 train on a processor."""
    trainer = trainer_for(Strategy(4), subject, subject.rows, train_sampling_strategy="group_by_length")
    calls = counted(trainer)
    trainer.train()
    real, computed = np.sum(calls, axis=0)
    assert len(steps) == len(calls) == trainer.state.global_step == 120
    assert real == sum(subject.lengths) and computed / real <= 1.02
    calls.clear()
    trainer.model.classifier.bias.data = torch.tensor([0.0, 1e4])  # it always says yes
    assert judge(trainer, subject.rows)["accuracy"] == pytest.approx(np.mean(subject.rows["label"][:]), abs=1e-4)
    real, computed = np.sum(calls, axis=0)
    assert real == sum(subject.lengths) and computed / real <= 1.05


@pytest.mark.parametrize("name", ["04_fine_tuning_with_trainer", "05_metrics"])
def test_lessons_train_as_the_recipe_that_is_measured(name, monkeypatch):
    """On a machine that trains on every pair."""
    monkeypatch.setattr("lessons_lib.lesson.train_size", lambda dataset, device: None)
    lesson = start_lesson(name[:2])
    strategy = table(lesson.device, lesson.precision)[COURSE]
    cells = [cell.source for cell in nbformat.read(NOTEBOOKS / f"{name}.ipynb", 4).cells]
    source = next(cell for cell in cells if "training_args = TrainingArguments(" in cell)
    [call] = [one.value for one in ast.parse(source).body if isinstance(one, ast.Assign)]
    args = eval(ast.unparse(call), {"TrainingArguments": TrainingArguments, "lesson": lesson})
    expected = {field: one for field, one in strategy.arguments(lesson.device).items() if field != "use_cpu"}
    assert {field: getattr(args, field) for field in expected} == expected
    frozen = any("model.base_model.embeddings.requires_grad_(False)" in cell for cell in cells)
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
    taken = benchmark.seconds(0, variant, Strategy(16), subject)
    assert len(steps) == len(taken["steps"]) + 1 == len(subject.rows) // 16 < EXAMPLES / 16
    assert min(*taken["steps"], taken.get("before", 1), taken.get("after", 1)) > 0
    assert bool(drawn) == (variant == DASHBOARD)
    assert any("loss" in logs for logs in logged) == variant.startswith("a log")
    assert ("30/30" in capsys.readouterr().err) == (variant == "progress bar")
    assert (max(loading) == 2) == (variant == "two loading processes")
    assert any(tmp_path.rglob("model.safetensors")) == (variant == "a checkpoint at the end")


def test_several_gpus_are_refused_with_a_way_out(subject, monkeypatch):
    monkeypatch.setattr(TrainingArguments, "n_gpu", property(lambda self: 2))
    with pytest.raises(SystemExit, match=r"^2 GPUs can be seen\. Set CUDA_VISIBLE_DEVICES=0"):
        trainer_for(Strategy(4), subject, None)


@pytest.mark.parametrize("measured", store.read("trainer").values())
def test_committed_table_comes_from_its_runs_and_compares_within_rounds(measured):
    assert store.figures(cost_table(measured["small"], measured["runs"])) == measured["table"]
    steps = {(run["round"], run["variant"]): np.mean(run["steps"]) for run in measured["small"]}
    added = np.median([steps[number, "Trainer"] - steps[number, BARE] for number in range(len(steps) // 7)])
    assert measured["table"]["Trainer"]["added_ms"] == pytest.approx(1000 * added, rel=1e-3)


def test_a_narrow_model_has_as_many_layers(subject):
    wide, narrow = (one.new_model(Strategy()) for one in (subject, subject.from_scratch(**NARROW)))
    assert len(list(narrow.parameters())) == len(list(wide.parameters()))
    assert narrow.config.hidden_size < wide.config.hidden_size == subject.config.hidden_size
