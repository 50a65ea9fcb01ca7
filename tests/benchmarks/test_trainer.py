"""The Trainer in the benchmarks, by what it counts: steps, collator calls, tokens; and its order when it predicts."""

import ast
from pathlib import Path

import nbformat
import numpy as np
import pytest
import torch
from counted import KNOWN, Counted
from predicting import predict_by_length
from strategies import COURSE, Strategy, table
from trainer import PARTS, cost_table, profiled
from trainer_runs import (
    BARE,
    DASHBOARD,
    OUTFITS,
    StepClock,
    bare_seconds,
    same_batches,
    trainer_for,
    trainer_seconds,
    with_small_model,
)
from transformers import TrainingArguments

from lessons_lib import start_lesson

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"


def test_trainer_of_the_lesson_takes_the_tokens_and_steps_it_should(subject, steps, tmp_path, monkeypatch):
    """480 pairs in batches of 4, as lessons 04 and 05 train on a processor."""
    monkeypatch.chdir(tmp_path)
    strategy = KNOWN["batches of 4"]
    grouped = {"train_sampling_strategy": "group_by_length", "bf16": False}
    trainer = trainer_for(strategy, subject, subject.rows, "cpu", **grouped)
    trainer.data_collator = collate = Counted(trainer.data_collator)
    trainer.train()
    assert len(steps) == collate.calls == trainer.state.global_step == 120
    assert collate.real == sum(subject.lengths)
    assert collate.computed / collate.real <= 1.02


@pytest.mark.parametrize("name", ["04_fine_tuning_with_trainer", "05_metrics"])
def test_lessons_train_as_the_recipe_that_is_measured(name, tmp_path, monkeypatch):
    """On a machine that trains on every pair."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("lessons_lib.lesson.train_size", lambda dataset, device: None)
    lesson = start_lesson(name[:2])
    cells = nbformat.read(NOTEBOOKS / f"{name}.ipynb", 4).cells
    source = next(cell.source for cell in cells if "training_args = TrainingArguments(" in cell.source)
    [call] = [one.value for one in ast.parse(source).body if isinstance(one, ast.Assign)]
    args = eval(ast.unparse(call), {"TrainingArguments": TrainingArguments, "lesson": lesson})
    for field, value in table(lesson.device, lesson.precision)[COURSE].arguments(lesson.device).items():
        assert field == "use_cpu" or getattr(args, field) == value, field
    frozen = any("model.base_model.embeddings.requires_grad_(False)" in cell.source for cell in cells)
    assert frozen == table(lesson.device, lesson.precision)[COURSE].freeze_embeddings


def test_predicting_by_length_keeps_the_order_and_computes_little(subject, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = subject.rows.select(range(100))
    grouped = {"train_sampling_strategy": "group_by_length", "per_device_eval_batch_size": 8}
    trainer = trainer_for(Strategy(4, 1), subject, None, "cpu", **grouped)
    trainer.data_collator = collate = Counted(trainer.data_collator)
    found = predict_by_length(trainer, rows)
    assert collate.calls == 13
    assert collate.computed / collate.real <= 1.05
    assert found.label_ids.tolist() == rows["label"][:]
    with torch.no_grad():
        alone = [subject.tokenizer.pad([row], return_tensors="pt") for row in rows.remove_columns("label")]
        expected = np.concatenate([trainer.model.eval()(**one).logits.numpy() for one in alone])
    assert np.allclose(found.predictions, expected, atol=1e-5)
    assert not np.allclose(found.predictions[::-1], expected, atol=1e-3)  # so that another order would be seen
    assert trainer.args.train_sampling_strategy == "group_by_length"
    assert trainer.predict(rows).label_ids.tolist() != rows["label"][:]  # what the Trainer itself does with it


@pytest.mark.parametrize("outfit", OUTFITS)
def test_each_outfit_takes_every_step_and_does_what_it_says(outfit, subject, steps, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    drawn, logged, loading = [], [], []
    monkeypatch.setattr("trainer_runs.panel", lambda run, status, now: drawn.append(status))
    monkeypatch.setattr(StepClock, "on_log", lambda self, args, state, control, logs, **_: logged.append(logs))
    build = torch.utils.data.DataLoader.__init__
    monkeypatch.setattr(
        torch.utils.data.DataLoader,
        "__init__",
        lambda self, *args, **kwargs: (loading.append(kwargs["num_workers"]), build(self, *args, **kwargs))[1],
    )
    taken = trainer_seconds(outfit, Strategy(4, 1), subject, subject.rows.select(range(84)), "cpu")
    assert len(steps) == 21 and len(taken["steps"]) == 20
    assert all(seconds > 0 for seconds in (*taken["steps"], taken["before"], taken["after"]))
    assert bool(drawn) == (outfit == DASHBOARD)
    assert any("loss" in logs for logs in logged) == outfit.startswith("a log")
    assert ("21/21" in capsys.readouterr().err) == (outfit == "progress bar")
    assert (max(loading) == 2) == (outfit == "two loading processes")
    assert any(tmp_path.rglob("model.safetensors")) == (outfit == "a checkpoint at the end")


def test_several_gpus_are_refused_with_a_way_out(subject, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(TrainingArguments, "n_gpu", property(lambda self: 2))
    with pytest.raises(SystemExit, match=r"^2 GPUs can be seen\. Set CUDA_VISIBLE_DEVICES=0"):
        trainer_for(Strategy(4, 1), subject, None, "cpu")


def test_the_bare_loop_takes_every_step_of_the_same_batches(subject, steps):
    strategy = Strategy(4, 1)
    rows = same_batches(strategy, subject, seed=0, examples=12)
    assert len(rows) == 12
    taken = bare_seconds(strategy, subject, rows, "cpu")
    assert len(steps) == 3 and len(taken["steps"]) == 2 and min(taken["steps"]) > 0


def test_a_part_that_was_renamed_is_said_to(subject, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = subject.rows.select(range(80))
    shares = profiled(Strategy(4, 1), subject, rows, "cpu")
    assert set(shares) == set(PARTS) and all(0 < share < 1 for share in shares.values())
    monkeypatch.setitem(PARTS, "optimizer", ("accelerate/optimizer.py", "stride"))
    with pytest.raises(LookupError, match=r"No stride of accelerate/optimizer\.py was called"):
        profiled(Strategy(4, 1), subject, rows, "cpu")


def test_what_the_trainer_adds_is_told_in_milliseconds_and_within_rounds():
    def runs(steps):
        found = [(name, at, one) for name, own in steps.items() for at, one in enumerate(own)]
        others = {name: {} if name == BARE else {"before": 0.3, "after": 0.1} for name in steps}
        return [
            {"outfit": name, "round": at, "steps": [one, 3 * one], **others[name]} for name, at, one in found
        ]  # longer batches take longer: the mean step is twice `one`

    small = runs({BARE: (0.005, 0.010, 0.005), "Trainer": (0.006, 0.011, 0.008)})  # 2, 2 and 6 ms more
    real = runs({BARE: (0.2, 0.4, 0.2), "Trainer": (0.22, 0.42, 0.204)})
    found = cost_table(small, real).loc["Trainer"]
    assert found[["added_ms", "added_share"]].tolist() == pytest.approx([2.0, 0.002 / 0.4])
    assert found[["low", "ratio", "high"]].tolist() == pytest.approx([0.02, 0.05, 0.1])
    assert found[["step_ms", "before_s", "after_s"]].tolist() == pytest.approx([440, 0.3, 0.1])


def test_a_small_model_has_as_many_layers(subject):
    wide, narrow = subject.new_model(Strategy()), with_small_model(subject).new_model(Strategy())
    assert len(list(narrow.parameters())) == len(list(wide.parameters()))
    assert narrow.config.hidden_size < wide.config.hidden_size == subject.config.hidden_size
