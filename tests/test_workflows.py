"""What GitHub runs: each workflow is one that GitHub accepts, and calls what is there."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import versions_seen
import yaml

ROOT = Path(__file__).parents[1]

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
SCHEMAS = ("vendor.github-workflows", "custom.github-workflows-require-timeout")
GOOD = """
on: push
jobs:
  test:
    runs-on: ubuntu-latest
    timeout-minutes: 5
    steps:
      - run: make test
"""
BROKEN = {
    "no machine": (GOOD.replace("    runs-on: ubuntu-latest\n", ""), SCHEMAS[0]),
    "a step that does nothing": (GOOD.replace("run: make", "name: make"), SCHEMAS[0]),
    "an event that GitHub does not know": (GOOD.replace("push", "pushed"), SCHEMAS[0]),
    "no limit": (GOOD.replace("    timeout-minutes: 5\n", ""), SCHEMAS[1]),
}

each_workflow = pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)


def check(schema: str, *paths: Path) -> subprocess.CompletedProcess:
    """Hold the workflows at `paths` against a schema that comes with check-jsonschema; no network is asked."""
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, *map(str, paths)]
    return subprocess.run(command, capture_output=True, text=True)


def jobs(path: Path) -> dict[str, dict]:
    return yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"]


def commands(path: Path) -> str:
    return "\n".join(step.get("run", "") for job in jobs(path).values() for step in job["steps"])


@pytest.mark.parametrize("schema", SCHEMAS)
def test_github_accepts_every_one(schema):
    assert WORKFLOWS
    done = check(schema, *WORKFLOWS)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("schema", SCHEMAS)
def test_a_good_one_is_accepted(schema, tmp_path):
    (tmp_path / "workflow.yml").write_text(GOOD, encoding="utf-8")
    assert check(schema, tmp_path / "workflow.yml").returncode == 0


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_one_is_found(name, tmp_path):
    text, schema = BROKEN[name]
    assert text != GOOD
    (tmp_path / "workflow.yml").write_text(text, encoding="utf-8")
    done = check(schema, tmp_path / "workflow.yml")
    assert done.returncode == 1
    assert "validation errors" in done.stdout


@each_workflow
def test_it_calls_what_is_there(path):
    targets = {name for line in re.findall(r"^([\w -]+):(?!=)", MAKEFILE, flags=re.MULTILINE) for name in line.split()}
    called = set(re.findall(r"(?:\bmake|\.ci/run) ([\w-]+)", commands(path)))
    assert called <= targets
    if ".ci/run" in commands(path):
        assert (ROOT / ".ci" / "run").exists()


@each_workflow
def test_it_runs_the_tests_as_make_does(path):
    for written in re.findall(r"-m (pytest .+)", commands(path)):
        assert written in MAKEFILE
    for pin in re.findall(r"[\w-]+==[\d.]+", commands(path)):
        assert pin in MAKEFILE


@each_workflow
def test_it_may_only_read(path):
    assert yaml.safe_load(path.read_text(encoding="utf-8"))["permissions"] == {"contents": "read"}
    assert all("permissions" not in job for job in jobs(path).values())


def test_what_is_fetched_was_kept():
    """The job that gathers the versions finds each leg's, under the name and in the folder where it was put."""
    found = jobs(ROOT / ".github" / "workflows" / "test.yml")
    steps = [step for job in found.values() for step in job["steps"]]
    [fetched] = [step["with"] for step in steps if "download-artifact" in step.get("uses", "")]
    kept = [step["with"] for step in steps if step.get("with", {}).get("path") == fetched["path"]]
    names = {one["name"] for one in kept if "name" in one}
    legs = {one["leg"] for one in found["others"]["strategy"]["matrix"]["include"]}
    assert {"test", *legs} == set(versions_seen.LEGS)
    assert names == {"versions-test", "versions-${{ matrix.leg }}"}
    assert fetched["pattern"] == "versions-*"


def test_every_system_and_every_python_is_tried():
    matrix = jobs(ROOT / ".github" / "workflows" / "test.yml")["test"]["strategy"]["matrix"]
    assert matrix["python"] == ["3.11", "3.12", "3.13"]
    assert matrix["os"] == ["ubuntu-latest", "macos-latest", "windows-latest"]
