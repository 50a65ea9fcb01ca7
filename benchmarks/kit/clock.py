"""What is read off a machine: the peak of its matrix products, seconds and memory."""

import ctypes
import gc
import multiprocessing
import re
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import torch
from transformers import PretrainedConfig

from lessons_lib.machine import MIB

DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


def example_flops(config: PretrainedConfig, length: int, freeze_embeddings: bool = False) -> int:
    """Return the operations in the matrix products of a training step of a BERT encoder on one text of `length` tokens.

    For each token, `6 N` for the weights of the layers (Kaplan et al., 2020, https://arxiv.org/abs/2001.08361) and
    `12 * hidden_size * length` per layer for attention (Chowdhery et al., 2022, https://arxiv.org/abs/2204.02311).
    Pooler and classifier see one token per text. Frozen embeddings spare the first layer's query, key and value.
    """
    size, layers = config.hidden_size, config.num_hidden_layers
    weights = layers * (4 * size * size + 2 * size * config.intermediate_size)
    head = size * size + size * config.num_labels
    spared = 3 * 2 * size * size * length if freeze_embeddings else 0
    return 6 * weights * length + 12 * layers * size * length**2 + 6 * head - spared


def synchronize(device: str) -> None:
    """Wait until a GPU has done what it was told; a CPU always has."""
    if device != "cpu":
        torch.accelerator.synchronize()


@contextmanager
def clock(device: str) -> Iterator[dict[str, float]]:
    """Yield a dict that holds `seconds` afterwards."""
    taken: dict[str, float] = {}
    synchronize(device)
    began = time.perf_counter()
    yield taken
    synchronize(device)
    taken["seconds"] = time.perf_counter() - began


def matmul_peak(device: str, dtype: str, products: int = 50) -> float:
    """Return the most FLOP/s that a product of two large square matrices reached here, in so many `products`."""
    size = 1536 if device == "cpu" else 8192
    first, second = torch.randn(2, size, size, device=device).to(DTYPES[dtype])
    taken = []
    for _ in range(products):
        with clock(device) as one:
            torch.matmul(first, second)
        taken.append(one["seconds"])
    return 2 * size**3 / min(taken)


def in_fresh_process(function: Callable, *args: object, **kwargs: object) -> object:
    """Return what `function` does in a process of its own: in a used one, what its allocator kept hides the peak."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(function, *args, **kwargs).result()


@contextmanager
def peak_memory(device: str) -> Iterator[dict[str, float | None]]:
    """Yield a dict that holds `memory_mib` afterwards: the most held at once above what was held before, or `None`.

    On a CUDA GPU it is torch's own peak, on Linux the kernel's.
    """
    gc.collect()
    before = _held(device) if reset_peak(device) else None
    memory: dict[str, float | None] = {"memory_mib": None}
    yield memory
    if before is not None:
        memory["memory_mib"] = _held(device, peak=True) - before


def reset_peak(device: str) -> bool:
    """Set the peak of memory to what is held now (on Linux by clear_refs, man 5 proc); `False` where that can't be."""
    if device == "cuda":
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
        return True
    with suppress(AttributeError, OSError, TypeError):  # not glibc: what was freed may count as held before
        ctypes.CDLL(None).malloc_trim(0)
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
        return _held(device, peak=True) <= _held(device) + 1
    return False


def _held(device: str, peak: bool = False) -> float:
    if device == "cuda":
        return (torch.cuda.max_memory_allocated() if peak else torch.cuda.memory_allocated()) / MIB
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(re.search(rf"^{'VmHWM' if peak else 'VmRSS'}:\s+(\d+) kB", status, re.MULTILINE)[1]) / 1024
