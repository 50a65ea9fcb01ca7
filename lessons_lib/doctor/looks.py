"""What in a tutorial fails on the versions installed here: the rules, and what the libraries themselves say.

Two looks need no rule: a name that a library hasn't got, and arguments that a call doesn't take.
"""

import ast
import inspect
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from lessons_lib.doctor.arguments import wrong_arguments
from lessons_lib.doctor.elsewhere import looks_elsewhere, made_here, other_formats
from lessons_lib.doctor.fixes import Edit, Match, apply, start
from lessons_lib.doctor.installed import ABSENT, canonical, holds, lacks, module, resolve, signature
from lessons_lib.doctor.names import library
from lessons_lib.doctor.reading import Cell, cell
from lessons_lib.doctor.rules import RULES
from lessons_lib.doctor.rules.rule import Rule
from lessons_lib.doctor.scope import Use, follow
from lessons_lib.doctor.values import group


@dataclass(frozen=True)
class Finding:
    """One thing that fails: where, by which rule, why, what to write today, and the edits that do so, if there are."""

    cell: int
    line: int
    column: int
    rule: str
    why: str
    write: str = ""
    edits: tuple[Edit, ...] = ()
    needs_network: bool = False


def examine(cells: list[Cell]) -> list[Finding]:
    """Return what fails in a tutorial, in its order. Nothing of it is run; what isn't certain isn't in it."""
    uses, stored = follow(cells)
    found = {}
    for use in uses:
        for one in _of(use, stored):
            place = one.cell, one.line, one.column, one.rule
            found[place] = one if one.edits else found.get(place, one)
    uncertain = ("column", "column-in-pipeline") if other_formats(cells) else ()
    uncertain += ("no-such-name", "no-such-module") if looks_elsewhere(cells) else ()
    sources = {one.number: one.source for one in cells}
    kept = [_checked(one, sources[one.cell]) for one in found.values() if one.rule not in uncertain]
    return sorted(
        (one for one in kept if one.rule != "no-namespace" or not made_here(one, cells)),
        key=lambda one: (one.cell, one.line, one.column),
    )


def _of(use: Use, stored: set[str]) -> Iterator[Finding]:
    if isinstance(use.node, ast.ImportFrom):
        for alias in use.node.names:
            yield from _imported(use, alias)
    elif isinstance(use.node, ast.Import):
        for alias in use.node.names:
            if library(alias.name) and module(alias.name) is ABSENT:
                yield _finding(use, alias, "no-such-module", f"There's no module `{alias.name}`.")
    elif use.full.rpartition(".")[2] in stored:
        return
    elif isinstance(use.node, ast.Call):
        yield from _called(use)
    elif isinstance(use.node, ast.Attribute):
        yield from _read(use)


def _imported(use: Use, alias: ast.alias) -> Iterator[Finding]:
    """Yield what an import names and what isn't there."""
    name = use.node.module
    if module(name) is ABSENT:
        full = canonical(f"{name}.{alias.name}")
        rule = next((one for one in _rules(full) if one.error is ImportError), None)
        yield (
            _by_rule(rule, use, alias)
            if rule
            else _finding(use, use.node, "no-such-module", f"There's no module `{name}`.")
        )
    elif alias.name != "*" and resolve(f"{name}.{alias.name}") is ABSENT:
        yield _absent(use, alias, f"{name}.{alias.name}")


def _absent(use: Use, part: ast.AST, full: str) -> Finding:
    owner, _, name = full.rpartition(".")
    for rule in _rules(canonical(full)):
        if rule.error is ImportError:
            return _by_rule(rule, use, part)
    return _finding(use, part, "no-such-name", f"`{owner}` has no `{name}`.")


def _read(use: Use) -> Iterator[Finding]:
    """Yield an attribute that isn't there."""
    for rule in _rules(use.full):
        if rule.error is AttributeError:
            yield _by_rule(rule, use, use.node)
            return
    owner = use.full.rpartition(".")[0]
    if inspect.ismodule(resolve(owner)) and resolve(use.full) is ABSENT:
        yield _absent(use, use.node, use.full)


def _called(use: Use) -> Iterator[Finding]:
    """Yield what's wrong with a call: by a rule, or else by what the function itself takes."""
    full, *own = use.full.split("+")  # what a class of the tutorial's keeps for itself
    named = {one.arg for one in use.node.keywords} - set(own)
    takes = signature(full) if not full.endswith("()") and not own else None
    by_rule = set()
    for rule in _rules(group(full)):
        if own and not rule.keyword:
            continue
        if rule.keyword and (rule.keyword not in named or (takes and rule.keyword in takes.parameters)):
            continue
        if not rule.keyword and not rule.when:
            if rule.error is AttributeError:
                yield _by_rule(rule, use, use.node)
            continue
        part = rule.when(use.node, use.names) if rule.when else use.node
        if part is not None:
            part = next(one for one in use.node.keywords if one.arg == rule.keyword) if rule.keyword else part
            by_rule.add(rule.keyword)
            yield _by_rule(rule, use, part)
    if lacks(full):
        yield _finding(use, use.node.func, "no-such-method", f"`{_short(use.full)}` isn't there.")
    for part, why in wrong_arguments(use.node, takes, by_rule) if takes else ():
        yield _finding(use, part, "arguments", f"`{_short(use.full)}` {why}.")


def _short(full: str) -> str:
    return ".".join(full.replace("()", "").split(".")[1:])


def _rules(full: str) -> Iterator[Rule]:
    """Yield the rules on a name that hold for the versions here."""
    return (one for one in RULES if any(fnmatchcase(full, name) for name in one.names) and holds(one.since))


def _by_rule(rule: Rule, use: Use, part: ast.AST) -> Finding:
    name = getattr(part, "name", "") or use.full.rpartition(".")[2]
    edits = rule.fix(Match(use.node, part, use.statement)) if rule.fix else None
    found = _finding(use, part, rule.id, rule.why.format(name=name))
    return replace(found, write=rule.write, edits=tuple(edits or ()), needs_network=rule.needs_network)


def _finding(use: Use, part: ast.AST, rule: str, why: str) -> Finding:
    line, column = start(part if hasattr(part, "lineno") else use.node)
    return Finding(use.cell, line, column, rule, why)


def _checked(found: Finding, source: str) -> Finding:
    """Return the finding, without its edits where the cell couldn't be read after them."""
    whole = found.edits and "\r" not in source.replace("\r\n", "\n")
    return found if whole and not cell(1, apply(source, list(found.edits))).trouble else replace(found, edits=())
