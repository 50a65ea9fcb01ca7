"""What several test files need: the embedded tokenizer, and no network."""

import os

import pytest

os.environ["HF_HUB_OFFLINE"] = "1"
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
