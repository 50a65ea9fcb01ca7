"""The ways that a program can go: branches, loops, blocks that expect an error; and what its names are after them."""

import ast
from collections import defaultdict

from lessons_lib.doctor.guards import guarded
from lessons_lib.doctor.uses import stored


class Flow(ast.NodeVisitor):
    """Follows the names of a notebook through its branches; `bound` keeps each value that a name has had."""

    def __init__(self) -> None:
        """Begin with no names."""
        self.names: dict[str, str] = {}
        self.bound: defaultdict[str, set[str]] = defaultdict(set)
        self.quiet = self.inside = 0

    def bind(self, name: str, what: str) -> None:
        """Say what a name is from here on."""
        self.names[name] = what
        if not self.inside:
            self.bound[name].add(what)

    def visit_If(self, node: ast.If) -> None:
        """Follow both branches; where a test asks what's installed, the branches know what they do."""
        self.visit(node.test)
        self.branches([node.body], [node.orelse], quiet=guarded(node.test))

    def visit_Try(self, node: ast.Try) -> None:
        """Follow a body that may fail, without a word, and then each way on."""
        self.branches([node.body, node.orelse], *([one.body] for one in node.handlers), quiet=bool(node.handlers))
        self.block(node.finalbody)

    visit_TryStar = visit_Try

    def visit_For(self, node: ast.For | ast.AsyncFor) -> None:
        """Follow a loop; what its body binds isn't certain when it begins again."""
        self.visit(node.iter)
        self.forget(node.target, *node.body)
        self.branches([[node.target], node.body], [])
        self.block(node.orelse)

    visit_AsyncFor = visit_For

    def visit_While(self, node: ast.While) -> None:
        """Follow a loop that has a test."""
        self.forget(*node.body)
        self.visit(node.test)
        self.branches([node.body], [])
        self.block(node.orelse)

    def visit_Match(self, node: ast.Match) -> None:
        """Follow each case."""
        self.visit(node.subject)
        self.forget(*node.cases)
        self.branches([], *([one.body] for one in node.cases))

    def visit_With(self, node: ast.With | ast.AsyncWith) -> None:
        """Follow a block; one that suppresses errors or expects them does so without a word."""
        for one in node.items:
            self.visit(one)
        quiet = any(guarded(one.context_expr) for one in node.items)
        self.quiet += quiet
        self.block(node.body)
        self.quiet -= quiet

    visit_AsyncWith = visit_With

    def block(self, nodes: list[ast.AST]) -> None:
        """Visit nodes in their order."""
        for one in nodes:
            self.visit(one)

    def branches(self, *ways: list[list[ast.AST]], quiet: bool = False) -> None:
        """Follow each way from here; afterwards a name is what it is at the end of all of them, or unknown."""
        before, ends = dict(self.names), []
        self.quiet += quiet
        for way in ways:
            self.names = dict(before)
            for nodes in way:
                self.block(nodes)
            ends.append(self.names)
        self.quiet -= quiet
        names = {name for end in ends for name in end}
        values = {name: {end[name] for end in ends if name in end} for name in names}
        self.names = {name: what.pop() if len(what) == 1 else "" for name, what in values.items()}

    def forget(self, *nodes: ast.AST) -> None:
        """Forget the names that `nodes` bind, where they're known."""
        for name in set().union(*map(stored, nodes)) & set(self.names):
            self.bind(name, "")
