"""Checks every lesson against the rules that a program can judge: its format, its anatomy, its cells, its calls.

    python scripts/check_lessons.py            every lesson
    python scripts/check_lessons.py FILE …     these

Prints one line a complaint, `file: cell number: what is wrong and what to do`, and ends with 1 where there is any.
"""

import ast
import inspect
import json
import re
import statistics
import sys
from collections.abc import Iterator
from pathlib import Path

import nbformat
from links import ROOT, badges, install_cell, read_address

METADATA = {
    "accelerator": "GPU",
    "colab": {"gpuType": "T4", "provenance": []},
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
TAGS = {"raises-exception", "skip-execution", "solution"}
HEADINGS = (
    "In this lesson you will",
    "The problem",
    "A common mistake",
    "Try it yourself",
    "In this lesson you have",
)
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
PREDICT = "**Before you "
DRAWS = re.compile(
    r"\btorch\.(?:rand|randn|randint|randperm|normal)\(|\b(?:np\.)?random\.(?:rand|choice|shuffle|sample|permutation|normal)"
    r"|AutoModelFor\w+\.(?:from_config\(|from_pretrained\([^)]*num_labels)"
)
SEEDS = re.compile(r"\b(?:set_seed|manual_seed|start_lesson)\(")
UNSEEDED = re.compile(r"\b(?:default_rng|Random|Generator)\(\)(?!\.manual_seed)")

Complaint = tuple[int | None, str]  # the number of the cell, from 0, where there is one


def check_format(notebook, name: str) -> Iterator[Complaint]:
    """nbformat 4.5, valid, an id a cell, no outputs, no counts, and the metadata that Colab reads."""
    if (notebook.nbformat, notebook.nbformat_minor) != (4, 5):
        yield None, f"is in nbformat {notebook.nbformat}.{notebook.nbformat_minor}: convert it to 4.5"
    ids = [cell.get("id") for cell in notebook.cells]
    for index, one in enumerate(ids):
        if not one or one in ids[:index]:
            yield index, "has no id of its own: save the notebook in JupyterLab"
    if len(set(ids)) == len(ids):  # else validate would mend them
        try:
            nbformat.validate(notebook)
        except nbformat.ValidationError as error:
            yield None, f"is no valid notebook: {error.message.splitlines()[0]}"
    if dict(notebook.metadata) != METADATA:
        yield None, f"has the metadata {dict(notebook.metadata)}: copy that of another lesson"
    for index, cell in enumerate(notebook.cells):
        if cell.cell_type == "code" and (cell.get("outputs") or cell.get("execution_count") is not None):
            yield index, "holds outputs: run `make format`"
        if set(cell.metadata) - {"tags"}:
            yield index, f"has the metadata {sorted(set(cell.metadata) - {'tags'})}: run `make format`, or take it out"
        for tag in set(cell.metadata.get("tags", [])) - TAGS:
            yield index, f"has the tag {tag!r}: known are {', '.join(sorted(TAGS))}"


def check_beginning(notebook, name: str) -> Iterator[Complaint]:
    """Title, promise and badges; the install cell; and a lesson that starts under its own number."""
    repo, ref = read_address()
    title = notebook.cells[0].source.split("\n\n")
    if not re.fullmatch(rf"# {name[:2]} · \S.*", title[0]):
        yield 0, f"must begin with a title such as '# {name[:2]} · Tokenization'"
    if len(title) != 3 or title[-1] != badges(name, repo, ref):
        yield 0, "must hold title, one paragraph that promises something, and the badges: run `make links`"
    if notebook.cells[1].cell_type != "code" or notebook.cells[1].source != install_cell(repo, ref):
        yield 1, "must be the install cell, the same bytes in every lesson: run `make links`"
    if f'start_lesson("{name[:2]}")' not in _source(notebook):
        yield None, f'never calls start_lesson("{name[:2]}")'


def check_anatomy(notebook, name: str) -> Iterator[Complaint]:
    """The headings of a lesson, in their order, sections between them, and predictions asked before the reveal."""
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    headings = re.findall(r"^## (.+)$", text, flags=re.M)
    found = [re.sub(r"^\d+\. ", "", heading) for heading in headings]
    places = [found.index(heading) if heading in found else None for heading in HEADINGS]
    for heading, place in zip(HEADINGS, places, strict=True):
        if place is None:
            yield None, f"has no heading '## {heading}'"
    present = [place for place in places if place is not None]
    if present != sorted(present):
        yield None, f"has its headings in another order than: {', '.join(HEADINGS)}"
    numbers = [int(number) for number in re.findall(r"^## (\d+)\. ", text, flags=re.M)]
    if len(numbers) < 3 or numbers != list(range(1, len(numbers) + 1)):
        yield None, f"has the sections {numbers}: number them from 1, and have three at least"
    if text.count(PREDICT) < 2:
        yield None, f"asks for {text.count(PREDICT)} predictions: ask for two at least, with '{PREDICT}…'"


def check_cells(notebook, name: str) -> Iterator[Complaint]:
    """How many cells, how long, and as much prose as code."""
    code = [(index, cell) for index, cell in enumerate(notebook.cells) if cell.cell_type == "code"]
    lengths = [sum(bool(line.strip()) for line in cell.source.splitlines()) for _, cell in code]
    prose = len(notebook.cells) - len(code)
    if not 15 <= len(code) <= 30:
        yield None, f"has {len(code)} code cells: between 15 and 30 are easy to follow"
    if prose < len(code):
        yield None, f"has {prose} cells of prose for {len(code)} of code: say before each what it does"
    if statistics.median_low(lengths) > 4:
        yield None, f"has code cells of {statistics.median_low(lengths)} lines in the median: at most 4"
    if sum(length <= 12 for length in lengths) < 0.9 * len(lengths):
        yield None, "has more than one code cell in ten with over 12 lines: one idea a cell"
    for (index, _), length in zip(code, lengths, strict=True):
        if length > 20:
            yield index, f"has {length} lines: at most 20"


def check_calls(notebook, name: str) -> Iterator[Complaint]:
    """No argument and no name that was removed, no star import, no sys.path, a metric loaded once."""
    for index, tree in _trees(notebook):
        for node in _outside_try(tree):
            if isinstance(node, ast.ImportFrom):
                yield from ((index, found) for found in _import_complaints(node))
            if isinstance(node, ast.Attribute) and ast.unparse(node) == "sys.path":
                yield index, "changes sys.path: the package is installed"
            if isinstance(node, ast.Call):
                yield from ((index, found) for found in _call_complaints(node))
            if isinstance(node, ast.FunctionDef) and "evaluate.load(" in ast.unparse(node):
                yield index, f"loads a metric inside {node.name}: load it once, outside"


def check_values(notebook, name: str) -> Iterator[Complaint]:
    """No secret, no folder of anybody's machine, no decimal asserted, no draw without a seed."""
    for index, cell in enumerate(notebook.cells):
        if found := SECRET.search(cell.source):
            yield index, f"holds what looks like a token: {found.group()[:6]}…"
        if found := FOLDER.search(cell.source):
            yield index, f"names a folder of one machine: {found.group()}"
    seeded = None
    for index, tree in _trees(notebook):
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
    for index, tree in _trees(notebook):
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


RULES = (check_format, check_beginning, check_anatomy, check_cells, check_calls, check_values, check_figures)


def complaints(path: Path) -> list[str]:
    """Return one line for each rule that the notebook at `path` breaks."""
    raw = json.loads(path.read_text(encoding="utf-8"))  # nbformat.read would mend some of it
    notebook = nbformat.v4.rwbase.rejoin_lines(nbformat.from_dict(raw))
    found = [complaint for rule in RULES for complaint in rule(notebook, path.stem)]
    return [f"{path.name}: {'' if index is None else f'cell {index}: '}{text}" for index, text in found]


def _source(notebook) -> str:
    return "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")


def _trees(notebook) -> Iterator[tuple[int, ast.AST]]:
    """Each code cell's number and syntax tree; lines that are Jupyter's own (% and !) are left out."""
    for index, cell in enumerate(notebook.cells):
        if cell.cell_type == "code" and not cell.source.startswith("%%"):
            yield index, ast.parse(re.sub(r"^(\s*)[%!].*$", r"\1pass", cell.source, flags=re.M))


def _outside_try(tree: ast.AST) -> Iterator[ast.AST]:
    """Every node but those in the body of a `try`: there a lesson shows mistakes."""
    for child in ast.iter_child_nodes(tree):
        if isinstance(tree, ast.Try) and child in tree.body:
            continue
        yield child
        yield from _outside_try(child)


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


def main(files: list[str]) -> int:
    """Print what is wrong with `files`, or with every lesson where none is named."""
    paths = [Path(file) for file in files] or sorted((ROOT / "notebooks").glob("*.ipynb"))
    found = [line for path in paths for line in complaints(path)]
    print("\n".join(found) or f"{len(paths)} lessons, no complaint")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
