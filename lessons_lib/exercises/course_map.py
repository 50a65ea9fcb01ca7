"""Where a learner is in the course: per lesson the exercises solved, the questions right, the predictions made."""

from functools import cache
from html import escape
from pathlib import Path

import pandas as pd

from lessons_lib import progress
from lessons_lib.course import COURSE
from lessons_lib.exercises import LESSONS, exercises
from lessons_lib.exercises.questions import QUIZZES, read_questions

TEXT = ' style="text-align: left"'


@cache
def asked(lesson: str) -> dict[str, list[str]]:
    """Return the names of the exercises of `lesson`, and the questions of its quiz."""
    path = QUIZZES / f"{lesson}.json"
    questions = read_questions(path) if path.exists() else []
    return {"exercises": list(exercises(lesson)), "quiz": [one.text for one in questions]}


def done(kinds: dict, lesson: str) -> dict[str, int]:
    """Return how much of `lesson` is done where a learner's progress there is `kinds`; only what is asked counts."""
    names = asked(lesson)
    solved, quiz = kinds.get("exercises", {}), kinds.get("quiz", {})
    return {
        "exercises": sum(bool(solved.get(name, {}).get("solved")) for name in names["exercises"]),
        "exercises asked": len(names["exercises"]),
        "quiz": sum(quiz.get(text, {}).get("right", False) for text in names["quiz"]),
        "first": sum(quiz.get(text, {}).get("first", False) for text in names["quiz"]),
        "quiz asked": len(names["quiz"]),
        "predictions": len(kinds.get("predictions", {})),
    }


class CourseMap:
    """A table with a row per lesson, and a sentence on where it's kept."""

    def __init__(self, table: pd.DataFrame, note: str) -> None:
        """Hold the table and the sentence."""
        self.table, self.note = table, note

    def __repr__(self) -> str:
        """Return the table as text."""
        return f"{self.table.to_string(index=False)}\n{self.note}"

    def _repr_html_(self) -> str:
        head = "".join(f"<th{TEXT}>{escape(name)}</th>" for name in self.table)
        rows = [
            f'<tr><td{TEXT}><a href="{COURSE.lesson(row["lesson"][:2]).slug}.ipynb">{escape(row["lesson"])}</a></td>'
            + "".join(f"<td{TEXT}>{escape(str(value))}</td>" for value in list(row)[1:])
            + "</tr>"
            for _, row in self.table.iterrows()
        ]
        return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table><p>{escape(self.note)}</p>"


def course_map() -> CourseMap:
    """Return a map of the course, with what you've done of each lesson."""
    path = progress.where()
    mine, note = progress.read(path)
    rows = []
    for lesson in LESSONS:
        counts = done(mine["lessons"].get(lesson, {}), lesson)
        rows.append(
            {
                "lesson": f"{lesson} {COURSE.lesson(lesson).title}",
                "exercises solved": _of(counts["exercises"], counts["exercises asked"]),
                "quiz right": _of(counts["quiz"], counts["quiz asked"]),
                "predictions": counts["predictions"],
            }
        )
    kept = f"It's kept in {_short(path)}" if path.exists() else "Nothing is kept yet: solve an exercise, and look again"
    return CourseMap(pd.DataFrame(rows), f"{note} {kept}. Nothing is sent anywhere.".strip())


def _of(count: int, most: int) -> str:
    return f"{'✓ ' if count == most else ''}{count} of {most}"


def _short(path: Path) -> str:
    """Return `path` as a person would say it."""
    home = Path.home()
    return f"~/{path.relative_to(home).as_posix()}" if path.is_relative_to(home) else str(path)
