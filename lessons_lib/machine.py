"""What this machine is: its device, the precision it trains in, its memory, disk and package versions."""

import os
import platform
import shutil
import sys
from collections.abc import Collection, Mapping
from importlib.metadata import PackageNotFoundError, metadata, requires, version
from pathlib import Path

MIB = 2**20
NO_LIMIT = 2**62


def named_path(value: str, settings: Mapping[str, str] = os.environ) -> Path:
    """Return the absolute path that the `value` of a setting names; a relative one counts from where one typed.

    That is LESSONS_FOLDER, which make sets, or else the first that has it of the current folder (under Jupyter that of
    the notebook) and the one in which Jupyter was started.
    """
    path = Path(value).expanduser()
    places = [settings["LESSONS_FOLDER"]] if settings.get("LESSONS_FOLDER") else [Path.cwd(), settings.get("PWD", ".")]
    tried = [(Path(place) / path).resolve() for place in places]
    return next((one for one in tried if one.exists()), tried[-1])


def device() -> str:
    """Return where the Trainer will put a model on this machine: `"cuda"`, `"mps"` or `"cpu"`."""
    import torch

    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def device_name(device: str) -> str:
    """Return a name for `device` that a person recognises, such as `"CPU with 2 cores"` or `"Tesla T4"`."""
    if device == "cuda":
        import torch

        return torch.cuda.get_device_name()
    return "Apple GPU" if device == "mps" else f"CPU with {cores()} cores, no GPU"


def cores() -> int:
    """Return how many processor cores this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # macOS and Windows have no affinity call
        return os.cpu_count() or 1


def cpu_has_bf16() -> bool:
    """Return whether this processor multiplies bf16 matrices in hardware (AVX512-BF16 or AMX); else bf16 is slower.

    The variable ATEN_CPU_CAPABILITY, such as `avx2`, tells torch to leave part of a processor unused, and so this, too.
    """
    import torch

    if torch.backends.cpu.get_cpu_capability() in ("DEFAULT", "AVX2"):
        return False
    if hasattr(torch.cpu, "get_capabilities"):
        capabilities = torch.cpu.get_capabilities()
        return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))
    return torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()


def precision(device: str, capability: tuple[int, int] | None = None, bf16_cpu: bool = False) -> dict[str, bool]:
    """Return the keyword arguments that tell `TrainingArguments` in which precision to train.

    bf16 from CUDA compute capability 8.0 on and fp16 below it, because a T4 (7.5) only emulates bf16; on a CPU bf16
    only where the processor has it in hardware; nothing, which means fp32, everywhere else.

    >>> precision("cuda", capability=(7, 5))
    {'fp16': True}
    >>> precision("cuda", capability=(8, 0))
    {'bf16': True}
    >>> precision("cpu", bf16_cpu=True)
    {'bf16': True, 'use_cpu': True}
    >>> precision("cpu"), precision("mps")
    ({}, {})
    """
    if device == "cuda":
        return {"bf16": True} if capability is not None and capability >= (8, 0) else {"fp16": True}
    return {"bf16": True, "use_cpu": True} if device == "cpu" and bf16_cpu else {}


def precision_here(device: str) -> dict[str, bool]:
    """Return `precision` for the processor or GPU of this machine."""
    if device == "cuda":
        import torch

        return precision(device, capability=torch.cuda.get_device_capability())
    return precision(device, bf16_cpu=device == "cpu" and cpu_has_bf16())


def dtype_name(precision: dict[str, bool]) -> str:
    """Return the short name of the type that `precision` trains in.

    >>> dtype_name({"bf16": True, "use_cpu": True}), dtype_name({})
    ('bf16', 'fp32')
    """
    return next((name for name in ("bf16", "fp16") if precision.get(name)), "fp32")


def memory() -> tuple[int, int]:
    """Return the total and the available main memory in MiB, of the container where one sets a limit."""
    import psutil

    now = psutil.virtual_memory()
    limit, used = container_memory()
    return min(now.total, limit) // MIB, min(now.available, max(limit - used, 0)) // MIB


def container_memory(system: Path = Path("/sys/fs/cgroup"), own: Path = Path("/proc/self/cgroup")) -> tuple[int, int]:
    """Return the smallest limit of memory that control groups set for this process, and what is used of it, in bytes.

    Pages of files that can be dropped don't count as used. Without a limit, it is larger than any memory. Source:
    cgroup-v2.rst and cgroup-v1/memory.rst in Linux's Documentation/admin-guide.
    """
    limits = [(NO_LIMIT, 0)]
    for line in own.read_text(encoding="ascii").splitlines() if own.exists() else []:
        _, controllers, path = line.split(":", 2)
        old = "memory" in controllers.split(",")
        if controllers and not old:
            continue
        base = system / "memory" if old else system
        names = ("memory.limit_in_bytes", "memory.usage_in_bytes") if old else ("memory.max", "memory.current")
        group = base / path.lstrip("/")
        for folder in (one for one in (group, *group.parents) if one.is_relative_to(base)):
            limit, used = (_bytes_in(folder / name) for name in names)
            if limit is not None:
                limits.append((limit, max((used or 0) - _droppable(folder / "memory.stat"), 0)))
    return min(limits)


def _bytes_in(file: Path) -> int | None:
    text = file.read_text(encoding="ascii").strip() if file.exists() else ""
    return int(text) if text.isdigit() else None  # "max": no limit


def _droppable(stat: Path) -> int:
    rows = [line.split() for line in stat.read_text(encoding="ascii").splitlines()] if stat.exists() else []
    return next((int(number) for name, number in rows if name in ("inactive_file", "total_inactive_file")), 0)


def process_memory(pid: int | None = None) -> int:
    """Return the main memory, in MiB, that a process (this one) holds now and that the system cannot take back.

    That is what counts where a machine is full. The pages of a file, such as a library's, are dropped and read again
    when they are needed: how many of them lie in memory depends on the machine, for the same lesson, by hundreds of
    MiB. The peak that Linux keeps (VmHWM) counts them, too. Elsewhere than on Linux they are counted here, too.
    """
    if sys.platform != "linux":
        import psutil

        return psutil.Process(pid).memory_info().rss // MIB
    lines = Path(f"/proc/{pid or 'self'}/status").read_text().splitlines()
    counted = ("RssAnon", "RssShmem", "VmSwap")
    return sum(int(line.split()[1]) for line in lines if line.partition(":")[0] in counted) // 1024


def gpu_memory() -> int:
    """Return the most memory that torch has held on the CUDA device so far, in MiB; 0 where there is none."""
    import torch

    return torch.cuda.max_memory_allocated() // MIB if torch.cuda.is_available() else 0


def disk(folder: str | Path = ".") -> int:
    """Return the free disk space in MiB where `folder` is."""
    return shutil.disk_usage(folder).free // MIB


def floors(also: Collection[str] = ()) -> dict[str, str]:
    """Return the oldest version of Python and of each package that the course runs on; empty where any will do.

    `also` names packages of the extras, which only some lessons need.
    """
    from packaging.requirements import Requirement

    try:
        needs = [Requirement(text) for text in requires("lessons-lib") or []]
        python = metadata("lessons-lib")["Requires-Python"]
    except PackageNotFoundError:  # used from its folder, not installed: nothing says what it needs
        return {}
    return {"python": python} | {
        need.name: str(need.specifier) for need in needs if need.marker is None or need.name in also
    }


def versions(also: Collection[str] = ()) -> dict[str, tuple[str | None, str, bool]]:
    """Return for Python and each package: the version that is here (`None`: absent), what is needed, and if it fits.

    `also` names packages of the extras, which only some lessons need.
    """
    from packaging.specifiers import SpecifierSet

    table = {}
    for name, needed in floors(also).items():
        try:
            here = platform.python_version() if name == "python" else version(name)
        except PackageNotFoundError:
            here = None
        fits = here is not None and SpecifierSet(needed).contains(here, prereleases=True)
        table[name] = (here, needed, fits)
    return table
