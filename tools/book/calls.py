"""The index of calls: every class, function and argument of Hugging Face's libraries, and the lessons that use it."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator

from nbformat import NotebookNode

from lessons_lib.doctor.names import LIBRARIES, full_name, library, made_by

TITLE = "Index of calls"
INTRODUCTION = (
    "Every class, function and argument of Hugging Face's libraries that the lessons write, and where first in each "
    "lesson. A method is listed by what it's called on."
)


def uses(notebook: NotebookNode) -> Iterator[tuple[str, str, str]]:
    """Yield each use in a lesson: the full name, the argument or `""`, and the heading that it's below."""
    names: dict[str, str] = {}
    heading = ""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            heading = (re.findall(r"^## (.+)$", cell.source, flags=re.M) or [heading])[-1]
        elif cell.cell_type == "code":
            source = re.sub(r"^(\s*)[%!].*$", r"\1pass", cell.source, flags=re.M)
            for name, argument in _uses(ast.parse(source), names):
                yield name, argument, heading


def _uses(tree: ast.AST, names: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Yield what one cell uses, in its order; `names` says what the notebook's variables are, and is added to."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and library(node.module):
            for one in node.names:
                names[one.asname or one.name] = full = f"{library(node.module)}.{one.name}"
                yield full, ""
        elif isinstance(node, ast.Import):
            for one in node.names:
                if library(one.name):
                    names[one.asname or one.name] = one.name
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and isinstance(node.targets[0], ast.Name):
            made = made_by(full_name(node.value.func, names))
            if made:
                names[node.targets[0].id] = made
            else:
                names.pop(node.targets[0].id, None)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and 1 <= (full := full_name(node.func, names)).count(".") <= 2:  # or a method
            yield full, ""
            for word in node.keywords:
                if word.arg:
                    yield full, word.arg


def call_index(lessons: dict[str, NotebookNode]) -> str:
    """Return the page: for each library a table of names and arguments, with links to where each lesson uses it.

    `lessons` are notebooks by the name of their file.
    """
    from myst_parser.mdit_to_docutils.base import default_slugify

    places: dict[str, dict[tuple[str, str], dict[str, str]]] = defaultdict(lambda: defaultdict(dict))
    for slug, notebook in lessons.items():
        for full, argument, heading in uses(notebook):
            owner, _, name = full.partition(".")
            target = f"notebooks/{slug}.ipynb" + (f"#{default_slugify(heading)}" if heading else "")
            places[owner][name, argument].setdefault(slug[:2], target)
    parts = [f"# {TITLE}", INTRODUCTION]
    for owner in filter(places.get, LIBRARIES):
        rows = []
        for (name, argument), where in sorted(places[owner].items(), key=lambda one: (one[0][0].lower(), one[0])):
            shown = f"`{name}`" if not argument else f"— `{argument}=`"
            rows.append(f"| {shown} | {', '.join(f'[{lesson}]({target})' for lesson, target in where.items())} |")
        parts.append("\n".join([f"## {owner}", "", "| call | lessons |", "|---|---|", *rows]))
    return "\n\n".join(parts) + "\n"
