"""What to know before you resume: what to launch the run with, what begins again, how to use the weights alone."""

import os
import re
from pathlib import Path

from lessons_lib.checkpoints.flaws import WEIGHTS, flaws, kind_of, names_in

AGAIN = "the optimizer's running means and the learning rate's schedule begin again"


def how_to_resume(folder: str | Path) -> str | None:
    """Return what to know before you resume in `folder`: what begins again, what to launch the run with.

    `None` where the `Trainer` takes up everything. Whether this run uses FSDP or DeepSpeed, accelerate's variables say.
    """
    folder = Path(folder)
    across = _across(folder, kind_of(folder), _launched_with())
    minor = [flaw for flaw in flaws(folder) if not flaw.blocks]
    told = [across] if across else []
    if lost := [flaw.name for flaw in minor if flaw.what == "absent"]:
        told.append(
            f"It has no {', '.join(lost)} (`save_only_model=True` leaves them out). The Trainer takes the weights and "
            f"the step from it, and {AGAIN}. Save them too if you mean to resume."
        )
    if spare := [f"{flaw.name} {flaw.what}" for flaw in minor if flaw.what != "absent"]:
        told.append(f"The Trainer resumes it all the same: {', '.join(spare)}.")
    return " ".join(told) or None


def has_weights(folder: Path) -> bool:
    """Return whether `from_pretrained` can load a checkpoint, though the `Trainer` may not be able to resume it."""
    wrong = [flaw.name for flaw in flaws(folder)]
    if "" in wrong or not names_in(folder) & set(WEIGHTS):
        return False
    return not any(re.match(r"(adapter_)?config|(pytorch_|adapter_)?model[-.]", name) for name in wrong)


def _launched_with() -> str:
    for kind in ("FSDP", "DeepSpeed"):
        if os.environ.get(f"ACCELERATE_USE_{kind.upper()}", "").lower() in ("1", "true"):
            return kind
    return ""


def _across(folder: Path, kind: str, launched: str) -> str | None:
    """Return what to do where FSDP or DeepSpeed wrote this checkpoint, and this run goes without it."""
    if kind in ("", launched):
        return None
    names = names_in(folder)
    weights = f"`from_pretrained({str(folder)!r})` loads its weights alone."
    if "pytorch_model_fsdp_0" in names:
        weights = f"`accelerate merge-weights {folder / 'pytorch_model_fsdp_0'} merged` writes its weights alone."
    elif kind == "DeepSpeed" and not names & set(WEIGHTS):
        weights = f"`python {folder / 'zero_to_fp32.py'} {folder} merged` writes its weights alone."
    how = f"It was written with {kind}: launch the run with {kind} again and the Trainer resumes it"
    if kind == "FSDP":
        return f"{how}. {weights}"
    if names & set(WEIGHTS):
        weights = f"Without DeepSpeed the Trainer takes the weights and the step from it, and {AGAIN}. {weights}"
    return f"{how}, on as many processes as before. {weights}"
