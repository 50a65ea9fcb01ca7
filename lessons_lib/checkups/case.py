"""What a check-up looks at, gathered once: the stand-in, the task, a sample of each dataset, what looks have found."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from lessons_lib.checkups.report import Look
from lessons_lib.checkups.rows import Rows
from lessons_lib.checkups.task import Task

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase, Trainer

INPUTS = ("input_ids", "attention_mask", "token_type_ids", "position_ids", "labels")


@dataclass(frozen=True)
class Case:
    """A trainer to look at: `trainer` is only read, `twin` is its stand-in, and `seen` holds the looks so far."""

    trainer: Trainer
    twin: Trainer
    task: Task
    tokenizer: PreTrainedTokenizerBase | None
    train: Rows
    evals: dict[str, Rows]
    seen: dict[str, Look] = field(default_factory=dict)

    @property
    def all_rows(self) -> list[Rows]:
        """Return the samples that could be read, training first."""
        return [rows for rows in (self.train, *self.evals.values()) if rows.batches]


def must_mend(case: Case, *names: str) -> str:
    """Return what keeps a look from being taken: faults that looks called `names` have found; "" without any."""
    faults = [name for name in names if name in case.seen and case.seen[name].outcome == "fault"]
    return f"First mend what's wrong with {' and '.join(faults)}." if faults else ""


def column(rows: Rows, name: str) -> list[Any]:
    """Return what the batches of `rows` hold under `name`, one tensor per batch."""
    return [batch[name] for batch in rows.batches if isinstance(batch, Mapping) and name in batch]


def tokenizer_of(trainer: Trainer) -> PreTrainedTokenizerBase | None:
    """Return the trainer's tokenizer, or else its collator's."""
    from transformers import PreTrainedTokenizerBase

    processing = trainer.processing_class
    places: list[Callable[[], Any]] = [
        lambda: processing,
        lambda: getattr(processing, "tokenizer", None),
        lambda: getattr(trainer.data_collator, "tokenizer", None),
    ]
    return next((one for one in (place() for place in places) if isinstance(one, PreTrainedTokenizerBase)), None)
