"""Runs the lessons as Google Colab does: on the versions that Colab brings, beginning with the cell that installs.

`nox -s colab` makes the environment and starts this. Lessons and package are those of the last commit: git is told to
fetch the repository from here, so the install cell runs as it is written. Fails where a lesson fails, where a version
that was there before has changed, or where Colab would ask for a restart. Executed lessons land in build/colab.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Collection
from pathlib import Path

import nbformat
from packaging.utils import canonicalize_name

from lessons_lib.course import Course, read_course
from tools import ROOT
from tools.doors import git, unpack_commit, use_kernel
from tools.run_lessons import find_lessons, report, run_all
from tools.write_docs.address import GITHUB, set_repository
from tools.write_docs.pages import write_all

BUILD = ROOT / "build" / "colab"
ADDRESS = "course/under-test"  # of a course that has none yet
BROUGHT = {"evaluate", "lessons-lib"}  # by the install cell, and nothing else
EXPORT = {"onnx", "onnx-ir", "onnxruntime", "onnxscript"}  # by lesson 09, for its export
AUTHOR = ("-c", "user.name=colab", "-c", "user.email=colab@localhost")


def publish(served: Path) -> tuple[Course, str]:
    """Write the last commit to the new repository `served`; return the course there, and what pip calls its address.

    One commit that carries the course's tag: a CI machine often holds a shallow clone, which git does not serve well.
    A course without an address gets one there, or no lesson could install it.
    """
    unpack_commit(served)
    facts = served / "lessons_lib" / "course.toml"
    if not read_course(facts).repository:
        set_repository(served, ADDRESS)
        write_all(served)
    course = read_course(facts)
    git("init", "--quiet", served)
    git("-C", served, "add", "--all", "--force")
    git("-C", served, *AUTHOR, "commit", "--quiet", "--no-verify", "--no-gpg-sign", "--message", "The last commit here")
    git("-C", served, "update-ref", f"refs/tags/{course.tag}", "HEAD")
    return course, f"git+{GITHUB}/{course.repository}@{git('-C', served, 'rev-parse', 'HEAD')}"


def served_from(folder: Path, repository: str) -> dict[str, str]:
    """Return the settings by which git fetches `repository` from `folder`."""
    key, value = f"url.{folder.as_uri()}.insteadOf", f"{GITHUB}/{repository}"
    return {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": key, "GIT_CONFIG_VALUE_0": value}


def pip(environment: Path, *arguments: str) -> list[str]:
    """Run pip in `environment` and return the lines that it prints."""
    command = [str(environment / "bin" / "python"), "-m", "pip", *arguments]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()


def installed(printed: str) -> set[str]:
    """Return the packages that pip says it has installed, read from what it `printed` as Colab reads it, or stricter.

    Source: google/colab/_pip.py in https://github.com/googlecolab/colabtools.
    """
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", printed)  # pip colours its words, and moves the cursor
    lines = re.findall(r"^\s*Successfully installed (.*)$", plain, flags=re.MULTILINE)
    return {canonicalize_name(one.rpartition("-")[0]) for line in lines for one in line.split()}


def faults_of(printed: str, before: Collection[str], imported: Collection[str]) -> list[str]:
    """Return what is wrong with an install cell that `printed` this; the lines of `before` are those of `pip freeze`.

    Colab asks for a restart where a module of an installed package's name is among those `imported`. A package that was
    there before counts, too: Colab may load it earlier tomorrow than today.
    """
    names = installed(printed)
    there = {canonicalize_name(name) for name in (*(re.split("==| @ ", line)[0] for line in before), *imported)}
    faults = [f"installed {name}, which was there: Colab would ask for a restart" for name in sorted(names & there)]
    if names - EXPORT != BROUGHT:
        faults.append(f"was to install {' and '.join(sorted(BROUGHT))}, and printed:\n{printed or '(nothing)'}")
    return faults


def changes(before: Collection[str], after: Collection[str], source: str) -> list[str]:
    """Return each line of `pip freeze` that went (-) or came (+), but for what the lessons install, from `source`."""
    there = {*before, f"lessons-lib @ {source}"}
    came = [line for line in after if line not in there and line.partition("==")[0] not in BROUGHT | EXPORT]
    return [f"- {line}" for line in before if line not in after] + [f"+ {line}" for line in came]


def printed_by_pip(notebook: Path) -> str:
    """Return what the install cell printed in the executed `notebook`; empty where there is none."""
    cells = nbformat.read(notebook, as_version=4).cells
    outputs = [output for cell in cells if "%pip install" in cell.source for output in cell.get("outputs", [])]
    return "".join(output.get("text", "") for output in outputs)


def main(folder: str, number: str = "") -> int:
    """Run the lesson called `number`, or all, in the environment in `folder`; return the exit status."""
    environment, results, faults, changed = Path(folder), [], [], []
    with tempfile.TemporaryDirectory() as temporary:
        place = Path(temporary)
        imported = place / "imported.json"
        course, source = publish(place / "served")
        paths = find_lessons(shutil.copytree(place / "served" / "notebooks", place / "content"), number)
        use_kernel(environment, place / "jupyter", "--IPKernelApp.extensions=google.colab")
        os.environ |= served_from(place / "served", course.repository)
        os.environ |= {"PYTHONPATH": str(ROOT / "tests" / "colab"), "COLAB_IMPORTED": str(imported)}
        os.environ |= {"HF_HOME": str(place / "huggingface"), "HF_HUB_OFFLINE": "1"}
        for path in paths:  # on Colab each has a machine of its own: what one has installed, the next does not have
            pip(environment, "uninstall", "--yes", "-qq", *BROUGHT, *EXPORT)
            before = pip(environment, "freeze", "--all")
            imported.write_text("[]")
            results += run_all([path], BUILD)
            wrong = faults_of(printed_by_pip(BUILD / path.name), before, json.loads(imported.read_text()))
            faults += [f"{path.stem}: the install cell {fault}" for fault in wrong]
            changed += changes(before, pip(environment, "freeze", "--all"), source)
    if changed:
        shutil.rmtree(environment)  # used again, it would pass the change off as what was there before
    well = "No version changed, and no restart would be asked for."
    return report(results, BUILD, [*changed, *faults], well)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
