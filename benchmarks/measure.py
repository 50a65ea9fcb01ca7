"""What is read off a machine: the peak of its matrix products, the memory and the energy that a piece of work takes."""

import ctypes
import gc
import multiprocessing
import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import torch

from lessons_lib.machine import MIB

DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
POWERCAP = Path("/sys/class/powercap")


def example_flops(config, length: int, freeze_embeddings: bool = False) -> int:
    """Return the floating-point operations of a training step on one text of `length` tokens: matrix products alone.

    A weight of a layer takes two of them a token forward and four backward: `6 N` (Kaplan et al., 2020, section 2.1,
    https://arxiv.org/abs/2001.08361). Attention takes `12 * hidden_size * length` a token and layer more (Chowdhery et
    al., 2022, appendix B, https://arxiv.org/abs/2204.02311). Embeddings are looked up, not multiplied; where they are
    frozen, the first layer need not tell them through query, key and value what to change. Pooler and classifier see
    one token a text. `config` is that of a BERT encoder.

    >>> from transformers import BertConfig
    >>> example_flops(BertConfig(hidden_size=2, num_hidden_layers=1, num_attention_heads=1, intermediate_size=4), 3)
    840
    """
    size, layers = config.hidden_size, config.num_hidden_layers
    weights = layers * (4 * size * size + 2 * size * config.intermediate_size)
    head = size * size + size * config.num_labels
    spared = 3 * 2 * size * size * length if freeze_embeddings else 0
    return 6 * weights * length + 12 * layers * size * length**2 + 6 * head - spared


def synchronize(device: str) -> None:
    """Wait until a GPU has done what it was told; a CPU has always."""
    if device != "cpu":
        torch.accelerator.synchronize()


def matmul_peak(device: str, dtype: str, size: int = 0, seconds: float = 2.0) -> float:
    """Return the most FLOP/s that a product of two square matrices reached here, in about `seconds`.

    Matrices of `size` rows: 1,536 on a CPU, 8,192 on a GPU, unless asked otherwise.
    """
    size = size or (1536 if device == "cpu" else 8192)
    first, second = (torch.randn(size, size, device=device).to(DTYPES[dtype]) for _ in range(2))
    best, began = float("inf"), time.perf_counter()
    while best == float("inf") or time.perf_counter() - began < seconds:
        synchronize(device)
        start = time.perf_counter()
        torch.matmul(first, second)
        synchronize(device)
        best = min(best, time.perf_counter() - start)
    return 2 * size**3 / best


def in_fresh_process(function: Callable, *args: object) -> object:
    """Return `function(*args)` from a process that has done nothing before, and ends afterwards.

    In one that has, the peak of memory depends on what its allocator kept: it grew by a half in five rounds.
    """
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(function, *args).result()


@contextmanager
def peak_memory(device: str) -> Iterator[dict[str, object]]:
    """Yield a dict that holds `memory_mib` afterwards: the most that was held at once above what was held before.

    On a CUDA GPU it is torch's own peak. On Linux it is the kernel's (VmHWM), set back beforehand by writing 5 to
    /proc/self/clear_refs (man 5 proc), after free memory went back to the kernel: no earlier peak hides this one.
    Elsewhere a thread reads the resident memory each 5 ms, and may miss a short peak. `memory_from` says which it was.
    Other processes, such as those that load data, are not counted.
    """
    found: dict[str, object] = {}
    gc.collect()
    if device == "cuda":
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated()
        yield found
        found |= {"memory_mib": (torch.cuda.max_memory_allocated() - before) / MIB, "memory_from": "torch's peak"}
    elif reset_peak():
        before = _status("VmRSS")
        yield found
        found |= {"memory_mib": _status("VmHWM") - before, "memory_from": "the kernel's peak, set back"}
    else:
        with _sampled() as peak:
            before = peak[0]
            yield found
        found |= {"memory_mib": (peak[0] - before) / MIB, "memory_from": "resident memory, read each 5 ms"}


def reset_peak() -> bool:
    """Give free memory back to the kernel and set this process's peak back to what it holds now; `False`: cannot."""
    # not glibc: what was freed may stay with the process, and count as held before
    with suppress(AttributeError, OSError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)
    try:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
        return _status("VmHWM") <= _status("VmRSS") + 1
    except OSError:
        return False


def _status(name: str) -> float:
    return int(re.search(rf"^{name}:\s+(\d+) kB", Path("/proc/self/status").read_text(), re.MULTILINE)[1]) / 1024


@contextmanager
def _sampled() -> Iterator[list[int]]:
    process, over = psutil.Process(), threading.Event()
    peak = [process.memory_info().rss]

    def watch() -> None:
        while not over.wait(0.005):
            peak[0] = max(peak[0], process.memory_info().rss)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield peak
    finally:
        over.set()
        thread.join()
        peak[0] = max(peak[0], process.memory_info().rss)


@contextmanager
def clock(device: str) -> Iterator[dict[str, float | None]]:
    """Yield a dict that holds `seconds` afterwards, `joules` where readable, and `cpu_share`.

    `cpu_share` is the processor time that this process got for each second and thread. Where it is well below that of
    other rounds, somebody else used the processor, and the seconds are not to be trusted.
    """
    found: dict[str, float | None] = {}
    synchronize(device)
    energy, cpu, began = rapl(), time.process_time(), time.perf_counter()
    yield found
    synchronize(device)
    seconds = time.perf_counter() - began
    share = (time.process_time() - cpu) / seconds / torch.get_num_threads()
    joules = used(energy, rapl()) if device == "cpu" else None  # RAPL knows nothing of a GPU
    found |= {"seconds": seconds, "cpu_share": share, "joules": joules}


def rapl(folder: Path = POWERCAP) -> list[tuple[int, int]]:
    """Return each processor package's energy counter and the value at which it begins anew, in microjoules.

    Linux's power capping framework (https://docs.kernel.org/power/powercap/powercap.html). Empty where there is none,
    or where only root may read it.
    """
    try:
        zones = sorted(folder.glob("intel-rapl:[0-9]*"))
        packages = [zone for zone in zones if re.fullmatch(r"intel-rapl:\d+", zone.name)]  # not their parts
        names = ("energy_uj", "max_energy_range_uj")
        return [tuple(int((zone / name).read_text()) for name in names) for zone in packages]
    except OSError:
        return []


def used(before: Sequence[tuple[int, int]], after: Sequence[tuple[int, int]]) -> float | None:
    """Return the joules between two readings of `rapl`; `None` where there is nothing to read.

    >>> used([(9_000_000, 10_000_000)], [(500_000, 10_000_000)])  # the counter began anew
    1.5
    """
    if not before or len(before) != len(after):
        return None
    return sum((end - start) % span for (start, span), (end, _) in zip(before, after, strict=True)) / 1e6
