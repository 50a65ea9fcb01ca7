"""A prediction: what the learner expects, remembered until it's shown what happened."""

from collections.abc import Sequence
from html import escape

import ipywidgets as widgets

from lessons_lib import html, progress
from lessons_lib.html import marked
from lessons_lib.labs.lab import display_live

ASKED = "Noted. Go on: what happens is shown with it."


def predict(number: str, question: str, choices: Sequence[str] = ()) -> "Prediction":
    """Ask, in the lesson `number`, what the learner expects: one of the `choices`, or a text of their own.

    It's remembered; `happened`, called on what this returns, shows it with what happened.
    """
    return Prediction(number, question, choices)


class Prediction:
    """A question, what was said to it, and later what happened."""

    def __init__(self, number: str, question: str, choices: Sequence[str] = ()) -> None:
        """Ask `question`; where it was answered earlier, begin with that."""
        self.number, self.question, self.choices = number, question, tuple(choices)
        done, note = progress.read()
        entry = done["lessons"].get(number, {}).get("predictions", {}).get(question, {})
        said = entry.get("said", "")
        self.said = said if not choices or said in choices else ""
        self.buttons = [widgets.Button(description=one) for one in choices]
        for button, one in zip(self.buttons, choices, strict=True):
            button.layout.width = "auto"
            button.on_click(lambda clicked, one=one: self.take(one))
        self.field = widgets.Text(self.said, description="Your guess", continuous_update=False)
        self.field.observe(lambda change: self.take(change["new"].strip()), names="value")
        self.reply = widgets.HTML()
        self.mark(note)

    def take(self, said: str) -> None:
        """Remember what the learner says."""
        if said:
            self.said = said
            self.mark(progress.keep(self.number, "predictions", self.question, lambda old: {"said": said}) or ASKED)

    def mark(self, note: str) -> None:
        """Mark what was said, and say `note`."""
        for button, one in zip(self.buttons, self.choices, strict=True):
            button.description = f"✓ {one}" if one == self.said else one
            button.style.font_weight = "bold" if one == self.said else "normal"
        self.reply.value = f'<p role="status">{escape(note)}</p>' if note else ""

    def happened(self, what: str, right: str | None = None) -> "Happened":
        """Show what was said with `what` happened, and where one of the choices is `right`, whether it was said.

        Raises `ValueError` where `right` isn't one of the choices.
        """
        if right is not None and right not in self.choices:
            raise ValueError(f"{right!r} is none of the choices of {self.question!r}: {', '.join(self.choices)}.")
        if self.said:
            progress.keep(self.number, "predictions", self.question, lambda old: old | {"happened": what})
        return Happened(self.said, what, right)

    def still(self) -> str:
        """Return the HTML of the question where no kernel listens."""
        return f"<p>{marked(self.question)} {escape(' / '.join(self.choices))}</p>"

    def _ipython_display_(self) -> None:
        asked = widgets.HTML(f'<p style="line-height: 1.4">{marked(self.question)}</p>')
        row = widgets.Box(self.buttons or [self.field], layout=widgets.Layout(flex_flow="row wrap"))
        display_live(self.still(), asked, row, self.reply)


class Happened:
    """What was said, and what happened."""

    def __init__(self, said: str, what: str, right: str | None) -> None:
        """Hold what was `said`, `what` happened, and which choice is `right`, if that is known."""
        self.said, self.what, self.right = said, what, right

    def __repr__(self) -> str:
        """Return it as a line."""
        mark = "" if self.right is None or not self.said else ("✓ " if self.said == self.right else "✗ ")
        said = f"You said “{html.short(self.said, 120)}”. " if self.said else ""
        return f"{mark}{said}What happened: {self.what}"

    def _repr_html_(self) -> str:
        return html.note(repr(self))
