"""The oldest versions that pyproject.toml allows: found in its text, and among what pip offers."""

import doctest
from pathlib import Path

import pytest
import run_floor
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]

LISTED = "psutil (7.2.2)\nAvailable versions: 7.2.2, 5.10.0, 5.9.1, 5.9.0, 5.8.0\n  LATEST: 7.2.2\n"
TORCH = "torch (2.13.0)\nAvailable versions: 2.13.0+cpu, 2.13.0, 2.12.0+cpu, 2.12.0, 2.11.0, 2.10.0+cpu\n"


def test_examples():
    assert doctest.testmod(run_floor) == (0, 4)


def test_bounds_of_a_pyproject():
    text = '[project]\ndependencies = ["numpy", "ipywidgets>=7.7.1,<9", "torch>=2.11", "tqdm<5"]'
    assert {one.name: run_floor.floor(one) for one in run_floor.bounded(text)} == {
        "ipywidgets": "7.7.1",
        "torch": "2.11",
    }


def test_bounds_of_the_course():
    found = run_floor.bounded((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert {"transformers", "datasets", "torch"} <= {one.name for one in found}


@pytest.mark.parametrize(
    ("requirement", "listed", "expected"),
    [
        ("psutil>=5.9", LISTED, ["5.9.0", "5.9.1", "5.10.0", "7.2.2"]),  # by number: 5.10 comes after 5.9
        ("psutil>=5.9,<7", LISTED, ["5.9.0", "5.9.1", "5.10.0"]),
        ("psutil>=8", LISTED, []),
        ("psutil>=5.9", "ERROR: No matching distribution found\n", []),
        ("torch>=2.11", TORCH, ["2.12.0+cpu", "2.13.0+cpu"]),  # CPU builds, where there are any
    ],
)
def test_candidates_come_oldest_first(requirement, listed, expected):
    assert run_floor.candidates(Requirement(requirement), listed) == expected


def pip_says(monkeypatch, listed: str, wheels: set[str]) -> None:
    monkeypatch.setattr(run_floor, "versions_of", lambda name: listed)
    monkeypatch.setattr(run_floor, "has_wheel", lambda pinned: pinned in wheels)


def test_next_version_where_the_bound_has_no_wheel(monkeypatch):
    pip_says(monkeypatch, LISTED, {"psutil==5.9.1", "psutil==7.2.2"})
    assert run_floor.oldest(Requirement("psutil>=5.9")) == "psutil==5.9.1"


def test_no_wheel_at_all_ends_with_a_sentence(monkeypatch):
    pip_says(monkeypatch, LISTED, set())
    with pytest.raises(SystemExit, match=r"no wheel of psutil>=5\.9 for Python 3"):
        run_floor.oldest(Requirement("psutil>=5.9"))


def test_torch_of_ones_own_is_taken_as_it_is(monkeypatch):
    pip_says(monkeypatch, LISTED, {"psutil==5.9.0"})
    first, second = run_floor.recipe([Requirement("psutil>=5.9"), Requirement("torch>=2.11")], torch="2.13.0")
    assert first[:2] == ["psutil==5.9.0", "torch==2.13.0"]
    assert second[0] == "--no-deps" and second[-1] == str(ROOT)


def test_table_says_what_is_not_the_bound():
    needed = [Requirement("scikit_learn>=1.5"), Requirement("torch>=2.11"), Requirement("psutil>=5.9")]
    found = {"scikit-learn": "1.5.0", "torch": "2.11.0+cpu", "psutil": "5.9.1"}
    lines = run_floor.floor_table(needed, found).splitlines()
    assert [line.endswith("newer than the bound") for line in lines] == [False, False, True]
