"""The embedded metric against scikit-learn, on random inputs."""

import evaluate
import numpy as np
import pytest
from sklearn.metrics import accuracy_score, f1_score

from lessons_lib.sources import EMBEDDED


@pytest.fixture(scope="module")
def metric():
    return evaluate.load(str(EMBEDDED / "accuracy_and_f1"), "pairs")


@pytest.mark.parametrize("seed", range(10))
def test_equals_scikit_learn(metric, seed):
    rng = np.random.default_rng(seed)
    labels, predictions = rng.integers(2, size=(2, rng.integers(1, 300)))
    found = metric.compute(predictions=predictions, references=labels)
    assert found["accuracy"] == pytest.approx(accuracy_score(labels, predictions))
    assert found["f1"] == pytest.approx(f1_score(labels, predictions, zero_division=0))


@pytest.mark.parametrize("seed", range(5))
def test_three_classes_count_alike(metric, seed):
    labels, predictions = np.random.default_rng(seed).integers(3, size=(2, 60))
    found = metric.compute(predictions=predictions, references=labels)
    assert found["f1"] == pytest.approx(f1_score(labels, predictions, average="macro", zero_division=0))


def test_always_yes(metric):
    found = metric.compute(predictions=[1, 1, 1], references=[1, 1, 0])
    assert found == pytest.approx({"accuracy": 2 / 3, "f1": 0.8})
