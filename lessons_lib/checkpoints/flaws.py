"""What a checkpoint lacks of what the `Trainer` needs to resume: one of its own, of FSDP, of DeepSpeed."""

import re
from dataclasses import dataclass
from pathlib import Path

from lessons_lib.checkpoints.files import absent_parts, is_whole, wrong_shards

STATE = "trainer_state.json"  # written last: a checkpoint without it was never finished
WEIGHTS = (
    *("model.safetensors", "pytorch_model.bin", "adapter_model.safetensors", "adapter_model.bin"),
    *("model.safetensors.index.json", "pytorch_model.bin.index.json"),
)  # in the order in which the Trainer looks for them
READ = re.compile(
    rf"{STATE}|(adapter_)?config\.json|(pytorch_|adapter_)?model[-._].*|optimizer.*|scheduler\.pt|scaler\.pt"
    r"|rng_state.*|global_step.*|latest|[^/]+/adapter_.*"
)  # files that it reads on resuming; cut short, each of them raises an error
SENTINEL = "checkpoint-is-incomplete.txt"  # there while `enable_jit_checkpoint` saves


@dataclass(frozen=True)
class Flaw:
    """One thing that is wrong with a file ("" for the folder), and whether it keeps the `Trainer` from resuming."""

    name: str
    what: str
    blocks: bool = True


def why_broken(folder: str | Path) -> str | None:
    """Return what is wrong with the checkpoint in `folder`, a file absent or cut short; `None` where it is whole."""
    by_what: dict[str, list[str]] = {}
    for flaw in flaws(Path(folder)):
        by_what.setdefault(flaw.what, []).append(flaw.name)
    told = []
    for what, names in by_what.items():
        more = f" and {len(names) - 4} more" if len(names) > 4 else ""
        told.append(f"{', '.join(names[:4])}{more} {what}".strip())
    return "; ".join(told) or None


def flaws(folder: Path) -> list[Flaw]:
    """Return all that is wrong with a checkpoint: first what is absent, then what is cut short."""
    if not folder.is_dir():
        link = "a link to nothing" if folder.is_symlink() else "absent"
        return [Flaw("", "a file, not a folder" if folder.exists() else link)]
    try:
        return [*_absent(folder), *_cut(folder)]
    except OSError as error:
        return [Flaw("", f"can't be read ({error.strerror})")]


def kind_of(folder: Path) -> str:
    """Return what wrote the checkpoint in `folder`: "FSDP", "DeepSpeed", or "" for the `Trainer` alone."""
    names = names_in(folder)
    if "latest" in names or any(name.startswith("global_step") for name in names):
        return "DeepSpeed"
    return "FSDP" if any(name.startswith("pytorch_model_fsdp") for name in names) else ""


def names_in(folder: Path) -> set[str]:
    """Return the names of the files and folders in `folder`."""
    return {path.name for path in folder.iterdir()}


def _absent(folder: Path) -> list[Flaw]:
    names = names_in(folder)
    find = {"": _absent_plain, "FSDP": _absent_fsdp, "DeepSpeed": _absent_deepspeed}[kind_of(folder)]
    unfinished = [Flaw(SENTINEL, "says that saving was not finished", blocks=False)] if SENTINEL in names else []
    return [*([] if STATE in names else [Flaw(STATE, "absent")]), *find(folder, names), *unfinished]


def _absent_plain(folder: Path, names: set[str]) -> list[Flaw]:
    optimizer = [Flaw(name, "absent", blocks=False) for name in ("optimizer.pt", "scheduler.pt") if name not in names]
    weights = next((name for name in WEIGHTS if name in names), None)
    if weights is None and not any(folder.glob("*/adapter_model.*")):  # adapters with names have folders of their own
        shard = next((name for name in sorted(names) if re.search(r"model-\d+-of-\d+", name)), "")
        single = "pytorch_model.bin" if shard.endswith(".bin") else "model.safetensors"
        return [*optimizer, Flaw(f"{single}.index.json" if shard else single, "absent")]
    wrong = wrong_shards(folder / weights) if (weights or "").endswith(".index.json") else {}
    return [*optimizer, *(Flaw(name, what) for name, what in wrong.items())]


def _absent_fsdp(folder: Path, names: set[str]) -> list[Flaw]:
    parts = [path for kind in ("pytorch_model_fsdp", "optimizer") for path in folder.glob(f"{kind}_*") if path.is_dir()]
    full = "pytorch_model_fsdp.bin" in names
    absent: list[Flaw] = []
    if not full and not any(path.name.startswith("pytorch_model_fsdp") for path in parts):
        absent.append(Flaw("pytorch_model_fsdp_0", "absent"))
    if not any(name.startswith("optimizer") for name in names):
        absent.append(Flaw("optimizer.bin" if full else "optimizer_0", "absent", blocks=False))
    if "scheduler.pt" not in names:
        absent.append(Flaw("scheduler.pt", "absent", blocks=False))
    return absent + [Flaw(f"{path.name}/{name}", "absent") for path in parts for name in absent_parts(path)]


def _absent_deepspeed(folder: Path, names: set[str]) -> list[Flaw]:
    latest = folder / "latest"
    step = latest.read_text(encoding="utf-8").strip() if latest.is_file() else None
    if not step:
        return [Flaw("latest", "absent" if step is None else "is cut short (0 bytes)")]
    return [] if any((folder / step).glob("*.pt")) else [Flaw(f"{step}/*.pt", "absent")]


def _cut(folder: Path) -> list[Flaw]:
    cut = []
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        blocks = READ.fullmatch(name) is not None
        if path.is_symlink() and not path.exists():
            cut.append(Flaw(name, "is a link to nothing", blocks))
        elif path.is_file() and not is_whole(path):
            cut.append(Flaw(name, f"is cut short ({path.stat().st_size:,} bytes)", blocks))
    return cut
