"""The small library behind the course: says where things come from, looks inside, measures. It never trains."""

from lessons_lib.course import COURSE
from lessons_lib.lesson import Lesson, start_lesson

__all__ = ["Lesson", "start_lesson"]
__version__ = COURSE.version
