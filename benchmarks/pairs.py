"""Measures how hard the embedded sentence pairs are, for their card.

Four answers to the test split: always `equivalent`; a threshold on the share of common words; the embedded checkpoint,
fine-tuned; the same architecture, trained from scratch on the same budget. All are chosen on the training split.
"""

import json

import numpy as np
from datasets import Dataset, DatasetDict, load_dataset
from transformers import set_seed

from authoring.build_pairs import content_hash
from authoring.groups import word_overlap
from benchmarks.kit import store
from benchmarks.kit.strategies import Strategy
from benchmarks.kit.subject import Subject, judge, subject_of, trainer_for
from lessons_lib.lesson import Lesson


def overlaps(split: Dataset) -> np.ndarray:
    """Return the share of common words of each pair, shape `(n,)`."""
    return np.array([word_overlap(row["sentence1"], row["sentence2"]) for row in split])


def by_overlap(pairs: DatasetDict) -> np.ndarray:
    """Return predictions for the test split by the threshold that does best on the training split."""
    train, labels = overlaps(pairs["train"]), np.array(pairs["train"]["label"][:])
    threshold = max(np.unique(train), key=lambda at: ((train >= at) == labels).mean())
    return (overlaps(pairs["test"]) >= threshold).astype(int)


def by_training(subject: Subject, test: Dataset, lesson: Lesson, epochs: int) -> dict[str, float]:
    """Return accuracy and F1 on `test` after `epochs` with every weight trained, in batches of 8 of like length."""
    set_seed(lesson.seed)
    own = {"num_train_epochs": epochs, "learning_rate": 5e-5, "warmup_steps": 0.1, "seed": lesson.seed}
    trainer = trainer_for(Strategy(8), subject, subject.rows, **own, **lesson.precision)
    trainer.train()
    return judge(trainer, test)


def main() -> None:
    """Measure, print and write."""
    wanted = store.arguments(__doc__, epochs=3)
    lesson = store.lesson_here()
    pairs = load_dataset(lesson.dataset, lesson.task, revision=lesson.dataset_revision)
    subject, test = subject_of(lesson), subject_of(lesson, "test").rows
    labels = np.array(test["label"][:])
    scores = {
        "always equivalent": store.accuracy_and_f1(np.ones_like(labels), labels),
        "word overlap": store.accuracy_and_f1(by_overlap(pairs), labels),
        "fine-tuned": by_training(subject, test, lesson, wanted.epochs),
        "from scratch": by_training(subject.from_scratch(), test, lesson, wanted.epochs),
    }
    rows = {name: [(row["sentence1"], row["sentence2"], row["label"]) for row in pairs[name]] for name in pairs}
    measured = {
        **store.stamp("pairs"),
        "settings": store.settings_here(lesson, subject.lengths, epochs=wanted.epochs),
        "rows": {name: content_hash(own) for name, own in rows.items()},
        "test": scores,
    }
    store.save("pairs", lesson.task, measured)
    print(json.dumps(scores, indent=2))


if __name__ == "__main__":
    main()
