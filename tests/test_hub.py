"""The `hub` profile against a Hub on loopback: it works, and each way of failing ends in one sentence and no harm."""

import hashlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest
from hub_content import PINNED
from hub_stand_in import LARGE, settings

from authoring.build_pairs import SIZES
from lessons_lib import hub as hub_module
from lessons_lib.sources import HUB
from tools.run_lessons import run_lesson

ROOT = Path(__file__).parents[1]

USE = """
import json
import evaluate
from datasets import load_dataset
from lessons_lib import start_lesson
from transformers import AutoModelForSequenceClassification, AutoTokenizer
lesson = start_lesson("04")
data = load_dataset(lesson.dataset, lesson.task, revision=lesson.dataset_revision)
tokenizer = AutoTokenizer.from_pretrained(lesson.checkpoint, revision=lesson.revision)
model = AutoModelForSequenceClassification.from_pretrained(lesson.checkpoint, revision=lesson.revision)
score = evaluate.load(lesson.metric, lesson.task).compute(predictions=[1, 0], references=[1, 1])
sizes = {name: len(split) for name, split in data.items()}
print(json.dumps({"profile": lesson.profile, "sizes": sizes, "words": len(tokenizer), "score": score["accuracy"]}))
"""


@pytest.fixture
def calm(hub):
    """The Hub, with nothing wrong and nothing seen yet."""
    hub.trouble = ""
    hub.seen.clear()
    return hub


@pytest.fixture
def learner(calm, tmp_path, monkeypatch):
    """The environment of a learner with an empty cache of their own, and little patience."""
    quick = {"HF_HUB_DOWNLOAD_TIMEOUT": "2", "HF_HUB_ETAG_TIMEOUT": "2"}
    for name, value in (settings(calm, tmp_path / "hf") | quick).items():
        monkeypatch.setenv(name, value)
    return monkeypatch


@pytest.fixture
def use(learner, tmp_path):
    """A function that opens a lesson's sources in a new process, with the cache of the test."""

    def use() -> dict:
        done = subprocess.run([sys.executable, "-c", USE], capture_output=True, text=True, cwd=tmp_path)
        assert done.returncode == 0, done.stderr[-3000:]
        return json.loads(done.stdout.splitlines()[-1])

    return use


@pytest.fixture
def begin(learner, tmp_path):
    """A function that executes a lesson up to `start_lesson`, and returns the outputs of that cell."""

    def begin(number: str) -> list[dict]:
        path = next((ROOT / "notebooks").glob(f"{number}_*.ipynb"))
        notebook = nbformat.read(path, as_version=4)
        last = next(place for place, cell in enumerate(notebook.cells) if "start_lesson(" in cell.source)
        notebook.cells = [cell for cell in notebook.cells[: last + 1] if cell.cell_type == "code"]
        nbformat.write(notebook, tmp_path / path.name)
        (tmp_path / "build").mkdir(exist_ok=True)
        run_lesson(tmp_path / path.name, tmp_path / "build")
        return nbformat.read(tmp_path / "build" / path.name, as_version=4).cells[1].outputs

    return begin


def files_fetched(hub) -> list:
    return [one for one in hub.seen if (one.method, one.what) == ("GET", "resolve")]


WHOLE = {"profile": "hub", "sizes": SIZES, "words": 30522, "score": 0.5}


def test_the_hub_profile_opens_every_source_and_asks_for_the_pinned_revisions(use, calm):
    assert use() == WHOLE
    fetched = files_fetched(calm)
    for repository, revision in PINNED.items():
        revisions = [one.revision for one in fetched if one.repository == repository]
        assert len(revisions) > 2 and set(revisions) == {revision}
    assert len(fetched) == len(set(fetched)), "something was fetched twice"


@pytest.mark.parametrize(
    ("number", "trouble", "expected"),
    [
        ("04", "401", "run `hf auth login`"),
        ("04", "404", "check the spelling"),
        ("04", "429", "wait some minutes"),
        ("04", "503", "in trouble itself: wait some minutes"),
        ("04", "503 files", "did not give the model google-bert/bert-base-uncased: it is in trouble itself"),
        ("04", "hang", "did not answer in time"),
        ("04", "cut", "connection broke off"),
        ("04", "wrong", "model.safetensors of google-bert/bert-base-uncased has other bytes"),
        ("01", "wrong", "train-00000-of-00001.parquet, validation-00000-of-00001.parquet of nyu-mll/glue has other"),
    ],
)
def test_each_trouble_is_one_sentence_in_the_lesson_and_the_next_run_succeeds(
    begin, use, calm, number, trouble, expected
):
    calm.trouble, began = trouble, time.monotonic()
    *printed, shown = begin(number)
    assert time.monotonic() - began < 90
    assert "Traceback" not in str(printed)
    assert shown.traceback == [f"SetupError: {shown.evalue}"]
    assert expected in shown.evalue and "\n" not in shown.evalue
    calm.trouble = ""
    assert use() == WHOLE


def test_broken_bytes_are_found_even_where_nobody_checked_them_on_arrival(begin, use, calm):
    calm.trouble = "wrong"
    fetch = f"import huggingface_hub; huggingface_hub.snapshot_download({HUB.checkpoint!r}, revision={HUB.revision!r})"
    subprocess.run([sys.executable, "-c", fetch], check=True)  # another program, or a lesson that was killed
    calm.trouble = ""
    assert "other bytes than its SHA-256 says" in begin("04")[-1].evalue
    assert use() == WHOLE


def test_after_one_good_run_the_files_are_here(use, calm, tmp_path):
    assert use() == WHOLE
    assert len(list(tmp_path.glob("hf/hub/*/.checked/*"))) == 4  # the weights and three splits
    calm.seen.clear()
    assert use() == WHOLE
    assert not [one for one in files_fetched(calm) if one.path.endswith(LARGE)]


def test_a_file_that_was_found_whole_is_read_again_only_after_it_was_written_again(tmp_path, monkeypatch):
    read = []
    monkeypatch.setattr(
        hub_module, "sha256", lambda file: read.append(file) or hashlib.sha256(file.read_bytes()).hexdigest()
    )
    stored = tmp_path / "blobs" / hashlib.sha256(b"whole").hexdigest()
    stored.parent.mkdir()
    for content, whole, times in ((b"whole", True, 1), (b"other", False, 2), (b"whole", True, 1)):
        stored.write_bytes(content)
        os.utime(stored, ns=(0, 10**9 * (len(read) + 1)))
        read.clear()
        assert [hub_module.is_whole(stored) for _ in range(2)] == [whole, whole]
        assert len(read) == times


def test_a_lesson_on_text_fetches_no_weights(begin, calm):
    assert "Lesson 01" in begin("01")[0].text
    assert not [one for one in calm.seen if one.path.endswith((".safetensors", ".bin"))]
