"""What GitHub runs: each workflow is one that GitHub accepts, and calls what is there."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tools import ROOT
from tools.doors import git, unpack_commit

FILES = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
WORKFLOWS = {path.stem: yaml.safe_load(path.read_text(encoding="utf-8")) for path in FILES}
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")


@pytest.mark.parametrize("schema", ["vendor.github-workflows", "custom.github-workflows-require-timeout"])
def test_github_accepts_every_one(schema):
    """By the schemas that come with check-jsonschema: no network is asked."""
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, *map(str, FILES)]
    subprocess.run(command, check=True)


def test_what_is_called_is_there():
    command = [sys.executable, "-m", "nox", "--list"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    sessions = set(re.findall(r"^[*-] (\w+)", listed, flags=re.MULTILINE))
    targets = set(re.findall(r"^([\w-]+):(?!=)", MAKEFILE, flags=re.MULTILINE))
    called = "\n".join(path.read_text(encoding="utf-8") for path in (*FILES, ROOT / "Makefile", ROOT / ".ci" / "run"))
    others = {one["session"] for one in WORKFLOWS["test"]["jobs"]["others"]["strategy"]["matrix"]["include"]}
    asked = {name for names in re.findall(r"nox (?:--no-venv )?-s ([a-z ]+)$", called, re.M) for name in names.split()}
    assert {"colab", "floor", "binder", "hub", "newcomer"} == others <= sessions
    assert {"lint", "tests"} <= asked <= sessions
    assert set(re.findall(r"(?:run: |exec )make ([a-z]+)", called)) <= targets
    assert set(re.findall(r"[\w-]+==[\d.]+", called)) == set(re.findall(r"[\w-]+==[\d.]+", MAKEFILE))


@pytest.mark.parametrize("name", WORKFLOWS)
def test_it_may_only_read(name):
    """Apart from the one that gives the course its address, and the job that publishes: never for a stranger's push."""
    workflow = WORKFLOWS[name]
    assert workflow["permissions"] == {"contents": "write" if name == "address" else "read"}
    more = {job: one["permissions"] for job, one in workflow["jobs"].items() if "permissions" in one}
    assert more == ({"publish": {"pages": "write", "id-token": "write"}} if name == "book" else {})
    assert name != "address" or list(workflow[True]) == ["push"]  # YAML reads the word `on` as true


def test_the_book_is_published_after_a_green_push_to_main_alone():
    book = WORKFLOWS["book"]
    assert book[True] == {"workflow_run": {"workflows": ["test"], "types": ["completed"], "branches": ["main"]}}
    asked = book["jobs"]["render"]["if"]
    assert "workflow_run.conclusion == 'success'" in asked and "workflow_run.event == 'push'" in asked
    assert book["jobs"]["publish"]["needs"] == "render" and WORKFLOWS["test"]["name"] == "test"


def test_every_system_and_every_python_is_tried():
    matrix = WORKFLOWS["test"]["jobs"]["test"]["strategy"]["matrix"]
    assert matrix["python"] == ["3.11", "3.12", "3.13"]
    assert matrix["os"] == ["ubuntu-latest", "macos-latest", "windows-latest"]


@pytest.mark.skipif(os.name == "nt" or not (ROOT / ".git").exists(), reason="the workflow runs on Linux, on a push")
def test_first_push_gives_the_course_its_address(tmp_path):
    here, there = tmp_path / "here", tmp_path / "there.git"
    unpack_commit(here)
    facts = here / "lessons_lib" / "course.toml"
    facts.write_text(re.sub('^repository = "[^"]*"', 'repository = ""', facts.read_text(), flags=re.M))
    git("init", "--quiet", "--bare", there)
    git("-C", here, "init", "--quiet", "--initial-branch=main")
    git("-C", here, "remote", "add", "origin", there)
    git("-C", here, "add", "--all", "--force")
    git("-C", here, "-c", "user.name=a", "-c", "user.email=a@b.c", "commit", "--quiet", "-m", "First")
    [script] = [step["run"] for step in WORKFLOWS["address"]["jobs"]["address"]["steps"] if "run" in step]
    env = os.environ | {"GITHUB_REPOSITORY": "some/course", "GITHUB_REF": "refs/heads/main"}
    env |= {"PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])}
    script = re.sub("python -m pip install .*", "", script)  # it is installed here
    for _ in range(2):  # the second finds an address, and does nothing
        subprocess.run(["bash", "-ec", script], cwd=here, env=env, check=True)
    tag = re.search('^tag = "(.+?)"', facts.read_text(), flags=re.M)[1]
    at = [git("-C", folder, "rev-parse", name) for folder, name in ((there, "main"), (there, tag), (here, "HEAD"))]
    assert len(set(at)) == 1 and git("-C", there, "rev-list", "--count", "main") == "2"
    assert 'repository = "some/course"' in git("-C", there, "show", f"{tag}:lessons_lib/course.toml")
