"""The benchmark of bodies: its plan, what each way trains, and that what lessons quote is whole."""

import numpy as np
import pytest
from datasets import DatasetDict

from benchmarks import bodies
from benchmarks.kit import store
from lessons_lib.lesson import start_lesson


@pytest.fixture(scope="module")
def lesson():
    return start_lesson("01")


def test_every_run_of_the_plan_is_kept_once():
    [measured] = store.read("bodies").values()
    kept = [{name: run[name] for name in ("way", "train_size", "seed")} for run in measured["runs"]]
    plan = bodies.plan(2000)
    assert len(kept) == len(plan) and all(run in kept for run in plan)


def test_a_run_has_its_baseline_and_its_costs():
    [measured] = store.read("bodies").values()
    for run in measured["runs"]:
        assert 0 < run["accuracy"] < 1
        if run["way"] in bodies.RATES:
            assert run["trainable"] > 0 and run["seconds"] > 0 and run["memory_mib"] > 0


@pytest.mark.parametrize("way", ["encoder, LoRA", "encoder, fine-tuned"])
def test_each_way_trains_the_weights_that_it_says(way, lesson, checkpoint, pairs, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    few = DatasetDict(train=pairs["train"].select(range(8)), validation=pairs["validation"].select(range(8)))
    guess, moving = bodies.trained(way, 1, few, checkpoint, lesson)
    size, layers = 384, 6
    head = (size * size + size) + (2 * size + 2)  # pooler and classifier
    thin = layers * 2 * 2 * 8 * size  # queries and values, two matrices each
    whole = layers * (4 * (size * size + size) + 2 * size * 4 * size + 4 * size + size + 2 * 2 * size)
    assert moving == {"encoder, LoRA": thin + head, "encoder, fine-tuned": whole + head}[way]
    assert guess.shape == (8,)


def test_an_answer_is_a_linear_model_on_a_body_as_it_is(lesson, checkpoint, pairs):
    few = DatasetDict(train=pairs["train"].select(range(40)), validation=pairs["validation"].select(range(20)))
    guess = bodies.answered("encoder, cosine", few, checkpoint, lesson)
    assert set(np.unique(guess)) <= {0, 1} and (guess == np.array(few["validation"]["label"][:])).mean() > 0.6
