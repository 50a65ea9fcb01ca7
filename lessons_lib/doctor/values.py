"""What an expression is, as far as it's certain: one of theirs by its full name, an object of a class, or nothing.

An object is written as its class with brackets: `datasets.Dataset()`. A text is written in quotes.
"""

import ast
import inspect
import re

from lessons_lib.doctor.installed import ABSENT, UNKNOWN, canonical, resolve, versions
from lessons_lib.doctor.names import full_name, made_by

DATASET, SPLITS, COLUMN = "datasets.Dataset()", "datasets.DatasetDict()", "datasets.Column()"
TOKENIZER, MODEL = "transformers.PreTrainedTokenizerBase()", "transformers.PreTrainedModel()"
PIPELINE, ADAPTED = "transformers.Pipeline()", "peft.PeftModel()"
TEXT_TASKS = ("text-classification", "sentiment-analysis", "ner", "token-classification")
KEEP = {  # methods that return what they're called on
    *("map", "filter", "shuffle", "select", "sort", "cast", "cast_column", "flatten", "rename_column"),
    *(
        "rename_columns",
        "remove_columns",
        "select_columns",
        "shard",
        "add_column",
        "class_encode_column",
        "skip",
        "take",
    ),
}
MAKERS = {"from_dict", "from_list", "from_pandas", "from_csv", "from_json", "from_text", "from_parquet"}
OWN_TOKENIZERS = re.compile(  # they keep methods that the others have no longer
    r"markup.?lm|layout.?(xlm|lm)|tapas|roc.?bert|luke|udop|nllb|m-?bart|m2m|plbart|seamless", re.I
)
OWN_LOADING = re.compile(  # their models take any argument
    r"bart|mvp|zaya|timm|qwen|exaone|higgs|cohere|flaubert|xlm|backbone", re.I
)


def value(node: ast.AST | None, names: dict[str, str]) -> str:
    """Return what `node` is, where `names` says what the variables are; `""` where it isn't certain.

    >>> code = ast.parse("load_dataset('x', split='test')['text']").body[0].value
    >>> value(code, {"load_dataset": "datasets.load_dataset"})
    'datasets.Column()'
    """
    if isinstance(node, ast.Constant):
        return repr(node.value) if isinstance(node.value, str) else ""
    if isinstance(node, ast.NamedExpr):
        return value(node.value, names)
    if isinstance(node, ast.Name):
        return full_name(node, names)
    if isinstance(node, ast.Attribute):
        of = value(node.value, names)
        return f"{of}.{node.attr}" if of and of[0] not in "'\"" else ""
    if isinstance(node, ast.Subscript):
        return _item(value(node.value, names), node.slice)
    if isinstance(node, ast.Call):
        return _made(node, canonical(value(node.func, names)), names)
    return ""


def literal(node: ast.AST | None, names: dict[str, str]) -> str | None:
    """Return the text that `node` is, written there or in the variable that it names, or `None`."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    known = names.get(node.id, "") if isinstance(node, ast.Name) else ""
    return ast.literal_eval(known) if known[:1] in ("'", '"') else None


def texts(node: ast.AST | None, names: dict[str, str]) -> list[str]:
    """Return each text that `node` can be, of `a if b else c` both; none where one of them isn't certain."""
    if isinstance(node, ast.IfExp):
        both = [texts(one, names) for one in (node.body, node.orelse)]
        return [*both[0], *both[1]] if all(both) else []
    one = literal(node, names)
    return [] if one is None else [one]


def argument(call: ast.Call, name: str) -> ast.AST | None:
    """Return the value of a call's argument that's given by name, or `None`."""
    return next((one.value for one in call.keywords if one.arg == name), None)


def group(full: str) -> str:
    """Return the name under which a rule knows a call: that of all models, for the `from_pretrained` of one."""
    owner, _, method = full.rpartition(".")
    if method != "from_pretrained" or "()" in full:
        return full
    cls = resolve(owner)
    model = inspect.isclass(cls) and any(one.__name__ == "PreTrainedModel" for one in cls.__mro__)
    auto = re.fullmatch(r"transformers\.AutoModel\w*", owner) and cls not in (ABSENT, UNKNOWN)
    return "transformers.PreTrainedModel.from_pretrained" if model or auto else full


def _item(of: str, key: ast.AST) -> str:
    text = isinstance(key, ast.Constant) and isinstance(key.value, str)
    if of == SPLITS:
        return DATASET if text or isinstance(key, ast.Name) else ""
    return COLUMN if of in (DATASET, COLUMN) and text else ""


def _made(call: ast.Call, full: str, names: dict[str, str]) -> str:
    """Return what the call of `full` returns."""
    owner, _, method = full.rpartition(".")
    if full == "datasets.load_dataset":
        return _loaded(call)
    if full in ("peft.get_peft_model", "peft.PeftModel.from_pretrained"):
        return ADAPTED
    if full == "datasets.load_from_disk" or not full:
        return ""
    if owner in (DATASET, SPLITS):
        return owner if method in KEEP else SPLITS if method == "train_test_split" else ""
    if owner in ("datasets.Dataset", "datasets.DatasetDict") and method in MAKERS:
        return f"{owner}()"
    made = made_by(full)
    return _object(call, made, names) if made and "()" not in made else ""


def _object(call: ast.Call, of: str, names: dict[str, str]) -> str:
    """Return the object of the class `of`, tokenizers and models as what all of them are."""
    if of == "transformers.Pipeline":
        task = literal(call.args[0] if call.args else argument(call, "task"), names)
        return PIPELINE if task in TEXT_TASKS else ""
    if re.fullmatch(r"transformers\.AutoModel\w*", of):
        return MODEL if resolve(of) not in (ABSENT, UNKNOWN) else ""
    if of == "transformers.AutoTokenizer":
        named = literal(call.args[0] if call.args else argument(call, "pretrained_model_name_or_path"), names)
        return TOKENIZER if named is not None and not OWN_TOKENIZERS.search(named) else ""
    cls = resolve(of)
    if of == "evaluate.EvaluationModule" and "evaluate" in versions():
        return f"{of}()"
    if not inspect.isclass(cls) or of.startswith("transformers.Auto"):
        return ""
    if call.func and isinstance(call.func, ast.Attribute) and call.func.attr == "from_pretrained" and not _plain(cls):
        return ""
    if any(one.__name__ == "PreTrainedTokenizerBase" for one in cls.__mro__):
        return TOKENIZER if not OWN_TOKENIZERS.search(of) else ""
    return MODEL if any(one.__name__ == "PreTrainedModel" for one in cls.__mro__) else f"{of}()"


def _plain(cls: type) -> bool:
    """Return whether `cls.from_pretrained` makes an object of `cls`: those of tokenizers, models, configurations do."""
    known = {"PreTrainedTokenizerBase", "PreTrainedModel", "PreTrainedConfig", "PretrainedConfig"}
    return bool(known & {one.__name__ for one in cls.__mro__})


def _loaded(call: ast.Call) -> str:
    """Return what `load_dataset` returns: with a split named one dataset, without one all of them."""
    if any(one.arg is None for one in call.keywords) or len(call.args) > 4 or argument(call, "streaming"):
        return ""
    split = argument(call, "split")
    if split is None:
        return SPLITS
    written = isinstance(split, ast.JoinedStr) or (isinstance(split, ast.Constant) and isinstance(split.value, str))
    return DATASET if written else ""
