"""How a lesson starts: one call that looks at the machine, finds the sources, seeds, and prints a card."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from lessons_lib import machine
from lessons_lib.course import COURSE
from lessons_lib.errors import SetupError
from lessons_lib.lesson.card import card, is_ours, setting
from lessons_lib.lesson.own import fit_checkpoint, fit_own_pairs
from lessons_lib.sources import EMBEDDED, Sources, fetch, find_sources

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
    cuda = device == "cuda"
    sources, reason = find_sources(cuda=cuda)
    notes: list[str] = []
    if setting("CHECKPOINT"):
        sources, notes = fit_checkpoint(sources, number, cuda)
    fetch(sources, weights=facts.weights, decoders=facts.decoder)
    if facts.decoder and not sources.decoder:
        from lessons_lib.decoder import embedded_decoder  # here, because that is a program, too

        sources = replace(sources, decoder=str(embedded_decoder()))
    if facts.pairs and any(map(setting, ("DATASET", "TASK", "ROWS"))):
        sources, more = fit_own_pairs(sources, number, device)
        notes += more
    size = train_size(sources.dataset, device)
    lesson = Lesson(
        number=number,
        device=device,
        precision=machine.precision_here(device),
        train_size=size,
        batch_size=COURSE.short["batch_size"] if size else recipe.batch_size,
        learning_rate=recipe.learning_rate if is_ours(sources.checkpoint) else recipe.hub_learning_rate,
        warmup_steps=recipe.warmup_steps,
        **vars(sources),
    )
    set_seed(lesson.seed)
    # torch says once a DataLoader that a CPU has no use for pinned memory; the Trainer asks for it by default
    warnings.filterwarnings("ignore", message=".*pin_memory.*")
    # peft 0.21 asks for an attribute that transformers 5.23 has renamed
    warnings.filterwarnings("ignore", message=".*is_gradient_checkpointing.*")
    print("\n".join([card(lesson, reason), *(f"Note: {note}" for note in notes)]))
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
