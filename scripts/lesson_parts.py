"""Where the seconds of a lesson go: each code cell counts as one part, by what its code calls and what it shows."""

import ast
from collections.abc import Iterable, Sequence

import nbformat

PARTS = ("training", "drawing", "data", "imports", "other")
TRAINS = {"train", "predict", "evaluate"}  # the Trainer's; what a lesson defines on top of them counts as well
READS = {"load_dataset", "map", "filter"}
PICTURES = ("image/", "application/vnd.jupyter.widget-view+json")


def called(tree: ast.AST) -> set[str]:
    """Return the names that are called in `tree`, of a method its last one.

    >>> sorted(called(ast.parse("trainer.train(show(model))")))
    ['show', 'train']
    """
    functions = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return {getattr(function, "id", getattr(function, "attr", "")) for function in functions}


def parsed(source: str) -> ast.Module:
    """Return the code of a cell, without lines that only a notebook understands; empty where it is not Python.

    >>> ast.unparse(parsed("%pip install evaluate\\nmodel.train()"))
    'model.train()'
    """
    lines = [line for line in source.splitlines() if not line.lstrip().startswith(("%", "!"))]
    try:
        return ast.parse("" if source.startswith("%%") else "\n".join(lines))
    except SyntaxError:  # the lesson fails there, and says so itself
        return ast.parse("")


def trainers(trees: Iterable[ast.Module]) -> set[str]:
    """Return the names that train: the Trainer's own, and functions of the lesson that call one of these.

    >>> sorted(trainers([ast.parse("def measure(trainer):\\n    trainer.train()")]) - TRAINS)
    ['measure']
    """
    defined = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    found = set(TRAINS)
    while more := {one.name for one in defined if called(one) & found} - found:
        found |= more
    return found


def part_of(tree: ast.Module, outputs: Sequence[dict], train: set[str]) -> str:
    """Return which of `PARTS` a cell is: the first that fits. `train` holds the names that train.

    Defining a function is not calling it.
    """
    done = [node for node in tree.body if not isinstance(node, ast.FunctionDef | ast.ClassDef)]
    calls = set().union(*map(called, done)) if done else set()
    if calls & train:
        return "training"
    if shows_picture(outputs):
        return "drawing"
    if calls & READS:
        return "data"
    return "imports" if any(isinstance(node, ast.Import | ast.ImportFrom) for node in tree.body) else "other"


def shows_picture(outputs: Sequence[dict]) -> bool:
    """Return whether one of `outputs` is an image or a widget, or HTML with an image, as the course's figures are."""
    shown = [item for output in outputs for item in output.get("data", {}).items()]
    return any(kind.startswith(PICTURES) or (kind == "text/html" and "<img" in str(content)) for kind, content in shown)


def seconds_by_part(cells: Sequence[nbformat.NotebookNode], taken: Sequence[float]) -> dict[str, float]:
    """Return how many of the seconds that executing `cells` has `taken`, cell by cell, went into each of `PARTS`."""
    trees = [parsed(cell.source if cell.cell_type == "code" else "") for cell in cells]
    train, found = trainers(trees), dict.fromkeys(PARTS, 0.0)
    for cell, tree, seconds in zip(cells, trees, taken, strict=False):
        found[part_of(tree, cell.get("outputs", []), train)] += seconds
    return found
