"""What several test files need: the embedded tokenizer, a Hub on loopback, and no network, here or in a kernel."""

import os
from pathlib import Path

import pytest

os.environ["HF_HUB_OFFLINE"] = "1"
NO_NETWORK = str(Path(__file__).parent / "no_network")
os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [NO_NETWORK, os.environ.get("PYTHONPATH")]))
os.environ.setdefault("MPLBACKEND", "agg")


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
    from hub_stand_in import running

    with running(write_content(tmp_path_factory.mktemp("hub"), Path(checkpoint), pairs)) as hub:
        yield hub
