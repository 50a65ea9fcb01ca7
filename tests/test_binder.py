"""What Binder will do with this repository, as its own tool plans it, and the parts of the run that does the same."""

import doctest
import os
import shutil
import subprocess
import sys
import tomllib
from importlib.util import find_spec
from pathlib import Path

import binder_plan
import installs
import pytest
import run_binder
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]

BINDER = ROOT / "binder"
REQUIREMENTS = (BINDER / "requirements.txt").read_text(encoding="utf-8")
INSTALL = '${KERNEL_PYTHON_PREFIX}/bin/pip install --no-cache-dir -r "binder/requirements.txt"'
START = 'chmod +x "${REPO_DIR}/binder/start"'
LISTED = "JupyterLab v4.4.9\n        @jupyter-widgets/jupyterlab-manager v5.0.17 {} (python, jupyterlab_widgets)\n"

with_repo2docker = pytest.mark.skipif(
    not find_spec("repo2docker") or os.name == "nt", reason="repo2docker is not here, or this is Windows"
)
with_bash = pytest.mark.skipif(os.name == "nt", reason="Binder's machines run Linux")


def test_examples():
    assert doctest.testmod(binder_plan) == (0, 2)
    assert doctest.testmod(run_binder) == (0, 1)


@pytest.fixture
def repository(tmp_path):
    """The files by which repo2docker decides, to be changed by a test."""
    shutil.copytree(BINDER, tmp_path / "binder")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


@with_repo2docker
def test_plan_installs_the_requirements_and_then_runs_postbuild_and_nothing_else():
    planned = binder_plan.plan(ROOT)
    assert binder_plan.python_of(planned) == "3.11"
    assert binder_plan.commands(planned) == [INSTALL, "chmod +x binder/postBuild", "./binder/postBuild", START]
    assert planned.index(" src/ ${REPO_DIR}/\n") < planned.index(INSTALL)  # so pip finds ../constraints.txt


@with_repo2docker
@with_bash
def test_kernels_get_what_start_sets(monkeypatch):
    monkeypatch.chdir(ROOT)
    found = run_binder.started(binder_plan.plan(ROOT))
    assert found["ATEN_CPU_CAPABILITY"] == "avx2"  # so fp32, see test_machine.py
    assert found["MALLOC_ARENA_MAX"] == "1" and found["PATH"] == os.environ["PATH"]
    assert run_binder.started("FROM buildpack-deps:jammy") == {}


@with_repo2docker
def test_kernel_and_jupyterlab_share_one_environment():
    """So the widgets that pip brings are found by JupyterLab."""
    assert "ENV KERNEL_PYTHON_PREFIX=${NB_PYTHON_PREFIX}\n" in binder_plan.plan(ROOT)


@with_repo2docker
def test_plan_follows_runtime_and_requirements(repository):
    (repository / "binder" / "runtime.txt").write_text("python-3.12\n")
    (repository / "binder" / "requirements.txt").unlink()
    planned = binder_plan.plan(repository)
    assert binder_plan.python_of(planned) == "3.12"
    assert binder_plan.commands(planned) == ["chmod +x binder/postBuild", "./binder/postBuild", START]


@with_repo2docker
def test_without_the_folder_binder_the_package_itself_would_be_installed(repository):
    shutil.rmtree(repository / "binder")
    [command] = binder_plan.commands(binder_plan.plan(repository))
    assert command.endswith("pip install --no-cache-dir .")


@with_repo2docker
def test_image_has_jupyterlab_before_anything_is_installed():
    base = installs.read_versions("\n".join(binder_plan.base_of("3.11")))
    assert set(run_binder.BASE) <= set(base)
    assert not {"python", "openssl", "nodejs", "torch"} & set(base)


def test_requirements_are_those_of_the_course():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needed = [*project["dependencies"], *project["optional-dependencies"]["embedded"]]
    lines = [line for line in REQUIREMENTS.splitlines() if not line.startswith(("#", "-"))]
    listed = [canonicalize_name(Requirement(line).name) for line in lines]
    assert sorted(listed) == sorted(canonicalize_name(Requirement(line).name) for line in needed)


def test_every_version_is_that_of_constraints():
    tested = installs.read_versions((ROOT / "constraints.txt").read_text(encoding="utf-8"))
    lines = [line for line in REQUIREMENTS.splitlines() if not line.startswith(("#", "-"))]
    assert "-c ../constraints.txt" in REQUIREMENTS.splitlines()
    assert {canonicalize_name(Requirement(line).name) for line in lines} <= set(tested)
    assert installs.read_versions(REQUIREMENTS) == {"torch": f"{tested['torch']}+cpu"}


def test_python_is_one_that_the_course_allows():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    name, _, version = (BINDER / "runtime.txt").read_text().strip().partition("-")
    assert name == "python"
    assert Requirement(f"python{project['requires-python']}").specifier.contains(version)


def program(folder: Path, name: str, line: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\n{line}\n")
    (folder / name).chmod(0o755)


@pytest.fixture
def post_build(tmp_path):
    """What runs postBuild with programs that only do what they are told to, and returns its exit status."""
    programs, home = tmp_path / "programs", tmp_path / "home"
    programs.mkdir()
    home.mkdir()

    def run(pip: str, python: str) -> int:
        program(programs, "pip", pip)
        program(programs, "python", python)
        env = run_binder.image_settings(home) | {"HF_HUB_OFFLINE": "1"}
        env["PATH"] = os.pathsep.join([str(programs), os.environ["PATH"]])
        return subprocess.run([BINDER / "postBuild"], cwd=ROOT, env=env, capture_output=True).returncode

    return run, home


@with_bash
def test_postbuild_fetches_what_the_first_lesson_would(post_build):
    run, home = post_build
    asked = 'echo "$PWD" "$@" >> "$HOME/asked"'
    assert run(pip=asked, python=f'{asked}; exec "{sys.executable}" "$@"') == 0
    lines = (home / "asked").read_text().splitlines()
    assert lines == [f"{ROOT} install --no-deps .", f"{ROOT / 'notebooks'}"]  # not where lessons_lib's source is
    assert list(home.rglob("fontlist-*.json"))
    assert list(home.rglob("pairs-train.arrow"))


@with_bash
def test_postbuild_stops_at_the_first_failure(post_build):
    run, home = post_build
    assert run(pip="exit 3", python='touch "$HOME/called"') == 3
    assert not (home / "called").exists()
    assert run(pip="exit 0", python="exit 5") == 5


@with_bash
@pytest.mark.parametrize("name", ["postBuild", "start"])
def test_programs_are_executable_as_git_keeps_them(name):
    assert os.access(BINDER / name, os.X_OK)
    if (ROOT / ".git").exists():
        listed = subprocess.run(["git", "ls-files", "-s", BINDER / name], cwd=ROOT, capture_output=True)
        assert listed.stdout.startswith(b"100755")


def test_copy_is_what_git_would_take(tmp_path):
    source, target = tmp_path / "source", tmp_path / "target"
    source.mkdir()
    subprocess.run(["git", "init", "--quiet", source], check=True)
    for name in ("kept", "gone", "ignored", "with ü and space"):
        (source / name).write_text(name)
    (source / ".gitignore").write_text("ignored\n")
    (source / "kept").chmod(0o755)
    subprocess.run(["git", "-C", source, "add", "kept", "gone"], check=True)
    (source / "gone").unlink()
    run_binder.copy_tree(source, target)
    assert {path.name for path in target.iterdir()} == {"kept", "with ü and space", ".gitignore"}
    assert (target / "kept").stat().st_mode == (source / "kept").stat().st_mode


def test_settings_are_those_of_the_image(tmp_path):
    theirs = {"PATH": "/bin", "HOME": "/root", "MPLCONFIGDIR": "x", "PYTHONPATH": "x", "LESSONS_TASK": "x", "LANG": "C"}
    found = run_binder.image_settings(tmp_path, theirs)
    assert found.pop("PATH").split(os.pathsep) == [str(run_binder.FOLDER / "bin"), "/bin"]
    assert found == {
        "HOME": str(tmp_path),
        "REPO_DIR": str(tmp_path),
        "LANG": "C",
        "KERNEL_PYTHON_PREFIX": str(run_binder.FOLDER),
    }


@pytest.mark.parametrize("there", [True, False])
def test_index_that_does_not_answer_is_left_out(there, monkeypatch, capsys):
    monkeypatch.setattr(binder_plan, "answers", lambda index: there)
    expected = [line for line in REQUIREMENTS.splitlines() if there or not line.startswith("--extra-index-url")]
    assert binder_plan.reachable(REQUIREMENTS).splitlines() == expected
    assert ("does not answer" in capsys.readouterr().out) is not there


def test_no_index_answers_where_nobody_listens(monkeypatch):
    monkeypatch.setenv("no_proxy", "*")
    assert not binder_plan.answers("http://127.0.0.1:9/simple")


@pytest.mark.parametrize(
    ("listed", "expected"),
    [
        (LISTED.format("enabled OK"), True),
        (LISTED.format("\x1b[32menabled\x1b[0m \x1b[32mOK\x1b[0m"), True),
        (LISTED.format("enabled X"), False),
        (LISTED.format("disabled OK"), False),
        ("JupyterLab v4.4.9\n", False),
    ],
)
def test_widgets_are_found_in_what_jupyterlab_lists(listed, expected):
    assert binder_plan.shows_widgets(listed) is expected


@pytest.mark.parametrize(
    ("name", "memory_mib", "large"),
    [("00_a", 1023, 0), ("03_a", 1024, 1), ("04_a", 1024, 0), ("04_a", 1535, 0), ("05_a", 1536, 1)],
)
def test_kernels_may_hold_so_much(name, memory_mib, large):
    assert len(run_binder.too_large([run_binder.Result(name, 1.0, memory_mib, "")])) == large


@with_bash
def test_failing_command_gets_a_sentence(capfd):
    assert run_binder.run("echo here") == []
    assert run_binder.run("exit 3") == ["exit 3: exit status 3"]
    assert "here\n" in capfd.readouterr().out
