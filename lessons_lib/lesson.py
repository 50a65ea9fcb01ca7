"""How a lesson starts: one call that looks at the machine, finds the sources, seeds, and prints a card."""

import json
import os
import platform
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path

from lessons_lib import machine
from lessons_lib.course import COURSE, RESULTS
from lessons_lib.errors import SetupError
from lessons_lib.sources import EMBEDDED, Sources, fetch, find_sources, packaged_checkpoint

MEASURED = RESULTS / "lessons.json"
SEED = 42


@dataclass(frozen=True, kw_only=True)
class Lesson(Sources):
    """What the calls of a lesson are given; the names are those of the calls' arguments.

    `precision` holds keyword arguments for `TrainingArguments`. `train_size` is how many training pairs this machine
    trains on in the time that a lesson has: `None` means all. `batch_size`, `learning_rate` and `warmup_steps` are the
    course's recipe (course.toml); a short run takes smaller batches, which give it more steps.
    """

    number: str
    device: str
    precision: dict[str, bool]
    train_size: int | None
    batch_size: int
    learning_rate: float
    warmup_steps: float
    seed: int = SEED


def start_lesson(number: str) -> Lesson:
    """Seed Python, NumPy and torch, print a card about this lesson on this machine, and return its `Lesson`.

    `number` is the lesson's, such as `"04"`. Raises `SetupError` with what to write instead where a `LESSONS_…`
    setting, a package version or a source is not right.
    """
    facts = COURSE.lesson(number)
    if facts is None:
        raise SetupError(
            f"There is no lesson {number!r}: write one of {', '.join(one.number for one in COURSE.lessons)}."
        )
    _check_versions(facts.needs)
    from transformers import set_seed

    device, recipe = machine.device(), COURSE.recipe
    sources, reason = find_sources(cuda=device == "cuda")
    fetch(sources, weights=facts.weights, decoders=facts.decoder)
    if facts.decoder and not sources.decoder:
        from lessons_lib.decoder import embedded_decoder  # here, because that is a program, too

        sources = replace(sources, decoder=str(embedded_decoder()))
    if facts.pairs and any(os.environ.get(f"LESSONS_{name}", "").strip() for name in ("DATASET", "TASK")):
        from lessons_lib.look import check_dataset  # here, because it loads datasets, which takes seconds

        check_dataset(sources.dataset, sources.task, sources.dataset_revision, number)
    size = train_size(sources.dataset, device)
    lesson = Lesson(
        number=number,
        device=device,
        precision=machine.precision_here(device),
        train_size=size,
        batch_size=COURSE.short["batch_size"] if size else recipe.batch_size,
        learning_rate=recipe.learning_rate if sources.profile == "embedded" else recipe.hub_learning_rate,
        warmup_steps=recipe.warmup_steps,
        **vars(sources),
    )
    set_seed(lesson.seed)
    # torch says once a DataLoader that a CPU has no use for pinned memory; the Trainer asks for it by default
    warnings.filterwarnings("ignore", message=".*pin_memory.*")
    # peft 0.21 asks for an attribute that transformers 5.23 has renamed
    warnings.filterwarnings("ignore", message=".*is_gradient_checkpointing.*")
    print(card(lesson, reason))
    return lesson


def _check_versions(also: Sequence[str]) -> None:
    wrong = [
        f"{name} {needed} is needed and {f'{here} is installed' if here else 'it is absent'}"
        for name, (here, needed, fits) in machine.versions(also).items()
        if not fits
    ]
    if wrong:
        raise SetupError(
            f"{'; '.join(wrong)}. Run `make lab`, or `pip install --upgrade` with the names of these packages, and "
            "restart the kernel."
        )


def train_size(dataset: str, device: str) -> int | None:
    """Return how many training pairs a lesson uses: a part of the embedded ones on a CPU; else `None`, which is all."""
    return COURSE.short["train_size"] if device == "cpu" and Path(dataset) == EMBEDDED / "pairs" else None


def card(lesson: Lesson, reason: str) -> str:
    """Return the text of a lesson's card: the machine, the sources, what to expect, how to change it."""
    rows = {
        "device": machine.device_name(lesson.device),
        "precision": machine.dtype_name(lesson.precision),
        "profile": f"{lesson.profile} ({reason})",
        "checkpoint": _shown(lesson.checkpoint, lesson.revision),
        **(
            {"decoder": _shown(lesson.decoder, lesson.decoder_revision)} if COURSE.lesson(lesson.number).decoder else {}
        ),
        "dataset": f"{_shown(lesson.dataset, lesson.dataset_revision)}, task {lesson.task}",
        **({"trains on": _training_pairs(lesson)} if COURSE.lesson(lesson.number).trains else {}),
        "expect": expectation(lesson),
        "to change": "set LESSONS_PROFILE to hub or embedded before the kernel starts, and restart it",
        "software": f"Python {platform.python_version()}, "
        f"transformers {version('transformers')}, torch {version('torch')}",
    }
    width = max(map(len, rows))
    lines = [f"{name:<{width}}  {value}" for name, value in rows.items()]
    return "\n".join([f"Lesson {lesson.number}: {COURSE.lesson(lesson.number).title}", *lines])


def _training_pairs(lesson: Lesson) -> str:
    return f"the first {lesson.train_size} pairs" if lesson.train_size else "every training pair"


def _shown(source: str, revision: str | None) -> str:
    folder = Path(source)
    if folder == packaged_checkpoint():
        return "all-MiniLM-L6-v2, its SHA-256 as expected"
    name = f"{folder.parent.name}/{folder.name}" if folder.is_dir() else source
    return f"{name} at {revision[:7]}" if revision else name


def expectation(lesson: Lesson, measured: Path = MEASURED) -> str:
    """Return the minutes and the memory that `lesson` took where it was measured, or that it was not measured."""
    tables = json.loads(measured.read_text(encoding="utf-8")) if measured.exists() else {}
    table = tables.get(machine.dtype_name(lesson.precision), {"lessons": {}})
    taken = table["lessons"].get(lesson.number)
    if taken is None or lesson.device != "cpu" or lesson.dataset != str(EMBEDDED / "pairs"):
        return "not measured on a machine and a dataset like these"
    minutes = taken["seconds"] / 60
    return f"{minutes:.1f} minutes and {taken['memory_mib']} MiB of memory, as measured on a {table['machine']}"
