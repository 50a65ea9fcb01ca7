"""The versions that each leg was last seen to pass on: asked of executed lessons, recorded, and put into README.md."""

import doctest
import json
import os
import platform
import re
import subprocess
from pathlib import Path

import nbformat
import pytest
import versions_seen

ROOT = Path(__file__).parents[1]

OLD = {"date": "2026-11-19", "system": "Linux x86_64", "Python": "3.11.7", "torch": "2.11.0"}
CI_RUN = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
CI_LEGS = re.search(r"set -- (.+)", CI_RUN)[1].split()  # those that it runs when it is given none
MARKS = f"# Course\n\n{versions_seen.BEGIN}\n{versions_seen.END}\n\nWords.\n"


@pytest.fixture
def course(tmp_path):
    """A course of two lessons with an empty table in its README; call it to add an executed lesson."""
    for folder in ("notebooks", "docs", "build/floor"):
        (tmp_path / folder).mkdir(parents=True)
    for name in ("00_a", "01_b"):
        (tmp_path / "notebooks" / f"{name}.ipynb").touch()
    (tmp_path / "README.md").write_text(MARKS, encoding="utf-8")

    def execute(name: str, seen: dict | None) -> None:
        cells = [nbformat.v4.new_code_cell("1")]
        cells += [nbformat.v4.new_markdown_cell("foot", metadata={versions_seen.KEY: seen})] if seen else []
        nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "build" / "floor" / f"{name}.ipynb")

    return tmp_path, execute


def written(root: Path) -> tuple[dict, str]:
    record = json.loads((root / "docs" / "versions.json").read_text(encoding="utf-8"))
    return record, (root / "README.md").read_text(encoding="utf-8")


def test_examples():
    assert doctest.testmod(versions_seen) == (0, 1)


def test_what_executed_lessons_say_is_recorded(course):
    root, execute = course
    execute("00_a", OLD | {"date": "2026-11-20"})
    execute("01_b", OLD)
    assert versions_seen.main("test-floor", root) == 0
    record, readme = written(root)
    assert record == {"test-floor": OLD | {"lessons": [2, 2]}}  # the earlier of the two days
    assert "| torch | 2.11.0 |" in readme and "| lessons passed | 2 of 2 |" in readme and "| evaluate | – |" in readme
    assert readme.startswith("# Course\n\n<!--") and readme.endswith("-->\n\nWords.\n")


def test_a_lesson_that_failed_is_not_counted(course):
    root, execute = course
    execute("00_a", OLD)
    execute("01_b", None)
    assert versions_seen.main("test-floor", root) == 0
    assert written(root)[0]["test-floor"]["lessons"] == [1, 2]


def test_make_test_passed_on_what_is_here(course):
    root, _ = course
    assert versions_seen.main("test", root) == 0
    found = written(root)[0]["test"]
    assert found["lessons"] == [2, 2]
    assert found["Python"] == platform.python_version()
    assert found["torch"] and found["transformers"]


def test_another_leg_keeps_its_column_and_again_changes_nothing(course):
    root, execute = course
    execute("00_a", OLD)
    versions_seen.main("test-floor", root)
    versions_seen.main("test", root)
    record, readme = written(root)
    assert list(record) == ["test", "test-floor"]
    assert "| command | `make test` | `make test-floor` |" in readme
    versions_seen.main("test", root)
    assert written(root) == (record, readme)


@pytest.mark.parametrize("leg", ["", "tests", "colab"])
def test_unknown_leg_names_the_legs(course, capsys, leg):
    assert versions_seen.main(leg, course[0]) == 2
    assert "name one of test, test-colab, test-floor" in capsys.readouterr().err
    assert not (course[0] / "docs" / "versions.json").exists()


def test_nothing_executed_says_what_to_run(course):
    with pytest.raises(SystemExit, match=r"No lesson in build/floor .* run `make test-floor` first"):
        versions_seen.main("test-floor", course[0])


def test_two_environments_in_one_folder_are_refused(course):
    root, execute = course
    execute("00_a", OLD)
    execute("01_b", OLD | {"torch": "2.13.0"})
    with pytest.raises(SystemExit, match=r"different versions: run `make test-floor` without LESSON="):
        versions_seen.main("test-floor", root)


@pytest.mark.parametrize("text", ["# Course\n", MARKS.replace(versions_seen.END, ""), MARKS + MARKS])
def test_readme_without_its_marks_says_which_and_nothing_is_written(course, text):
    root, _ = course
    (root / "README.md").write_text(text, encoding="utf-8")
    with pytest.raises(SystemExit, match=r"must hold these two lines once.*\n<!-- versions seen") as said:
        versions_seen.main("test", root)
    assert versions_seen.END in str(said.value)
    assert written_nothing(root, text)


def written_nothing(root: Path, text: str) -> bool:
    return (root / "README.md").read_text(encoding="utf-8") == text and not (root / "docs" / "versions.json").exists()


def test_legs_from_several_machines_come_together(course):
    """Each machine began with the same record; what it added lies in a file of its own."""
    root, execute = course
    execute("00_a", OLD)
    versions_seen.main("test-floor", root)
    versions_seen.main("test", root)
    expected = written(root)
    (root / "docs" / "versions.json").unlink()
    (root / "README.md").write_text(MARKS, encoding="utf-8")
    assert versions_seen.main("gathered", root) == 0
    assert written(root) == expected


def test_ci_runs_and_records_legs_that_are_there():
    assert CI_LEGS and set(CI_LEGS) <= set(versions_seen.LEGS)
    for leg in CI_LEGS:
        assert f"\n{leg}: $(READY)" in (ROOT / "Makefile").read_text(encoding="utf-8")


@pytest.mark.skipif(os.name == "nt", reason="a script for bash")
@pytest.mark.parametrize(
    ("asked", "fails", "expected"),
    [
        ((), "", [f"{does} {leg}" for leg in CI_LEGS for does in ("make", "seen")]),
        (("test-floor",), "", ["make test-floor", "seen test-floor"]),
        (("test-colab", "test-floor"), "test-colab", ["make test-colab"]),  # what failed is not recorded
    ],
)
def test_ci_records_each_leg_that_passed(tmp_path, asked, fails, expected):
    """`.ci/run` itself, on programs that only write down how they were called."""
    calls = tmp_path / "calls"
    programs = {
        "bin/make": f'echo "make $1" >> "{calls}"; [ "$1" != "{fails}" ]',
        ".venv/bin/python": f'echo "seen $2" >> "{calls}"',
        "bin/chromium": "exit 1",  # it is there: nothing is to be installed
    }
    for name, does in programs.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(f"#!/bin/sh\n{does}\n")
        (tmp_path / name).chmod(0o755)
    (tmp_path / ".ci").mkdir()
    (tmp_path / ".ci" / "run").write_text(CI_RUN, encoding="utf-8")
    env = os.environ | {"PATH": os.pathsep.join([str(tmp_path / "bin"), os.environ["PATH"]])}
    done = subprocess.run(["bash", str(tmp_path / ".ci" / "run"), *asked], env=env)
    assert calls.read_text().splitlines() == expected
    assert (done.returncode != 0) == bool(fails)
