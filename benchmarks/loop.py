"""A training loop with nothing around it: what a strategy costs before any Trainer."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from measure import DTYPES
from strategies import Strategy
from torch.utils.data import DataLoader
from transformers import DataCollatorWithPadding, PreTrainedModel, PreTrainedTokenizerBase

from lessons_lib.padding import PaddingCost, batches, epoch_order, padding_cost

Batches = list[list[int]]  # one update: the examples of each of its batches
FUSED = {"adamw_torch_fused": True, "adamw_torch": False}


@dataclass(frozen=True)
class Update:
    """What one change of the weights took: batches, examples, real and computed tokens, seconds of waiting for data."""

    batches: int
    examples: int
    real: int
    computed: int
    waited: float


def epoch_updates(strategy: Strategy, lengths: Sequence[int], seed: int) -> list[Batches]:
    """Return the updates of one epoch over texts of `lengths` tokens, drawn as the Trainer's sampler would.

    >>> [[len(batch) for batch in update] for update in epoch_updates(Strategy(2, 2), [5, 8, 6, 9, 7], seed=0)]
    [[2, 2], [1]]
    """
    order = epoch_order(lengths, strategy.update_size, strategy.train_sampling_strategy == "group_by_length", seed)
    return as_updates(order, strategy)


def as_updates(order: Sequence[int], strategy: Strategy) -> list[Batches]:
    """Return the updates over the texts of `order`, one after another.

    >>> as_updates(range(4), Strategy(1, 2))
    [[[0], [1]], [[2], [3]]]
    """
    split = batches(order, strategy.update_size)
    return [list(batches(update, strategy.per_device_train_batch_size)) for update in split]


def epoch_cost(strategy: Strategy, lengths: Sequence[int], seed: int = 0) -> PaddingCost:
    """Return the tokens of one epoch: counted, not timed."""
    order = [index for update in epoch_updates(strategy, lengths, seed) for batch in update for index in batch]
    return padding_cost(lengths, order, strategy.per_device_train_batch_size, strategy.pad_to)


def sample_updates(updates: Sequence[Batches], count: int, seed: int) -> list[Batches]:
    """Return `count` of the `updates` in random order, one from each of `count` equal stretches of the epoch.

    Grouped by length, an epoch goes from long to short texts and over again: its first updates would speak of long
    texts alone. The order is random so that a sample that is cut short is still a fair one.
    """
    rng = np.random.default_rng(seed)
    stretches = np.array_split(np.arange(len(updates)), min(count, len(updates)))
    return [updates[index] for index in rng.permutation([rng.choice(stretch) for stretch in stretches])]


def extremes(updates: Sequence[Batches], lengths: Sequence[int], pad_to: int | None = None) -> list[Batches]:
    """Return the update with the most tokens in a batch, and the one with the fewest, padding counted."""

    def most(update: Batches) -> int:
        return max(len(batch) * (pad_to or max(lengths[index] for index in batch)) for batch in update)

    return [max(updates, key=most), min(updates, key=most)]


def collator(strategy: Strategy, tokenizer: PreTrainedTokenizerBase) -> DataCollatorWithPadding:
    """Return what pads the batches of `strategy`."""
    if strategy.pad_to:
        return DataCollatorWithPadding(tokenizer, padding="max_length", max_length=strategy.pad_to)
    return DataCollatorWithPadding(tokenizer)


def take_updates(
    strategy: Strategy, model: PreTrainedModel, rows, updates: Sequence[Batches], collate: Callable
) -> Iterator[Update]:
    """Train `model` on the `updates`, and yield after each change of its weights what it took.

    The mathematics are those of the Trainer's step: autocast, accumulated gradients, clipped, AdamW, with a loss scaler
    in fp16. There is no schedule, no log and no callback. A GPU may still be at work when an update is yielded.
    """
    device = model.device.type
    sampler = [batch for update in updates for batch in update]
    loader = DataLoader(
        rows,
        batch_sampler=sampler,
        collate_fn=collate,
        num_workers=strategy.dataloader_num_workers,
        pin_memory=device == "cuda",
    )
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-5, weight_decay=0.0, fused=FUSED[strategy.optim])
    scaler = torch.amp.GradScaler(device, enabled=strategy.fp16)
    # dynamic: each batch has its own width, and a graph for each would be compiled again and again
    forward = torch.compile(model, dynamic=True) if strategy.torch_compile else model
    autocast = torch.autocast(device, dtype=DTYPES[strategy.dtype], enabled=strategy.dtype != "fp32")
    model.train()
    loaded = iter(loader)
    for update in updates:
        examples = real = computed = 0
        waited = 0.0
        for _ in update:
            began = time.perf_counter()
            batch = next(loaded)
            waited += time.perf_counter() - began
            examples += len(batch["labels"])
            real += int(batch["attention_mask"].sum())  # before it goes to a GPU, which would have to be waited for
            computed += batch["input_ids"].numel()
            with autocast:
                output = forward(**{name: value.to(device, non_blocking=True) for name, value in batch.items()})
            scaler.scale(output.loss / len(update)).backward()
        if strategy.max_grad_norm:
            scaler.unscale_(optimizer)
            torch.nn.utils.clip_grad_norm_(model.parameters(), strategy.max_grad_norm)
        scaler.step(optimizer)
        scaler.update()
        optimizer.zero_grad()
        yield Update(len(update), examples, real, computed, waited)


@contextmanager
def threads(count: int | None) -> Iterator[None]:
    """Let torch use `count` threads for a while; `None` changes nothing."""
    before = torch.get_num_threads()
    torch.set_num_threads(count or before)
    try:
        yield
    finally:
        torch.set_num_threads(before)
