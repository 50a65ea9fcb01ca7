"""A quiz: questions whose answers say why. What was answered is kept in the learner's progress."""

from collections.abc import Sequence
from html import escape

import ipywidgets as widgets

from lessons_lib import html, progress
from lessons_lib.exercises.questions import Answer, Question, quiz_file, read_questions
from lessons_lib.html import marked
from lessons_lib.labs.lab import display_live

WRAP = """<style>.lessons-quiz button {
    white-space: normal; text-align: left; height: auto; line-height: 1.4; padding: 4px 10px }</style>"""
WIDE = {"width": "98%", "max_width": "760px"}


def quiz(number: str, again: bool = False) -> "Quiz":
    """Ask the questions of a lesson's quiz, such as `"02"`, or of a .json file in the format of jupyterquiz.

    What you answered earlier is shown, unless you take it `again`. Raises `DataError` where there's no such quiz.
    """
    path = quiz_file(number)
    return Quiz(path.stem, read_questions(path), again)


class Quiz:
    """The questions of lesson `number`, each with a button per answer, and how many are right."""

    def __init__(self, number: str, questions: Sequence[Question], again: bool = False) -> None:
        """Ask `questions`; show what was answered earlier, unless they're asked `again`."""
        self.number, self.questions = number, questions
        done, note = ({}, "") if again else progress.read()
        kept = done.get("lessons", {}).get(number, {}).get("quiz", {})
        self.said = {one.text: [*filter(one.answer, kept.get(one.text, {}).get("said", []))] for one in questions}
        self.score = widgets.HTML()
        self.asked = [Asked(index, one, self) for index, one in enumerate(questions, 1)]
        self.count(note)

    def answer(self, question: Question, said: str) -> None:
        """Take an answer, and keep it."""
        self.said[question.text].append(said)

        def update(old: dict) -> dict:
            history = [*dict.fromkeys([*old.get("said", []), said])]
            return {"said": history, **question.verdict(history)}

        self.count(progress.keep(self.number, "quiz", question.text, update))

    def count(self, note: str = "") -> None:
        """Say how many are right, and `note`."""
        verdicts = [one.verdict(self.said[one.text]) for one in self.questions]
        right, first = (sum(one[what] for one in verdicts) for what in ("right", "first"))
        score = f"{right} of {len(verdicts)} right" + (f", {first} of them at the first try." if right else ".")
        self.score.value = f'<p role="status"><b>{score}</b> {escape(note)}</p>'

    def still(self) -> str:
        """Return the HTML of the questions with their answers folded."""
        return "".join(one.still() for one in self.asked)

    def _ipython_display_(self) -> None:
        box = widgets.VBox([widgets.HTML(WRAP), *(one.box for one in self.asked), self.score])
        box.add_class("lessons-quiz")
        display_live(self.still(), box)


class Asked:
    """One question on the page: its text, its answers to press or a field for a number, and what is said to them."""

    def __init__(self, index: int, question: Question, quiz: Quiz) -> None:
        """Put `question` below its number `index`."""
        self.index, self.question, self.quiz = index, question, quiz
        self.said = widgets.HTML(layout=widgets.Layout(**WIDE))
        self.buttons = []
        if question.kind == "numeric":
            self.field = widgets.Text(description="Your number", continuous_update=False)
            self.field.style.description_width = "initial"
            self.field.observe(lambda change: self.take(change["new"]), names="value")
            answers = [self.field]
        else:
            for answer in question.answers:
                button = widgets.Button(description=plain(answer.text), layout=widgets.Layout(**WIDE))
                button.on_click(lambda clicked, said=answer.text: self.take(said))
                self.buttons.append(button)
            answers = self.buttons
        asked = widgets.HTML(self.head(), layout=widgets.Layout(**WIDE))
        self.box = widgets.VBox([asked, *answers, self.said])
        self.mark()

    def head(self) -> str:
        """Return the HTML of the question."""
        text = f"<b>{self.index}.</b> {marked(self.question.text)}"
        code = html.code(self.question.code) if self.question.code else ""
        return f'<p style="margin: 14px 0 2px; line-height: 1.4">{text}</p>{code}'

    def take(self, said: str) -> None:
        """Take an answer; of a number, only what can be read as one."""
        if not said.strip():
            return
        if self.question.answer(said) is None:
            self.said.value = html.note(f"“{html.short(said, 40)}” isn't a number: write one such as 12 or 0.25.")
            return
        self.quiz.answer(self.question, said)
        self.mark()

    def mark(self) -> None:
        """Mark the answers that were given, and say what there is to say to the last one."""
        said = self.quiz.said[self.question.text]
        for button, answer in zip(self.buttons, self.question.answers, strict=False):
            if answer.text in said:
                button.description = f"{sign(answer)} {plain(answer.text)}"
                button.style.font_weight = "bold"
        if said:
            self.said.value = self.reply(self.question.answer(said[-1]))

    def reply(self, answer: Answer) -> str:
        """Return the HTML of what is said to `answer`, and whether others are right, too."""
        more = ""
        if answer.correct and not self.question.verdict(self.quiz.said[self.question.text])["right"]:
            more = " There's another right one."
        text = f"<b>{sign(answer)}</b> {marked(answer.feedback)}{more}"
        return f'<p role="status" style="margin: 2px 0 8px; line-height: 1.4">{text}</p>'

    def still(self) -> str:
        """Return the HTML of the question where no kernel listens: each answer, and folded what is said to it."""
        if self.question.kind == "numeric":
            right = next(one for one in self.question.answers if one.correct)
            items = f"<details><summary>The answer</summary>{plain(right.text)}. {marked(right.feedback)}</details>"
        else:
            items = "".join(
                f"<details><summary>{escape(plain(one.text))}</summary>{sign(one)} {marked(one.feedback)}</details>"
                for one in self.question.answers
            )
        return self.head() + items


def sign(answer: Answer) -> str:
    """Return a sign that says whether `answer` is right."""
    return "✓" if answer.correct else "✗"


def plain(text: str) -> str:
    """Return `text` as a button shows it."""
    return text.replace("`", "")
