"""What repeats a fact is up to date, and the address of the course is said once."""

import shutil

import pytest

from tools.write_docs import ROOT, set_repository, write_all
from tools.write_docs.__main__ import main
from tools.write_docs.regions import put

PARTS = ("README.md", "pyproject.toml", "constraints.txt", "binder", "docs", "lessons_lib", "notebooks")
REGION = "# written by make docs: day\nMonday\n# end of day\n"


@pytest.fixture
def course(tmp_path):
    """A copy of everything that repeats a fact."""
    for name in PARTS:
        ignored = shutil.ignore_patterns("__pycache__", "trainer_output", ".*")
        (shutil.copytree if (ROOT / name).is_dir() else shutil.copy)(
            ROOT / name, tmp_path / name, **({"ignore": ignored} if (ROOT / name).is_dir() else {})
        )
    return tmp_path


def test_nothing_is_stale():
    assert write_all(check=True, measured=True) == []


def test_stale_is_named_and_nothing_written(course, monkeypatch, capsys):
    monkeypatch.setattr("tools.write_docs.__main__.ROOT", course)
    readme = course / "README.md"
    stale = readme.read_text(encoding="utf-8").replace("Start here", "Begin here")
    readme.write_text(stale, encoding="utf-8")
    assert main(["--check"]) == 1
    assert "Stale: README.md. Run `make docs`" in capsys.readouterr().err
    assert readme.read_text(encoding="utf-8") == stale


def test_an_address_reaches_every_badge_and_install_cell(course):
    set_repository(course, "someone/their-course")
    changed = {path.relative_to(course).as_posix() for path in write_all(course)}
    lessons = sorted((course / "notebooks").glob("*.ipynb"))
    assert changed == {"README.md", *(f"notebooks/{path.name}" for path in lessons)}
    for path in lessons:
        text = path.read_text(encoding="utf-8")
        assert text.count("someone/their-course") == 3  # two badges, one install cell
        assert f"/notebooks/{path.name}" in text
    readme = (course / "README.md").read_text(encoding="utf-8")
    assert "git clone https://github.com/someone/their-course.git" in readme
    assert "no address" not in readme and readme.count("00_start_here.ipynb)") >= 3
    set_repository(course, "another/one")
    write_all(course)
    assert "someone" not in "".join(path.read_text(encoding="utf-8") for path in [*lessons, course / "README.md"])


def test_without_an_address_the_reader_is_told_what_to_do():
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        text = path.read_text(encoding="utf-8")
        assert "OWNER" not in text
        assert "has no address on GitHub yet" in text or "colab-badge.svg" in text


@pytest.mark.parametrize("repository", ["name", "", "a/b/c", "https://github.com/a/b"])
def test_half_an_address_is_refused(repository, course):
    before = (course / "lessons_lib" / "course.toml").read_text(encoding="utf-8")
    with pytest.raises(ValueError, match="write owner/name"):
        set_repository(course, repository)
    assert (course / "lessons_lib" / "course.toml").read_text(encoding="utf-8") == before


@pytest.mark.parametrize("text", ["", REGION * 2, REGION.replace("# end of day", "")])
def test_a_region_that_is_not_there_once_is_named(text):
    with pytest.raises(ValueError, match="'written by make docs: day' and 'end of day'"):
        put(text, "day", "Tuesday")
    assert put(REGION, "day", "Tuesday") == REGION.replace("Monday", "Tuesday")
