"""The figures against torch, and the bootstrap against a figure worked out by hand."""

import numpy as np
import pytest
import torch
from sklearn.metrics import accuracy_score, f1_score, precision_score, recall_score

from lessons_lib.metrics import bootstrap_interval, example_losses, scores, softmax, worst_mistakes

RNG = np.random.default_rng(0)
LOGITS = RNG.normal(scale=5, size=(40, 2))
LABELS = RNG.integers(2, size=40)


def test_softmax_equals_torch():
    assert softmax(LOGITS) == pytest.approx(torch.tensor(LOGITS).softmax(dim=-1).numpy())


def test_softmax_does_not_overflow():
    assert softmax(np.array([1e4, 0.0])).tolist() == [1.0, 0.0]


def test_losses_equal_torch():
    expected = torch.nn.functional.cross_entropy(torch.tensor(LOGITS), torch.tensor(LABELS), reduction="none")
    assert example_losses(LOGITS, LABELS) == pytest.approx(expected.numpy())


def test_worst_mistakes_are_the_wrong_ones_most_confident_first():
    texts = [f"text {number}" for number in range(40)]
    table = worst_mistakes(texts, texts, LOGITS, LABELS)
    assert len(table) == (LOGITS.argmax(axis=-1) != LABELS).sum()
    assert table["loss"].is_monotonic_decreasing
    assert (table["probability"] < 0.5).all()
    first = table.index[0]
    assert table["sentence1"][first] == texts[first]


def test_bootstrap_is_close_to_the_normal_interval():
    right = np.array([1] * 320 + [0] * 80)
    half = 1.96 * np.sqrt(0.8 * 0.2 / 400)
    low, high = bootstrap_interval(right, draws=5000)
    assert low == pytest.approx(0.8 - half, abs=0.005)
    assert high == pytest.approx(0.8 + half, abs=0.005)


def test_bootstrap_repeats_with_its_seed():
    assert bootstrap_interval(LABELS, seed=3) == bootstrap_interval(LABELS, seed=3)


@pytest.mark.parametrize("threshold", [0.0, 0.3, 0.5, 0.9, 1.0])
def test_scores_equal_those_of_scikit_learn(threshold):
    rng = np.random.default_rng(0)
    probabilities, labels = rng.random(200), rng.integers(0, 2, 200)
    predicted = probabilities > threshold
    expected = {
        "accuracy": accuracy_score(labels, predicted),
        "precision": precision_score(labels, predicted, zero_division=0),
        "recall": recall_score(labels, predicted),
        "f1": f1_score(labels, predicted),
    }
    assert scores(probabilities, labels, threshold) == pytest.approx(expected)


def test_mistakes_follow_the_threshold():
    logits, labels = np.array([[0.0, 1.0], [0.0, 3.0], [2.0, 0.0]]), np.array([1, 0, 1])
    sentences = ["a", "b", "c"]
    assert set(worst_mistakes(sentences, sentences, logits, labels)["sentence1"]) == {"b", "c"}
    assert set(worst_mistakes(sentences, sentences, logits, labels, threshold=0.8)["sentence1"]) == {"a", "b", "c"}
