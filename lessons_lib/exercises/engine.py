"""An exercise, and what a check says of an answer: right, not yet, or what was probably done instead."""

import copy
import math
import reprlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np

from lessons_lib import html, progress

SEED = 7
ROUNDS = 6  # draws of hidden inputs
NOT_YET = "It returns nothing so far: put your answer in place of the dots, with `return`, and run the cell again."


@dataclass(frozen=True)
class Mistake:
    """An answer that learners give, and the `hint` for it: it's recognised by what it returns."""

    answer: Callable
    hint: str


@dataclass(frozen=True)
class Exercise:
    """A function to write; `reference` is an authority that does the same, `draw` makes the arguments of one call.

    `draw` is given a NumPy generator, so that no answer can know the inputs. `hints` go from vague to plain: each wrong
    answer that is no known mistake gets the next one. Under its `lesson` and `name`, what came of an answer is kept in
    the learner's progress.
    """

    reference: Callable
    draw: Callable[[np.random.Generator], tuple]
    mistakes: Sequence[Mistake]
    hints: Sequence[str]
    tries: list[int] = field(default_factory=lambda: [0])
    lesson: str = ""
    name: str = ""

    def inputs(self, seed: int = SEED, rounds: int = ROUNDS) -> list[tuple]:
        """Return the arguments of `rounds` calls."""
        rng = np.random.default_rng(seed)
        return [self.draw(rng) for _ in range(rounds)]

    def __call__(self, answer: Callable) -> "Verdict":
        """Say of `answer`, a function, whether it does what was asked; never raises."""
        verdict = self._verdict(answer)
        if not self.name or verdict.kind == "not yet":
            return verdict
        today = {"solved": f"{date.today()}"} if verdict.kind == "right" else {}

        def update(old: dict) -> dict:
            return old if old.get("solved") else {"tries": old.get("tries", 0) + 1, **today}

        note = progress.keep(self.lesson, "exercises", self.name, update)
        return Verdict(verdict.kind, f"{verdict.text} {note}".strip())

    def _verdict(self, answer: Callable) -> "Verdict":
        inputs = self.inputs()
        try:
            results = [_call(answer, arguments) for arguments in inputs]
        except NotImplementedError:
            return Verdict("not yet", NOT_YET)
        except Exception as error:
            return Verdict("wrong", f"It stops with {type(error).__name__}: {error}")
        if all(one is None or one is Ellipsis for one in results):
            return Verdict("not yet", NOT_YET)
        expected = [_call(self.reference, arguments) for arguments in inputs]
        if all(map(alike, results, expected)):
            self.tries[0] = 0
            return Verdict("right", "It does what the library does, on inputs that it couldn't know.")
        return Verdict("wrong", self._hint(inputs, results, expected))

    def _hint(self, inputs: Sequence[tuple], results: Sequence, expected: Sequence) -> str:
        for mistake in self.mistakes:
            others = [_called(mistake.answer, arguments) for arguments in inputs]
            if all(map(alike, results, others)):
                return mistake.hint
        number = min(self.tries[0], len(self.hints) - 1)
        self.tries[0] += 1
        if number < len(self.hints) - 1:
            return self.hints[number]
        arguments, got, right = next(
            one for one in zip(inputs, results, expected, strict=True) if not alike(one[1], one[2])
        )
        given = ", ".join(map(reprlib.repr, arguments))
        return f"{self.hints[number]} For {given} it's {reprlib.repr(right)}, and yours is {reprlib.repr(got)}."


@dataclass(frozen=True)
class Verdict:
    """What a check says: `kind` is right, not yet or wrong."""

    kind: str
    text: str

    def __repr__(self) -> str:
        """Return it as one line."""
        return f"{self.kind.capitalize()}. {self.text}"

    def _repr_html_(self) -> str:
        mark = {"right": "✓", "not yet": "…", "wrong": "✗"}[self.kind]
        return f"<p><b>{mark} {self.kind.capitalize()}.</b> {html.marked(self.text)}</p>"


def _call(function: Callable, arguments: tuple) -> object:
    """Call `function`, which may change what it's given, with a copy of `arguments`."""
    return function(*copy.deepcopy(arguments))


def _called(function: Callable, arguments: tuple) -> object:
    """Return what `function` returns, or the error that stops it."""
    try:
        return _call(function, arguments)
    except Exception as error:
        return error


def alike(one: object, other: object) -> bool:
    """Return whether two results say the same: lists, tuples, arrays and tensors by what they hold, floats nearly.

    >>> alike([1, 2.0000000001], np.array([1, 2])), alike({"a": 1}, {"a": 2}), alike("no", ["no"])
    (True, False, False)
    """
    one, other = _plain(one), _plain(other)
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(alike(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(alike, one, other))
    if isinstance(one, int | float) and isinstance(other, int | float):
        return math.isclose(one, other, rel_tol=1e-4, abs_tol=1e-6) or (one != one and other != other)
    return type(one) is type(other) and one == other


def _plain(value: object) -> object:
    if hasattr(value, "detach"):
        value = value.detach().cpu().numpy()
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, tuple | range):
        value = list(value)
    return value
