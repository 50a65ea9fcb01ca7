"""The `hub` profile against a Hub on loopback: it works, and each way of failing ends in one sentence and no harm."""

import json
import os
import shutil
import subprocess
import sys
import time

import pytest
from hub_stand_in import running
from transformers import AutoTokenizer, BertConfig, BertForPreTraining

from lessons_lib.sources import EMBEDDED, HUB

GLUE_CARD = """---
configs:
- config_name: mrpc
  data_files:
  - {split: train, path: mrpc/train-*}
  - {split: validation, path: mrpc/validation-*}
  - {split: test, path: mrpc/test-*}
---
"""
USE = """
import json, logging
from lessons_lib import start_lesson
from lessons_lib.errors import SetupError
try:
    lesson = start_lesson("04")
except SetupError as error:
    print(json.dumps({"refused": str(error)}))
    raise SystemExit
import evaluate
from datasets import load_dataset
from transformers import AutoModelForSequenceClassification, AutoTokenizer
data = load_dataset(lesson.dataset, lesson.task, revision=lesson.dataset_revision)
tokenizer = AutoTokenizer.from_pretrained(lesson.checkpoint, revision=lesson.revision)
model = AutoModelForSequenceClassification.from_pretrained(lesson.checkpoint, revision=lesson.revision)
score = evaluate.load(lesson.metric, lesson.task).compute(predictions=[1, 0], references=[1, 1])
sizes = {name: len(split) for name, split in data.items()}
print(json.dumps({"profile": lesson.profile, "sizes": sizes, "words": len(tokenizer), "score": score["accuracy"]}))
"""


@pytest.fixture(scope="module")
def folders(tmp_path_factory, checkpoint, pairs):
    """What the pinned repositories hold, small: a BERT with its pretraining head, GLUE's MRPC folder, a metric."""
    root = tmp_path_factory.mktemp("hub")
    small = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
    BertForPreTraining(BertConfig(**small)).save_pretrained(root / "bert")
    AutoTokenizer.from_pretrained(checkpoint).save_pretrained(root / "bert")
    for name, split in pairs.items():
        split.to_parquet(root / "glue" / "mrpc" / f"{name}-00000-of-00001.parquet")
    (root / "glue" / "README.md").write_text(GLUE_CARD, encoding="utf-8")
    (root / "metric").mkdir()
    shutil.copy(EMBEDDED / "accuracy_and_f1" / "accuracy_and_f1.py", root / "metric" / "glue.py")
    names = {"bert": ("model", HUB.checkpoint), "glue": ("dataset", HUB.dataset)}
    return {kind: root / name for name, kind in names.items()} | {("space", "evaluate-metric/glue"): root / "metric"}


@pytest.fixture
def hub(folders):
    with running(folders) as hub:
        yield hub


@pytest.fixture
def use(hub, tmp_path):
    """A function that opens a lesson's sources in a new process, with a cache of its own that lasts for the test."""
    settings = {"HF_ENDPOINT": hub.address, "HF_HOME": str(tmp_path / "hf"), "LESSONS_PROFILE": "hub"}
    quick = {"HF_HUB_OFFLINE": "0", "HF_HUB_DOWNLOAD_TIMEOUT": "2", "HF_HUB_ETAG_TIMEOUT": "2"}

    def use(trouble: str = "", **more: str) -> dict:
        hub.trouble = trouble
        env = os.environ | settings | quick | more
        done = subprocess.run([sys.executable, "-c", USE], env=env, capture_output=True, text=True, cwd=tmp_path)
        assert done.returncode == 0, done.stderr[-3000:]
        return json.loads(done.stdout.splitlines()[-1])

    return use


WHOLE = {"profile": "hub", "sizes": {"train": 2000, "validation": 400, "test": 400}, "words": 30522, "score": 0.5}


def test_the_hub_profile_opens_every_source_and_asks_for_the_pinned_revisions(use, hub):
    assert use() == WHOLE
    fetched = [path for path in hub.seen if path.startswith("GET") and "/resolve/" in path]
    models = [path for path in fetched if "bert-base-uncased" in path]
    data = [path for path in fetched if "nyu-mll/glue" in path]
    assert len(models) > 2 and all(f"/resolve/{HUB.revision}/" in path for path in models)
    assert len(data) > 2 and all(f"/resolve/{HUB.dataset_revision}/" in path for path in data)
    assert len(fetched) == len(set(fetched)), "something was fetched twice"


@pytest.mark.parametrize(
    ("trouble", "expected"),
    [
        ("401", "run `hf auth login`"),
        ("404", "check the spelling"),
        ("429", "wait some minutes"),
        ("503", "in trouble itself: wait some minutes"),
        ("hang", "did not answer in time"),
        ("cut", "connection broke off"),
        ("wrong", "other bytes than its SHA-256 says"),
    ],
)
def test_each_trouble_ends_in_one_sentence_and_the_next_run_succeeds(use, trouble, expected):
    began = time.monotonic()
    found = use(trouble)
    assert expected in found.get("refused", ""), found
    assert "\n" not in found["refused"]
    assert time.monotonic() - began < 90
    assert use() == WHOLE


def test_after_one_good_run_the_files_are_here(use, hub):
    assert use() == WHOLE
    hub.seen.clear()
    assert use() == WHOLE
    assert not [path for path in hub.seen if path.startswith("GET") and path.endswith((".safetensors", ".parquet"))]
