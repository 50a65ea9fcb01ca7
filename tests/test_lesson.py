"""start_lesson: the card, the seeds, and what stops it."""

import dataclasses
import json
import random
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import numpy as np
import pytest
import torch

from lessons_lib import start_lesson
from lessons_lib.course import COURSE
from lessons_lib.errors import SetupError
from lessons_lib.lesson import expectation, train_size
from lessons_lib.sources import EMBEDDED

SETTINGS = ("PROFILE", "CHECKPOINT", "DATASET", "TASK", "FOLDER", "ROWS")


@pytest.fixture(autouse=True)
def no_settings(monkeypatch):
    for name in SETTINGS:
        monkeypatch.delenv(f"LESSONS_{name}", raising=False)


def test_card_says_what_a_learner_asks(capsys):
    lesson = start_lesson("04")
    card = capsys.readouterr().out
    assert card.startswith("Lesson 04: Fine-tuning with Trainer")
    for row in ("device", "precision", "profile", "checkpoint", "dataset", "trains on", "expect", "to change"):
        assert f"\n{row} " in card
    assert lesson.profile in card


def test_lesson_is_frozen():
    lesson = start_lesson("01")
    with pytest.raises(dataclasses.FrozenInstanceError):
        lesson.task = "other"


def test_seeds_python_numpy_and_torch():
    draws = []
    for _ in range(2):
        start_lesson("01")
        draws.append((random.random(), np.random.rand(), torch.rand(1).item()))
    assert draws[0] == draws[1]


def test_every_notebook_is_a_lesson_of_the_course():
    notebooks = sorted(path.stem for path in (Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))
    assert notebooks == [one.slug for one in COURSE.lessons]


def test_unknown_lesson():
    with pytest.raises(SetupError, match="write one of 00, 01"):
        start_lesson("4")


def test_old_transformers_is_named(monkeypatch):
    monkeypatch.setattr("lessons_lib.machine.version", lambda name: "4.57.0" if name == "transformers" else "999")
    with pytest.raises(SetupError, match=r"transformers .*5\.13.* is needed and 4\.57\.0 is installed"):
        start_lesson("01")


def test_absent_package_is_named(monkeypatch):
    def version(name):
        if name == "evaluate":
            raise PackageNotFoundError(name)
        return "5.20" if name == "transformers" else "999"

    monkeypatch.setattr("lessons_lib.machine.version", version)
    with pytest.raises(SetupError, match=r"evaluate >=0\.4\.6 is needed and it is absent"):
        start_lesson("01")


def test_only_a_cpu_with_the_embedded_pairs_trains_on_a_part():
    pairs = str(EMBEDDED / "pairs")
    assert 0 < train_size(pairs, "cpu") < 2000
    assert train_size(pairs, "cuda") is None
    assert train_size("nyu-mll/glue", "cpu") is None


def test_expectation_is_read_from_what_was_measured(tmp_path):
    lesson = start_lesson("04")
    lesson = dataclasses.replace(lesson, device="cpu", precision={})
    file = tmp_path / "measured.json"
    assert "not measured" in expectation(lesson, file)
    table = {"machine": "CPU", "lessons": {"04": {"seconds": 90, "memory_mib": 700}}}
    file.write_text(json.dumps({"fp32": table}))
    assert expectation(lesson, file) == "1.5 minutes and 700 MiB of memory, as measured on a CPU"
    others = {"dataset": "nyu-mll/glue"}, {"device": "cuda"}, {"precision": {"bf16": True}}, {"checkpoint": "my/model"}
    for change in others:
        assert "not measured" in expectation(dataclasses.replace(lesson, **change), file)


def test_the_same_run_twice_ends_with_the_same_loss_and_weights(pairs, tokenizer, checkpoint, tmp_path):
    from transformers import AutoModelForSequenceClassification, Trainer, TrainingArguments

    rows = pairs["train"].select(range(12))
    rows = rows.map(lambda row: tokenizer(row["sentence1"], row["sentence2"]), load_from_cache_file=False)
    runs = []
    for _ in range(2):
        lesson = start_lesson("04")
        model = AutoModelForSequenceClassification.from_pretrained(checkpoint, num_labels=2)
        args = TrainingArguments(
            str(tmp_path),
            num_train_epochs=1,
            per_device_train_batch_size=4,
            train_sampling_strategy="group_by_length",
            save_strategy="no",
            report_to="none",
            seed=lesson.seed,
            **lesson.precision,
        )
        trainer = Trainer(model=model, args=args, train_dataset=rows, processing_class=tokenizer)
        runs.append((trainer.train().training_loss, model.classifier.weight.detach().clone()))
    assert runs[0][0] == runs[1][0]
    assert torch.equal(runs[0][1], runs[1][1])
