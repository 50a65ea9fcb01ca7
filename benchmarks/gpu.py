"""Measures the memory that training BERT-base takes on a GPU, by padding and precision.

A model of its size with random weights: memory doesn't ask what they are. The longest batch comes first.
"""

from collections.abc import Mapping
from functools import partial

from transformers import BertConfig, BertForSequenceClassification, DataCollatorWithPadding, Trainer, TrainingArguments

from benchmarks.kit import store
from benchmarks.kit.clock import peak_memory
from benchmarks.kit.subject import Subject, subject_of

BATCH, WIDTH, STEPS = 8, 128, 8
PLAN = [
    {"padding": padding, "precision": precision}
    for padding in (f"to {WIDTH}", "grouped by length")
    for precision in ("fp32", "fp16", "bf16")
]


def measure(run: Mapping[str, str], subject: Subject) -> dict[str, int]:
    """Train some steps as a `run` says; return the tokens in the longest batch and the peak of memory in MiB."""
    fixed = run["padding"] != "grouped by length"
    longest = sorted(range(len(subject.lengths)), key=lambda index: -subject.lengths[index])[: BATCH * STEPS]
    to_width = {"padding": "max_length", "max_length": WIDTH} if fixed else {}
    args = TrainingArguments(
        "trainer_output",
        max_steps=STEPS,
        per_device_train_batch_size=BATCH,
        train_sampling_strategy="sequential",
        save_strategy="no",
        report_to="none",
        disable_tqdm=True,
        **({} if run["precision"] == "fp32" else {run["precision"]: True}),
    )
    with peak_memory(subject.device) as memory:
        model = BertForSequenceClassification(BertConfig(num_labels=2))
        Trainer(
            model,
            args,
            train_dataset=subject.rows.select(longest),
            data_collator=DataCollatorWithPadding(subject.tokenizer, **to_width),
        ).train()
    return {
        "tokens": BATCH * (WIDTH if fixed else max(subject.lengths)),
        "peak_mib": round(memory["memory_mib"]),
    }


def main() -> None:
    """Measure what is not measured yet, and write it."""
    wanted = store.arguments(__doc__)
    lesson = store.lesson_here()
    subject = subject_of(lesson)
    key, measured = store.begin("gpu", lesson, subject.lengths, wanted.replace, batch_size=BATCH)
    store.take_missing("gpu", key, measured, PLAN, partial(measure, subject=subject))
    store.publish("gpu")


if __name__ == "__main__":
    main()
