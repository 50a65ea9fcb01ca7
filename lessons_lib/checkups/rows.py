"""A sample of a dataset, as the trainer's own loader reads and collates it."""

from __future__ import annotations

import copy
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from torch.utils.data import IterableDataset

from lessons_lib.checkups.report import clean

if TYPE_CHECKING:
    from torch.utils.data import DataLoader
    from transformers import Trainer

READ, READ_SECONDS, CHUNK = 500, 3.0, 50  # examples and seconds at the most, and how many are read at a time
STREAM = "it's an IterableDataset, and reading would use it up. Try a trainer whose dataset is a list of the first rows"


@dataclass(frozen=True)
class Rows:
    """A sample of a dataset: examples as the collator gets them, and the batches that it makes of them.

    `why_not` says why nothing was read. `broken` says what the trainer's own collator or loader raised.
    """

    name: str
    total: int = 0
    items: list[Any] = field(default_factory=list)
    batches: list[Any] = field(default_factory=list)
    dataset: Any = None  # what the loader reads from
    collate: Callable | None = None
    batch_size: int = 8
    why_not: str = ""
    broken: str = ""

    @property
    def told(self) -> str:
        """Return how many examples were looked at, of how many."""
        kind = "training" if self.name == "train" else "evaluation"
        if len(self.items) == self.total:
            return f"all {self.total:,} {kind} examples"
        return f"{len(self.items):,} of {self.total:,} {kind} examples, drawn at random,"


def read_train(twin: Trainer) -> Rows:
    """Return a sample of the training set."""
    return _read("train", twin.train_dataset, twin.get_train_dataloader)


def read_evals(twin: Trainer) -> dict[str, Rows]:
    """Return a sample of each evaluation set, by name."""
    given = twin.eval_dataset
    named = given if isinstance(given, Mapping) else {} if given is None else {"eval": given}
    seconds = READ_SECONDS / max(len(named), 1)
    return {
        str(name): _read(str(name), one, lambda one=one: twin.get_eval_dataloader(one), seconds)
        for name, one in named.items()
    }


def size_of(item: Any) -> int:
    """Return how many ids an example has; 0 where it has none."""
    ids = item.get("input_ids") if isinstance(item, Mapping) else None
    return len(ids) if hasattr(ids, "__len__") else 0


def _read(name: str, dataset: Any, make_loader: Callable[[], DataLoader], seconds: float = READ_SECONDS) -> Rows:
    if dataset is None:
        return Rows(name, why_not="there's no such dataset")
    if isinstance(dataset, IterableDataset) or not hasattr(dataset, "__len__") or not hasattr(dataset, "__getitem__"):
        return Rows(name, why_not=STREAM)
    try:
        if len(dataset) == 0:
            return Rows(name, broken="The dataset is empty.")
        loader = make_loader()
    except Exception as error:
        return Rows(name, broken=f"Making a loader raises {_said(error)}.")
    source, collate = getattr(loader, "dataset", None), getattr(loader, "collate_fn", None)
    if not hasattr(source, "__getitem__") or not callable(collate):
        return Rows(name, why_not=f"its loader is a {type(loader).__name__} that we'd have to use up")
    return _collated(name, source, collate, getattr(loader, "batch_size", None) or 8, seconds)


def _collated(name: str, source: Any, collate: Callable, size: int, seconds: float) -> Rows:
    places = sorted(random.Random(0).sample(range(len(source)), min(READ, len(source))))
    items: list[Any] = []
    batches: list[Any] = []
    broken = ""
    try:
        items = _items(source, places, seconds)
        batches = [collate(copy.deepcopy(items[start : start + size])) for start in range(0, len(items), size)]
    except Exception as error:
        broken = f"{'Making a batch' if items else 'Reading an example'} raises {_said(error)}."
    return Rows(name, len(source), items, batches, source, collate, size, broken=broken)


def _items(source: Any, places: list[int], seconds: float) -> list[Any]:
    items, end = [], time.perf_counter() + seconds
    for start in range(0, len(places), CHUNK):
        some = places[start : start + CHUNK]
        many = getattr(source, "__getitems__", None)
        items += many(some) if callable(many) else [source[place] for place in some]
        if time.perf_counter() > end:
            break
    return items


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {clean(error, 200).rstrip('.')}"
