"""Edits of a tutorial by position, so that its formatting and its comments stay as they are.

A position is a line (from 1) and a column in bytes, as `ast` counts them. Each function here returns a fix: what to
change where a rule matched, or `None` where that isn't certain.
"""

import ast
from collections.abc import Callable
from dataclasses import dataclass

from lessons_lib.doctor.installed import ABSENT, UNKNOWN, resolve


@dataclass(frozen=True)
class Match:
    """Where a rule matched: the node of the use, the argument or the imported name in it, and the statement."""

    node: ast.AST
    part: ast.AST | None = None
    statement: ast.stmt | None = None


@dataclass(frozen=True, order=True)
class Edit:
    """The text that takes the place of what's between two positions of a cell."""

    start: tuple[int, int]
    end: tuple[int, int]
    text: str


Fix = Callable[[Match], list[Edit] | None]


def start(node: ast.AST) -> tuple[int, int]:
    """Return where a node begins."""
    return node.lineno, node.col_offset


def end(node: ast.AST) -> tuple[int, int]:
    """Return where a node ends."""
    return node.end_lineno, node.end_col_offset


def apply(source: str, edits: list[Edit]) -> str:
    """Return the source with the edits made; they mustn't overlap.

    >>> apply("f(a=1)", [Edit((1, 2), (1, 3), "b")])
    'f(b=1)'
    """
    lines = [line.encode() for line in source.split("\n")]
    for edit in sorted(edits, reverse=True):
        (first, left), (last, right) = edit.start, edit.end
        new = lines[first - 1][:left] + edit.text.encode() + lines[last - 1][right:]
        lines[first - 1 : last] = new.split(b"\n")
    return b"\n".join(lines).decode()


def rename(new: str, *, only: Callable[[ast.AST], bool] = lambda _: True) -> Fix:
    """Give an argument another name, where `only` holds for its value."""

    def fix(match: Match) -> list[Edit] | None:
        given = match.node.keywords if isinstance(match.node, ast.Call) else []
        if any(one.arg == new for one in given) or not only(match.part.value):
            return None
        line, column = start(match.part)
        return [Edit((line, column), (line, column + len(match.part.arg.encode())), new)]

    return fix


def rewrite(values: dict[object, str | None]) -> Fix:
    """Write another argument for each value that it may have here; `None` leaves it out. For others: no fix."""

    def fix(match: Match) -> list[Edit] | None:
        if not isinstance(match.part.value, ast.Constant) or match.part.value.value not in values:
            return None
        new = values[match.part.value.value]
        if new is None:
            return drop(match)
        if any(one.arg == new.partition("=")[0] for one in match.node.keywords):
            return None
        return [Edit(start(match.part), end(match.part), new)]

    return fix


def drop(match: Match) -> list[Edit] | None:
    """Leave an argument out."""
    given = sorted([*match.node.args, *match.node.keywords], key=start)
    place = given.index(match.part)
    if place + 1 < len(given):
        return [Edit(start(match.part), start(given[place + 1]), "")]
    return [Edit(end(given[place - 1]) if place else start(match.part), end(match.part), "")]


def call_itself(match: Match) -> list[Edit] | None:
    """Call the object instead of its method: `tokenizer(…)` for `tokenizer.encode_plus(…)`."""
    function = match.node.func
    return [Edit(end(function.value), end(function), "")]


def attribute(new: str) -> Fix:
    """Read another attribute."""

    def fix(match: Match) -> list[Edit] | None:
        return [Edit(end(match.node.value), end(match.node), f".{new}")]

    return fix


def all_rows(match: Match) -> list[Edit] | None:
    """Read a column whole: `column[:]`."""
    return [Edit(end(match.part), end(match.part), "[:]")]


def text(new: str) -> Fix:
    """Write another text in the place of the one that's there."""

    def fix(match: Match) -> list[Edit] | None:
        return [Edit(start(match.part), end(match.part), f'"{new}"')] if isinstance(match.part, ast.Constant) else None

    return fix


def imported(module: str, name: str) -> Fix:
    """Import something else under the name that the tutorial goes on using."""

    def fix(match: Match) -> list[Edit] | None:
        statement, alias = match.statement, match.part
        if not isinstance(statement, ast.ImportFrom):
            return None
        used = alias.asname or alias.name
        new = name if used == name else f"{name} as {used}"
        if statement.module.partition(".")[0] == module and statement.module.count(".") == 0:
            return [Edit(start(alias), end(alias), new)]
        if len(statement.names) == 1:
            return [Edit(start(statement), end(statement), f"from {module} import {new}")]
        place = statement.names.index(alias)
        near = statement.names[place + 1 if place + 1 < len(statement.names) else place - 1]
        gone = (start(alias), start(near)) if place + 1 < len(statement.names) else (end(near), end(alias))
        above = f"from {module} import {new}\n{' ' * statement.col_offset}"
        return [Edit(start(statement), start(statement), above), Edit(*gone, "")]

    return fix


def like(old: str, new: str) -> Fix:
    """Import the name that has `new` in the place of `old`, under the one that the tutorial goes on using."""

    def fix(match: Match) -> list[Edit] | None:
        name = match.part.name.replace(old, new)
        module = getattr(match.statement, "module", None) or ""
        return imported(module, name)(match) if resolve(f"{module}.{name}") not in (ABSENT, UNKNOWN) else None

    return fix
