"""A dataset of one's own is looked at before a lesson begins, and copied where it must be otherwise; and files."""

import itertools
import subprocess
import sys

import evaluate
import pandas as pd
import pytest
from datasets import ClassLabel, Dataset, DatasetDict, Features, Value, load_dataset

from lessons_lib.errors import DataError, SetupError
from lessons_lib.lesson import start_lesson
from lessons_lib.lesson.card import how_long
from lessons_lib.own_data.folder import make_folder
from lessons_lib.own_pairs import faults, fit_pairs, lasting_faults

NAMES = ["not_entailment", "entailment"]
COUNTER = itertools.count()


def pairs(count: int = 40, names=tuple(NAMES), **columns) -> pd.DataFrame:
    """Sound pairs with labels as numbers, some of their columns replaced."""
    drawn = next(COUNTER)  # no text in two splits
    rows = [(f"statement {drawn} {n} of rain", f"claim {n} about weather", n % len(names)) for n in range(count)]
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


@pytest.fixture(autouse=True)
def a_cache_of_its_own(tmp_path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HOME", str(tmp_path / "cache"))


def saved(raw: DatasetDict, folder) -> str:
    raw.save_to_disk(folder / "saved")
    return str(folder / "saved")


@pytest.mark.parametrize("number", ["00", "01", "02", "03", "04", "05", "06", "07", "10", "11"])
def test_two_named_classes_stay_as_they_are(number):
    raw = splits(train=pairs(64))
    assert list(faults(raw)) == list(lasting_faults(raw, number)) == []


def test_three_classes_are_refused_where_a_lesson_speaks_of_yes_and_no():
    raw = splits(("no", "maybe", "yes"), train=pairs(64, ("no", "maybe", "yes")))
    told = {number: list(lasting_faults(raw, number)) for number in ("00", "01", "02", "03", "04", "05", "06", "07")}
    assert [number for number in told if told[number]] == ["00", "03"]


@pytest.mark.parametrize(
    ("raw", "said", "names", "sizes"),
    [
        (splits(validation=None), "no validation", NAMES, {"train": 34, "validation": 6}),
        (splits(validation=None, test=None), "no validation", NAMES, {"train": 28, "validation": 6, "test": 6}),
        (splits().rename_column("sentence2", "text_b").rename_column("sentence1", "text_a"), "no column", NAMES, {}),
        (splits(label=Value("int64")), "labels such as 0, 1, without names", ["0", "1"], {}),
        (splits(label=Value("bool")), "labels such as False, True", ["False", "True"], {}),
        (splits(label=Value("string")), "labels such as '0', '1'", ["0", "1"], {}),
        (splits(label=Value("float64")), "labels such as 0.0, 1.0", ["0", "1"], {}),
        (splits(validation=pairs(label=-1)), "40 labels in validation that name no class", NAMES, {"validation": 6}),
        (
            splits(validation=pairs(label=[-1] * 9 + [0, 1] * 15 + [1])),
            "9 labels in validation that name no class",
            NAMES,
            {"validation": 31},
        ),
        (splits(train=pairs(label=[0] * 9 + [None] + [1] * 30)), "1 labels in train", NAMES, {"train": 39}),
        (splits(train=pairs(sentence1=[" "] + ["some text"] * 39)), "1 rows in train without", NAMES, {}),
        (splits(validation=pairs(sentence2=["text"] * 39 + [None])), "the first is row 39", NAMES, {"validation": 39}),
    ],
)
def test_what_a_lesson_cannot_take_is_copied_and_said(raw, said, names, sizes, tmp_path):
    dataset, task, count, told = fit_pairs(saved(raw, tmp_path), "pairs", None, "04")
    made = load_dataset(dataset, task)
    assert said in told[0] and dataset in told[0]
    assert made["train"].features["label"].names == names and len(made["train"]) == count
    assert {name: len(made[name]) for name in sizes} == sizes
    assert list(faults(made)) == []
    assert fit_pairs(str(tmp_path / "saved"), "pairs", None, "04")[0] == dataset  # made once


def test_the_classes_keep_their_order(tmp_path):
    raw = splits(("yes", "no"), train=pairs(60, ("yes", "no"), sentence1=[""] + [f"text {n}" for n in range(59)]))
    dataset, task, *_ = fit_pairs(saved(raw, tmp_path), "pairs", None, "04")
    assert load_dataset(dataset, task)["train"].features["label"].names == ["yes", "no"]


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (
            splits(label=Value("float64"), train=pairs(label=[n / 7 for n in range(40)]), validation=pairs(label=1.5)),
            "that's regression",
        ),
        (splits(train=pairs(label=1)), "has the one class 'entailment' in train"),
        (splits(train=pairs(4)), "has 4 usable rows in train, and a lesson needs 16 at least"),
        (splits(("no", "maybe", "yes")), "has 3 classes, and lesson 03 is about two"),
        (splits(test=None).remove_columns("sentence2"), "lesson 08 takes it"),
        (splits(train=pairs(6), validation=None, test=None), "too few"),
    ],
)
def test_what_no_copy_can_mend_is_said(raw, said, tmp_path):
    with pytest.raises(SetupError, match=said):
        fit_pairs(saved(raw, tmp_path), "pairs", None, "03")


def test_matched_validation_is_the_validation(tmp_path):
    raw = splits(test=None, train=pairs(60))
    raw = DatasetDict(train=raw["train"], validation_matched=raw["validation"].map(lambda row: {"sentence1": "so"}))
    dataset, task, *_ = fit_pairs(saved(raw, tmp_path), "pairs", None, "04")
    assert set(load_dataset(dataset, task)["validation"]["sentence1"]) == {"so"}


def test_a_part_has_each_class_with_its_share(tmp_path):
    raw = splits(train=pairs(400, label=[0] * 300 + [1] * 100))
    dataset, task, count, told = fit_pairs(saved(raw, tmp_path), "pairs", None, "04", rows=100)
    made = load_dataset(dataset, task)
    assert count == len(made["train"]) == 100 and sum(made["train"]["label"]) == 25 and len(made["validation"]) == 40
    assert "LESSONS_ROWS" in told[-1]


def test_a_hundred_thousand_pairs_say_how_long_and_how_to_take_a_part():
    [told] = how_long(100_000)
    assert "100,000 training pairs may take" in told and "LESSONS_ROWS" in told
    assert how_long(2_000) == []


def test_start_lesson_goes_on_and_says_what_it_changed(tmp_path, monkeypatch, capsys):
    for name in ("train", "validation"):
        pairs(sentence1=[f"{name} {n}" for n in range(40)]).to_csv(tmp_path / f"{name}.csv", index=False)
    monkeypatch.setenv("LESSONS_DATASET", str(tmp_path))
    monkeypatch.delenv("LESSONS_TASK", raising=False)
    lesson = start_lesson("04")
    assert "Note: The dataset" in (card := capsys.readouterr().out) and "labels such as 0, 1" in card
    assert len(load_dataset(lesson.dataset, lesson.task)["validation"]) == 40
    assert evaluate.load(lesson.metric, lesson.task).compute(predictions=[1], references=[1])["accuracy"] == 1


@pytest.mark.parametrize("rows", ["many", "3", "-1", "1e3"])
def test_a_wrong_number_of_rows_gets_a_sentence(rows, monkeypatch):
    monkeypatch.setenv("LESSONS_ROWS", rows)
    with pytest.raises(SetupError, match="write a whole number from 40 on"):
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
    assert fit_pairs(str(tmp_path / "made"), "pairs", None, "04")[0] == str(tmp_path / "made")
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
