"""Exercises of lesson 00: right answers, differing words, and how far a score lies above the baseline."""

import numpy as np
from sklearn.dummy import DummyClassifier
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.metrics import accuracy_score

from lessons_lib.exercises.engine import Exercise, Mistake


def _probabilities(rng: np.random.Generator) -> tuple[list[float], list[int]]:
    number = int(rng.integers(5, 12))
    probabilities = rng.choice([0.5, *rng.random(3 * number).round(2)], number)
    probabilities[rng.integers(number)] = 0.5
    return probabilities.tolist(), rng.permutation(np.arange(number) % 3 > 0).astype(int).tolist()


accuracy_of_probabilities = Exercise(
    reference=lambda probabilities, labels: float(accuracy_score(labels, np.array(probabilities) > 0.5)),
    draw=_probabilities,
    mistakes=(
        Mistake(
            lambda probabilities, labels: float(np.mean((np.array(probabilities) > 0.5) != labels)),
            "That's the share of wrong answers.",
        ),
        Mistake(
            lambda probabilities, labels: int(sum((np.array(probabilities) > 0.5) == labels)),
            "That's how many are right: divide by how many pairs there are.",
        ),
        Mistake(
            lambda probabilities, labels: float(np.mean((np.array(probabilities) >= 0.5) == labels)),
            "At exactly 0.5 the answer is no.",
        ),
        Mistake(
            lambda probabilities, labels: float(np.mean(np.array(probabilities) > 0.5)),
            "That's how often the model says yes: compare it with `labels`.",
        ),
        Mistake(
            lambda probabilities, labels: float(np.mean(np.abs(np.array(probabilities) + labels - 1))),
            "That's the mean probability of the right answer: make each one a yes or a no first.",
        ),
        Mistake(
            lambda probabilities, labels: float(np.mean((np.array(probabilities) > 0.5)[np.array(labels) == 1])),
            "You left out the pairs whose label is 0: a right no counts, too.",
        ),
    ),
    hints=(
        "First make each probability an answer, then compare it with its label.",
        "`probability > 0.5` is the answer, and `zip(probabilities, labels)` gives you the two side by side.",
        "Count how often `(probability > 0.5) == label`, and divide by `len(labels)`.",
    ),
)

WORDS = [
    "the",
    "a",
    "river",
    "old",
    "town",
    "mayor",
    "didn't",
    "open",
    "bridge",
    "on",
    "Friday's",
    "well-known",
    "market",
]


def _sentence(rng: np.random.Generator, words: list[str]) -> str:
    marked = [word + ("," if rng.random() < 0.2 else "") for word in words[:-1]] + [words[-1] + rng.choice([*".!?"])]
    return " ".join(word.capitalize() if rng.random() < 0.3 else word for word in marked)


def _sentences(rng: np.random.Generator) -> tuple[str, str]:
    common, one, two = np.split(rng.permutation(WORDS), [6, 9])
    first, second = [*common, common[0], *one], [*common, *two[: rng.integers(1, 4)]]
    return _sentence(rng, rng.permutation(first).tolist()), _sentence(rng, rng.permutation(second).tolist())


def _words(sentence: str, **options: object) -> set[str]:
    return set(CountVectorizer(token_pattern=r"[\w'-]+", **options).fit([sentence]).get_feature_names_out().tolist())


differing_words = Exercise(
    reference=lambda sentence1, sentence2: sorted(_words(sentence1) ^ _words(sentence2)),
    draw=_sentences,
    mistakes=(
        Mistake(
            lambda sentence1, sentence2: sorted(_words(sentence1) & _words(sentence2)),
            "Those are the words that both have: we want the others.",
        ),
        Mistake(
            lambda sentence1, sentence2: sorted(_words(sentence1) - _words(sentence2)),
            "The words that only the second sentence has belong to it, too.",
        ),
        Mistake(
            lambda sentence1, sentence2: sorted(_words(sentence2) - _words(sentence1)),
            "The words that only the first sentence has belong to it, too.",
        ),
        Mistake(
            lambda sentence1, sentence2: sorted(
                _words(sentence1, lowercase=False) ^ _words(sentence2, lowercase=False)
            ),
            "`The` and `the` are the same word: make everything small first.",
        ),
        Mistake(
            lambda sentence1, sentence2: sorted({*sentence1.lower().split()} ^ {*sentence2.lower().split()}),
            "`town` and `town.` are the same word: take the marks off.",
        ),
        Mistake(
            lambda sentence1, sentence2: sorted({*sentence1.split()} ^ {*sentence2.split()}),
            "Capitals and marks make two words of one: `Town.` is `town`.",
        ),
        Mistake(
            lambda sentence1, sentence2: _words(sentence1) ^ _words(sentence2),
            "That's a set, which has no order: return a sorted list.",
        ),
        Mistake(
            lambda sentence1, sentence2: len(_words(sentence1) ^ _words(sentence2)),
            "That's how many there are: return the words.",
        ),
    ),
    hints=(
        "Make a set of words of each sentence; then sets do the rest.",
        "`word.strip('.,!?').lower()` is a word as it should be, and `sentence.split()` gives you all of them.",
        "Take the words that are in both (`&`) away from all words (`|`), and sort what's left.",
    ),
)


def _judged(rng: np.random.Generator) -> tuple[list[int], list[int], list[int]]:
    classes, number = int(rng.integers(3, 5)), int(rng.integers(6, 13))
    common, rare = np.split(rng.permutation(np.arange(classes)), [rng.integers(1, classes)])
    train = rng.permutation([*np.repeat(common, 3), *rare])  # several labels may be equally common
    labels = rng.integers(0, classes, number)
    answers = np.where(rng.random(number) < 0.5, labels, rng.integers(0, classes, number))
    return answers.tolist(), labels.tolist(), train.tolist()


def _lazy(train_labels: list[int], labels: list[int]) -> float:
    dummy = DummyClassifier(strategy="most_frequent").fit(np.zeros((len(train_labels), 1)), train_labels)
    return float(accuracy_score(labels, dummy.predict(np.zeros((len(labels), 1)))))


def _lead(answers: list[int], labels: list[int], train_labels: list[int]) -> float:
    return float(accuracy_score(labels, answers)) - _lazy(train_labels, labels)


lead_over_baseline = Exercise(
    reference=_lead,
    draw=_judged,
    mistakes=(
        Mistake(
            lambda answers, labels, train_labels: _lead(answers, labels, labels),
            "You looked up the most common label in `labels`: a lazy answer knows only `train_labels`.",
        ),
        Mistake(
            lambda answers, labels, train_labels: accuracy_score(labels, answers) - _lazy(train_labels, train_labels),
            "That's how often the lazy answer is right in training: compare it with `labels`.",
        ),
        Mistake(
            lambda answers, labels, train_labels: -_lead(answers, labels, train_labels),
            "It's the other way round: above the baseline, the lead is positive.",
        ),
        Mistake(
            lambda answers, labels, train_labels: float(accuracy_score(labels, answers)),
            "That's the accuracy: take the baseline away from it.",
        ),
        Mistake(
            lambda answers, labels, train_labels: _lazy(train_labels, labels),
            "That's the baseline: take it away from the accuracy of `answers`.",
        ),
        Mistake(
            lambda answers, labels, train_labels: accuracy_score(labels, answers) - 1 / len(set(train_labels)),
            "That compares with a coin toss: the lazy answer is always the same.",
        ),
        Mistake(
            lambda answers, labels, train_labels: float(
                accuracy_score(labels, answers) - np.mean(np.array(labels) == max(train_labels, key=train_labels.count))
            ),
            "Where two labels are equally common in training, take the smaller, not the one that comes first.",
        ),
    ),
    hints=(
        "There are two accuracies in it: that of `answers`, and that of one and the same answer for all.",
        "The lazy answer is the label most common in `train_labels`; count how often it's in `labels`.",
        "Right answers minus lazily right ones, divided by `len(labels)`.",
    ),
)
