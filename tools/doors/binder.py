"""Runs the lessons as Binder does: what repo2docker plans for this repository is done here, without Docker.

`nox -s binder` makes the environment and starts this. The plan's commands run as they are written, on the files of the
last commit, in a folder that is the home folder too, as it is in the image. What an image has before, repo2docker takes
from conda: here pip brings JupyterLab and the kernel in the same versions.

Fails where a command or a lesson fails, where versions do not fit together, where JupyterLab would show no widgets, or
where a kernel holds more memory than it may. Executed lessons and HTML land in build/binder.
"""

import contextlib
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from importlib.util import find_spec
from pathlib import Path

from lessons_lib.course import COURSE
from tools import ROOT
from tools.doors import unpack_commit, use_kernel
from tools.run_lessons import Result, find_lessons, report, run_all

BUILD = ROOT / "build" / "binder"
BASE = ("ipykernel", "ipywidgets", "jupyterlab", "notebook", "pip")  # of an image's own packages, what a lesson meets
MOST = 1024  # MiB that a kernel stays below: Binder gives a learner one or two GiB
OWN = ("HF_", "IPYTHONDIR", "JUPYTER_", "LESSONS_", "MPL", "OMP_", "PYTHON", "VIRTUAL_ENV", "XDG_")  # a developer's


def plan(repository: Path) -> str:
    """Return the Dockerfile by which repo2docker would build `repository`; it needs no Docker for that."""
    command = [sys.executable, "-m", "repo2docker", "--no-build", "."]
    return subprocess.run(command, cwd=repository, check=True, stdout=subprocess.PIPE, text=True).stdout


def commands(planned: str) -> list[str]:
    """Return what a Dockerfile runs as the learner: what the repository asks for, without repo2docker's own steps.

    >>> commands("USER root\\nRUN apt-get update\\nUSER ${NB_USER}\\nRUN ./binder/postBuild")
    ['./binder/postBuild']
    """
    asked, user = [], ""
    for line in planned.splitlines():
        word, _, rest = line.partition(" ")
        user = rest if word == "USER" else user
        asked += [rest] if word == "RUN" and user == "${NB_USER}" else []
    return asked


def base_of(planned: str) -> list[str]:
    """Return the Python packages, with versions, that the image has before: read from the lock file that is `planned`.

    The plan writes the signs in that file's name, such as `environment.py-3.11-linux-64.lock`, as `-2e`. In it, what is
    built for Python has a build that begins with `py`.
    """
    python = re.search(r"environment-2epy-2d(\S+?)-2dlinux", planned)[1].replace("-2e", ".")
    [folder] = find_spec("repo2docker").submodule_search_locations
    lock = Path(folder, "buildpacks", "conda", f"environment.py-{python}-linux-64.lock").read_text(encoding="utf-8")
    parts = re.findall(r"^https://\S+/(\S+)-([^-\s]+)-py[^-\s]*\.(?:conda|tar\.bz2)", lock, flags=re.MULTILINE)
    return [f"{name}=={version}" for name, version in parts]


def image_settings(environment: str, home: Path, settings: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return `settings` as they are in the image: its folders, its programs first, and nothing of a developer's."""
    return {name: value for name, value in settings.items() if not name.startswith(OWN)} | {
        "HOME": str(home),
        "KERNEL_PYTHON_PREFIX": environment,
        "REPO_DIR": str(home),
        "PIP_RETRIES": "1",  # an index that does not answer is asked for each package
        "PATH": os.pathsep.join([f"{environment}/bin", settings["PATH"]]),
        "PIP_CONFIG_FILE": settings.get("PIP_CONFIG_FILE", str(Path.home() / ".config" / "pip" / "pip.conf")),
    }


def run(*lines: str) -> list[str]:
    """Run each of `lines` in bash, and print it and its output; return a sentence for each that failed."""
    faults = []
    for command in lines:
        print(f"\n$ {command}", flush=True)
        if status := subprocess.run(["bash", "-c", command]).returncode:
            faults.append(f"{command}: exit status {status}")
    return faults


def make_image(planned: str, place: Path) -> list[str]:
    """Do what was `planned` for the repository in the current folder; return a sentence for each fault."""
    base = place / "base.txt"
    base.write_text("\n".join(base_of(planned)), encoding="utf-8")
    before = f'test -e "$KERNEL_PYTHON_PREFIX/bin/jupyter-lab" || pip install --quiet -c {base} {" ".join(BASE)}'
    faults = run(before, *commands(planned), "pip check")
    done = subprocess.run(["jupyter", "labextension", "list"], capture_output=True, text=True)
    listed = done.stdout + done.stderr
    return faults if shows_widgets(listed) else [*faults, f"JupyterLab would show no widgets:\n{listed}"]


def shows_widgets(listed: str) -> bool:
    """Return whether JupyterLab shows widgets, from what `jupyter labextension list` printed."""
    plain = re.sub(r"\x1b\[\d*m", "", listed)
    return bool(re.search(r"@jupyter-widgets/jupyterlab-manager v\S+ enabled +OK", plain))


def started() -> dict[str, str]:
    """Return the settings that a kernel gets from the program that starts JupyterLab."""
    listed = subprocess.run(["binder/start", "env", "-0"], check=True, stdout=subprocess.PIPE, text=True).stdout
    return dict(line.split("=", 1) for line in listed.split("\0") if line)


def too_large(results: Iterable[Result]) -> list[str]:
    """Return a sentence for each lesson whose kernel held more memory than it may."""
    large = [one for one in results if one.memory_mib >= MOST]
    return [f"{one.name}: {one.memory_mib:,} MiB, and it may hold less than {MOST:,}" for one in large]


def main(environment: str, number: str = "") -> int:
    """Run the lesson called `number`, or all that Binder is promised for; return the exit status."""
    promised = {one.slug for one in COURSE.lessons if one.binder}
    with tempfile.TemporaryDirectory() as temporary:
        place = Path(temporary).resolve()
        repository = place / "repository"
        unpack_commit(repository)
        paths = [path for path in find_lessons(repository / "notebooks", number) if number or path.stem in promised]
        planned = plan(repository)
        settings = image_settings(environment, repository)
        os.environ.clear()
        os.environ.update(settings)
        with contextlib.chdir(repository):
            faults = make_image(planned, place)
            os.environ |= {**started(), "HF_HUB_OFFLINE": "1"}
            use_kernel(Path(environment), place / "jupyter")
            results = run_all(paths, BUILD)
    well = "As on Binder: nothing failed, and no kernel held too much."
    return report(results, BUILD, faults + too_large(results), well)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
