"""Lessons in the `hub` profile and in 16 bits, as on a GPU, from end to end, against the Hub on loopback.

`make test` takes one that trains nothing; `pytest -m "slow or not slow" tests/notebooks/test_hub_profile.py` takes all.
"""

import shutil
from pathlib import Path

import nbformat
import pytest
from hub_content import DECODERS, PINNED
from hub_stand_in import settings

from lessons_lib.sources import HUB
from tools.run_lessons import run_lesson
from tools.try_others.datasets import DATASETS


def lessons(quick: str, count: int | None = None) -> list:
    """Return the first `count` lessons, of which `make test` takes the one whose number is `quick`."""
    paths = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))[:count]
    marks = {path: [] if path.stem.startswith(quick) else pytest.mark.slow for path in paths}
    return [pytest.param(path, id=path.stem, marks=marks[path]) for path in paths]


# what each kernel executes first; bf16 is emulated where it is not true
BF16 = "from lessons_lib import machine\n\nmachine.cpu_has_bf16 = lambda: True\n"
CARD = (
    "precision   bf16",
    "hub (asked for by LESSONS_PROFILE)",
    f"{HUB.checkpoint} at {HUB.revision[:7]}",
    f"{HUB.dataset} at {HUB.dataset_revision[:7]}, task {HUB.task}",
)


@pytest.fixture(scope="module")
def learner(hub, tmp_path_factory):
    """The environment of a learner: one cache for all lessons, and kernels that compute in 16 bits."""
    startup = tmp_path_factory.mktemp("ipython") / "profile_default" / "startup"
    startup.mkdir(parents=True)
    (startup / "bf16.py").write_text(BF16)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in settings(hub, tmp_path_factory.mktemp("home")).items():
            patch.setenv(name, value)
        patch.setenv("IPYTHONDIR", str(startup.parents[1]))
        yield


@pytest.mark.parametrize("path", lessons(quick="03"))
def test_lesson_runs_in_the_hub_profile(path, learner, hub, tmp_path):
    error = run_lesson(Path(shutil.copy(path, tmp_path)), tmp_path).error
    assert not error, error
    executed = nbformat.read(tmp_path / path.name, as_version=4)
    outputs = [output for cell in executed.cells for output in cell.get("outputs", [])]
    printed = "".join(output.text for output in outputs if output.output_type == "stream")
    assert all(row in printed for row in CARD), printed
    assert "Traceback" not in printed and "error" not in {output.output_type for output in outputs}
    pinned = PINNED | DECODERS
    asked = {(one.repository, one.revision) for one in hub.seen if one.repository in pinned and one.revision}
    assert asked and asked <= set(pinned.items())


@pytest.mark.parametrize("path", lessons(quick="05", count=8))
def test_lesson_runs_there_with_a_dataset_of_ones_own(path, learner, tmp_path, monkeypatch):
    (tmp_path / "mine").mkdir()
    DATASETS["csv"](tmp_path / "mine")  # labels 0 and 1, and nobody says what they mean
    monkeypatch.setenv("LESSONS_DATASET", str(tmp_path / "mine"))
    error = run_lesson(Path(shutil.copy(path, tmp_path)), tmp_path).error
    assert not error, error
    printed = (tmp_path / path.with_suffix(".html").name).read_text(encoding="utf-8")
    assert f"{HUB.checkpoint} at {HUB.revision[:7]}" in printed and "did not give" not in printed
