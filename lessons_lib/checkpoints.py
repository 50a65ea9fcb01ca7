"""Resuming from the newest checkpoint that is whole: a run that was killed may have been killed while it saved."""

import json
import re
import warnings
import zipfile
from pathlib import Path

from safetensors import SafetensorError, safe_open


def newest_checkpoint(output_dir: str | Path) -> str | None:
    """Return the newest whole `checkpoint-<step>` folder in `output_dir`, `None` where there is none.

    Hand it to `trainer.train(resume_from_checkpoint=…)`; with `None` the run begins at its beginning. Where a newer one
    is broken, a warning names it, says what is wrong with it, and which one is used instead. Nothing is deleted.
    """
    broken = []
    for folder in _newest_first(Path(output_dir)):
        reason = why_broken(folder)
        if reason is None:
            break
        broken.append(f"{folder.name}: {reason}")
    else:
        folder = None
    if broken:
        instead = f"{folder.name} is used" if folder else "no checkpoint before it is whole, so the run starts anew"
        warnings.warn(f"Not whole: {'; '.join(broken)}. Instead, {instead}.", stacklevel=2)
    return str(folder) if folder else None


def why_broken(folder: Path) -> str | None:
    """Return what is wrong with the checkpoint in `folder`, a file absent or cut short; `None` where it is whole.

    The `Trainer` writes `trainer_state.json` last, so a checkpoint without it was never finished.
    """
    names = {path.name for path in folder.iterdir()}
    absent = [name for name in ("trainer_state.json", "optimizer.pt", "scheduler.pt") if name not in names]
    if not any(name.endswith((".safetensors", ".bin")) for name in names - {"training_args.bin"}):
        absent.append("model.safetensors")
    if absent:
        return f"{', '.join(absent)} absent"
    for path in sorted(folder.iterdir()):
        if path.is_file() and not _is_whole(path):
            return f"{path.name} is cut short ({path.stat().st_size:,} bytes)"
    return None


def _newest_first(output_dir: Path) -> list[Path]:
    folders = [path for path in output_dir.glob("checkpoint-*") if re.fullmatch(r"checkpoint-\d+", path.name)]
    return sorted(folders, key=lambda path: int(path.name.rpartition("-")[2]), reverse=True)


def _is_whole(path: Path) -> bool:
    """Return whether the end of a file is where its format says: what a killed process leaves is cut short."""
    if path.suffix == ".json":
        try:
            return json.loads(path.read_text(encoding="utf-8")) is not None
        except ValueError:
            return False
    if path.suffix in (".pt", ".pth", ".bin"):  # torch writes zip archives, whose directory stands at their end
        return zipfile.is_zipfile(path)
    if path.suffix == ".safetensors":
        try:
            safe_open(path, framework="numpy")  # reads the header, and holds it against the size of the file
        except SafetensorError:
            return False
    return True
