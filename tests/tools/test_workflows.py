"""What GitHub runs: each workflow is one that GitHub accepts, and calls what is there."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tools.doors import ROOT, git, unpack_commit

FOLDER = ROOT / ".github" / "workflows"
WORKFLOWS = {path.stem: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.yml")}
JOBS = {name: yaml.safe_load(text)["jobs"] for name, text in WORKFLOWS.items()}
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
SCHEMAS = ("vendor.github-workflows", "custom.github-workflows-require-timeout")
LIMIT = "    timeout-minutes: 5\n"
GOOD = f"on: push\njobs:\n  test:\n    runs-on: ubuntu-latest\n{LIMIT}    steps:\n      - run: make test\n"

with_bash = pytest.mark.skipif(os.name == "nt", reason="the workflow runs on Linux")


def refused(*files: Path) -> list[str]:
    """Which schemas of check-jsonschema refuse a workflow among `files`; they come with it, no network is asked."""
    command = [sys.executable, "-m", "check_jsonschema", *map(str, files), "--builtin-schema"]
    return [one for one in SCHEMAS if subprocess.run([*command, one], capture_output=True).returncode]


def test_github_accepts_every_one():
    assert refused(*FOLDER.glob("*.yml")) == []


@pytest.mark.parametrize(
    ("text", "schemas"),
    [(GOOD, []), (GOOD.replace("run: make", "name: make"), SCHEMAS[:1]), (GOOD.replace(LIMIT, ""), SCHEMAS[1:])],
)
def test_a_broken_one_is_found(text, schemas, tmp_path):
    (tmp_path / "workflow.yml").write_text(text, encoding="utf-8")
    assert refused(tmp_path / "workflow.yml") == list(schemas)


def test_what_is_called_is_there():
    command = [sys.executable, "-m", "nox", "--list"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    sessions = set(re.findall(r"^[*-] (\w+)", listed, flags=re.MULTILINE))
    targets = set(re.findall(r"^([\w-]+):(?!=)", MAKEFILE, flags=re.MULTILINE))
    door = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    called = "\n".join([*WORKFLOWS.values(), MAKEFILE, door])
    others = {one["session"] for one in JOBS["test"]["others"]["strategy"]["matrix"]["include"]}
    asked = {name for names in re.findall(r"nox (?:--no-venv )?-s ([a-z ]+)$", called, re.M) for name in names.split()}
    assert {"colab", "floor", "binder", "hub", "newcomer"} == others <= sessions
    assert {"lint", "tests"} <= asked <= sessions
    assert set(re.findall(r"(?:run: |exec )make ([a-z]+)", called)) <= targets
    assert set(re.findall(r"[\w-]+==[\d.]+", called)) == set(re.findall(r"[\w-]+==[\d.]+", MAKEFILE))


@pytest.mark.parametrize("name", WORKFLOWS)
def test_it_may_only_read(name):
    """Apart from the one that gives the course its address: that one runs for pushes alone, so never for a stranger."""
    workflow = yaml.safe_load(WORKFLOWS[name])
    assert workflow["permissions"] == {"contents": "write" if name == "address" else "read"}
    assert all("permissions" not in job for job in JOBS[name].values())
    assert name != "address" or list(workflow[True]) == ["push"]  # YAML reads the word `on` as true


def test_every_system_and_every_python_is_tried():
    matrix = JOBS["test"]["test"]["strategy"]["matrix"]
    assert matrix["python"] == ["3.11", "3.12", "3.13"]
    assert matrix["os"] == ["ubuntu-latest", "macos-latest", "windows-latest"]


@with_bash
@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="this is no git repository")
def test_first_push_gives_the_course_its_address(tmp_path):
    here, there = tmp_path / "here", tmp_path / "there.git"
    unpack_commit(here)
    facts = here / "lessons_lib" / "course.toml"
    facts.write_text(re.sub('^repository = "[^"]*"', 'repository = ""', facts.read_text(), flags=re.M))
    program = tmp_path / "python"  # pip has nothing to install here
    program.write_text(f'#!/bin/sh\n[ "$2" = pip ] || exec {sys.executable} "$@"\n')
    program.chmod(0o755)
    git("init", "--quiet", "--bare", there)
    git("-C", here, "init", "--quiet", "--initial-branch=main")
    git("-C", here, "remote", "add", "origin", there)
    git("-C", here, "add", "--all", "--force")
    git("-C", here, "-c", "user.name=a", "-c", "user.email=a@b.c", "commit", "--quiet", "-m", "First")
    looks, writes = [step["run"] for step in JOBS["address"]["address"]["steps"] if "run" in step]
    env = os.environ | {"GITHUB_REPOSITORY": "some/course", "GITHUB_REF": "refs/heads/main"}
    env |= {"PATH": f"{tmp_path}:{os.environ['PATH']}", "GITHUB_OUTPUT": str(tmp_path / "output")}
    for script in (looks, writes, looks):  # the second look finds an address
        subprocess.run(["bash", "-ec", script], cwd=here, env=env, check=True)
    assert (tmp_path / "output").read_text() == "missing=true\n"
    tag = re.search('^tag = "(.+?)"', facts.read_text(), flags=re.M)[1]
    at = [git("-C", folder, "rev-parse", name) for folder, name in ((there, "main"), (there, tag), (here, "HEAD"))]
    assert len(set(at)) == 1 and git("-C", there, "rev-list", "--count", "main") == "2"
    assert 'repository = "some/course"' in git("-C", there, "show", f"{tag}:lessons_lib/course.toml")
