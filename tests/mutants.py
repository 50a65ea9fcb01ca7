"""Small changes to a function, one at a time: what a check of an exercise has to notice."""

import ast
import copy
from collections.abc import Callable, Iterator

SWAPS = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.FloorDiv,
    ast.Pow: ast.Mult,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.And: ast.Or,
    ast.Or: ast.And,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}
NAMES = {"max": "min", "min": "max", "argmax": "argmin", "argmin": "argmax", "sum": "max", "mean": "sum", "len": "max"}


def mutants(source: str) -> Iterator[str]:
    """Yield the source of each mutant: another operator, a number off by one, a flag turned, another function."""
    tree = ast.parse(source)
    for number, node in enumerate(ast.walk(tree)):
        for change in changes(node):
            other = copy.deepcopy(tree)
            changed = next(one for place, one in enumerate(ast.walk(other)) if place == number)
            change(changed)
            yield ast.unparse(ast.fix_missing_locations(other))


def changes(node: ast.AST) -> Iterator[Callable[[ast.AST], None]]:
    """Yield what can be changed about one node."""
    for field in ("op", "ops"):
        held = getattr(node, field, None)
        operator = held[0] if isinstance(held, list) else held
        if type(operator) in SWAPS:
            new = SWAPS[type(operator)]()
            yield lambda one, field=field, new=new: setattr(one, field, [new] if field == "ops" else new)
    if isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield lambda one: setattr(one, "value", not one.value)
    elif isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        for step in (1, -1):
            yield lambda one, step=step: setattr(one, "value", one.value + step)
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in NAMES:
        yield lambda one: setattr(one, "id", NAMES[one.id])
    if isinstance(node, ast.Attribute) and node.attr in NAMES:
        yield lambda one: setattr(one, "attr", NAMES[one.attr])
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.Not):
        yield lambda one: setattr(one, "op", ast.UAdd())
    if isinstance(node, ast.IfExp):
        yield lambda one: one.__dict__.update(body=one.orelse, orelse=one.body)
