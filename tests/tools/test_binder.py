"""What Binder will do with this repository, as its own tool plans it, and the parts of the run that does the same."""

import os
import subprocess
import sys

import pytest

from lessons_lib.course import COURSE
from tools import ROOT
from tools.doors import binder, git

BINDER = ROOT / "binder"
REQUIREMENTS = (BINDER / "requirements.txt").read_text(encoding="utf-8")
INSTALL = '${KERNEL_PYTHON_PREFIX}/bin/pip install --no-cache-dir -r "binder/requirements.txt"'
START = 'chmod +x "${REPO_DIR}/binder/start"'
LISTED = "JupyterLab v4.4.9\n        @jupyter-widgets/jupyterlab-manager v5.0.17 {} (python, jupyterlab_widgets)\n"

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Binder's machines run Linux")


def test_plan_installs_the_requirements_and_then_runs_postbuild_and_nothing_else():
    planned = binder.plan(ROOT)
    assert "environment-2epy-2d3-2e11-2dlinux" in planned
    assert binder.commands(planned) == [INSTALL, "chmod +x binder/postBuild", "./binder/postBuild", START]
    assert planned.index(" src/ ${REPO_DIR}/\n") < planned.index(INSTALL)  # so pip finds ../constraints.txt
    assert 'ENV R2D_ENTRYPOINT="${REPO_DIR}/binder/start"\n' in planned
    assert "ENV KERNEL_PYTHON_PREFIX=${NB_PYTHON_PREFIX}\n" in planned  # JupyterLab finds the widgets that pip brings
    base = {line.partition("==")[0] for line in binder.base_of(planned)}
    assert set(binder.BASE) <= base and not {"python", "openssl", "nodejs", "torch"} & base
    assert "-c ../constraints.txt" in REQUIREMENTS.splitlines()


def test_kernels_get_what_start_sets(monkeypatch):
    monkeypatch.chdir(ROOT)
    settings = binder.started()
    assert settings["ATEN_CPU_CAPABILITY"] == "avx2"  # so fp32, see test_machine.py
    assert settings["MALLOC_ARENA_MAX"] == "1" and settings["PATH"] == os.environ["PATH"]


@pytest.fixture
def post_build(tmp_path):
    """What runs postBuild with programs that only do what they are told to, and its home: returns its exit status."""

    def run(**lines: str) -> int:
        for name, line in lines.items():
            (tmp_path / "bin").mkdir(exist_ok=True)
            (tmp_path / "bin" / name).write_text(f"#!/bin/sh\n{line}\n")
            (tmp_path / "bin" / name).chmod(0o755)
        env = binder.image_settings(str(tmp_path), tmp_path) | {"HF_HUB_OFFLINE": "1"}
        return subprocess.run([BINDER / "postBuild"], cwd=ROOT, env=env, capture_output=True).returncode

    return run, tmp_path


def test_postbuild_fetches_what_the_first_lesson_would(post_build):
    run, home = post_build
    asked = 'echo "$PWD" "$@" >> "$HOME/asked"'
    assert run(pip=asked, python=f'{asked}; exec "{sys.executable}" "$@"') == 0
    lines = (home / "asked").read_text().splitlines()
    assert lines == [f"{ROOT} install --no-deps .", f"{ROOT / 'notebooks'}"]  # not where lessons_lib's source is
    assert list(home.rglob("fontlist-*.json"))
    assert list(home.rglob("pairs-train.arrow"))


def test_postbuild_stops_at_the_first_failure(post_build):
    run, home = post_build
    assert run(pip="exit 3", python='touch "$HOME/called"') == 3
    assert not (home / "called").exists()
    assert run(pip="exit 0", python="exit 5") == 5


@pytest.mark.parametrize("name", ["postBuild", "start"])
def test_programs_are_executable_as_git_keeps_them(name):
    assert os.access(BINDER / name, os.X_OK)
    assert not (ROOT / ".git").exists() or git("ls-files", "-s", BINDER / name).startswith("100755")


def test_settings_are_those_of_the_image(tmp_path):
    theirs = {"PATH": "/bin", "HOME": "/root", "MPLCONFIGDIR": "x", "PYTHONPATH": "x", "LESSONS_TASK": "x", "LANG": "C"}
    settings = binder.image_settings("/env", tmp_path, theirs | {"PIP_CONFIG_FILE": "pip.conf"})
    assert settings.pop("PATH").split(os.pathsep) == ["/env/bin", "/bin"]
    home = {"HOME": str(tmp_path), "REPO_DIR": str(tmp_path)}
    pip = {"PIP_CONFIG_FILE": "pip.conf", "PIP_RETRIES": "1"}
    assert settings == home | pip | {"LANG": "C", "KERNEL_PYTHON_PREFIX": "/env"}


@pytest.mark.parametrize("state", ["enabled OK", "\x1b[32menabled\x1b[0m \x1b[32mOK\x1b[0m", "enabled X", "off OK"])
def test_widgets_are_found_in_what_jupyterlab_lists(state):
    assert binder.shows_widgets(LISTED.format(state)) is ("enabled" in state and "OK" in state)
    assert not binder.shows_widgets("JupyterLab v4.4.9\n")


@pytest.mark.parametrize(("memory_mib", "large"), [(1023, 0), (1024, 1)])
def test_kernels_may_hold_so_much(memory_mib, large):
    assert len(binder.too_large([binder.Result("04_a", 1.0, memory_mib, "")])) == large
    assert all(one.binder for one in COURSE.lessons if one.number <= "03")


def test_failing_command_gets_a_sentence(capfd):
    assert binder.run("echo here", "exit 3") == ["exit 3: exit status 3"]
    assert "here\n" in capfd.readouterr().out
