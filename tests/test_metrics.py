"""The losses against torch, and the mistakes in their order."""

import numpy as np
import pytest
import torch

from lessons_lib.metrics import accuracy_intervals, by_class, example_losses, majority_class, worst_mistakes

RNG = np.random.default_rng(0)
LOGITS = RNG.normal(scale=5, size=(40, 2))
LABELS = RNG.integers(2, size=40)


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


def test_mistakes_follow_the_threshold():
    logits, labels = np.array([[0.0, 1.0], [0.0, 3.0], [2.0, 0.0]]), np.array([1, 0, 1])
    sentences = ["a", "b", "c"]
    assert set(worst_mistakes(sentences, sentences, logits, labels)["sentence1"]) == {"b", "c"}
    assert set(worst_mistakes(sentences, sentences, logits, labels, threshold=0.8)["sentence1"]) == {"a", "b", "c"}


def test_scores_per_class_by_hand():
    table = by_class(np.array([0, 0, 1, 2]), np.array([0, 1, 1, 1]), ["a", "b", "c"])
    assert table["precision"].tolist() == pytest.approx([1, 1 / 3, 0])
    assert table["recall"].tolist() == [0.5, 1, 0]
    assert table["support"].tolist() == [2, 1, 1]


def test_an_interval_holds_its_share_and_narrows_with_more_rows():
    few, many = (accuracy_intervals({"it": np.arange(n) % 4 > 0}).loc["it"] for n in (40, 4000))
    assert few["low"] < few["accuracy"] == many["accuracy"] == 0.75 < few["high"]
    assert many["high"] - many["low"] < 0.2 * (few["high"] - few["low"])


@pytest.mark.parametrize(
    ("labels", "first"),
    [
        ([0, -1, -1], "2 of 3 labels are no class from 0 to 1; the first is -1 at place 1"),
        ([0, 2, 1], "1 of 3 .* the first is 2 at place 1"),
        ([-100, 0, 1], "the first is -100 at place 0"),
        ([0, 1, 0.5], r"the first is 0\.5 at place 2"),
        ([0, None, 1], "the first is None at place 1"),
        ([0, 1, float("nan")], "the first is nan at place 2"),
        (["yes", "no", "yes"], "3 of 3 .* the first is yes at place 0"),
    ],
)
def test_a_label_that_is_no_class_is_named_with_its_place(labels, first):
    logits, texts = np.zeros((3, 2)), ["a", "b", "c"]
    with pytest.raises(ValueError, match=first):
        example_losses(logits, np.array(labels))
    with pytest.raises(ValueError, match=first):
        worst_mistakes(texts, texts, logits, np.array(labels))
    with pytest.raises(ValueError, match=first):
        by_class(np.array(labels), np.array([0, 1, 0]), ["no", "yes"])


def test_labels_that_are_whole_are_taken_whatever_their_type():
    logits = np.array([[2.0, -2.0], [0.0, 1.0]])
    for labels in ([0, 1], [0.0, 1.0], [False, True]):
        assert example_losses(logits, np.array(labels)).tolist() == example_losses(logits, np.array([0, 1])).tolist()


@pytest.mark.parametrize(
    ("train", "labels", "expected"),
    [
        ([1, 1, 0], [1, 0, 0, 0], ("yes", 0.25)),  # common in training, rare where it is judged
        ([0, 0, 1], [1, 0, 0, 0], ("no", 0.75)),  # not always class 1
        ([2, 2, 1], [2, 1, 0, 2], ("maybe", 0.5)),
        ([0.0, 1.0, 1.0], [True, False], ("yes", 0.5)),
    ],
)
def test_the_baseline_is_what_is_most_common_in_training(train, labels, expected):
    assert majority_class(train, labels, ["no", "yes", "maybe"]) == expected
