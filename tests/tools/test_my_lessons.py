"""The learner's own copies: made, kept up to date, never overwritten."""

import pytest

from tools.my_lessons import sentence, update


@pytest.fixture
def folders(tmp_path):
    """Two lessons, and a folder in which each has been copied once."""
    lessons, mine = tmp_path / "notebooks", tmp_path / "mine"
    lessons.mkdir()
    for name in ("00_a", "01_b"):
        (lessons / f"{name}.ipynb").write_text(name)
    assert update(lessons, mine) == {"added": ["00_a.ipynb", "01_b.ipynb"], "replaced": [], "beside": []}
    return lessons, mine


def texts(mine) -> dict[str, str]:
    return {path.name: path.read_text() for path in mine.glob("*.ipynb")}


def test_nothing_happens_twice_whatever_the_learner_did(folders):
    lessons, mine = folders
    (mine / "00_a.ipynb").write_text("mine")
    assert not any(update(lessons, mine).values())
    assert texts(mine) == {"00_a.ipynb": "mine", "01_b.ipynb": "01_b"}


def test_a_new_version_stands_beside_what_was_changed_and_replaces_what_was_not(folders):
    lessons, mine = folders
    (mine / "00_a.ipynb").write_text("mine")
    for name in ("00_a", "01_b"):
        (lessons / f"{name}.ipynb").write_text("second")
    done = update(lessons, mine)
    assert done == {"added": [], "replaced": ["01_b.ipynb"], "beside": ["00_a_new.ipynb"]}
    assert "beside yours: 00_a_new.ipynb" in sentence(done, "mine")
    assert not any(update(lessons, mine).values())
    (lessons / "00_a.ipynb").write_text("third")
    assert update(lessons, mine)["beside"] == ["00_a_new2.ipynb"]
    expected = {"00_a.ipynb": "mine", "00_a_new.ipynb": "second", "00_a_new2.ipynb": "third", "01_b.ipynb": "second"}
    assert texts(mine) == expected


def test_a_new_lesson_and_one_that_was_deleted_are_added(folders):
    lessons, mine = folders
    (lessons / "02_c.ipynb").write_text("new")
    (mine / "01_b.ipynb").unlink()
    assert update(lessons, mine)["added"] == ["01_b.ipynb", "02_c.ipynb"]


def test_copies_that_nobody_recorded_are_the_learners(folders):
    lessons, mine = folders
    (mine / ".copied.json").unlink()
    (mine / "00_a.ipynb").write_text("mine")
    assert update(lessons, mine)["beside"] == ["00_a_new.ipynb"]
    assert texts(mine)["00_a.ipynb"] == "mine"


def test_a_lesson_that_the_learner_has_already_is_not_added_again(folders):
    lessons, mine = folders
    for folder in folders:
        (folder / "00_a.ipynb").write_text("second")  # pulled by hand
    assert not any(update(lessons, mine).values())
