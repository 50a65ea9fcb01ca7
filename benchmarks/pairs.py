"""Measures how hard the embedded sentence pairs are, for their card: `python benchmarks/pairs.py`.

Four answers to the test split: always `equivalent`; a threshold on the share of common words, chosen on the training
split; the embedded checkpoint fine-tuned on the training split; the same architecture trained from scratch on the same
budget. Writes benchmarks/pairs.json.
"""

import argparse
import datetime
import json
from importlib.metadata import version
from pathlib import Path

import numpy as np
from datasets import DatasetDict, load_dataset
from predicting import predict_by_length
from results import accuracy_and_f1
from transformers import AutoConfig, AutoModelForSequenceClassification, AutoTokenizer, Trainer, TrainingArguments

from lessons_lib import machine, start_lesson
from lessons_lib.embedded.build_pairs import content_hash
from lessons_lib.embedded.groups import word_overlap

RESULTS = Path(__file__).with_suffix(".json")


def rows_of(split) -> list[tuple[str, str, int]]:
    """Return the pairs of a split as build_pairs drew them: `(sentence1, sentence2, label)`."""
    return list(zip(split["sentence1"], split["sentence2"], split["label"], strict=True))


def overlaps(split) -> np.ndarray:
    """Return the share of common words of each pair, shape `(n,)`."""
    return np.array([word_overlap(row["sentence1"], row["sentence2"]) for row in split])


def by_overlap(pairs: DatasetDict) -> np.ndarray:
    """Return predictions for the test split by the threshold that does best on the training split."""
    train, labels = overlaps(pairs["train"]), np.array(pairs["train"]["label"][:])
    rules = [(side, at) for at in np.unique(train) for side in (1, -1)]
    side, at = max(rules, key=lambda rule: ((rule[0] * train >= rule[0] * rule[1]) == labels).mean())
    return (side * overlaps(pairs["test"]) >= side * at).astype(int)


def by_training(pairs: DatasetDict, lesson, pretrained: bool, epochs: int) -> np.ndarray:
    """Return predictions for the test split after training from the embedded checkpoint, or from scratch."""
    tokenizer = AutoTokenizer.from_pretrained(lesson.checkpoint, revision=lesson.revision)
    tokenized = pairs.map(lambda rows: tokenizer(rows["sentence1"], rows["sentence2"], truncation=True), batched=True)
    if pretrained:
        model = AutoModelForSequenceClassification.from_pretrained(
            lesson.checkpoint, revision=lesson.revision, num_labels=2
        )
    else:
        config = AutoConfig.from_pretrained(lesson.checkpoint, revision=lesson.revision, num_labels=2)
        model = AutoModelForSequenceClassification.from_config(config)
    args = TrainingArguments(
        "build/benchmarks/pairs",
        num_train_epochs=epochs,
        per_device_train_batch_size=8,
        per_device_eval_batch_size=32,
        learning_rate=5e-5,
        warmup_steps=0.1,
        train_sampling_strategy="group_by_length",
        save_strategy="no",
        report_to="none",
        disable_tqdm=True,
        seed=lesson.seed,
        **lesson.precision,
    )
    trainer = Trainer(model=model, args=args, train_dataset=tokenized["train"], processing_class=tokenizer)
    trainer.train()
    prediction = predict_by_length(trainer, tokenized["test"])
    assert (prediction.label_ids == np.array(pairs["test"]["label"][:])).all()
    return prediction.predictions.argmax(axis=-1)


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, default=3)
    epochs = parser.parse_args().epochs
    lesson = start_lesson("04")
    pairs = load_dataset(lesson.dataset, lesson.task, revision=lesson.dataset_revision)
    labels = np.array(pairs["test"]["label"][:])
    found = {
        "always equivalent": accuracy_and_f1(np.ones_like(labels), labels, digits=3),
        "word overlap": accuracy_and_f1(by_overlap(pairs), labels, digits=3),
        "fine-tuned": accuracy_and_f1(by_training(pairs, lesson, pretrained=True, epochs=epochs), labels, digits=3),
    }
    start_lesson("04")  # seeds anew
    found["from scratch"] = accuracy_and_f1(
        by_training(pairs, lesson, pretrained=False, epochs=epochs), labels, digits=3
    )
    results = {
        "command": f"python benchmarks/pairs.py --epochs {epochs}",
        "date": datetime.date.today().isoformat(),
        "machine": machine.device_name(lesson.device),
        "precision": lesson.precision,
        "versions": {name: version(name) for name in ("torch", "transformers", "datasets")},
        "dataset": f"{Path(lesson.dataset).name}, {lesson.task}",
        "rows": {split: content_hash(rows_of(pairs[split])) for split in pairs},
        "epochs": epochs,
        "test": found,
    }
    RESULTS.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
