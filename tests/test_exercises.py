"""Each exercise: its stub is not yet right, its solution is, a wrong answer gets its hint; how many mutants live."""

import copy
import warnings
from collections.abc import Callable, Iterator
from importlib import import_module

import nbformat
import pytest
from mutants import mutants

from lessons_lib.exercises import check
from lessons_lib.exercises.engine import Exercise, Verdict, alike
from tools import ROOT
from tools.write_docs.exercises import solutions

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
FOUND = {
    name: (notebook.stem[:2], solution, cells)
    for notebook in NOTEBOOKS
    for cells in [nbformat.read(notebook, as_version=4).cells]
    for _, name, solution in solutions(nbformat.from_dict({"cells": cells}))
}


def function(source: str, name: str) -> Callable:
    """Return what `source` defines under `name`; what it reaches for is there as in the lesson."""
    import numpy as np
    import torch

    place = {"np": np, "torch": torch}
    exec(source, place)
    return place[name]


def prove(exercise: Exercise, name: str, solution: str) -> None:
    """Assert what makes a check worth having."""
    right = function(solution, name)
    assert exercise(right).kind == "right", exercise(right)
    assert exercise(lambda *_: ...).kind == "not yet" and exercise(lambda *_: None).kind == "not yet"
    constant = right(*exercise.inputs()[0])
    assert exercise(lambda *_: constant).kind == "wrong"
    assert len(exercise.mistakes) >= 4 and len(exercise.hints) == 3
    for mistake in exercise.mistakes:
        verdict = exercise(mistake.answer)
        assert (verdict.kind, verdict.text) == ("wrong", mistake.hint)


@pytest.mark.parametrize("name", FOUND)
def test_a_check_takes_the_solution_and_names_each_mistake(name):
    prove(getattr(check, name), name, FOUND[name][1])


@pytest.mark.parametrize("name", FOUND)
def test_the_proof_notices_a_check_that_takes_everything(name, monkeypatch):
    monkeypatch.setattr(Exercise, "__call__", lambda self, answer: Verdict("right", ""))
    with pytest.raises(AssertionError):
        prove(getattr(check, name), name, FOUND[name][1])


def test_each_lesson_has_three():
    counted = [number for number, *_ in FOUND.values()]
    assert set(counted) == {path.stem[:2] for path in NOTEBOOKS} and all(counted.count(one) >= 3 for one in counted)


def test_each_exercise_is_in_its_lesson_and_no_name_is_taken_twice():
    modules = {number: import_module(f"lessons_lib.exercises.lesson_{number}") for number, *_ in FOUND.values()}
    written = [
        (name, number)
        for number, one in modules.items()
        for name in vars(one)
        if isinstance(getattr(one, name), Exercise)
    ]
    assert sorted(written) == sorted((name, number) for name, (number, *_) in FOUND.items())


def living(exercise: Exercise, name: str, solution: str) -> Iterator[tuple[str, bool]]:
    """Yield each mutant of `solution` that behaves otherwise, and whether the check takes it all the same."""
    original = function(solution, name)
    many = [inputs for seed in range(100, 115) for inputs in exercise.inputs(seed)]
    expected = [original(*copy.deepcopy(inputs)) for inputs in many]
    for source in mutants(solution):
        try:
            mutant = function(source, name)
            same = all(alike(mutant(*copy.deepcopy(i)), right) for i, right in zip(many, expected, strict=True))
        except Exception:
            same = False
        if not same:
            yield source, exercise(function(source, name)).kind == "right"


@pytest.mark.parametrize("name", FOUND)
def test_at_least_95_of_100_mutants_are_refused(name):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fates = list(living(getattr(check, name), name, FOUND[name][1]))
    alive = [source for source, lives in fates if lives]
    assert fates and len(alive) <= 0.05 * len(fates), "\n\n".join(alive)


def test_hints_go_from_vague_to_plain_and_the_last_shows_an_input():
    exercise = check.padding_share
    exercise.tries[0] = 0
    said = [exercise(lambda lengths: 0.123).text for _ in range(4)]
    assert (
        said[:2] == list(exercise.hints[:2]) and said[2].startswith(exercise.hints[2]) and "yours is 0.123" in said[2]
    )
    assert said[3] == said[2]


def test_an_answer_that_fails_is_told_how():
    verdict = check.padding_share(lambda lengths: lengths[1000])
    assert verdict.kind == "wrong" and "IndexError" in verdict.text and "<b>✗ Wrong.</b>" in verdict._repr_html_()


def test_an_answer_that_says_it_is_not_written_is_not_yet_wrong():
    def later(lengths):
        raise NotImplementedError

    assert check.padding_share(later).kind == "not yet"


def test_an_answer_cannot_change_the_inputs():
    def cheat(lengths):
        lengths.clear()
        return 0.0

    assert check.padding_share(cheat).kind == "wrong" and check.padding_share.inputs()[0][0]


def test_an_unknown_exercise_is_named():
    with pytest.raises(AttributeError, match="no exercise 'nothing'"):
        _ = check.nothing
