"""The learner's own copies: made, kept up to date, never overwritten."""

import pytest

from tools.my_lessons import sentence, update

CHANGED = {"00_a": "mine"}
NOTHING = {"added": [], "replaced": [], "beside": []}


def write(folder, texts) -> None:
    """Write each text to its lesson; `None` deletes it."""
    for name, text in texts.items():
        path = next(folder.glob(f"{name}.*"), folder / f"{name}.ipynb")
        path.unlink() if text is None else path.write_text(text)


@pytest.mark.parametrize(
    ("course", "learner", "done", "copies"),
    [
        ({}, CHANGED, {}, CHANGED),
        ({"01_b": "second"}, CHANGED, {"replaced": ["01_b.ipynb"]}, CHANGED | {"01_b": "second"}),
        ({"00_a": "second"}, CHANGED, {"beside": ["00_a_new.ipynb"]}, CHANGED | {"00_a_new": "second"}),
        ({"02_c": "new"}, {"01_b": None}, {"added": ["01_b.ipynb", "02_c.ipynb"]}, {"02_c": "new"}),
        ({"00_a": "second"}, {"00_a": "second"}, {}, {"00_a": "second"}),  # pulled by hand
        ({}, CHANGED | {".copied": None}, {"beside": ["00_a_new.ipynb"]}, CHANGED | {"00_a_new": "00_a"}),  # no record
    ],
)
def test_copies_follow_the_course_and_nothing_of_the_learner_is_lost(course, learner, done, copies, tmp_path):
    lessons, mine, both = tmp_path / "notebooks", tmp_path / "mine", {"00_a": "00_a", "01_b": "01_b"}
    lessons.mkdir()
    write(lessons, both)
    assert update(lessons, mine) == NOTHING | {"added": ["00_a.ipynb", "01_b.ipynb"]}
    write(mine, learner)
    write(lessons, course)
    assert update(lessons, mine) == NOTHING | done
    assert update(lessons, mine) == NOTHING
    assert {path.stem: path.read_text() for path in mine.glob("*.ipynb")} == both | copies


def test_versions_beside_are_numbered_and_named(tmp_path):
    lessons, mine = tmp_path / "notebooks", tmp_path / "mine"
    for text, name in (("first", ""), ("second", "00_a_new.ipynb"), ("third", "00_a_new2.ipynb")):
        lessons.mkdir(exist_ok=True)
        write(lessons, {"00_a": text})
        done = update(lessons, mine)
        write(mine, CHANGED)
        assert f"beside yours: {name}" in sentence(done, "mine") if name else done["added"]
    assert (mine / "00_a_new.ipynb").read_text() == "second"
