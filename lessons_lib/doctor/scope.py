"""What each name is, followed through a tutorial from the first cell to the last as a kernel would run them.

A name that's bound again, to something unknown or in one branch alone, isn't theirs any longer. In the body of a
function, which runs later, a name of the notebook counts only where the whole notebook binds it to one thing.
"""

import ast

from lessons_lib.doctor.flow import Flow
from lessons_lib.doctor.installed import canonical
from lessons_lib.doctor.names import library
from lessons_lib.doctor.reading import Cell
from lessons_lib.doctor.uses import Use, handed_on, pairs, stored
from lessons_lib.doctor.values import value


class Scope(Flow):
    """Follows the names through one notebook; `uses` is what it saw, `stored` the attributes that the notebook sets."""

    def __init__(self, known: dict[str, str] | None = None) -> None:
        """`known` says what the notebook's names are inside functions, or is `None` to leave functions out."""
        super().__init__()
        self.known, self.uses, self.stored = known, [], set()
        self.cell, self.statement = 0, None

    def visit(self, node: ast.AST) -> None:
        """Visit a node, and remember the statement that it's in."""
        if isinstance(node, ast.stmt):
            self.statement = node
        super().visit(node)

    def use(self, node: ast.AST, full: str) -> None:
        """Note a use, except where the program itself expects that it fails."""
        if full and full[0] not in "'\"" and not self.quiet:
            self.uses.append(Use(self.cell, node, full, dict(self.names), self.statement))

    def visit_Import(self, node: ast.Import) -> None:
        """Bind modules."""
        self.use(node, "import")
        for one in node.names:
            root = one.name.partition(".")[0]
            self.bind(one.asname or root, (one.name if one.asname else root) if library(root) else "")

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        """Bind names; a star may bind any."""
        theirs = library(node.module) if not node.level else ""
        if theirs:
            self.use(node, "import")
        for one in node.names:
            if one.name == "*":
                for name in list(self.names):
                    self.bind(name, "")
            else:
                self.bind(one.asname or one.name, canonical(f"{node.module}.{one.name}") if theirs else "")

    def visit_Name(self, node: ast.Name) -> None:
        """Note a name that's read, and forget one that's written by something else than an assignment."""
        if isinstance(node.ctx, ast.Load):
            self.use(node, self.names.get(node.id, ""))
        else:
            self.bind(node.id, "")

    def visit_Attribute(self, node: ast.Attribute) -> None:
        """Note an attribute that's read; one that's written isn't the library's own any longer."""
        self.visit(node.value)
        if isinstance(node.ctx, ast.Load):
            self.use(node, value(node, self.names))
        else:
            self.stored.add(node.attr)

    def visit_Call(self, node: ast.Call) -> None:
        """Note a call, after what's in it."""
        self.generic_visit(node)
        self.use(node, canonical(value(node.func, self.names)))
        if isinstance(node.func, ast.Name) and node.func.id in ("setattr", "exec", "eval", "globals"):
            self.stored.update(one.value for one in node.args if isinstance(one, ast.Constant))

    def visit_Assign(self, node: ast.Assign) -> None:
        """Bind targets to what's assigned, those of `a, b = c, d` one by one."""
        self.visit(node.value)
        for target in node.targets:
            both = pairs(target, node.value)
            values = [value(of, self.names) for _, of in both]
            for (one, _), what in zip(both, values, strict=True):
                if isinstance(one, ast.Name):
                    self.bind(one.id, what)
                else:
                    self.visit(one)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        """Bind a target that has a type."""
        if node.value and isinstance(node.target, ast.Name):
            self.visit(node.value)
            self.bind(node.target.id, value(node.value, self.names))
        else:
            self.generic_visit(node)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        """Forget what `+=` changes."""
        self.visit(node.value)
        self.visit(node.target)

    def visit_comprehension_of(self, node: ast.AST) -> None:
        """Follow a comprehension, whose names are its own."""
        before, self.inside = dict(self.names), self.inside + 1
        for one in node.generators:
            self.visit(one)
        for part in (getattr(node, name, None) for name in ("key", "value", "elt")):
            if part is not None:
                self.visit(part)
        self.names, self.inside = before, self.inside - 1

    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = visit_comprehension_of

    def visit_function(self, node: ast.AST) -> None:
        """Follow a function's body as it would run later."""
        for part in (*node.args.defaults, *filter(None, node.args.kw_defaults), *getattr(node, "decorator_list", [])):
            self.visit(part)
        if self.known is not None or isinstance(node, ast.Lambda):
            self.later(node)
        for one in ast.walk(node):
            if isinstance(one, ast.Global):
                for name in one.names:
                    self.bind(name, "")
        if not isinstance(node, ast.Lambda):
            self.bind(node.name, "")

    visit_FunctionDef = visit_AsyncFunctionDef = visit_Lambda = visit_function

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        """Follow a class; one that leaves the making of its objects to its only base is called as that is.

        Arguments of its own are written behind the base's name, each after a plus.
        """
        for part in (*node.bases, *node.decorator_list):
            self.visit(part)
        before, self.inside = dict(self.names), self.inside + 1
        self.stored |= stored(node)
        self.block(node.body)
        self.names, self.inside = before, self.inside - 1
        only = len(node.bases) == 1 and not node.keywords and not node.decorator_list and "__new__" not in stored(node)
        base, own = value(node.bases[0], self.names) if only else "", handed_on(node)
        self.bind(node.name, "" if own is None or not base else "+".join([base, *own]))

    def later(self, node: ast.AST) -> None:
        """Follow the body of a function: what it binds is its own, the notebook's names are what they always are."""
        before, self.inside = dict(self.names), self.inside + 1
        outer = before if isinstance(node, ast.Lambda) or self.inside > 1 else {}
        own = stored(node) | {one.arg for one in ast.walk(node.args) if isinstance(one, ast.arg)}
        certain = {name: what for name, what in (self.known or {}).items() if not outer or outer.get(name) == what}
        self.names = {name: what for name, what in certain.items() if name not in own}
        self.block(node.body if isinstance(node.body, list) else [node.body])
        self.names, self.inside = before, self.inside - 1


def follow(cells: list[Cell]) -> tuple[list[Use], set[str]]:
    """Return each use in the cells, and the attributes that the tutorial itself sets or defines."""
    first = Scope()
    for one in cells:
        if one.tree:
            first.block(one.tree.body)
    second = Scope({name: next(iter(what)) for name, what in first.bound.items() if len(what) == 1})
    for one in cells:
        if one.tree:
            second.cell = one.number
            second.block(one.tree.body)
    return second.uses, second.stored
