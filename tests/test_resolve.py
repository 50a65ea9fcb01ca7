"""What pip would install for each Python that the course names was recorded for what is asked of it now."""

import doctest
import json
import sys
from pathlib import Path

import pytest
import resolve
from installs import read_versions
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]

RECORD = json.loads(resolve.RECORD.read_text(encoding="utf-8"))["resolved"]
RENEW = "docs/resolved.json is of other requirements: renew it with `make resolve`"
each_list = pytest.mark.parametrize("name", resolve.asked())


def test_examples():
    assert doctest.testmod(resolve) == (0, 1)


@each_list
def test_record_is_of_what_is_asked_now(name):
    python, wanted, constraints = resolve.asked()[name]
    found = RECORD.get(name, {})
    assert (found.get("python"), found.get("asked")) == (f"{python}.0", wanted), RENEW
    pinned = read_versions((ROOT / constraints).read_text(encoding="utf-8")) if constraints else {}
    other = {one: text for one, text in found["packages"].items() if one in pinned and text != pinned[one]}
    assert other == {}, RENEW


@each_list
def test_every_requirement_was_met(name):
    packages = RECORD[name]["packages"]
    for wanted in map(Requirement, resolve.asked()[name][1]):
        assert wanted.specifier.contains(packages[canonicalize_name(wanted.name)]), RENEW


@pytest.mark.parametrize("python", resolve.PYTHONS)
def test_constraints_name_all_but_what_a_gpu_needs(python):
    """Else two installs on two days would differ. Names with nvidia, cuda or triton come with torch for GPUs."""
    pinned = read_versions((ROOT / resolve.CONSTRAINTS).read_text(encoding="utf-8"))
    free = [one for one in RECORD[f"the course on Python {python}"]["packages"] if one not in pinned]
    assert [one for one in free if not one.startswith(("nvidia-", "cuda-", "triton"))] == []


def test_nothing_is_recorded_that_is_asked_no_longer():
    assert set(RECORD) == set(resolve.asked()), RENEW


def test_markers_are_those_of_that_python_where_the_machine_has_it(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert resolve.interpreter("3.99") == sys.executable
    program = tmp_path / "python3.99"
    program.write_text("#!/bin/sh\nexit 0\n")
    program.chmod(0o755)
    monkeypatch.setattr(resolve.shutil, "which", lambda name: str(program) if name == program.name else None)
    if sys.platform != "win32":
        assert resolve.interpreter("3.99") == str(program)
        program.write_text("#!/bin/sh\nexit 127\n")  # as pyenv's does for a Python that is not chosen
        assert resolve.interpreter("3.99") == sys.executable


def test_no_answer_ends_with_a_sentence_and_no_record(tmp_path, monkeypatch):
    monkeypatch.setattr(resolve, "RECORD", tmp_path / "resolved.json")
    nothing = {"PIP_NO_INDEX": "1"}
    monkeypatch.setattr(resolve.os, "environ", {**resolve.os.environ, **nothing})
    with pytest.raises(SystemExit, match=r"pip finds no set of wheels for Python 3\.11\.0"):
        resolve.main()
    assert not (tmp_path / "resolved.json").exists()
