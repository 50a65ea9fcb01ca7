"""Counting what padding costs: which examples share a batch, and how many tokens a model computes for it."""

import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from transformers import PreTrainedModel


@dataclass(frozen=True)
class PaddingCost:
    """Tokens in a list of batches: `real` ones of the texts, and `computed` ones, padding included."""

    real: int
    computed: int

    @property
    def ratio(self) -> float:
        """Tokens computed for each real token: 1.0 where nothing is padding."""
        return self.computed / self.real


def epoch_order(lengths: Sequence[int], batch_size: int, grouped: bool = False, seed: int = 0) -> list[int]:
    """Return the order in which an epoch takes texts of `lengths` tokens: shuffled, or as `group_by_length` does it.

    >>> sorted(epoch_order([5, 9, 2], batch_size=2, seed=1))
    [0, 1, 2]
    """
    import torch
    from transformers.trainer_pt_utils import get_length_grouped_indices

    generator = torch.Generator().manual_seed(seed)
    if grouped:
        return [int(index) for index in get_length_grouped_indices(list(lengths), batch_size, generator=generator)]
    return torch.randperm(len(lengths), generator=generator).tolist()


def batches(order: Sequence[int], batch_size: int) -> Iterator[list[int]]:
    """Yield the examples of `order` in batches; the last one may be smaller.

    >>> list(batches([3, 1, 2], 2))
    [[3, 1], [2]]
    """
    for start in range(0, len(order), batch_size):
        yield [int(index) for index in order[start : start + batch_size]]


def padding_cost(
    lengths: Sequence[int], order: Sequence[int], batch_size: int, pad_to: int | None = None
) -> PaddingCost:
    """Return the tokens of one epoch over texts of `lengths` tokens, taken in `order`.

    Each batch is padded to its longest text, or to `pad_to` where that is given; longer texts are then cut to it.

    >>> padding_cost([2, 4, 3], order=[0, 1, 2], batch_size=2)
    PaddingCost(real=9, computed=11)
    >>> padding_cost([2, 4, 3], order=[0, 1, 2], batch_size=2, pad_to=5)
    PaddingCost(real=9, computed=15)
    """
    real = computed = 0
    for batch in batches(order, batch_size):
        kept = [min(lengths[index], pad_to or lengths[index]) for index in batch]
        real += sum(kept)
        computed += (pad_to or max(kept)) * len(kept)
    return PaddingCost(real, computed)


def batch_masks(
    lengths: Sequence[int], order: Sequence[int], batch_size: int, pad_to: int | None = None
) -> list[np.ndarray]:
    """Return one attention mask a batch, shape `(batch, seq)`: 1 for a real token, 0 for padding.

    >>> [mask.tolist() for mask in batch_masks([1, 2], order=[0, 1], batch_size=2)]
    [[[1, 0], [1, 1]]]
    """
    masks = []
    for batch in batches(order, batch_size):
        kept = np.minimum([lengths[index] for index in batch], pad_to or np.inf)
        width = pad_to or int(kept.max())
        masks.append((np.arange(width) < kept[:, None]).astype(int))
    return masks


def step_milliseconds(model: "PreTrainedModel", batch_size: int, width: int, repeats: int = 3) -> float:
    """Return the median milliseconds of a training step without its update, on `batch_size` rows of `width` tokens.

    Forward and backward, as the model stands; its gradients, its mode and the random state are as before afterwards.
    """
    import torch

    weights = [parameter for parameter in model.parameters() if parameter.requires_grad]
    ids = torch.ones(batch_size, width, dtype=torch.long, device=model.device)
    labels = torch.zeros(batch_size, dtype=torch.long, device=model.device)
    taken, training = [], model.training
    devices = [model.device] if model.device.type == "cuda" else []
    try:
        model.train()
        with torch.random.fork_rng(devices=devices):
            for _ in range(repeats + 1):  # the first one warms up
                start = time.perf_counter()
                loss = model(input_ids=ids, attention_mask=torch.ones_like(ids), labels=labels).loss
                torch.autograd.grad(loss, weights)[-1].sum().item()  # waits for a GPU to have done the work
                taken.append(1000 * (time.perf_counter() - start))
    finally:
        model.train(training)
    return statistics.median(taken[1:])
