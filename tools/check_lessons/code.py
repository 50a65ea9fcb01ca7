"""What a lesson calls, asserts and draws: nothing that was removed, no secret, no unseeded draw, no bare figure."""

import ast
import inspect
import re
from collections.abc import Iterator

# What older tutorials write, and what to write today: names of arguments, by the function that took them.
RENAMED = {
    "TrainingArguments": {
        "evaluation_strategy": "eval_strategy",
        "logging_dir": "the environment variable TENSORBOARD_LOGGING_DIR",
        "group_by_length": 'train_sampling_strategy="group_by_length"',
        "warmup_ratio": "warmup_steps, a ratio where it is below 1",
    },
    "Trainer": {"tokenizer": "processing_class"},
}
GONE = {("transformers", "AdamW"): "torch.optim.AdamW", ("huggingface_hub", "HfFolder"): "huggingface_hub.get_token"}
SECRET = re.compile(r"\bhf_[A-Za-z0-9]{20,}|\bAKIA[0-9A-Z]{16}|\bgh[pousr]_[A-Za-z0-9]{20,}|\bsk-[A-Za-z0-9-]{20,}")
FOLDER = re.compile(r"(?<![\w:/.])(?:/(?:home|Users|root|tmp|mnt|work)/|[A-Z]:\\)[\w.-]+")
DRAWS = re.compile(
    r"\btorch\.(?:rand|randn|randint|randperm|normal)\(|\b(?:np\.)?random\.(?:rand|choice|shuffle|sample|permutation|normal)"
    r"|AutoModelFor\w+\.(?:from_config\(|from_pretrained\([^)]*num_labels)"
)
SEEDS = re.compile(r"\b(?:set_seed|manual_seed|start_lesson)\(")
UNSEEDED = re.compile(r"\b(?:default_rng|Random|Generator)\(\)(?!\.manual_seed)")


Complaint = tuple[int | None, str]  # the number of the cell, from 0, where there is one


def check_calls(notebook, name: str) -> Iterator[Complaint]:
    """No argument and no name that was removed, no star import, no sys.path, a metric loaded once."""
    for index, tree in trees(notebook):
        for node in outside_try(tree):
            if isinstance(node, ast.ImportFrom):
                yield from ((index, complaint) for complaint in _import_complaints(node))
            if isinstance(node, ast.Attribute) and ast.unparse(node) == "sys.path":
                yield index, "changes sys.path: the package is installed"
            if isinstance(node, ast.Call):
                yield from ((index, complaint) for complaint in _call_complaints(node))
            if isinstance(node, ast.FunctionDef) and "evaluate.load(" in ast.unparse(node):
                yield index, f"loads a metric inside {node.name}: load it once, outside"


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
    """Every figure and every picture has an alternative text."""
    for index, tree in trees(notebook):
        calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
        functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
        returned = {id(node) for function in functions for node in ast.walk(function)}
        shown = [call for call in calls if _called(call) == "show" and ast.unparse(call.func) != "plt.show"]
        drawn = [call for call in calls if _called(call).startswith("plot_") or ast.unparse(call.func) == "plt.show"]
        if not shown and any(id(call) not in returned for call in drawn):
            yield index, "draws a figure without an alternative text: end with show(plot_…(…), alt=…)"
        for call in shown:
            texts = [word.value for word in call.keywords if word.arg == "alt"]
            if not texts or (isinstance(texts[0], ast.Constant) and len(str(texts[0].value).split()) < 4):
                yield index, "shows a figure whose alternative text is missing or says too little"
    for index, cell in enumerate(notebook.cells):
        if cell.cell_type == "markdown" and re.search(r"!\[\s*\]\(|<img(?![^>]*\balt=\"[^\"]+\")", cell.source):
            yield index, "has a picture without an alternative text"


def trees(notebook) -> Iterator[tuple[int, ast.AST]]:
    """Each code cell's number and syntax tree; lines that are Jupyter's own (% and !) are left out."""
    for index, cell in enumerate(notebook.cells):
        if cell.cell_type == "code" and not cell.source.startswith("%%"):
            yield index, ast.parse(re.sub(r"^(\s*)[%!].*$", r"\1pass", cell.source, flags=re.M))


def outside_try(tree: ast.AST) -> Iterator[ast.AST]:
    """Every node but those in the body of a `try`: there a lesson shows mistakes."""
    for child in ast.iter_child_nodes(tree):
        if isinstance(tree, ast.Try) and child in tree.body:
            continue
        yield child
        yield from outside_try(child)


def _called(call: ast.Call) -> str:
    return ast.unparse(call.func).rpartition(".")[2]


def _import_complaints(node: ast.ImportFrom) -> Iterator[str]:
    for one in node.names:
        if one.name == "*":
            yield f"imports everything from {node.module}: name what is used"
        if (node.module, one.name) in GONE:
            yield f"imports {one.name}, which was removed from {node.module}: use {GONE[node.module, one.name]}"


def _call_complaints(call: ast.Call) -> Iterator[str]:
    name = _called(call)
    for word in call.keywords:
        if word.arg in RENAMED.get(name, {}):
            yield f"passes {word.arg} to {name}, which was removed: use {RENAMED[name][word.arg]}"
        elif name in RENAMED and word.arg and word.arg not in _known_arguments(name):
            yield f"passes {word.arg} to {name}, which the installed version does not know"
    first = call.args[0] if call.args else None
    if name == "load_dataset" and isinstance(first, ast.Constant) and re.fullmatch(r"[\w-]+", str(first.value)):
        known = ("csv", "json", "parquet", "text", "arrow")
        if first.value not in known:
            yield f"loads {first.value!r} by a short name, which the Hub refuses: write namespace/name"


def _known_arguments(name: str) -> set[str]:
    import transformers

    return set(inspect.signature(getattr(transformers, name)).parameters)


def _equals_decimal(node: ast.AST) -> bool:
    if not isinstance(node, ast.Compare) or not any(isinstance(op, ast.Eq) for op in node.ops):
        return False
    return any(isinstance(side, ast.Constant) and isinstance(side.value, float) for side in node.comparators)
