"""What several test files need: the embedded tokenizer, a Hub on loopback, and no network, here or in a kernel.

What the tests of the benchmarks share stands here too: pytest's doctests do not take a second conftest.py.
"""

import functools
import http.server
import os
import shutil
import tempfile
import threading
from pathlib import Path

import pytest

from tools import ROOT

os.environ["HF_HUB_OFFLINE"] = "1"
NO_NETWORK = str(Path(__file__).parent / "no_network")
os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [NO_NETWORK, os.environ.get("PYTHONPATH")]))
os.environ.setdefault("MPLBACKEND", "agg")
os.environ["LESSONS_PROGRESS"] = str(Path(tempfile.mkdtemp(prefix="progress-"), "progress.json"))  # no learner's


@pytest.fixture(scope="module")
def browser():
    """Chromium, started once for a file; in CI it must be there."""
    from playwright import sync_api

    installed = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    with sync_api.sync_playwright() as playwright:
        path = installed or playwright.chromium.executable_path
        if not Path(path).exists() and not os.environ.get("CI"):  # in CI playwright then says what to install
            pytest.skip("Chromium is absent: CONTRIBUTING.md says how to install it")
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        yield playwright.chromium.launch(executable_path=path, args=arguments)


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        self.server.asked.append(self.path)


@pytest.fixture(scope="module")
def serve():
    """A function that serves a folder on loopback, and returns the server: its `url`, and the paths `asked` of it."""
    servers = []

    def start(folder: Path):
        handler = functools.partial(Quiet, directory=str(folder))
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        server.asked, server.url = [], f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return server

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="session")
def checkpoint():
    from lessons_lib.sources import embedded_checkpoint

    return str(embedded_checkpoint())


@pytest.fixture(scope="session")
def tokenizer(checkpoint):
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(checkpoint)


@pytest.fixture(scope="session")
def pairs():
    from datasets import load_dataset

    from lessons_lib.sources import EMBEDDED

    return load_dataset(str(EMBEDDED / "pairs"), "pairs")


@pytest.fixture(scope="module")
def hub(tmp_path_factory, checkpoint, pairs):
    """A Hub on loopback with the repositories that the `hub` profile asks for."""
    from hub_content import write_content
    from hub_stand_in import Hub

    root = tmp_path_factory.mktemp("hub")
    write_content(root, Path(checkpoint), pairs)
    with Hub(root) as hub:
        threading.Thread(target=hub.serve_forever, daemon=True).start()
        yield hub
        hub.shutdown()


@pytest.fixture
def course(tmp_path):
    """A copy of whatever repeats a fact, and so of whatever a new lesson or another address changes."""
    for name in ("README.md", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, tmp_path)
    for name in ("binder", "docs", "lessons_lib", "notebooks"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", "trainer_output"))
    return tmp_path


@pytest.fixture(scope="module")
def subject(pairs, tokenizer):
    """For the benchmarks: the first training pairs, and a model so small that a step takes milliseconds."""
    from transformers import BertConfig, BertForSequenceClassification, set_seed

    from benchmarks.kit.subject import Subject

    size = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
    still = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
    config = BertConfig(vocab_size=len(tokenizer), initializer_range=0.2, **size, **still)

    def new_model(strategy):
        set_seed(0)
        return BertForSequenceClassification._from_config(config, attn_implementation=strategy.attn_implementation)

    some = pairs["train"].select(range(480))
    rows = some.map(lambda one: tokenizer(one["sentence1"], one["sentence2"], truncation=True), batched=True)
    rows = rows.select_columns([*tokenizer.model_input_names, "label"])
    return Subject(rows, [len(ids) for ids in rows["input_ids"]], tokenizer, config, new_model, "cpu")


@pytest.fixture
def masks(monkeypatch):
    """For the benchmarks: the attention mask of each batch that a collator has padded, shape `(batch, seq)`."""
    from transformers import PreTrainedTokenizerBase

    padded, pad = [], PreTrainedTokenizerBase.pad

    def noticed(self, *args, **kwargs):
        batch = pad(self, *args, **kwargs)
        padded.append(batch["attention_mask"])
        return batch

    monkeypatch.setattr(PreTrainedTokenizerBase, "pad", noticed)
    return padded


@pytest.fixture
def steps():
    """For the benchmarks: how many steps any optimizer of torch has made, as torch itself reports them."""
    from torch.optim.optimizer import register_optimizer_step_post_hook

    made = []
    handle = register_optimizer_step_post_hook(lambda *_: made.append(1))
    yield made
    handle.remove()
