"""Measures the memory that training BERT-base takes on a GPU, by padding and precision.

A model of its size with random weights: memory doesn't ask what they are. The longest batch comes first.
"""

from collections.abc import Mapping
from functools import partial

from benchmarks.kit import store
from benchmarks.kit.clock import peak_memory
from benchmarks.kit.strategies import Strategy
from benchmarks.kit.subject import Subject, subject_of, trainer_for

BATCH, WIDTH, STEPS = 8, 128, 8
SHAPE = {"hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12, "intermediate_size": 3072}
BERT_BASE = {"parameters": 109_483_778, "trainable": 109_483_778, "width": 768, "layers": 12}  # for estimate_memory
PADDING = {f"to {WIDTH}": WIDTH, "grouped by length": None}
PLAN = [{"padding": padding, "precision": precision} for padding in PADDING for precision in ("fp32", "fp16", "bf16")]


def measure(run: Mapping[str, str], subject: Subject) -> dict[str, int]:
    """Train some steps as a `run` says; return the tokens in the longest batch and the peak of memory in MiB."""
    width = PADDING[run["padding"]]
    precision = {name: name == run["precision"] for name in ("fp16", "bf16")}
    strategy = Strategy(BATCH, train_sampling_strategy="sequential", pad_to=width, **precision)
    longest = sorted(range(len(subject.lengths)), key=lambda index: -subject.lengths[index])[: BATCH * STEPS]
    with peak_memory(subject.device) as memory:
        trainer_for(strategy, subject.from_scratch(**SHAPE), subject.rows.select(longest), max_steps=STEPS).train()
    return {"tokens": BATCH * (width or max(subject.lengths)), "peak_mib": round(memory["memory_mib"])}


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
