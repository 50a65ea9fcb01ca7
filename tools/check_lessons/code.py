"""What a lesson calls, asserts and draws: no secret, no unseeded draw, no bare figure.

What a library has removed need not be looked for: every lesson is executed.
"""

import ast
import re
from collections.abc import Iterator

from tools.check_lessons.anatomy import Complaint

SECRET = re.compile(r"\bhf_[A-Za-z0-9]{20,}|\bAKIA[0-9A-Z]{16}|\bgh[pousr]_[A-Za-z0-9]{20,}|\bsk-[A-Za-z0-9-]{20,}")
FOLDER = re.compile(r"(?<![\w:/.])(?:/(?:home|Users|root|tmp|mnt|work)/|[A-Z]:\\)[\w.-]+")
DRAWS = re.compile(
    r"\btorch\.(?:rand|randn|randint|randperm|normal)\(|\b(?:np\.)?random\.(?:rand|choice|shuffle|sample|permutation|normal)"
    r"|AutoModelFor\w+\.(?:from_config\(|from_pretrained\([^)]*num_labels)"
)
SEEDS = re.compile(r"\b(?:set_seed|manual_seed|start_lesson)\(")
MODEL = re.compile(r"\bAutoModelFor\w+\.from_pretrained$")
UNSEEDED = re.compile(r"\b(?:default_rng|Random|Generator)\(\)(?!\.manual_seed)")


def check_calls(notebook, name: str) -> Iterator[Complaint]:
    """No star import, no sys.path, a metric loaded once."""
    for index, tree in trees(notebook):
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.names[0].name == "*":
                yield index, f"imports everything from {node.module}: name what is used"
            if isinstance(node, ast.Attribute) and ast.unparse(node) == "sys.path":
                yield index, "changes sys.path: the package is installed"
            if isinstance(node, ast.FunctionDef) and "evaluate.load(" in ast.unparse(node):
                yield index, f"loads a metric inside {node.name}: load it once, outside"


def check_dtype(notebook, name: str) -> Iterator[Complaint]:
    """A model that may be trained is loaded with a `dtype`: in the 16 bits of many a file, no weight would move."""
    parsed = list(trees(notebook))
    calls = [(index, node) for index, tree in parsed for node in ast.walk(tree) if isinstance(node, ast.Call)]
    if not any(ast.unparse(call.func) == "Trainer" for _, call in calls):
        return
    assigned = [node for _, tree in parsed for node in ast.walk(tree) if isinstance(node, ast.Assign)]
    says = {ast.unparse(node.targets[0]) for node in assigned if "'dtype':" in ast.unparse(node.value)}
    for index, call in calls:
        if MODEL.search(ast.unparse(call.func)):
            taken = {ast.unparse(word.value) for word in call.keywords if word.arg is None}
            text = ast.unparse(call)
            if ("lesson." in text or taken) and "dtype=" not in text and not taken & says:
                yield index, 'loads a model without a dtype: write dtype="float32", or a file in 16 bits trains nothing'


def check_values(notebook, name: str) -> Iterator[Complaint]:
    """No secret, no folder of anybody's machine, no decimal asserted, no draw without a seed."""
    for index, cell in enumerate(notebook.cells):
        if token := SECRET.search(cell.source):
            yield index, f"holds what looks like a token: {token.group()[:6]}…"
        if folder := FOLDER.search(cell.source):
            yield index, f"names a folder of one machine: {folder.group()}"
    seeded = None
    for index, tree in trees(notebook):
        seeded = seeded or SEEDS.search(notebook.cells[index].source)
        if UNSEEDED.search(notebook.cells[index].source):
            yield index, "makes a generator without a seed: hand it lesson.seed"
        if DRAWS.search(notebook.cells[index].source) and not seeded:
            yield index, "draws at random before any seed is set: start_lesson or set_seed comes first"
        for node in ast.walk(tree):
            if isinstance(node, ast.Assert) and any(_equals_decimal(one) for one in ast.walk(node.test)):
                yield index, "asserts a decimal: assert a shape or a direction"


def check_figures(notebook, name: str) -> Iterator[Complaint]:
    """Every figure is shown with its alternative text, and every picture has one."""
    for index, tree in trees(notebook):
        calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
        functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
        returned = {id(node) for function in functions for node in ast.walk(function)}
        shown = [call for call in calls if _called(call) == "show" and ast.unparse(call.func) != "plt.show"]
        drawn = [call for call in calls if _called(call).startswith("plot_") or ast.unparse(call.func) == "plt.show"]
        if not shown and any(id(call) not in returned for call in drawn):
            yield index, "draws a figure without its alternative text: end with show(plot_…(…))"
        for call in shown:
            texts = [word.value for word in call.keywords if word.arg == "alt"]
            if texts and isinstance(texts[0], ast.Constant) and len(str(texts[0].value).split()) < 4:
                yield index, "shows a figure whose alternative text says too little"
    for index, cell in enumerate(notebook.cells):
        if cell.cell_type == "markdown" and re.search(r"!\[\s*\]\(|<img(?![^>]*\balt=\"[^\"]+\")", cell.source):
            yield index, "has a picture without an alternative text"


def trees(notebook) -> Iterator[tuple[int, ast.AST]]:
    """Each code cell's number and syntax tree; lines that are Jupyter's own (% and !) are left out."""
    for index, cell in enumerate(notebook.cells):
        if cell.cell_type == "code" and not cell.source.startswith("%%"):
            yield index, ast.parse(re.sub(r"^(\s*)[%!].*$", r"\1pass", cell.source, flags=re.M))


def _called(call: ast.Call) -> str:
    return ast.unparse(call.func).rpartition(".")[2]


def _equals_decimal(node: ast.AST) -> bool:
    if not isinstance(node, ast.Compare) or not any(isinstance(op, ast.Eq) for op in node.ops):
        return False
    return any(isinstance(side, ast.Constant) and isinstance(side.value, float) for side in node.comparators)
