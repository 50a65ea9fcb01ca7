"""The small library behind the course: says where things come from, looks inside, measures. It never trains."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lessons_lib.course import COURSE
from lessons_lib.lesson import Lesson, start_lesson

if TYPE_CHECKING:
    from transformers import Trainer

    from lessons_lib.checkups import Report

__all__ = ["Lesson", "checkup", "start_lesson"]
__version__ = COURSE.version


def checkup(trainer: Trainer) -> Report:
    """Return what a look at `trainer` finds before a long run, in some seconds, and leave it as it was.

    Each look has a sentence, and one of the outcomes "fault", "doubt", "fine" and "not looked". Raises `TypeError` for
    what isn't a Trainer.
    """
    from lessons_lib.checkups import checkup as look_at  # torch and transformers load only now

    return look_at(trainer)
