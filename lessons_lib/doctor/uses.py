"""A use of theirs, and what a statement binds."""

import ast
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Use:
    """One use: in which cell, where, the full name, what the variables are there, and the statement it's in."""

    cell: int
    node: ast.AST
    full: str
    names: dict[str, str] = field(repr=False)
    statement: ast.stmt | None = None


def pairs(target: ast.AST, of: ast.AST) -> list[tuple[ast.AST, ast.AST]]:
    """Return each target with what's assigned to it."""
    both = isinstance(target, ast.Tuple) and isinstance(of, ast.Tuple) and len(target.elts) == len(of.elts)
    return list(zip(target.elts, of.elts, strict=True)) if both else [(target, of)]


def stored(node: ast.AST) -> set[str]:
    """Return the names that are bound anywhere in `node`."""
    found = {one.id for one in ast.walk(node) if isinstance(one, ast.Name) and not isinstance(one.ctx, ast.Load)}
    for one in ast.walk(node):
        if isinstance(one, (ast.Import, ast.ImportFrom)):
            found |= {alias.asname or alias.name.partition(".")[0] for alias in one.names}
        elif isinstance(one, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) and one is not node:
            found.add(one.name)
    return found


def handed_on(node: ast.ClassDef) -> list[str] | None:
    """Return the arguments that a class keeps for itself, where it hands all others on to its base; else `None`.

    >>> code = "class A(B):\\n def __init__(self, *a, x=1, **k):\\n  super().__init__(*a, **k)"
    >>> handed_on(ast.parse(code).body[0]), handed_on(ast.parse("class A(B): ...").body[0])
    (['', 'self', 'x'], [])
    """
    own = next((one for one in node.body if getattr(one, "name", "") == "__init__"), None)
    if own is None:
        return None if "__init__" in stored(node) else []
    rest = own.args.kwarg.arg if isinstance(own, ast.FunctionDef) and own.args.kwarg else ""
    used = [one for one in ast.walk(own) if isinstance(one, ast.Name) and one.id == rest]
    for call in (one for one in own.body if isinstance(one, ast.Expr) and isinstance(one.value, ast.Call)):
        handed = [one.value for one in call.value.keywords if one.arg is None]
        if used and handed == used and ast.unparse(call.value.func) == "super().__init__":
            return ["", *(one.arg for one in (*own.args.posonlyargs, *own.args.args, *own.args.kwonlyargs))]
    return None
