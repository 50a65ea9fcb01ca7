"""How a lesson starts: one call that looks at the machine, finds the sources, seeds, and prints a card."""

from lessons_lib.lesson.card import MEASURED, card, expectation
from lessons_lib.lesson.start import SEED, Lesson, start_lesson, train_size

__all__ = ["MEASURED", "SEED", "Lesson", "card", "expectation", "start_lesson", "train_size"]
