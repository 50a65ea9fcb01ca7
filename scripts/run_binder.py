"""Runs the lessons as Binder does: what repo2docker plans for this repository is done here, without Docker.

    python scripts/run_binder.py       lessons 00 to 05
    python scripts/run_binder.py 06    one

The plan's commands run as they are written, on a copy of the working tree (all that `git add --all` would take), which
is the home folder too, as it is in the image. What an image has before, repo2docker takes from conda: here pip brings
JupyterLab and the kernel in the same versions. Where the index of torch's CPU builds does not answer, its line is left
out, or pip would ask five times for each package; then pip must find that torch elsewhere.
The environment stands in .cache/binder and is used again while what it is made from stays as it is.

Fails where a command or a lesson fails, where versions do not fit together, where JupyterLab would show no widgets, or
where a kernel holds more memory than it may. Executed lessons and HTML land in build/binder.
"""

import contextlib
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from binder_plan import base_of, commands, plan, python_of, reachable, shows_widgets
from environments import CACHE, ROOT, build, kept, key_of, make_kernel
from run_lessons import Result, clear, find_lessons, run_all, table

FOLDER = CACHE / "binder"
BUILD = ROOT / "build" / "binder"
REQUIREMENTS = Path("binder", "requirements.txt")
BASE = ("ipykernel", "ipywidgets", "jupyterlab", "notebook", "pip")  # of an image's own packages, what a lesson meets
PIP = "${KERNEL_PYTHON_PREFIX}/bin/pip install "
LAST = "05"  # the last lesson that Binder is promised for
LIGHT, MOST = 1024, 1536  # MiB: lessons 00 to 03 stay below the first, all others below the second
OWN = ("HF_", "IPYTHONDIR", "JUPYTER_", "LESSONS_", "MPL", "OMP_", "PYTHON", "VIRTUAL_ENV", "XDG_")  # a developer's


def copy_tree(source: Path, target: Path) -> None:
    """Copy to `target` those files of the git repository `source` that are committed, or would be by `git add`."""
    command = ["git", "-C", str(source), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    for name in filter(None, listed.split("\0")):
        if (source / name).is_file():  # one that is deleted and not yet committed is listed too
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source / name, target / name)


def image_settings(home: Path, settings: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return `settings` as they are in the image: its folders, its programs first, and nothing of a developer's."""
    return {name: value for name, value in settings.items() if not name.startswith(OWN)} | {
        "HOME": str(home),
        "KERNEL_PYTHON_PREFIX": str(FOLDER),
        "REPO_DIR": str(home),
        "PATH": os.pathsep.join([str(FOLDER / "bin"), settings["PATH"]]),
    }


def install(steps: Sequence[Sequence[str]], base: Sequence[str], place: Path) -> None:
    """Give each of `steps` to pip in the environment in `FOLDER`, on top of `BASE` in the versions of `base`."""
    REQUIREMENTS.write_text(reachable(REQUIREMENTS.read_text(encoding="utf-8")), encoding="utf-8")
    constraints = place / "base.txt"
    constraints.write_text("\n".join(base), encoding="utf-8")
    key = key_of(BASE, base, steps, REQUIREMENTS.read_text(), Path("constraints.txt").read_text())
    if not kept(FOLDER, key, added=["lessons-lib"]):
        build(FOLDER, key, [["--constraint", str(constraints), *BASE], *steps])


def run(command: str) -> list[str]:
    """Run `command` in bash, and print it, its output and its seconds; return what is wrong: a sentence, or nothing."""
    print(f"\n$ {command}", flush=True)
    start = time.perf_counter()
    status = subprocess.run(["bash", "-c", command]).returncode
    print(f"{time.perf_counter() - start:.1f} s", flush=True)
    return [f"{command}: exit status {status}"] if status else []


def make_image(planned: str, place: Path) -> list[str]:
    """Do what was `planned` for the repository in the current folder; return a sentence for each thing that is wrong.

    From then on the settings of this process are those of the image.
    """
    wanted = commands(planned)
    steps = [shlex.split(one.removeprefix(PIP)) for one in wanted if one.startswith(PIP)]
    install(steps, base_of(python_of(planned)), place)
    settings = image_settings(Path.cwd())
    os.environ.clear()
    os.environ.update(settings)
    rest = [*[one for one in wanted if not one.startswith(PIP)], "pip check"]
    faults = [fault for command in rest for fault in run(command)]
    done = subprocess.run(["jupyter", "labextension", "list"], capture_output=True, text=True)
    listed = done.stdout + done.stderr
    return faults if shows_widgets(listed) else [*faults, f"JupyterLab would show no widgets:\n{listed}"]


def started(planned: str) -> dict[str, str]:
    """Return the settings that a kernel gets from the program that is `planned` to start JupyterLab, if any."""
    found = re.search(r'^ENV R2D_ENTRYPOINT="?\$\{REPO_DIR\}/([^"\n]+)"?$', planned, flags=re.MULTILINE)
    if not found:
        return {}
    listed = subprocess.run([f"./{found[1]}", "env", "-0"], check=True, stdout=subprocess.PIPE, text=True).stdout
    return dict(line.split("=", 1) for line in listed.split("\0") if line)


def too_large(results: Iterable[Result]) -> list[str]:
    """Return a sentence for each lesson whose kernel held more memory than it may.

    >>> too_large([Result("04_training", 60.0, 1500, ""), Result("03_head", 6.0, 1024, "")])
    ['03_head: 1,024 MiB, and it may hold less than 1,024']
    """
    limits = [(one, LIGHT if one.name[:2] <= "03" else MOST) for one in results]
    large = [(one, limit) for one, limit in limits if one.memory_mib >= limit]
    return [f"{one.name}: {one.memory_mib:,} MiB, and it may hold less than {limit:,}" for one, limit in large]


def main(number: str = "") -> int:
    """Run the lesson called `number`, or all that Binder is promised for, and return the exit status."""
    if not (ROOT / ".git").exists():
        sys.exit("Binder fetches the course by git, and here is no git repository: clone it and run this there.")
    with tempfile.TemporaryDirectory() as temporary:
        place = Path(temporary).resolve()
        repository = place / "repository"
        copy_tree(ROOT, repository)
        paths = find_lessons(repository / "notebooks", number)
        if not paths:
            return 2
        clear(BUILD, number)
        planned = plan(repository)
        python = python_of(planned)
        if not sys.version.startswith(f"{python}."):
            sys.exit(f"Binder has {python}, this is {sys.version.split()[0]}: add PYTHON=python{python} to make.")
        with contextlib.chdir(repository):
            faults = make_image(planned, place)
            os.environ |= {**started(planned), **make_kernel(FOLDER, place / "jupyter"), "HF_HUB_OFFLINE": "1"}
            results = run_all([path for path in paths if number or path.name[:2] <= LAST], BUILD)
    faults += [f"{one.name}: failed" for one in results if one.error] + too_large(results)
    print(f"\n{table(results)}\n\nExecuted lessons and HTML: {BUILD}")
    print("\n".join(faults) or f"As on Binder, with Python {python}: nothing failed, and no kernel held too much.")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:2]))
