"""What a rule is: what it matches, in which versions, why that fails, what to write, and two snippets that prove it."""

import ast
from collections.abc import Callable
from dataclasses import dataclass

from lessons_lib.doctor.fixes import Fix

When = Callable[[ast.Call, dict[str, str]], ast.AST | None]


@dataclass(frozen=True)
class Rule:
    """One thing that tutorials write and that fails today.

    `old` raises `error` where `since` holds, and `new` doesn't. In both, `CHECKPOINT` is a folder with a BERT, `PAIRS`
    one with a dataset. Where a call needs a network to fail, `proof` is what fails in it, and what doesn't.
    """

    id: str
    since: str  # the versions where it holds, such as "transformers>=5"
    names: tuple[str, ...]  # full names, with * for any part of one
    why: str
    write: str
    old: str
    new: str
    error: type[Exception] = TypeError
    keyword: str = ""  # of a call: the argument that fails
    when: When | None = None  # of a call: the part of it that fails, or None where it doesn't
    fix: Fix | None = None
    proof: tuple[str, str] | None = None
    needs_network: bool = False  # it fails only where there's no network


def argument(id: str, names: tuple[str, ...], keyword: str, write: str, old: str, new: str, **more) -> Rule:
    """Return the rule that a call has no argument `keyword` any longer."""
    why = more.pop("why", f"`{names[0].rpartition('.')[2]}` has no argument `{keyword}` any longer.")
    since = more.pop("since", "transformers>=5")
    return Rule(id, since, names, why, write, old, new, keyword=keyword, **more)


def gone(id: str, names: tuple[str, ...], write: str, old: str, new: str, **more) -> Rule:
    """Return the rule that something can't be imported any longer."""
    library = names[0].partition(".")[0]
    since = more.pop("since", {"transformers": "transformers>=5", "datasets": "datasets>=4"}.get(library))
    why = more.pop("why", f"`{{name}}` isn't in {library} any longer.")
    return Rule(id, since, names, why, write, old, new, error=ImportError, **more)
