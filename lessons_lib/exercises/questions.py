"""The questions of a quiz, in the JSON format of jupyterquiz (https://github.com/jmshea/jupyterquiz)."""

import contextlib
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lessons_lib.errors import DataError

QUIZZES = Path(__file__).with_name("quizzes")
KINDS = ("multiple_choice", "many_choice", "numeric")


@dataclass(frozen=True)
class Answer:
    """One answer, what is said to it, and of a number from where to where it's meant."""

    text: str
    correct: bool
    feedback: str
    low: float = math.nan
    high: float = math.nan


@dataclass(frozen=True)
class Question:
    """A question of one of `KINDS`; `code` is shown below it, `digits` is how many digits of a number count."""

    text: str
    kind: str
    answers: Sequence[Answer]
    code: str = ""
    digits: int = 0

    def answer(self, said: str) -> Answer | None:
        """Return which of the answers `said` is: one of their texts, or a number as it was typed; `None` where none."""
        if self.kind != "numeric":
            return next((one for one in self.answers if one.text == said), None)
        found = None
        for text in (said.replace(",", "."), said.replace(",", "")):  # 0,25 and 10,240
            with contextlib.suppress(ValueError):
                found = found if found and found.correct else self._judged(float(text))
        return found

    def _judged(self, number: float) -> Answer:
        number = float(f"{number:.{self.digits}g}") if self.digits else number
        near = (one for one in self.answers if one.low <= number < one.high or math.isclose(number, one.low))
        return next(near, self.answers[-1])

    def verdict(self, said: Sequence[str]) -> dict[str, bool]:
        """Return whether all that's correct is among the answers `said`, and whether it was before anything wrong."""
        missing, wrong = {one.text for one in self.answers if one.correct}, False
        for answer in filter(None, map(self.answer, said)):
            wrong = wrong or not answer.correct
            missing = set() if answer.correct and self.kind == "numeric" else missing - {answer.text}
            if not missing:
                return {"right": True, "first": not wrong}
        return {"right": False, "first": False}


def quiz_file(quiz: str) -> Path:
    """Return the file of a lesson's quiz, such as `"02"`, or the file that `quiz` names."""
    own = QUIZZES / f"{quiz}.json"
    path = own if own.exists() else Path(quiz).expanduser()
    if path.suffix != ".json" or not path.exists():
        known = ", ".join(sorted(one.stem for one in QUIZZES.glob("*.json")))
        raise DataError(f"There's no quiz {quiz!r}: write one of {known}, or the name of a .json file.")
    return path


def read_questions(path: Path) -> list[Question]:
    """Return the questions in the file at `path`. Raises `DataError` with what is wrong, and with which question."""
    try:
        listed = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        raise DataError(f"{path} can't be read as JSON: {error}.") from None
    if not isinstance(listed, list) or not listed:
        raise DataError(f"{path} must hold a list of questions.")
    questions = []
    for number, one in enumerate(listed, 1):
        try:
            questions.append(_question(one))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            why = f"{error.args[0]!r} is missing" if isinstance(error, KeyError) else error
            raise DataError(f"{path}, question {number}: {why}.") from None
    return questions


def _question(one: dict) -> Question:
    kind = one["type"]
    if kind not in KINDS:
        raise ValueError(f"the type {kind!r} isn't one of {', '.join(KINDS)}")
    answers = [_number(each) if kind == "numeric" else _choice(each) for each in one["answers"]]
    right = sum(answer.correct for answer in answers)
    if not right or (kind == "multiple_choice" and right > 1):
        raise ValueError(f"{right} of its answers are correct")
    if kind == "numeric" and not math.isnan(answers[-1].low):
        raise ValueError("its last answer must be of the type 'default'")
    if kind != "numeric" and len({answer.text for answer in answers}) < len(answers):
        raise ValueError("two of its answers are the same")
    return Question(str(one["question"]), kind, answers, str(one.get("code", "")), int(one.get("precision", 0)))


def _choice(one: dict) -> Answer:
    return Answer(str(one.get("answer") or one["code"]), one.get("correct") is True, str(one.get("feedback", "")))


def _number(one: dict) -> Answer:
    low, high = {
        "value": lambda: (one["value"], one["value"]),
        "range": lambda: one["range"],
        "default": lambda: (math.nan, math.nan),
    }[one["type"]]()
    return Answer(f"{low:g}", one.get("correct") is True, str(one.get("feedback", "")), float(low), float(high))
