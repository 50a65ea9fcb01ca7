"""Progress is kept, set aside where it's broken, merged without loss; a teacher's table counts it."""

import json
import os
import subprocess
import sys
import threading

import pytest
from test_html import HOSTILE

from lessons_lib import progress
from lessons_lib.errors import DataError
from lessons_lib.exercises import LESSONS, check, classroom, exercises
from lessons_lib.exercises.course_map import asked, course_map
from lessons_lib.progress import file
from lessons_lib.progress.share import merge


@pytest.fixture(autouse=True)
def path(tmp_path, monkeypatch):
    """The learner's file."""
    path = tmp_path / "mine" / "progress.json"
    monkeypatch.setenv("LESSONS_PROGRESS", str(path))
    return path


def solve(name="padding_share", lesson="02", tries=1):
    for _ in range(tries - 1):
        check.padding_share(lambda lengths: 0.5)
    assert progress.keep(lesson, "exercises", name, lambda old: {**old, "tries": tries, "solved": "2026-11-28"}) == ""


def test_an_answer_is_counted_until_it_is_right_and_a_stub_is_not(path):
    assert check.padding_share(lambda lengths: ...).kind == "not yet" and not path.exists()
    check.padding_share(lambda lengths: 0.123)
    right = check.padding_share.reference
    assert check.padding_share(right).kind == "right"
    check.padding_share(lambda lengths: 0.123)
    entry = json.loads(path.read_text(encoding="utf-8"))["lessons"]["02"]["exercises"]["padding_share"]
    assert entry["tries"] == 2 and entry["solved"]


BROKEN = {
    "empty": "",
    "cut short": '{"version": 1, "name": "", "lessons": {"02": {"exerc',
    "a list": "[]",
    "another version": '{"version": 2, "name": "", "lessons": {}}',
    "no name": '{"version": 1, "lessons": {}}',
    "a list of lessons": '{"version": 1, "name": "", "lessons": []}',
    "a lesson that is a number": '{"version": 1, "name": "", "lessons": {"02": 3}}',
    "exercises without names": '{"version": 1, "name": "", "lessons": {"02": {"exercises": []}}}',
    "tries in words": '{"version": 1, "name": "", "lessons": {"02": {"exercises": {"pad": {"tries": "two"}}}}}',
    "an entry that is a text": '{"version": 1, "name": "", "lessons": {"02": {"quiz": {"what?": "yes"}}}}',
    "not UTF-8": b"\xff\xfe\x00",
    "nested without end": "[" * 100_000,
}


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN)
def test_a_broken_file_is_set_aside_and_said(path, content):
    path.parent.mkdir()
    content = content if isinstance(content, bytes) else content.encode()
    path.write_bytes(content)
    verdict = check.padding_share(check.padding_share.reference)
    aside = [one for one in path.parent.iterdir() if ".broken-" in one.name]
    assert len(aside) == 1 and aside[0].read_bytes() == content
    assert verdict.kind == "right" and aside[0].name in verdict.text
    assert progress.read()[0]["lessons"]["02"]["exercises"]["padding_share"]["solved"]


def test_two_broken_files_are_both_kept(path):
    for content in ("one", "two"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(content)
        progress.read()
    assert sorted(one.read_text() for one in path.parent.iterdir()) == ["one", "two"]


def test_where_nothing_can_be_written_a_check_still_answers(path, monkeypatch):
    path.parent.write_text("a file where the folder should be")
    verdict = check.padding_share(check.padding_share.reference)
    assert verdict.kind == "right" and "LESSONS_PROGRESS" in verdict.text
    monkeypatch.setattr(file, "PATIENCE", 0.1)
    monkeypatch.setenv("LESSONS_PROGRESS", str(path.parents[1] / "free.json"))
    name = file.sha256(str((path.parents[1] / "free.json").resolve()).encode()).hexdigest()[:16]
    with file.FileLock(file.Path(file.tempfile.gettempdir(), f"lessons-{name}.lock")):
        assert "another notebook" in check.padding_share(check.padding_share.reference).text


def test_notebooks_that_write_at_once_lose_nothing():
    def work(number):
        for index in range(20):
            assert not progress.keep("02", "exercises", f"{number}-{index}", lambda old: {"tries": 1})

    threads = [threading.Thread(target=work, args=[number]) for number in range(4)]
    [one.start() for one in threads]
    [one.join() for one in threads]
    assert len(progress.read()[0]["lessons"]["02"]["exercises"]) == 80


def test_where_it_is(tmp_path, monkeypatch):
    assert progress.where({"LESSONS_PROGRESS": "a.json", "LESSONS_FOLDER": str(tmp_path)}) == tmp_path / "a.json"
    assert progress.where({}).name == "progress.json" and (progress.where({}).parent / "notebooks").is_dir()
    monkeypatch.setattr(file, "DRIVE", tmp_path)
    assert progress.where({}) == tmp_path / "progress.json"


def test_a_lesson_that_only_runs_writes_nothing(path):
    course_map()
    assert not path.parent.exists()


def test_export_and_import_bring_everything_over_and_twice_changes_nothing(path, tmp_path, monkeypatch):
    solve()
    progress.keep("04", "predictions", "Will it fall?", lambda old: {"said": "it rises"})
    assert "progress-ada-of-löve.json" in progress.export_progress("Ada of / Löve", tmp_path)
    here = json.loads(path.read_text(encoding="utf-8"))
    monkeypatch.setenv("LESSONS_PROGRESS", str(tmp_path / "other.json"))
    progress.keep("04", "predictions", "Will it fall?", lambda old: {"said": "it falls"})
    said = progress.import_progress(tmp_path / "progress-ada-of-löve.json")
    assert "1 exercises" in said and "0 predictions" in said
    once = progress.read()[0]
    assert once["lessons"]["02"] == here["lessons"]["02"]
    assert once["lessons"]["04"]["predictions"]["Will it fall?"]["said"] == "it falls"  # what is here stays
    progress.import_progress(tmp_path / "progress-ada-of-löve.json")
    assert progress.read()[0] == once


def test_an_export_overwrites_nothing_but_its_own(tmp_path):
    solve()
    (tmp_path / "progress-ada.json").write_text("notes of mine")
    assert "progress-ada-2.json" in progress.export_progress("Ada", tmp_path)
    assert "progress-eve.json" in progress.export_progress("Eve", tmp_path)
    assert "progress-eve.json" in progress.export_progress("Eve", tmp_path)
    assert (tmp_path / "progress-ada.json").read_text() == "notes of mine"


def taken(folder):
    """A file where a folder should be."""
    (folder / "taken").write_text("")
    return folder / "taken"


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda folder: progress.export_progress("  ", folder), "needs your name"),
        (lambda folder: progress.export_progress("Ada", taken(folder)), "can't be written"),
        (lambda folder: progress.import_progress(folder / "none.json"), "can't be read"),
        (lambda folder: progress.import_progress(folder), "can't be read"),
    ],
)
def test_bad_calls_say_what_to_do(tmp_path, call, words):
    with pytest.raises(DataError, match=words):
        call(tmp_path)


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN)
def test_a_broken_export_is_named_and_nothing_changes(path, tmp_path, content):
    solve()
    before = path.read_bytes()
    other = tmp_path / "other.json"
    other.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(DataError, match="can't be used"):
        progress.import_progress(other)
    assert path.read_bytes() == before and other.exists()


def test_merging_takes_the_better_of_both():
    one = {"lessons": {"02": {"quiz": {"q": {"said": ["a"], "right": False, "first": False}}}}, "name": "Ada"}
    two = {"lessons": {"02": {"quiz": {"q": {"said": ["b"], "right": True, "first": True}}}}, "name": ""}
    assert merge(one, two)["lessons"]["02"]["quiz"]["q"] == {"said": ["b"], "right": True, "first": False}
    assert merge(two, one)["lessons"]["02"]["quiz"]["q"] == {"said": ["b"], "right": True, "first": True}
    assert merge(one, one) == one and merge(one, two)["name"] == "Ada"


def test_the_map_counts_what_is_done_and_only_what_is_asked():
    row = course_map().table.set_index("lesson").filter(like="02", axis=0).iloc[0]
    many = len(exercises("02"))
    assert row["exercises solved"] == f"0 of {many}" and course_map().note.startswith("Nothing is kept")
    for name in [*exercises("02"), "of_an_older_course"]:
        solve(name)
    row = course_map().table.set_index("lesson").filter(like="02", axis=0).iloc[0]
    assert row["exercises solved"] == f"✓ {many} of {many}"
    assert len(course_map().table) == len(LESSONS) and f"✓ {many} of {many}" in course_map()._repr_html_()


def make_class(folder):
    """Run what `make class` runs."""
    command = [sys.executable, "-m", "lessons_lib.exercises.classroom", str(folder)]
    return subprocess.run(command, capture_output=True, text=True, env=os.environ)


def test_make_class(path, tmp_path):
    folder = tmp_path / "exports"
    folder.mkdir()
    question = asked("02")["quiz"][0]
    solve(tries=3)
    progress.keep("02", "quiz", question, lambda old: {"said": ["x"], "right": True, "first": False})
    progress.export_progress("Ada", folder)
    path.unlink()
    solve()
    progress.export_progress('=HYPERLINK("x")', folder)
    (folder / "handed in").mkdir()
    (folder / "handed in" / "progress-ada.json").write_text((folder / "progress-ada.json").read_text())
    (folder / "holiday.json").write_text("[1, 2]")
    done = make_class(folder)
    assert done.returncode == 0, done.stderr
    assert "holiday.json is left out: it isn't a file of progress." in done.stdout
    assert "is of Ada, too" in done.stdout
    table = (folder / "class.csv").read_text(encoding="utf-8-sig").splitlines()
    assert len(table) == 3 and table[1].startswith("\"'=HYPERLINK")
    many = len(exercises("02")), len(asked("02")["quiz"])
    assert f"1/{many[0]} 1/{many[1]}" in table[2] and table[2].endswith(",1,1")
    assert "50%" in done.stdout and "padding_share" in done.stdout and question[:30] in done.stdout


@pytest.mark.parametrize("folder", ["", "no such folder", "."])
def test_make_class_says_what_it_needs(tmp_path, folder, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert "export" in classroom.main([folder]) and classroom.main([]).startswith("Name the folder")


@pytest.mark.parametrize("text", [*HOSTILE, "\x1b[2J"])
def test_hostile_names_are_text(tmp_path, text, capsys):
    (tmp_path / "one.json").write_text(json.dumps({"version": 1, "name": text, "lessons": {}}))
    assert classroom.main([str(tmp_path)]) == ""
    assert "\x1b" not in capsys.readouterr().out
