"""What training holds in memory: weights, gradients, the optimizer's state, and activations."""

from __future__ import annotations

import gc
from collections.abc import Mapping
from typing import TYPE_CHECKING

import torch

from lessons_lib.machine import MIB

if TYPE_CHECKING:
    from transformers import Trainer

KEPT = {"fp32": 75, "16 bits": 60}  # bytes per token, layer and unit of width that wait for the backward pass


def training_memory(parameters: int, trainable: int) -> dict[str, float]:
    """Return the MiB that training with AdamW in fp32 holds before any activation: weights, gradients, optimizer.

    Four bytes a weight, four a gradient, and AdamW's two running means of eight bytes (Loshchilov and Hutter, 2019,
    https://arxiv.org/abs/1711.05101), the last two for the `trainable` parameters alone.

    >>> training_memory(parameters=2**20, trainable=2**18)
    {'weights': 4.0, 'gradients': 1.0, 'optimizer': 2.0}
    """
    return {"weights": 4 * parameters / MIB, "gradients": 4 * trainable / MIB, "optimizer": 8 * trainable / MIB}


def estimate_memory(
    parameters: int,
    trainable: int,
    *,
    width: int,
    layers: int,
    tokens: int,
    precision: str = "bf16",
    outputs: int = 0,
    shards: int = 1,
    checkpointing: bool = False,
) -> dict[str, float]:
    """Return the MiB that a device holds at most while an encoder or decoder trains with AdamW, and what they are.

    `tokens` are those of one batch on one device, padding counted; `outputs` is the size of the vocabulary where each
    token gets logits (a language model). `shards` devices share weights, gradients and optimizer state (FSDP), and hold
    one layer at a time as a whole; a single one holds copies of its weights in 16 bits. `checkpointing` keeps each
    layer's input alone. Gradients appear while activations go, so the peak counts the larger of the two.

    What a layer keeps per token and unit of width was measured on BERT-base (docs/measured/gpu.md; where everything is
    in 16 bits, Korthikanti et al., 2022, https://arxiv.org/abs/2205.05198, count 34). Attention that stores its
    weights, as with dropout on a CPU, is not in it.

    >>> bert = {"parameters": 109_483_778, "trainable": 109_483_778, "width": 768, "layers": 12}
    >>> round(estimate_memory(**bert, tokens=8 * 128)["peak"])  # 1,949 measured
    2002
    """
    parts = {name: size / shards for name, size in training_memory(parameters, trainable).items()}
    copied = trainable if shards == 1 else parameters / layers + 2 * width * outputs  # a layer, embeddings and head
    if precision == "fp32":
        copied = 0 if shards == 1 else 2 * copied
    parts["copies"] = 2 * copied / MIB
    kept = KEPT["fp32" if precision == "fp32" else "16 bits"] * width
    parts["activations"] = tokens * (4 * width * layers + kept if checkpointing else kept * layers) / MIB
    parts["activations"] += 14 * tokens * outputs / MIB  # logits in 16 bits and in fp32, their softmax and gradient
    steady = sum(parts[name] for name in ("weights", "optimizer", "copies"))
    return {**parts, "peak": steady + max(parts["activations"], parts["gradients"])}


def estimate_hours(parameters: int, tokens: int, flops: float, utilisation: float = 0.3, devices: int = 1) -> float:
    """Return the hours that training on `tokens` takes, all epochs and the padding counted.

    `flops` are the operations per second on the device's data sheet, and `utilisation` the share of them that training
    reaches: measure twenty steps to know yours. Six operations per weight and token (Kaplan et al., 2020,
    https://arxiv.org/abs/2001.08361).

    >>> round(estimate_hours(10**9, 10**9, flops=100e12), 1)
    55.6
    """
    return 6 * parameters * tokens / (flops * utilisation * devices) / 3600


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
