"""A learner's file: read whole, judged, never changed; and a sentence for whatever cannot be read."""

import subprocess
import sys
import textwrap
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from datasets import ClassLabel, Dataset, Features, Value
from ipywidgets import FileUpload
from own_data_files import BAD, ODD, TEXTS, lines, rows, table

from lessons_lib.errors import DataError
from lessons_lib.own_data import gather, keep, near_duplicates, own_file, read_own_data, reading


def written(folder, name, content):
    path = folder / name
    path.write_bytes(content)
    return path


def refusal(*args, **kwargs):
    with pytest.raises(DataError) as refused:
        read_own_data(*args, **kwargs)
    return str(refused.value)


@pytest.mark.parametrize("case", BAD)
def test_what_cannot_be_read_gets_a_sentence_and_stays_as_it_was(case, tmp_path):
    name, content, said = BAD[case]
    path = written(tmp_path, name, content)
    assert said in refusal(path)
    assert path.read_bytes() == content
    assert [one.name for one in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("case", ODD)
def test_what_is_odd_is_read_and_named_and_each_row_is_accounted_for(case, tmp_path):
    name, content, said = ODD[case]
    path = written(tmp_path, name, content)
    splits, report = read_own_data(path)
    assert said in str(report)
    assert report.kept + len(report.dropped) == report.read
    assert sum(map(len, splits.values())) == report.kept
    assert path.read_bytes() == content


ENCODED = {
    "cp1252": "Qué pasó aquí, señor? Das Café war übrigens „schön“ – naïef. ",
    "cp1250": "Zażółć gęślą jaźń, to był świetny film, ale dźwięk słaby. ",
    "cp1251": "очень хороший фильм, но немного скучный. ",
    "koi8_r": "очень хороший фильм, но немного скучный. ",
    "cp932": "この映画はとても良かったです。でも少し長いと思いました。",
    "gb18030": "这部电影非常好看，我很喜欢，但是有一点太长了。",
    "euc_kr": "이 영화는 정말 좋았어요. 그런데 조금 길었어요.",
    "utf-16-be": "plain words in sixteen bits",
}


@pytest.mark.parametrize("encoding", ENCODED)
def test_a_text_is_read_as_it_was_written(encoding, tmp_path):
    lines = [(f"{ENCODED[encoding]} {number}", label) for number, (_, label) in enumerate(rows())]
    splits, report = read_own_data(written(tmp_path, "a.csv", table(lines, encoding=encoding)))
    read = sorted(text for split in splits.values() for text in split["text"])
    assert read == sorted(text for text, _ in lines)
    assert "read as" in str(report)


def test_an_encoding_that_is_given_is_taken(tmp_path):
    path = written(tmp_path, "a.csv", table([(f"{text} größe", label) for text, label in rows()], encoding="cp850"))
    splits, _ = read_own_data(path, encoding="cp850")
    assert all(text.endswith("größe") for split in splits.values() for text in split["text"])


@pytest.mark.parametrize("encoding", ["utf-99", "", "hex", "idna", "a\x00b"])
def test_an_encoding_that_there_is_not_is_named(encoding, tmp_path):
    assert repr(encoding) in refusal(written(tmp_path, "a.csv", table(rows())), encoding=encoding)


def test_a_delimiter_that_is_given_is_taken(tmp_path):
    _, report = read_own_data(written(tmp_path, "a.csv", table(rows(), delimiter="^")), delimiter="^")
    assert report.kept == 40


@pytest.mark.parametrize("delimiter", ["", "||", '"', "\n", 7])
def test_a_delimiter_that_cannot_be_one_is_named(delimiter, tmp_path):
    assert repr(delimiter) in refusal(written(tmp_path, "a.csv", table(rows())), delimiter=delimiter)


@pytest.mark.parametrize("names", [("train", "test"), ("training", "val", "testing"), ("Train", "dev")])
def test_files_of_several_splits_stay_in_them(names, tmp_path):
    every = rows(60)
    parts = {name: every[20 * number : 20 * number + 20] for number, name in enumerate(names)}
    splits, report = read_own_data({name: written(tmp_path, f"{name}.csv", table(parts[name])) for name in names})
    assert list(splits) == ["train", "validation", "test"]
    for name, split in zip(("train", "validation", "test"), ("train", "val", "test"), strict=True):
        given = next((parts[one] for one in names if one.lower().startswith(split[:3])), None)
        given = parts["dev"] if name == "validation" and "dev" in parts else given
        if given and name != "train":
            assert sorted(splits[name]["text"]) == sorted(text for text, _ in given)
    assert report.kept == 20 * len(names)
    assert all(".csv, line" in place for split in splits.values() for place in split["place"])


@pytest.mark.parametrize("names", [("train", "tset"), ("test", "validation"), ("train", "val", "dev"), ()])
def test_splits_that_are_called_wrongly_are_named(names, tmp_path):
    path = written(tmp_path, "a.csv", table(rows()))
    assert all(name in refusal({name: path for name in names}) for name in names)


@pytest.mark.parametrize(
    ("lines_of_test", "header", "said"),
    [
        ([(text, -1) for text in TEXTS], ("text", "label"), "40: unlabelled (-1)"),
        ([(text, n) for n, text in enumerate(TEXTS)], ("text", "id"), "has no column 'label'"),
    ],
)
def test_a_test_file_without_labels_is_said_and_another_test_split_drawn(lines_of_test, header, said, tmp_path):
    train = written(tmp_path, "train.csv", table([(f"{text}!", label) for text, label in rows()]))
    splits, report = read_own_data(
        {"train": train, "test": written(tmp_path, "test.csv", table(lines_of_test, header))}
    )
    assert said in str(report)
    assert {name: len(split) for name, split in splits.items()} == {"train": 28, "validation": 6, "test": 6}


def test_a_text_in_two_files_leaves_the_one_that_is_trained_on(tmp_path):
    train, test = rows(40), rows(80)[40:]
    train[3] = (f" {test[5][0].upper()} ", "bad")
    files = {name: written(tmp_path, f"{name}.csv", table(one)) for name, one in (("train", train), ("test", test))}
    splits, report = read_own_data(files)
    assert len(splits["test"]) == 40
    [row] = report.dropped.to_dict("records")
    assert (row["file"], row["place"], row["why"]) == (
        "train.csv",
        "train.csv, line 5",
        "a later split has the same text",
    )


def test_one_file_for_two_splits_is_refused(tmp_path):
    path = written(tmp_path, "a.csv", table(rows()))
    assert "no row to train on" in refusal({"train": path, "test": path})


@pytest.mark.parametrize(
    "names", [{"text": "txet"}, {"label": "labl"}, {"text": "text", "label": "text"}, {"text": ("text", "text")}]
)
def test_columns_that_are_given_wrongly_are_answered_with_those_there_are(names, tmp_path):
    assert "the columns text, label" in refusal(written(tmp_path, "a.csv", table(rows())), **names)


def test_two_names_make_pairs(tmp_path):
    path = written(tmp_path, "a.csv", table([(t, t[::-1], lb) for t, lb in rows()], ("one", "other", "label")))
    splits, _ = read_own_data(path, text=("other", "one"))
    assert all(a == b[::-1] for a, b in zip(splits["train"]["sentence1"], splits["train"]["sentence2"], strict=True))
    assert "3 columns" in refusal(path, text=("one", "other", "label"))


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("https://example.org/a.csv", "is an address"),
        ("{folder}", "holds reviews.csv"),
        ("{folder}/reveiws.csv", "Did you mean reviews.csv?"),
        ("{folder}/none/at/all.csv", "There is no file"),
        ("{folder}/" + "a" * 3000, "cannot be opened"),
        ("a\x00b.csv", "There is no file"),
        (pd.DataFrame(rows()), "A DataFrame is no path"),
        (None, "A NoneType is no path"),
        ({"train": ["a.csv", "b.csv"]}, "A list is no path"),
    ],
    ids=str,
)
def test_what_is_no_file_is_named(source, said, tmp_path):
    written(tmp_path, "reviews.csv", table(rows()))
    assert said in refusal(source.replace("{folder}", str(tmp_path)) if isinstance(source, str) else source)


def test_a_file_that_may_not_be_read_is_named(tmp_path, monkeypatch):
    path = written(tmp_path, "a.csv", table(rows()))

    def closed(*_args, **_kwargs):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.open", closed)  # root may read whatever its mode says
    assert "cannot be opened (Permission denied)" in refusal(path)


def test_an_upload_is_read_in_both_shapes_of_the_widget():
    content = table(rows())
    seven = {"a.csv": {"metadata": {"size": len(content)}, "content": content}}
    eight = ({"name": "a.csv", "content": memoryview(content), "size": len(content), "type": "text/csv"},)
    for value in (seven, eight):
        splits, report = read_own_data(SimpleNamespace(value=value))
        assert (report.files, len(splits["train"])) == ({"all": "a.csv"}, 28)
    for nothing in (FileUpload(), SimpleNamespace(value={}), SimpleNamespace(value=())):
        assert "Nothing was uploaded yet" in refusal(nothing)


def test_own_file_is_the_one_of_the_environment_or_the_given(tmp_path, monkeypatch):
    monkeypatch.delenv("LESSONS_OWN_DATA", raising=False)
    assert str(own_file("a.csv")) == "a.csv"
    monkeypatch.setenv("LESSONS_OWN_DATA", "mine.csv")
    monkeypatch.setenv("LESSONS_FOLDER", str(tmp_path))
    assert own_file("a.csv") == tmp_path / "mine.csv"


def test_rows_that_are_said_to_be_unlabelled_are_left_out(tmp_path):
    path = written(tmp_path, "a.csv", table([(text, n % 3 - 1) for n, (text, _) in enumerate(rows(60))]))
    splits, report = read_own_data(path, unlabelled="-1")
    assert splits["train"].features["label"].names == ["0", "1"]
    assert report.dropped["why"].tolist() == ["unlabelled (-1)"] * 20


def test_a_file_that_changes_gives_its_new_rows(tmp_path):
    path = written(tmp_path, "a.csv", table(rows(40)))
    assert read_own_data(path)[1].read == 40
    assert read_own_data(written(tmp_path, "a.csv", table(rows(50))))[1].read == 50


def test_class_names_of_a_parquet_file_are_kept(tmp_path):
    features = Features({"text": Value("string"), "label": ClassLabel(names=["spam", "eggs", "ham"])})
    labels = [(0, 2, -1, None)[n % 4] for n in range(80)]
    Dataset.from_dict({"text": [text for text, _ in rows(80)], "label": labels}, features).to_parquet(
        str(tmp_path / "a.parquet")
    )
    splits, report = read_own_data(tmp_path / "a.parquet")
    assert splits["train"].features["label"].names == ["spam", "ham"]
    assert report.dropped["why"].value_counts().to_dict() == {"unlabelled (-1)": 20, "no label": 20}


def test_each_class_has_its_share_of_each_split_and_the_seed_decides(tmp_path):
    names = ["often"] * 100 + ["seldom"] * 20 + ["rare"] * 3
    path = written(tmp_path, "a.csv", table([(text, names[n]) for n, (text, _) in enumerate(rows(123))]))
    splits, report = read_own_data(path)
    assert report.labels.to_dict("index") == {
        "often": {"train": 70, "validation": 15, "test": 15},
        "rare": {"train": 1, "validation": 1, "test": 1},
        "seldom": {"train": 14, "validation": 3, "test": 3},
    }
    assert read_own_data(path)[0]["test"]["text"] == splits["test"]["text"]
    assert read_own_data(path, seed=1)[0]["test"]["text"] != splits["test"]["text"]


def test_no_text_is_in_two_splits(tmp_path):
    spelled = [(f"{text.upper()}  " if n % 3 else text, label) for n, (text, label) in enumerate(rows() * 4)]
    splits, report = read_own_data(written(tmp_path, "a.csv", table(spelled)))
    texts = [{" ".join(text.casefold().split()) for text in split["text"]} for split in splits.values()]
    assert sum(map(len, texts)) == len(set.union(*texts)) == 40
    assert (report.kept, report.duplicates) == (160, 120)


def test_near_duplicates_finds_a_pair_across_splits():
    texts = ["The food was cold and the waiter rude.", "We waited an hour!", "The food was cold, and the waiter rude."]
    found, compared = near_duplicates(texts, np.arange(3), np.array(["train", "train", "test"]))
    assert compared == 3
    assert found[["text", "split", "other", "other split"]].values.tolist() == [[texts[0], "train", texts[2], "test"]]


def test_thousands_of_nearly_equal_texts_are_paired_once_each():
    many = " ".join(f"Line {number}: your order, placed on the day before, has left our house." for number in range(25))
    texts = [f"Order {number}. {many}" for number in range(1000)]
    found, compared = near_duplicates(texts, np.arange(1000), np.array(["train"] * 1000))
    assert compared == 1000
    assert 100 < len(found) <= 1000


def test_the_report_has_tables(tmp_path):
    made = [*rows(), (TEXTS[0], "bad"), (TEXTS[1], "bad"), ("", "good"), ("words", "")]
    _, report = read_own_data(written(tmp_path, "a.csv", table(made)))
    assert report.labels.sum(axis=1).to_dict() == {"bad": 22, "good": 20}
    assert report.dropped[["place", "why", "text"]].values.tolist() == [
        ["line 44", "no text", "good"],
        ["line 45", "no label", "words"],
    ]
    assert (report.read, report.kept, report.duplicates) == (44, 42, 1)
    [conflict] = report.conflicts.to_dict("records")
    assert conflict == {"text": TEXTS[0], "labels": "good, bad", "places": "line 2, line 42"}


@pytest.mark.parametrize(
    ("labels", "ordered"),
    [(["10", "9", "-2"], ["-2", "9", "10"]), (["b", "A", "c"], ["A", "b", "c"]), (["10", "9", "x"], ["10", "9", "x"])],
)
def test_labels_are_in_the_order_of_numbers_or_letters(labels, ordered, tmp_path):
    made = [(text, labels[n % 3]) for n, (text, _) in enumerate(rows(60))]
    assert read_own_data(written(tmp_path, "a.csv", table(made)))[0]["train"].features["label"].names == ordered


@pytest.mark.parametrize(("bound", "most"), [("MOST_ROWS", 100), ("MOST_CHARACTERS", 5000)])
def test_of_a_larger_file_rows_are_drawn_evenly_and_that_is_said(bound, most, tmp_path, monkeypatch):
    monkeypatch.setattr(keep, bound, most)
    path = written(tmp_path, "a.csv", table(rows(2000)))
    splits, report = read_own_data(path)
    places = [int(place.split()[1]) for split in splits.values() for place in split["place"]]
    assert report.read == 2000
    assert 50 < report.kept == len(places) < 110
    assert abs(np.mean(places) - 1000) < 4 * 2000 / np.sqrt(12 * len(places))  # four standard errors
    assert f"{report.kept:,} are, drawn at random" in str(report)
    assert read_own_data(path)[0]["train"]["place"] == splits["train"]["place"]


def test_a_file_of_broken_rows_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr(reading, "MOST_DROPPED", 100)
    path = written(tmp_path, "a.csv", table(rows()) + b"a,b,c\n" * 200)
    assert "100 rows up to line 141" in refusal(path)


def test_a_large_file_shows_its_progress(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(gather, "LARGE", 100)
    read_own_data(written(tmp_path, "a.csv", table(rows())))
    assert "reading a.csv" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak of the memory is read from /proc")
@pytest.mark.parametrize("name", ["a.csv", "a.jsonl", "a.parquet"])
def test_200_megabytes_are_read_within_a_bound_of_memory(name, tmp_path):
    made = [(f"{number} " + "some words that are like others " * 12, ("a", "b")[number % 2]) for number in range(1000)]
    if name == "a.parquet":
        frame = pd.DataFrame(made * 520, columns=["text", "label"])
        frame["text"] = frame.index.astype(str) + frame["text"]
        frame.to_parquet(tmp_path / name, compression=None, use_dictionary=False)
    else:
        with (tmp_path / name).open("wb") as stream:
            for number in range(520):
                part = [(f"{number} {text}", label) for text, label in made]
                content = table(part) if name == "a.csv" else lines({"text": t, "label": lb} for t, lb in part)
                stream.write(content if name == "a.jsonl" or not number else content.split(b"\n", 1)[1])
    assert (tmp_path / name).stat().st_size > 200e6
    script = f"""
        import sys
        from pathlib import Path
        from lessons_lib.own_data import read_own_data
        def peak():  # KiB; `ru_maxrss` would count what the parent had when it forked
            [line] = [one for one in Path("/proc/self/status").read_text().splitlines() if one.startswith("VmHWM")]
            return int(line.split()[1])
        read_own_data(sys.argv[1])
        before = peak()
        splits, report = read_own_data({name!r})
        print(report.read, report.kept, peak() - before)
    """
    small = written(tmp_path, "sample.csv", table(rows()))
    run = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script), str(small)], cwd=tmp_path, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr
    read, kept, more = map(int, run.stdout.split())
    print(f"{name}: {more / 1024:.0f} MiB more than for a small file")
    assert (read, kept) == (520_000, 200_000)
    assert more < 2**20  # KiB; measured were 509 to 608 MiB
