"""A dataset of one's own is looked at before a lesson begins; and what makes one out of files."""

import subprocess
import sys

import pandas as pd
import pytest
from datasets import ClassLabel, Dataset, DatasetDict, Features, Value, load_dataset

from lessons_lib.errors import DataError, SetupError
from lessons_lib.lesson import start_lesson
from lessons_lib.look import check_dataset, faults
from lessons_lib.own_data.folder import make_folder

NAMES = ["not_entailment", "entailment"]


def pairs(count: int = 40, names=tuple(NAMES), **columns) -> pd.DataFrame:
    """Sound pairs with labels as numbers, some of their columns replaced."""
    rows = [(f"statement {n} about rain", f"claim {n} about weather", n % len(names)) for n in range(count)]
    return pd.DataFrame(rows, columns=["sentence1", "sentence2", "label"]).assign(**columns)


def splits(names=tuple(NAMES), label=None, **changed) -> DatasetDict:
    """Three sound splits with named labels; a keyword such as `train=` puts another table in."""
    kind = label or ClassLabel(names=list(names))
    features = Features({"sentence1": Value("string"), "sentence2": Value("string"), "label": kind})
    tables = {name: pairs(names=names) for name in ("train", "validation", "test")} | changed
    return DatasetDict(
        {
            name: Dataset.from_pandas(one, features, preserve_index=False)
            for name, one in tables.items()
            if one is not None
        }
    )


@pytest.mark.parametrize("number", ["00", "01", "02", "03", "04", "05", "06", "07", "10", "11"])
def test_two_named_classes_are_fine_for_every_lesson(number):
    assert list(faults(splits(), number)) == []


@pytest.mark.parametrize("number", ["01", "02", "04", "10", "11"])
def test_three_classes_are_fine_where_no_lesson_speaks_of_two(number):
    assert list(faults(splits(("no", "maybe", "yes")), number)) == []


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (splits(validation=None), "has the splits train, test and no validation"),
        (splits().rename_column("sentence2", "text_b"), "has no column sentence2; it has sentence1, text_b, label"),
        (splits(label=Value("int64")), "labels such as 0, 1, of which no card says how many classes"),
        (splits(label=Value("bool")), "labels such as False, True, of which"),
        (splits(label=Value("string")), "labels such as '0', '1', of which"),
        (
            splits(label=Value("float64"), train=pairs(label=2.5), validation=pairs(label=1.0)),
            "2.5 as labels, which is regr",
        ),
        (splits(label=Value("float64")), "labels such as 0.0, 1.0, of which"),
        (
            splits(validation=pairs(label=-1)),
            "has 40 labels in validation that name no class, the first in row 0: -1; -1",
        ),
        (
            splits(train=pairs(label=[0] * 9 + [None] + [1] * 30)),
            "has 1 labels in train that name no class, the first in row 9",
        ),
        (splits(train=pairs(label=1)), "has the one class 'entailment' in train"),
        (splits(train=pairs(sentence1=["."] + ["some text"] * 39)), "has 1 rows in train without a text in sentence1"),
        (
            splits(validation=pairs(sentence2=["text"] * 39 + [None])),
            "without a text in sentence2, the first is row 39",
        ),
        (splits(train=pairs(4)), "has 4 rows in train, and a lesson needs 8 at least"),
        (splits(("no", "maybe", "yes")), "has 3 classes, and lesson 05 is about two"),
    ],
)
def test_what_would_stop_a_lesson_is_said(raw, said):
    assert any(said in fault for fault in faults(raw, "05")), list(faults(raw, "05"))


def test_texts_that_are_numbers_are_named():
    raw = splits().map(lambda row: {"sentence1": 5})
    assert "in the column sentence1, where texts are needed" in next(faults(raw, "04"))


def test_start_lesson_says_it_with_a_way_out(tmp_path, monkeypatch):
    for name in ("train", "validation"):
        pairs().to_csv(tmp_path / f"{name}.csv", index=False)
    monkeypatch.setenv("LESSONS_DATASET", str(tmp_path))
    monkeypatch.delenv("LESSONS_TASK", raising=False)
    with pytest.raises(
        SetupError, match=rf"labels such as 0, 1, .* `python -m lessons_lib\.own_data {tmp_path} my_pairs`"
    ):
        start_lesson("04")


OWN = {  # what people bring, as files: name, content
    "no names": {
        "train.csv": pairs(60),
        "validation.csv": pairs(60).assign(sentence1=lambda t: t["sentence1"] + " now"),
    },
    "strings": {"data.csv": pairs(label=["yes", "no"] * 20)},
    "booleans": {"data.csv": pairs(label=[True, False] * 20)},
    "floats": {"data.csv": pairs(label=[0.0, 1.0] * 20)},
    "counted from 1": {"data.csv": pairs(label=[1, 2] * 20)},
    "an empty label": {"data.csv": pairs(label=["yes", "no"] * 19 + ["", "no"])},
    "an empty sentence": {"data.csv": pairs(sentence1=[""] + [f"text {n} here" for n in range(39)])},
    "only train": {"train.csv": pairs(60)},
    "other names": {"data.csv": pairs().rename(columns={"sentence1": "text_a", "sentence2": "text_b"})},
    "three classes": {"data.csv": pairs(60, names=("no", "maybe", "yes"))},
}


@pytest.mark.parametrize("name", OWN)
def test_files_become_a_dataset_that_lessons_take(name, tmp_path):
    (tmp_path / "mine").mkdir()
    for file, table in OWN[name].items():
        table.to_csv(tmp_path / "mine" / file, index=False)
    options = {"text": ["text_a", "text_b"]} if name == "other names" else {}
    report = make_folder(tmp_path / "mine", tmp_path / "made", **options)
    assert report.kept > 30
    check_dataset(str(tmp_path / "made"), "pairs", None, "04")
    made = load_dataset(str(tmp_path / "made"), "pairs")
    assert set(made) == {"train", "validation", "test"}
    assert len(made["train"].features["label"].names) == (3 if name == "three classes" else 2)


@pytest.mark.parametrize(("encoding", "delimiter"), [("latin-1", ";"), ("utf-16", "\t"), ("utf-8-sig", ",")])
def test_bytes_and_separators_of_any_kind(encoding, delimiter, tmp_path):
    table = pairs(sentence1=[f"Der Käse Nummer {n} schmeckt" for n in range(40)], label=["gut", "schlecht"] * 20)
    table.to_csv(tmp_path / "data.csv", index=False, sep=delimiter, encoding=encoding)
    make_folder(tmp_path / "data.csv", tmp_path / "made")
    made = load_dataset(str(tmp_path / "made"), "pairs")
    assert "Käse" in made["train"][0]["sentence1"] and made["train"].features["label"].names == ["gut", "schlecht"]


def test_what_save_to_disk_wrote_keeps_its_names(tmp_path):
    splits(test=None, validation=pairs(sentence1=[f"other {n}" for n in range(40)])).save_to_disk(tmp_path / "saved")
    make_folder(tmp_path / "saved", tmp_path / "made")
    made = load_dataset(str(tmp_path / "made"), "pairs")
    assert sorted(made["train"].features["label"].names) == sorted(NAMES)
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_a_folder_that_is_there_is_not_overwritten(tmp_path):
    pairs().to_csv(tmp_path / "data.csv", index=False)
    with pytest.raises(DataError, match="is already there"):
        make_folder(tmp_path / "data.csv", tmp_path)


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (["a.csv", "b.csv"], "Name a file, or call the files train, validation and test"),
        (["train-1.csv", "train-2.csv"], "more than one file for a split"),
        (["notes.docx"], "no file that ends with"),
    ],
)
def test_a_folder_without_clear_files_is_refused(files, said, tmp_path):
    (tmp_path / "mine").mkdir()
    for file in files:
        pairs().to_csv(tmp_path / "mine" / file, index=False)
    with pytest.raises(DataError, match=said):
        make_folder(tmp_path / "mine", tmp_path / "made")


def test_the_program_reports_and_ends_well_or_with_a_sentence(tmp_path):
    pairs().to_csv(tmp_path / "data.csv", index=False)
    command = [sys.executable, "-m", "lessons_lib.own_data", "data.csv", "made"]
    first, second = (subprocess.run(command, cwd=tmp_path, capture_output=True, text=True) for _ in range(2))
    assert first.returncode == 0 and "set LESSONS_DATASET=made" in first.stdout and "40 read" in first.stdout
    assert second.returncode == 1 and second.stderr.startswith("made is already there") and second.stdout == ""
