"""Whether a call fits what a function takes, as Python would say when it's made."""

import ast
import inspect
from collections.abc import Iterator

from lessons_lib.doctor.installed import SWALLOWED


def wrong_arguments(call: ast.Call, takes: inspect.Signature, known: set[str]) -> Iterator[tuple[ast.AST, str]]:
    """Yield each argument that a function doesn't take, and why; those in `known` are known already.

    >>> call = ast.parse("f(1, x=2)").body[0].value
    >>> [why for _, why in wrong_arguments(call, inspect.signature(lambda y: y), set())]
    ['takes no argument `x`']
    """
    names = takes.parameters
    kinds = {one.kind for one in names.values()}
    if inspect.Parameter.VAR_KEYWORD not in kinds:
        for one in call.keywords:
            if one.arg and one.arg not in names and one.arg not in known | SWALLOWED:
                yield one, f"takes no argument `{one.arg}`"
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    room = [one for one in names.values() if one.kind in positional]
    starred = any(isinstance(one, ast.Starred) for one in call.args)
    if inspect.Parameter.VAR_POSITIONAL not in kinds and not starred and len(call.args) > len(room):
        yield call.args[len(room)], f"takes {len(room) or 'no'} arguments without a name, and here are {len(call.args)}"
        return
    given = {one.arg for one in call.keywords}
    twice = [one.name for one in room[: len(call.args)] if one.name in given]
    if twice and not starred:
        yield call, f"gets its argument `{twice[0]}` twice"
    if starred or None in given or known:
        return
    filled = {one.name for one in room[: len(call.args)]} | given
    for one in names.values():
        if one.default is one.empty and one.name not in filled and one.kind in (*positional, one.KEYWORD_ONLY):
            yield call, f"needs its argument `{one.name}`"
            return
