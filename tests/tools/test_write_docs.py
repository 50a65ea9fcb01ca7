"""What repeats a fact is up to date, and the address of the course is said once."""

import pytest

from tools.write_docs.__main__ import main
from tools.write_docs.address import set_repository
from tools.write_docs.pages import write_all
from tools.write_docs.regions import put

REGION = "# written by make docs: day\nMonday\n# end of day\n"


def test_nothing_is_stale():
    assert write_all(check=True, measured=True) == []


def test_stale_is_named_and_nothing_written(course, monkeypatch):
    monkeypatch.setattr("tools.write_docs.__main__.ROOT", course)
    readme = course / "README.md"
    stale = readme.read_text(encoding="utf-8").replace("Start here", "Begin here")
    readme.write_text(stale, encoding="utf-8")
    with pytest.raises(SystemExit, match=r"Stale: README\.md\. Run `make docs`"):
        main(["--check"])
    assert readme.read_text(encoding="utf-8") == stale


def test_an_address_reaches_every_badge_and_install_cell(course):
    set_repository(course, "zz-owner/their-course")
    changed = {path.relative_to(course).as_posix() for path in write_all(course)}
    lessons = sorted((course / "notebooks").glob("*.ipynb"))
    assert changed == {"README.md", *(f"notebooks/{path.name}" for path in lessons)}
    for path in lessons:
        text = path.read_text(encoding="utf-8")
        assert text.count("zz-owner/their-course") == 3  # two badges, one install cell
        assert f"/notebooks/{path.name}" in text
    readme = (course / "README.md").read_text(encoding="utf-8")
    assert "git clone https://github.com/zz-owner/their-course.git" in readme
    assert "no address" not in readme and readme.count("00_start_here.ipynb)") >= 3
    set_repository(course, "another/one")
    write_all(course)
    assert "zz-owner" not in "".join(path.read_text(encoding="utf-8") for path in [*lessons, course / "README.md"])


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
