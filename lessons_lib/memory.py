"""What training holds in memory: weights, gradients, the optimizer's state, and activations."""

from __future__ import annotations

import gc
from collections.abc import Mapping
from typing import TYPE_CHECKING

import torch

from lessons_lib.machine import MIB

if TYPE_CHECKING:
    from transformers import Trainer


def training_memory(parameters: int, trainable: int) -> dict[str, float]:
    """Return the MiB that training with AdamW in fp32 holds before any activation: weights, gradients, optimizer.

    Four bytes a weight, four a gradient, and AdamW's two running means of eight bytes (Loshchilov and Hutter, 2019,
    https://arxiv.org/abs/1711.05101), the last two for the `trainable` parameters alone.

    >>> training_memory(parameters=2**20, trainable=2**18)
    {'weights': 4.0, 'gradients': 1.0, 'optimizer': 2.0}
    """
    return {"weights": 4 * parameters / MIB, "gradients": 4 * trainable / MIB, "optimizer": 8 * trainable / MIB}


def optimizer_memory(optimizer: torch.optim.Optimizer | None) -> float:
    """Return the MiB that the state of `optimizer` holds now; nothing before its first step.

    >>> optimizer_memory(torch.optim.AdamW([torch.ones(2**18, requires_grad=True)]))
    0.0
    """
    states = optimizer.state.values() if optimizer else []
    tensors = [value for state in states for value in state.values() if torch.is_tensor(value)]
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors) / MIB


def activation_memory(model: torch.nn.Module, batch: Mapping[str, torch.Tensor]) -> float:
    """Return the MiB that a forward pass of `model` over `batch` keeps for the backward pass, weights not counted.

    >>> layer = torch.nn.Sequential(torch.nn.Linear(512, 512), torch.nn.Tanh())
    >>> activation_memory(layer, {"input": torch.ones(512, 512)})  # the input and the result, one MiB each
    2.0
    """
    weights = {weight.untyped_storage().data_ptr() for weight in model.parameters()}
    kept = {}

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in weights:
            kept[storage.data_ptr()] = storage.nbytes()
        return tensor.detach()  # the tensor itself would hold on to the very graph that holds it

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        output = model(**batch)
    total = sum(kept.values())
    del output  # only now: while it lived, so did what was kept, and no address was used twice
    return total / MIB


def release(trainer: Trainer) -> Trainer:
    """Let go of what only training needs, gradients and the optimizer's state, and return `trainer`.

    It predicts and saves as before; to train on, it would begin a new run.
    """
    trainer.accelerator.free_memory()
    trainer.optimizer = trainer.lr_scheduler = None
    trainer.callback_handler.optimizer = trainer.callback_handler.lr_scheduler = None
    trainer.model.zero_grad(set_to_none=True)
    gc.collect()
    return trainer
