"""The doctor of tutorials: each rule proved on the versions here, no false alarm, and no file that upsets it."""

import difflib
import json
import re
import socket
import subprocess
import sys
from collections import Counter

import pytest

from lessons_lib.doctor.__main__ import main
from lessons_lib.doctor.installed import holds
from lessons_lib.doctor.looks import examine
from lessons_lib.doctor.mend import mended, write_mended
from lessons_lib.doctor.reading import Unreadable, cell, read
from lessons_lib.doctor.report import harmless, report
from lessons_lib.doctor.rules import RULES
from lessons_lib.sources import EMBEDDED, METRIC
from tools import ROOT

HERE = [rule for rule in RULES if holds(rule.since)]
PAIRS = str(EMBEDDED / "pairs")


@pytest.fixture(scope="module")
def run(checkpoint, tmp_path_factory):
    """A function that runs a snippet, where no machine can be reached and the current folder is empty."""
    folder = tmp_path_factory.mktemp("snippets")

    def start(code):
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(folder)
            patch.setattr(socket.socket, "connect", lambda *_: (_ for _ in ()).throw(OSError("no network")))
            exec(compile(code, "snippet", "exec"), {"CHECKPOINT": checkpoint, "PAIRS": PAIRS, "METRIC": METRIC})

    return start


def found(*sources):
    """Return the rules that were found in the cells of a notebook."""
    return [one.rule for one in examine([cell(number, source) for number, source in enumerate(sources, 1)])]


def known(code, checkpoint):
    """Return a snippet with its names written out, as a tutorial has them."""
    values = {"CHECKPOINT": checkpoint, "PAIRS": PAIRS, "METRIC": METRIC}
    return re.sub("CHECKPOINT|PAIRS|METRIC", lambda name: repr(values[name[0]]), code)


def test_the_rules_have_names_of_their_own_and_are_many():
    assert len(HERE) >= 90  # all but those of a package that is absent
    assert max(Counter(rule.id for rule in RULES).values()) == 1


@pytest.mark.parametrize("rule", HERE, ids=lambda rule: rule.id)
def test_what_a_rule_says_fails_does_and_what_it_says_to_write_works(rule, run, checkpoint):
    old, new = rule.proof or (rule.old, rule.new)
    with pytest.raises(rule.error):
        run(old)
    run(new)
    assert found(known(rule.old, checkpoint)) == [rule.id]
    assert found(known(rule.new, checkpoint)) == []


@pytest.mark.parametrize("rule", [rule for rule in HERE if rule.fix], ids=lambda rule: rule.id)
def test_what_fix_writes_works(rule, run, checkpoint):
    (fixed,) = mended([cell(1, known(rule.old, checkpoint))])
    assert fixed.source != known(rule.old, checkpoint)
    assert rule.id not in found(fixed.source)
    try:
        run(fixed.source)
    except Exception as error:  # the call was taken, and then asked for the Hub, or for a metric on it
        assert type(error).__name__ in ("OfflineModeIsEnabled", "LocalEntryNotFoundError", "ConnectionError"), error


def test_load_dataset_itself_refuses_an_id_of_one_part(monkeypatch, tmp_path):
    import datasets
    from huggingface_hub import HfApi
    from huggingface_hub.errors import EntryNotFoundError, HfUriError

    card = tmp_path / "snapshots" / ("a" * 40) / "README.md"
    card.parent.mkdir(parents=True)
    card.write_text("---\n---\n")

    def download(_, repo_id, filename, **__):
        if filename == "README.md":
            return str(card)
        raise EntryNotFoundError.__new__(EntryNotFoundError)

    monkeypatch.setattr(HfApi, "hf_hub_download", download)
    monkeypatch.setattr("datasets.load._raise_if_offline_mode_is_enabled", lambda *_: None)
    with pytest.raises(HfUriError):
        datasets.load_dataset("glue", "mrpc", cache_dir=str(tmp_path))
    with pytest.raises(ConnectionError):  # this one is asked for
        datasets.load_dataset("nyu-mll/glue", "mrpc", cache_dir=str(tmp_path))


def test_the_course_itself_has_nothing_that_fails():
    for path in (*sorted((ROOT / "notebooks").glob("[01]*.ipynb")), *(ROOT / "lessons_lib" / "scripts").glob("*.py")):
        assert examine(read(path)) == [], path.name


TRAINER = "from transformers import Trainer, TrainingArguments\n"
TOKENIZER = "from transformers import AutoTokenizer\ntokenizer = AutoTokenizer.from_pretrained('bert-base-uncased')\n"
LOADED = "from datasets import load_dataset\nraw = load_dataset('nyu-mll/glue', 'mrpc')\n"
HANDS_ON = """class Mine(TrainingArguments):
    def __init__(self, *args, own, **rest):
        super().__init__(*args, **rest)
"""
FAILS = {
    "another name": ("from transformers import Trainer as T\nT(tokenizer=1)", "trainer-tokenizer"),
    "a module's": ("import transformers as t\nt.Trainer(tokenizer=1)", "trainer-tokenizer"),
    "a module inside": ("from transformers.training_args import TrainingArguments as A\nA(no_cuda=1)", "no-cuda"),
    "a name that stands in a text": ("import datasets\nname = 'glue'\ndatasets.load_dataset(name)", "no-namespace"),
    "either of two": ("import datasets\ndatasets.load_dataset('squad_v2' if v2 else 'squad')", "no-namespace"),
    "a folder of a longer name": ("import datasets\n!mkdir my-glue\ndatasets.load_dataset('glue')", "no-namespace"),
    "either of two metrics": ("import evaluate\nevaluate.load('a' if b else 'c')", "metric-from-hub"),
    "in a function": (f"{TOKENIZER}def encode(text):\n    return tokenizer.encode_plus(text)", "encode-plus"),
    "in a lambda": (f"{TOKENIZER}encode = lambda text: tokenizer.encode_plus(text)", "encode-plus"),
    "a class of one's own": (f"{TRAINER}class Mine(Trainer):\n    x = 1\nMine(tokenizer=1)", "trainer-tokenizer"),
    "one that hands on": (f"{TRAINER}{HANDS_ON}Mine('out', own=1, no_cuda=True)", "no-cuda"),
    "a column of a split": (
        f"{LOADED}{TOKENIZER}train = raw['train'].shuffle()\ntokenizer(train['sentence1'])",
        "column",
    ),
    "two at once": (f"{TOKENIZER}{LOADED}a, b = tokenizer, raw['test']\na(b['sentence1'])", "column"),
    "a model with an adapter": (
        "import peft\nmodel = peft.get_peft_model(m, config)\nmodel.push_to_hub('a/b', use_auth_token=True)",
        "upload-use-auth-token",
    ),
    "an argument that no version had": ("from transformers import Trainer\nTrainer(epochs=3)", "arguments"),
    "too many arguments": ("from huggingface_hub import upload_file\nupload_file('a')", "arguments"),
    "a name that isn't there": ("from transformers import NoSuchThing", "no-such-name"),
    "a name of a module": ("import datasets\ndatasets.NoSuchThing", "no-such-name"),
    "a module that isn't there": ("import transformers.no_such_module", "no-such-module"),
    "names of it": ("from transformers.no_such_module import x", "no-such-module"),
    "a method that isn't there": (f"{LOADED}raw['train'].no_such_method()", "no-such-method"),
    "after an await": ("import datasets\nx = await y\ndatasets.load_metric", "load-metric"),
}


@pytest.mark.parametrize(("code", "rule"), FAILS.values(), ids=FAILS)
def test_a_call_is_known_by_what_its_name_refers_to(code, rule):
    assert found(*code.split("\n\n")) == [rule]


FINE = {
    "a name that's bound again": f"{TRAINER}Trainer = mine\nTrainer(tokenizer=1)",
    "in one branch": f"{TRAINER}if x:\n    Trainer = mine\nTrainer(tokenizer=1)",
    "in a loop": f"{TRAINER}for one in many:\n    Trainer(tokenizer=1)\n    Trainer = one",
    "by a with": f"{TRAINER}with x as Trainer:\n    Trainer(tokenizer=1)",
    "by an argument": f"{TRAINER}def f(Trainer):\n    Trainer(tokenizer=1)",
    "by a comprehension": f"{TRAINER}[Trainer(tokenizer=1) for Trainer in many]",
    "later, and used in a function": f"{TRAINER}def f():\n    Trainer(tokenizer=1)\n\nTrainer = mine",
    "by a function that says global": f"{TRAINER}def f():\n    global Trainer\n    Trainer = 1\nTrainer(tokenizer=1)",
    "by a star": f"{TRAINER}from mine import *\nTrainer(tokenizer=1)",
    "by a match": f"{TRAINER}match x:\n    case 1:\n        Trainer = mine\nTrainer(tokenizer=1)",
    "another library's": "from mine import Trainer\nTrainer(tokenizer=1)",
    "a relative import": "from .transformers import AdamW",
    "in a text": 'x = "from transformers import AdamW"',
    "in a comment": "# from transformers import AdamW",
    "in a magic": "%time from transformers import AdamW",
    "in a shell": "!python -c 'from transformers import AdamW'",
    "in bash": "%%bash\nfrom transformers import AdamW",
    "in a try": "try:\n    from transformers import AdamW\nexcept ImportError:\n    from torch.optim import AdamW",
    "where it asks": "from transformers import utils\nif utils.is_torch_available():\n    import transformers.onnx",
    "where it expects it": "import pytest\nwith pytest.raises(ImportError):\n    from transformers import AdamW",
    "a class with its own beginning": f"{TRAINER}class A(Trainer):\n    def __init__(self, **k): ...\nA(tokenizer=1)",
    "a class that hands on what's left": f"{TRAINER}{HANDS_ON.replace('own,', 'no_cuda,')}Mine('out', no_cuda=1, x=2)",
    "a class that takes one out": f"{TRAINER}{HANDS_ON.replace('  super', '  rest.pop(1); super')}Mine(no_cuda=1)",
    "an attribute of one's own": f"{TRAINER}trainer = Trainer(model=m)\ntrainer.tokenizer = t\ntrainer.tokenizer",
    "a reader of files": "from datasets import load_dataset\nload_dataset('csv', data_files='x.csv')",
    "a folder": "from datasets import load_dataset\nload_dataset('./glue')",
    "a folder that was made": "!git clone x.org/mine\nfrom datasets import load_dataset\nload_dataset('mine')",
    "a folder with its own modules": "!git clone x.org/detr\n%cd detr\nfrom datasets import get_coco_api_from_dataset",
    "a dataset in pandas": f"{LOADED}{TOKENIZER}raw.set_format('pandas')\ntokenizer(raw['train']['sentence1'])",
    "a list of a column": f"{LOADED}{TOKENIZER}tokenizer(list(raw['train']['sentence1']))",
    "rows first": f"{LOADED}{TOKENIZER}tokenizer(raw['train'][:9]['sentence1'])",
    "streamed": f"{TOKENIZER}{LOADED}x = load_dataset('a/b', split='train', streaming=True)\ntokenizer(x['text'])",
    "a tokenizer with more methods": f"{TOKENIZER.replace('bert-base', 'layoutlmv2-base')}tokenizer.encode_plus('a')",
    "a tokenizer of an unknown name": f"{TOKENIZER.replace(repr('bert-base-uncased'), 'x')}tokenizer.encode_plus(1)",
    "arguments that aren't known": f"{TRAINER}Trainer(*args, **kwargs)",
    "a method of which there may be a wider one": f"{TOKENIZER}tokenizer.encode('a', strange=1)",
    "what a wrapper swallows": "from huggingface_hub import hf_hub_download as f\nf('a/b', 'c', resume_download=True)",
    "what only warns": "from transformers import AutoModel\nAutoModel.from_pretrained('x', torch_dtype='auto')",
}


@pytest.mark.parametrize("code", FINE.values(), ids=FINE)
def test_what_is_not_certain_is_not_mentioned(code):
    assert found(*code.split("\n\n")) == []


def test_a_rule_is_silent_in_a_version_where_it_does_not_hold(monkeypatch):
    monkeypatch.setattr("lessons_lib.doctor.looks.holds", lambda since: "transformers" not in since)
    monkeypatch.setattr("lessons_lib.doctor.looks.signature", lambda full: None)
    assert found(f"{TRAINER}Trainer(tokenizer=1)", "import datasets\ndatasets.load_dataset('glue')") == ["no-namespace"]
    assert holds("transformers>=5") and not holds("transformers<5") and not holds("a-package-that-nobody-has>=1")


def write(path, *sources, **more):
    cells = [{"cell_type": "code", "source": one, "metadata": {}, "outputs": []} for one in sources]
    path.write_text(json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells, **more}))
    return path


DEEP = '{"nbformat": 4, "cells": ' + "[" * 100_000 + "]" * 100_000 + "}"
HOSTILE = {
    "a text": ("x.ipynb", b"this is no notebook"),
    "nothing": ("x.ipynb", b""),
    "a picture": ("x.ipynb", b"\x89PNG\r\n\x1a\n\xff"),
    "a list": ("x.ipynb", b"[1, 2]"),
    "JSON of something else": ("x.ipynb", b'{"a": 1}'),
    "nested too deep": ("x.ipynb", DEEP.encode()),
    "no cells": ("x.ipynb", b'{"nbformat": 4, "cells": []}'),
    "cells that are none": ("x.ipynb", b'{"nbformat": 4, "cells": [1, null, {"cell_type": "code", "source": 3}]}'),
    "worksheets that are none": ("x.ipynb", b'{"nbformat": 3, "worksheets": [1, {"cells": 2}]}'),
    "a notebook in R": ("x.ipynb", b'{"nbformat": 4, "cells": [], "metadata": {"kernelspec": {"language": "R"}}}'),
    "a program in Latin 1": ("x.py", "x = 'é'".encode("latin-1")),
    "a program with an unknown encoding": ("x.py", b"# coding: no-such\n"),
    "another kind of file": ("x.txt", b"x = 1"),
}


@pytest.mark.parametrize(("name", "raw"), HOSTILE.values(), ids=HOSTILE)
def test_a_file_that_cannot_be_read_is_a_sentence(name, raw, tmp_path, capsys):
    (tmp_path / name).write_bytes(raw)
    assert main([str(tmp_path / name)]) == 2
    told = capsys.readouterr()
    assert (
        not told.out and told.err.count("\n") == 1 and told.err.rstrip().endswith(".") and "Traceback" not in told.err
    )


def test_a_folder_a_file_that_is_absent_and_one_too_large_are_sentences(tmp_path, monkeypatch):
    (tmp_path / "x.ipynb").mkdir()
    for path in (tmp_path / "x.ipynb", tmp_path / "absent.ipynb"):
        with pytest.raises(Unreadable, match="can't be opened"):
            read(path)
    monkeypatch.setattr("lessons_lib.doctor.reading.LARGEST", 10)
    with pytest.raises(Unreadable, match="MiB"):
        read(write(tmp_path / "y.ipynb", "x = 1"))


def test_what_is_no_python_is_skipped_and_said(tmp_path, capsys):
    path = write(
        tmp_path / "x.ipynb",
        "x = = 1",
        "%%bash\nls",
        "a\0b",
        "(" * 5000,
        "1" + "+1" * 3000,
        "x" + ".x" * 900,
        "!pip install x \\\n  y\nfrom transformers import AdamW",
    )
    assert main([str(path)]) == 1
    told = capsys.readouterr().out
    assert "cell 1, line 1: Python can't read this cell" in told and "cell 7, line 3" in told and "cell 2" not in told


def test_an_old_notebook_is_read_and_mended(tmp_path):
    sheet = {
        "cells": [
            {
                "cell_type": "code",
                "language": "python",
                "input": ["from transformers import Trainer\n", "Trainer(tokenizer=1)"],
            }
        ]
    }
    path = tmp_path / "x.ipynb"
    path.write_text(json.dumps({"nbformat": 3, "worksheets": [sheet]}))
    assert [one.rule for one in examine(read(path))] == ["trainer-tokenizer"]
    assert examine(read(write_mended(path))) == []


def test_nothing_that_a_terminal_obeys_is_printed(tmp_path, capsys):
    path = write(tmp_path / "a\x1b[31mb.ipynb", "from transformers import AdamW  # \x1b]0;title\x07\u202e\x9b")
    path2 = tmp_path / "\x1b[2Jabsent.ipynb"
    assert main([str(path), str(path2)]) == 2
    told = capsys.readouterr()
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", told.out + told.err)
    assert harmless("é漢\n") == "é漢\\n"


def test_outputs_and_markdown_are_not_read(tmp_path):
    output = [{"output_type": "display_data", "data": {"text/html": "<script>from transformers import AdamW</script>"}}]
    cells = [
        {"cell_type": "code", "source": "x = 1", "outputs": output},
        {"cell_type": "markdown", "source": "from transformers import AdamW"},
    ]
    assert examine(read(write(tmp_path / "x.ipynb", cells=cells))) == []


MANY = """# a comment
from transformers import (
    AdamW,  # gone
    Trainer,
    TrainingArguments as Arguments,
)

arguments = Arguments(
    "out",   # the folder
    evaluation_strategy="epoch",
    overwrite_output_dir=True,
    warmup_ratio=0.1,  # "é"
    logging_dir="logs",
    save_safetensors=True, no_cuda=True,
)
print("é"); trainer = Trainer( model, arguments, tokenizer = tokenizer )
optimizer = AdamW(model.parameters(), lr = 5e-5)
"""
MENDED = """# a comment
from torch.optim import AdamW
from transformers import (
    Trainer,
    TrainingArguments as Arguments,
)

arguments = Arguments(
    "out",   # the folder
    eval_strategy="epoch",
    warmup_steps=0.1,  # "é"
    logging_dir="logs",
    use_cpu=True,
)
print("é"); trainer = Trainer( model, arguments, processing_class = tokenizer )
optimizer = AdamW(model.parameters(), lr = 5e-5)
"""


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_fix_changes_what_it_names_and_nothing_else(ending, tmp_path):
    path = tmp_path / "x.py"
    path.write_bytes(MANY.replace("\n", ending).encode())
    copy = write_mended(path)
    assert copy.name == "x.fixed.py" and path.read_bytes() == MANY.replace("\n", ending).encode()
    assert copy.read_bytes().decode().replace(ending, "\n") == MENDED
    assert [one.rule for one in examine(read(copy))] == ["logging-dir"]
    assert write_mended(path).name == "x.fixed-2.py"


def test_fix_touches_only_lines_of_findings_in_a_notebook(tmp_path):
    sources = [
        TRAINER + "x = 1",
        "Trainer(tokenizer=t)\ny = 2",
        "from datasets import load_dataset\nraw = load_dataset('glue', 'mrpc')",
    ]
    path = write(tmp_path / "x.ipynb", *sources)
    before, findings = path.read_text(), examine(read(path))
    copy = write_mended(path)
    assert path.read_text() == before
    for old, new in zip(read(path), read(copy), strict=True):
        lines = {one.line for one in findings if one.cell == old.number and one.edits}
        gone = [line for line in difflib.ndiff(old.source.split("\n"), new.source.split("\n")) if line.startswith("- ")]
        assert gone == [f"- {old.source.split(chr(10))[line - 1]}" for line in sorted(lines)]
    assert examine(read(copy)) == []
    old, new = json.loads(before), json.loads(copy.read_text())
    assert [{**one, "source": ""} for one in old["cells"]] == [{**one, "source": ""} for one in new["cells"]]


@pytest.mark.parametrize(("code", "status"), [("x = 1", 0), ("from transformers import AdamW", 1), ("x = = 1", 0)])
def test_the_exit_status_says_whether_something_was_found(code, status, tmp_path, capsys):
    assert main([str(write(tmp_path / "x.ipynb", code))]) == status
    assert main([str(write(tmp_path / "x.ipynb", code)), "--fix"]) == status
    assert (tmp_path / "x.fixed.ipynb").exists() == (status == 1)


def test_the_command_says_where_and_what_to_write(tmp_path):
    path = write(tmp_path / "x.ipynb", TRAINER, "\nTrainer(tokenizer=1)")
    ran = subprocess.run([sys.executable, "-m", "lessons_lib.doctor", str(path)], capture_output=True, text=True)
    assert ran.returncode == 1 and ran.stderr == ""
    assert "cell 2, line 2: Trainer(tokenizer=1)" in ran.stdout and "processing_class=" in ran.stdout
    assert report("x.py", read(path), [], program=True).startswith("x.py: nothing found on transformers ")
