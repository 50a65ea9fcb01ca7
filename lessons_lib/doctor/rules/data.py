"""What changed in datasets and evaluate."""

import ast
import os

from lessons_lib.doctor.fixes import drop, rename, rewrite, text
from lessons_lib.doctor.rules.rule import Rule, argument
from lessons_lib.doctor.values import argument as given
from lessons_lib.doctor.values import literal, texts

LOAD, DATASET = "from datasets import load_dataset\nload_dataset(PAIRS, 'pairs'{})\n", ("datasets.load_dataset",)
BUILDERS = {"datasets.load_dataset", "datasets.load_dataset_builder", "datasets.get_dataset_config_names"}
HOMES = (  # of datasets that had no namespace
    "nyu-mll/glue rajpurkar/squad rajpurkar/squad_v2 stanfordnlp/imdb stanfordnlp/snli stanfordnlp/sst2 "
    "dair-ai/emotion Salesforce/wikitext abisee/cnn_dailymail fancyzhx/ag_news "
    "cornell-movie-review-data/rotten_tomatoes wmt/wmt16 Yelp/yelp_review_full Helsinki-NLP/opus_books "
    "FiscalNote/billsum clinc/clinc_oos google/xtreme ethz/food101 uoft-cs/cifar10 ylecun/mnist "
    "AI-Lab-Makerere/beans zalando-datasets/fashion_mnist "
)
FULL = {one.partition("/")[2]: one for one in HOMES.split()}


def _path(call: ast.Call) -> ast.AST | None:
    return call.args[0] if call.args else given(call, "path")


def _no_namespace(call: ast.Call, names: dict[str, str]) -> ast.AST | None:
    """Return the id where it has no namespace, and is neither a reader of files nor a folder that's here."""
    from datasets.packaged_modules import _PACKAGED_DATASETS_MODULES as readers

    given = texts(_path(call), names)
    plain = all(not set(one) & set("/\\.~: ") and one not in readers and not os.path.exists(one) for one in given)
    return _path(call) if given and "" not in given and plain else None


def _script(call: ast.Call, names: dict[str, str]) -> ast.AST | None:
    name = literal(_path(call), names)
    return _path(call) if name and name.endswith(".py") else None


def _from_hub(call: ast.Call, names: dict[str, str]) -> ast.AST | None:
    given = texts(_path(call), names)
    far = all(one and not one.startswith((".", "/", "~")) and not os.path.exists(one) for one in given)
    return _path(call) if given and far else None


def _home(match):
    """Write the id with its namespace, where that's known."""
    node = match.part
    new = FULL.get(node.value) if isinstance(node, ast.Constant) else None
    return text(new)(match) if new else None


def _loads(keyword: str, value: str, write: str, new: str = "", fix=None) -> Rule:
    why = f"`load_dataset` has no argument `{keyword}` any longer, and hands it to the reader of the files."
    code, id = (LOAD.format(f", {keyword}={value}"), LOAD.format(new)), f"load-dataset-{keyword.replace('_', '-')}"
    return argument(id, DATASET, keyword, write, *code, fix=fix, why=why, since="datasets>=4", error=ValueError)


RULES = (
    Rule(
        "no-namespace",
        "huggingface_hub>=1.27",
        tuple(BUILDERS),
        "The id of a dataset on the Hub has two parts today, namespace/name.",
        'the full id, such as load_dataset("nyu-mll/glue", "mrpc")',
        'from datasets import load_dataset\nload_dataset("glue", "mrpc")\n',
        'from datasets import load_dataset\nload_dataset("nyu-mll/glue", "mrpc")\n',
        error=ValueError,
        when=_no_namespace,
        fix=_home,
        proof=tuple(
            f"from huggingface_hub import parse_hf_uri\nparse_hf_uri('hf://datasets/{name}')\n"
            for name in ("glue", "nyu-mll/glue")
        ),
    ),
    Rule(
        "dataset-script",
        "datasets>=4",
        DATASET,
        "`load_dataset` runs no program that reads data any longer.",
        'files in a format that it reads: load_dataset("csv", data_files=…), or Dataset.from_generator',
        "from datasets import load_dataset\nload_dataset('reader.py')\n",
        "from datasets import Dataset\nDataset.from_generator(lambda: iter([{'a': 1}]))\n",
        error=RuntimeError,
        when=_script,
    ),
    _loads("use_auth_token", "True", "token=…", ", token=None", rename("token")),
    _loads("task", "'text-classification'", "nothing", fix=drop),
    _loads(
        "ignore_verifications",
        "True",
        'verification_mode="no_checks"',
        ", verification_mode='no_checks'",
        rewrite({True: 'verification_mode="no_checks"', False: None}),
    ),
    Rule(
        "metric-from-hub",
        "evaluate>=0.4",
        ("evaluate.load",),
        "The program of a metric stands on the Hub: without a network this hangs, or raises FileNotFoundError.",
        "evaluate.load of a folder that's here, or the same function of scikit-learn",
        "import evaluate\nevaluate.load('accuracy')\n",
        "import evaluate\nevaluate.load(METRIC)\n",
        error=FileNotFoundError,
        when=_from_hub,
        needs_network=True,
    ),
)
