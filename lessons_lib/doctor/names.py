"""What a name in a program refers to: a class or a function of Hugging Face's libraries, or an object that one made."""

import ast

LIBRARIES = (
    "transformers",
    "datasets",
    "evaluate",
    "tokenizers",
    "accelerate",
    "peft",
    "huggingface_hub",
    "safetensors",
)
MAKES = {  # what a function returns, by whose name its methods are listed
    "datasets.load_dataset": "datasets.DatasetDict",
    "datasets.load_from_disk": "datasets.DatasetDict",
    "evaluate.load": "evaluate.EvaluationModule",
    "transformers.pipeline": "transformers.Pipeline",
}


def library(module: str | None) -> str:
    """Return the library that `module` belongs to, or `""` where it's none of theirs.

    >>> library("transformers.trainer"), library("torch")
    ('transformers', '')
    """
    root = (module or "").partition(".")[0]
    return root if root in LIBRARIES else ""


def full_name(function: ast.AST, names: dict[str, str]) -> str:
    """Return the full name of what is called, such as `transformers.Trainer.train`; `""` where it isn't theirs."""
    if isinstance(function, ast.Name):
        return names.get(function.id, "")
    if isinstance(function, ast.Attribute):
        of = full_name(function.value, names)
        return f"{of}.{function.attr}" if of else ""
    return ""


def made_by(full: str) -> str:
    """Return what a call of `full` makes: an object of a class, by the class's name; `""` where that isn't known."""
    owner, _, method = full.rpartition(".")
    if full in MAKES:
        return MAKES[full]
    if method in ("from_pretrained", "from_config"):
        return owner
    return full if method[:1].isupper() else ""
