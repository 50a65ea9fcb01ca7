"""A training loop with nothing around it: what a strategy costs before any Trainer."""

from collections.abc import Iterator, Sequence
from itertools import chain, islice

import numpy as np
import torch
from datasets import Dataset
from torch.utils.data import DataLoader
from transformers import DataCollatorWithPadding, PreTrainedModel, PreTrainedTokenizerBase

from benchmarks.kit.clock import DTYPES
from benchmarks.kit.strategies import Strategy
from lessons_lib.padding import PaddingCost, batches, epoch_order, padding_cost

Updates = Sequence[Sequence[int]]  # the examples of each update, to be split into batches


def epoch_updates(strategy: Strategy, lengths: Sequence[int], seed: int) -> list[list[int]]:
    """Return the updates of one epoch over texts of `lengths` tokens, drawn as the Trainer's sampler would."""
    grouped = strategy.train_sampling_strategy == "group_by_length"
    return list(batches(epoch_order(lengths, strategy.update_size, grouped, seed), strategy.update_size))


def epoch_cost(strategy: Strategy, lengths: Sequence[int], seed: int = 0) -> PaddingCost:
    """Return the tokens of one epoch: counted, not timed."""
    order = list(chain(*epoch_updates(strategy, lengths, seed)))
    return padding_cost(lengths, order, strategy.per_device_train_batch_size, strategy.pad_to)


def sample_updates(updates: Updates, count: int, seed: int) -> list[Sequence[int]]:
    """Return `count` of the `updates`, one from each equal stretch of the epoch, in random order.

    Grouped by length, an epoch begins with long texts: its first updates, or a sample cut short, would speak of these.
    """
    rng = np.random.default_rng(seed)
    stretches = np.array_split(np.arange(len(updates)), min(count, len(updates)))
    return [updates[index] for index in rng.permutation([rng.choice(stretch) for stretch in stretches])]


def extremes(updates: Updates, lengths: Sequence[int], strategy: Strategy) -> list[Sequence[int]]:
    """Return the update with the most tokens in a batch, and the one with the fewest, padding counted."""

    def most(update: Sequence[int]) -> int:
        split = batches(update, strategy.per_device_train_batch_size)
        return max(len(batch) * (strategy.pad_to or max(lengths[index] for index in batch)) for batch in split)

    return [max(updates, key=most), min(updates, key=most)]


def collator(strategy: Strategy, tokenizer: PreTrainedTokenizerBase) -> DataCollatorWithPadding:
    """Return what pads the batches of `strategy`."""
    padding = "max_length" if strategy.pad_to else True
    return DataCollatorWithPadding(tokenizer, padding=padding, max_length=strategy.pad_to)


def take_updates(
    strategy: Strategy, model: PreTrainedModel, rows: Dataset, updates: Updates, tokenizer: PreTrainedTokenizerBase
) -> Iterator[None]:
    """Train `model` on the `updates`, and yield after each.

    The mathematics are those of the Trainer's step: autocast, accumulated gradients, clipped, AdamW, a loss scaler in
    fp16. There is no schedule, no log, no callback. A GPU may still be at work when an update is yielded.
    """
    device, fused = model.device.type, strategy.optim == "adamw_torch_fused"
    split = [list(batches(update, strategy.per_device_train_batch_size)) for update in updates]
    workers = {"num_workers": strategy.dataloader_num_workers, "pin_memory": device == "cuda"}
    collate = collator(strategy, tokenizer)
    loaded = iter(DataLoader(rows, batch_sampler=list(chain(*split)), collate_fn=collate, **workers))
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-5, weight_decay=0.0, fused=fused)
    scaler = torch.amp.GradScaler(device, enabled=strategy.fp16)
    # dynamic: each batch has its own width, and a graph for each would be compiled again and again
    forward = torch.compile(model, dynamic=True) if strategy.torch_compile else model
    autocast = torch.autocast(device, dtype=DTYPES[strategy.dtype], enabled=strategy.dtype != "fp32")
    model.train()
    for update in split:
        for batch in islice(loaded, len(update)):
            with autocast:
                output = forward(**{name: value.to(device, non_blocking=True) for name, value in batch.items()})
            scaler.scale(output.loss / len(update)).backward()
        if strategy.max_grad_norm:
            scaler.unscale_(optimizer)
            torch.nn.utils.clip_grad_norm_(model.parameters(), strategy.max_grad_norm)
        scaler.step(optimizer)
        scaler.update()
        optimizer.zero_grad()
        yield
