"""What lesson 08 does with own data: which file, a part of it, wrong labels; and its script, run as it stands."""

import subprocess
import sys

import numpy as np
import pytest
from datasets import Dataset, load_dataset
from transformers import BertConfig, BertModel, set_seed

from lessons_lib.errors import DataError
from lessons_lib.own_data import joined, least_likely, own_columns, own_file, read_own_data, text_columns, within
from lessons_lib.sources import EMBEDDED

TEXTS = EMBEDDED / "texts"
CLASSES = {
    "messages": {"account": 80, "damaged": 40, "delivery": 330, "product question": 130, "refund": 170},
    "reviews": {"negative": 322, "positive": 378},
}


@pytest.mark.parametrize("name", CLASSES)
def test_texts_of_the_course_are_as_their_card_says(name):
    _, report = read_own_data(TEXTS / f"{name}.csv")
    assert report.labels.sum(axis=1).to_dict() == CLASSES[name]
    assert report.dropped.empty and report.near.empty and report.conflicts.empty and not report.duplicates


def test_long_reviews_have_their_verdict_at_either_end_of_each_label():
    rows = load_dataset("csv", data_files=str(TEXTS / "long_reviews.csv"), split="train").to_pandas()
    assert rows.groupby(["label", "verdict"]).size().tolist() == [6] * 4
    assert rows["text"].str.split().str.len().between(400, 500).all()


def test_spoiled_file_loses_three_rows_and_says_why():
    splits, report = read_own_data(TEXTS / "spoiled.csv")
    assert (report.read, report.kept, len(report.dropped)) == (62, 59, 3)
    assert any("cp1252" in note for note in report.notes)
    assert "The café table wobbles, très déçue." in [text for split in splits.values() for text in split["text"]]


def test_own_file_and_columns_come_from_the_environment(monkeypatch, tmp_path):
    assert own_file("default.csv").name == "default.csv" and own_columns() == {}
    monkeypatch.setenv("LESSONS_FOLDER", str(tmp_path))
    monkeypatch.setenv("LESSONS_OWN_DATA", "mine.csv")
    monkeypatch.setenv("LESSONS_OWN_COLUMNS", "one, two ,kind")
    assert own_file("default.csv") == tmp_path / "mine.csv"
    assert own_columns() == {"text": ["one", "two"], "label": "kind"}
    monkeypatch.setenv("LESSONS_OWN_COLUMNS", "text")
    with pytest.raises(DataError, match="write text,label"):
        own_columns()


@pytest.mark.parametrize("budget", [None, 60, 10_000])
def test_a_budget_keeps_every_class_in_its_share(budget):
    splits, _ = read_own_data(TEXTS / "messages.csv")
    train = within(splits, budget)["train"]
    assert sorted(train["place"]) == sorted(splits["train"]["place"]) if budget != 60 else abs(len(train) - 60) <= 3
    shares = [np.bincount(rows["label"]) / len(rows) for rows in (train, splits["train"])]
    assert np.abs(shares[0] - shares[1]).max() < 0.03
    assert train["place"][:] != splits["train"]["place"][: len(train)]


def test_pairs_are_joined_and_singles_are_not(pairs):
    assert text_columns(pairs["test"]) == ["sentence1", "sentence2"]
    assert joined(pairs["test"])[0] == f"{pairs['test'][0]['sentence1']} {pairs['test'][0]['sentence2']}"


def test_flipped_labels_are_among_the_least_likely():
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1, 2], 60)
    vectors = np.eye(3)[labels] + rng.normal(scale=0.3, size=(180, 3))
    wrong = rng.choice(180, 9, replace=False)
    spoiled = labels.copy()
    spoiled[wrong] = (labels[wrong] + 1) % 3
    found = least_likely(vectors, spoiled, 18)
    assert len(set(found["row"]) & set(wrong)) >= 8
    assert found["probability"].is_monotonic_increasing
    spotted = found[found["row"].isin(wrong)]
    assert (spotted["answer"].to_numpy() == labels[spotted["row"]]).mean() > 0.8


def test_a_class_with_one_row_is_judged_too():
    labels = np.array([0] * 20 + [1] * 20 + [2])
    assert 40 in least_likely(np.arange(41)[:, None] / 41, labels, 5)["row"].tolist()


def test_a_budget_keeps_a_class_that_has_one_row():
    train = Dataset.from_dict({"text": list("abcdefghij") * 10, "label": [0] * 50 + [1] * 49 + [2]})
    assert set(within({"train": train}, 20)["train"]["label"]) == {0, 1, 2}


def test_the_script_on_one_page_runs_as_it_is(tmp_path, tokenizer):
    set_seed(0)
    size = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 64}
    BertModel(BertConfig(vocab_size=len(tokenizer), **size)).save_pretrained(tmp_path / "tiny")
    tokenizer.save_pretrained(tmp_path / "tiny")
    command = [sys.executable, TEXTS / "classify.py", TEXTS / "messages.csv", "--checkpoint", "tiny", "--epochs", "0.1"]
    printed = subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True).stdout
    assert "majority class 0.440" in printed and "product question" in printed
    assert {"model.safetensors", "tokenizer.json", "config.json"} <= {
        one.name for one in (tmp_path / "my_model").iterdir()
    }
    source = (TEXTS / "classify.py").read_text(encoding="utf-8")
    statements = [line for line in source.split('"""')[2].splitlines() if line.strip() and "import " not in line]
    assert len(statements) <= 42 and "lessons_lib" not in source
