"""Resuming from the newest checkpoint that is whole: a run that was killed may have been killed while it saved."""

import json
import os
import re
import time
import warnings
from pathlib import Path

from lessons_lib.checkpoints.files import read_json
from lessons_lib.checkpoints.flaws import STATE, flaws, why_broken
from lessons_lib.checkpoints.resume import has_weights, how_to_resume


def newest_checkpoint(output_dir: str | Path) -> str | None:
    """Return the newest whole `checkpoint-<step>` folder in `output_dir`, `None` where there is none to resume.

    Hand it to `trainer.train(resume_from_checkpoint=…)`; with `None` the run begins at its beginning. Where a newer one
    is broken, a warning names it, says what is wrong with it, and which one is used instead. Without a whole one it is
    the newest that the `Trainer` can resume all the same, and a warning says what begins again. Of two runs in one
    folder, the one that was written last counts, not the one with higher numbers. Nothing is deleted.
    """
    folders = _newest_first(Path(output_dir))
    chosen = _chosen(folders)
    told = _passed_over(folders, chosen)
    if chosen and (how := how_to_resume(chosen)):
        told.append(f"{chosen.name}: {how}")
    if told:
        warnings.warn(" ".join(told), stacklevel=2)
    return str(chosen) if chosen else None


def why_complete(checkpoint: str | Path, max_steps: int | None = None) -> str | None:
    """Return why nothing is left to train after `checkpoint`, in a sentence; `None` where steps are left.

    `max_steps` is the new run's number of steps, where it isn't that of the run that wrote the checkpoint. Ask before
    you resume: after some complete runs the `Trainer` takes one more step, and each time you ask.
    """
    state = _state(Path(checkpoint))
    step, last = state.get("global_step", 0), max_steps or state.get("max_steps", 0)
    name = Path(checkpoint).name
    if 0 < last <= step:
        return (
            f"{name}: step {step:,} is done and the run has {last:,}, so it is complete. To go on, ask for more steps."
        )
    stopping = (state.get("stateful_callbacks") or {}).get("EarlyStoppingCallback", [])
    for one in stopping if isinstance(stopping, list) else [stopping]:
        waited = one.get("attributes", {}).get("early_stopping_patience_counter", 0)
        if waited >= one.get("args", {}).get("early_stopping_patience", float("inf")):
            return f"{name}: this run is complete, stopped early after {waited} evaluations without improvement."
    return None


def _newest_first(output_dir: Path) -> list[Path]:
    """Return the checkpoints of the run that was written last by falling step, then all others, the latest first."""
    found = [path for path in output_dir.glob("checkpoint-*") if re.fullmatch(r"checkpoint-[0-9]+", path.name)]
    by_step = sorted(found, key=_step, reverse=True)
    by_time = sorted(found, key=lambda path: (_written(path), _step(path)), reverse=True)
    if by_step == by_time or _written(by_time[0]) - _written(by_time[-1]) < 1:  # some file systems keep no times
        return by_step
    own = [path for path in by_step if path == by_time[0] or _same_run(path, by_time[0])]
    return own + [path for path in by_time if path not in own]


def _step(path: Path) -> int:
    return int(path.name.rpartition("-")[2])


def _written(path: Path) -> float:
    """Return when a checkpoint was finished, in seconds since 1970: its state is written last."""
    state = path / STATE
    return state.stat().st_mtime if os.path.isfile(state) else path.lstat().st_mtime


def _state(folder: Path) -> dict:
    try:
        state = read_json(folder / STATE)
    except OSError:  # no permission to read it
        state = None
    return state if isinstance(state, dict) else {}


def _same_run(one: Path, other: Path) -> bool:
    """Return whether the later step's log goes on from all of the earlier one's: one run, though it may be a copy."""
    earlier, later = _logs(one, other)
    return 0 < len(earlier) < len(later) and later[: len(earlier)] == earlier


def _other_run(one: Path, other: Path) -> bool:
    """Return whether the logs of two checkpoints contradict each other; without logs they don't."""
    earlier, later = _logs(one, other)
    return later[: len(earlier)] != earlier


def _logs(one: Path, other: Path) -> list[list[str]]:
    paths = sorted((one, other), key=_step)
    return [[json.dumps(entry) for entry in _state(path).get("log_history") or []] for path in paths]


def _chosen(folders: list[Path]) -> Path | None:
    """Return the newest whole checkpoint, or the newest that can be resumed, where the whole one is another run's."""
    first = next((folder for folder in folders if not any(flaw.blocks for flaw in flaws(folder))), None)
    whole = next((folder for folder in folders if not flaws(folder)), None)
    return first if first is None or whole is None or _other_run(first, whole) else whole


def _passed_over(folders: list[Path], chosen: Path | None) -> list[str]:
    """Return in sentences why `chosen` is used, and not one that is newer, or has a higher number."""
    newer = folders[: folders.index(chosen)] if chosen else folders
    told = []
    if newer:
        reasons = "; ".join(f"{folder.name}: {why_broken(folder)}" for folder in newer)
        told.append(f"Not whole: {reasons}. {_instead(newer, chosen)}")
    older = [path for path in folders if chosen and path not in newer and _step(path) > _step(chosen)]
    if older := [path for path in older if not flaws(path)]:
        when = [time.strftime("%Y-%m-%d %H:%M", time.localtime(_written(path))) for path in (older[0], chosen)]
        told.append(
            f"{older[0].name} has a higher number, but is older ({when[0]}) than {chosen.name} ({when[1]}), which is "
            "used: it looks like another run's. Give each run an output folder of its own."
        )
    return told


def _instead(newer: list[Path], chosen: Path | None) -> str:
    """Return which checkpoint is used in place of `newer`, and what else can be done with these."""
    if chosen:
        also = [folder.name for folder in newer if not any(flaw.blocks for flaw in flaws(folder))]
        could = f" The Trainer can resume {also[0]}, too, without these files." if also else ""
        steps = [_step(folder) for folder in newer if folder.is_dir()]
        older = (
            f" If an older run wrote {chosen.name}, start without it." if steps and max(steps) < _step(chosen) else ""
        )
        return f"Instead, {chosen.name} is used.{could}{older}"
    weights = next((folder for folder in newer if has_weights(folder)), None)
    load = f" To start from the weights of {weights.name}: `from_pretrained({str(weights)!r})`." if weights else ""
    return f"None can be resumed, so the run starts at step 0.{load}"
