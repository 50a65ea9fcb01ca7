"""Exercises with checks: `check.padding_share(padding_share)` says right, not yet, or what was probably done."""

from dataclasses import replace
from importlib import import_module
from pathlib import Path

from lessons_lib.exercises.engine import Exercise

LESSONS = tuple(sorted(path.stem[-2:] for path in Path(__file__).parent.glob("lesson_*.py")))


def exercises(lesson: str) -> dict[str, Exercise]:
    """Return the exercises of `lesson`, such as `"02"`, by name and in their order."""
    found = vars(import_module(f"lessons_lib.exercises.lesson_{lesson}"))
    return {name: replace(one, lesson=lesson, name=name) for name, one in found.items() if isinstance(one, Exercise)}


class Checks:
    """Each exercise by its name; a lesson's are loaded when one of them is asked for."""

    def __getattr__(self, name: str) -> Exercise:
        for lesson in () if name.startswith("_") else LESSONS:
            if name in (found := exercises(lesson)):
                return found[name]
        raise AttributeError(f"There is no exercise {name!r}.")


check = Checks()
__all__ = ["check", "exercises"]
