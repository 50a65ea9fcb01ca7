"""What the run on Colab's versions says of an installation, and how git is told where the repository is."""

import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from tools import ROOT
from tools.doors import git, use_kernel
from tools.doors.colab import changes, faults_of, printed_by_pip, publish, served_from
from tools.write_docs.address import GITHUB

SOURCE = "git+https://github.com/course/under-test@abc"
BEFORE = ["huggingface_hub==1.27.0", "numpy==2.1.3", "torch==2.13.0+cpu"]
AFTER = [*BEFORE, "evaluate==0.4.6", f"lessons-lib @ {SOURCE}"]
WELL = "Collecting evaluate>=0.4.6\r\n  Building wheel\r\nSuccessfully installed evaluate-0.4.6 lessons-lib-0.1.0\r\n"
REPLACED = "Successfully installed huggingface_hub-2.4.0 numpy-2.4.6\r\n"


@pytest.mark.parametrize(
    ("after", "lines"),
    [
        (AFTER, []),
        ([*BEFORE[:1], "numpy==2.4.6", *AFTER[2:]], ["- numpy==2.1.3", "+ numpy==2.4.6"]),
        ([*BEFORE[:2], *AFTER[3:]], ["- torch==2.13.0+cpu"]),
        ([*AFTER, "sentence-transformers==6.2.0"], ["+ sentence-transformers==6.2.0"]),
        ([*BEFORE, f"lessons-lib @ {SOURCE}d"], [f"+ lessons-lib @ {SOURCE}d"]),
    ],
)
def test_each_change_is_named_and_the_course_is_none(after, lines):
    assert changes(BEFORE, after, SOURCE) == lines


@pytest.mark.parametrize(
    ("printed", "imported", "there"),
    [
        (WELL, ["numpy", "google.colab", "json"], []),
        (WELL, ["lessons_lib", "numpy"], ["lessons-lib"]),
        *(
            (WELL + start + REPLACED, [], ["huggingface-hub", "numpy"])
            for start in ("", "  ", "\x1b[0m", "\x1b[1A\x1b[2K")
        ),
    ],
)
def test_what_was_there_before_asks_for_a_restart(printed, imported, there):
    faults = [fault for fault in faults_of(printed, BEFORE, imported) if "Colab would ask for a restart" in fault]
    assert [fault.split(",")[0] for fault in faults] == [f"installed {name}" for name in there]


@pytest.mark.parametrize("printed", ["", "ERROR: Could not find a version", "Successfully installed evaluate-0.4.6"])
def test_cell_that_did_not_install_the_course_is_shown(printed):
    assert faults_of(WELL, BEFORE, imported=[]) == []
    [fault] = faults_of(printed, BEFORE, imported=[])
    assert fault.startswith("was to install evaluate and lessons-lib") and (printed or "(nothing)") in fault


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="this is no git repository")
def test_git_fetches_what_was_published(tmp_path):
    """A clone of an address that nobody has, by git itself: the last commit's files under the tag, none before it."""
    course, source = publish(tmp_path / "served")
    settings = os.environ | served_from(tmp_path / "served", course.repository)
    clone = ["git", "clone", "--quiet", "--branch", course.tag, f"{GITHUB}/{course.repository}", tmp_path / "there"]
    subprocess.run(clone, env=settings, check=True, capture_output=True)
    commits = git("-C", tmp_path / "there", "rev-list", "HEAD")
    assert source == f"git+{GITHUB}/{course.repository}@{commits}"
    assert git("-C", tmp_path / "there", "ls-files") == git("ls-tree", "-r", "--name-only", "HEAD")
    assert f"{course.repository}@{course.tag}" in (tmp_path / "there/notebooks/00_start_here.ipynb").read_text("utf-8")


def test_output_of_the_install_cell_alone_is_read(tmp_path):
    cells = [nbformat.v4.new_code_cell(source) for source in ("1 + 1", "%pip install it")]
    for cell, texts in zip(cells, (["elsewhere"], ["Successfully ", "installed it-1.0\n"]), strict=True):
        cell.outputs = [nbformat.v4.new_output("stream", text=text) for text in texts]
    for count, printed in ((1, ""), (2, "Successfully installed it-1.0\n")):
        nbformat.write(nbformat.v4.new_notebook(cells=cells[:count]), tmp_path / "done.ipynb")
        assert printed_by_pip(tmp_path / "done.ipynb") == printed


def test_kernel_comes_before_the_one_of_this_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("JUPYTER_PATH", "")
    use_kernel(Path("/there"), tmp_path / "jupyter", "--option=1")
    code = "from jupyter_client.kernelspec import KernelSpecManager as M; print(*M().get_kernel_spec('python3').argv)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.startswith(str(Path("/there/bin/python"))) and "--option=1" in done.stdout
