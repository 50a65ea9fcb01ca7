"""`make` as somebody meets it whose .venv is none, unfinished, moved, or of another Python: it installs when it must.

Python makes real environments here; pip only writes down how it was called, so nothing is fetched.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PIP = """import os, sys
with open(os.environ["PIP_CALLS"], "a") as calls:
    print(*sys.argv[1:], file=calls)
sys.exit(os.environ.get("PIP_FAILS"))
"""
ANEW = "it is made anew"
HERE = ".".join(map(str, sys.version_info[:2]))

if not shutil.which("make") or os.name == "nt":
    pytest.skip("make or a POSIX shell is absent", allow_module_level=True)


def write_python(path: Path, version: str = HERE) -> None:
    """Write a program that is this Python but for the version it says, and makes environments without pip."""
    minor = version.partition(".")[2]
    prefix, numbers = str(path.parent.parent), (3, int(minor), 0, "final", 0)
    says = f"import sys; sys.prefix = {prefix!r}; sys.version = {version!r}; sys.version_info = {numbers!r}; "
    says += "exec(sys.argv.pop(1))"
    path.parent.mkdir(exist_ok=True)
    path.write_text(
        f'#!/bin/sh\ncase "$2" in venv) shift 2; exec "{sys.executable}" -m venv --without-pip "$@" ;; esac\n'
        f'exec "{sys.executable}" -c "{says}" "$2"\n'
    )
    path.chmod(0o755)


class Course:
    """A course of which only the Makefile is there, and programs that `make run` can call."""

    def __init__(self, folder: Path):
        self.folder, self.calls, self.settings = folder / "course", folder / "calls", {}
        (self.folder / "scripts").mkdir(parents=True)
        for name in ("Makefile", "pyproject.toml", "constraints.txt"):
            shutil.copy(ROOT / name, self.folder)
        (self.folder / "scripts" / "run_lessons.py").write_text("print('the lessons run')\n")
        self.bin = folder / "bin"
        write_python(self.bin / "python3")
        (folder / "pip").mkdir()
        (folder / "pip" / "pip.py").write_text(PIP)

    def run(self, *arguments: str, **settings: str) -> subprocess.CompletedProcess:
        """Call `make run` as from a new terminal."""
        here = {name: text for name, text in os.environ.items() if not name.startswith(("MAKE", "MFLAGS", "PYTHON"))}
        paths = {"PATH": f"{self.bin}{os.pathsep}{here['PATH']}", "PYTHONPATH": str(self.calls.parent / "pip")}
        env = here | paths | {"PIP_CALLS": str(self.calls)} | settings
        command = ["make", "run", *arguments]
        return subprocess.run(command, cwd=self.folder, env=env, capture_output=True, text=True)

    def installs(self) -> bool:
        """Whether the calls of pip since the last look were those of a whole install."""
        calls = self.calls.read_text().splitlines() if self.calls.exists() else []
        self.calls.unlink(missing_ok=True)
        assert [call.split()[0] for call in calls] in ([], ["install", "install"]), calls
        return bool(calls)


@pytest.fixture
def course(tmp_path):
    course = Course(tmp_path)
    done = course.run()
    assert done.returncode == 0, done.stdout + done.stderr
    assert "This happens once" in done.stdout and ANEW not in done.stdout
    assert course.installs()
    return course


def made_anew(course: Course, done: subprocess.CompletedProcess) -> bool:
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.endswith("the lessons run\n")
    anew = course.installs()
    assert (ANEW in done.stdout) == anew
    return anew


def test_installs_once(course):
    assert not made_anew(course, course.run())


def test_folder_moved(course):
    course.folder = course.folder.rename(course.folder.with_name("elsewhere, with a space"))
    assert made_anew(course, course.run())
    assert not made_anew(course, course.run())


def test_python_gone(course):
    """An upgrade of the system took the Python away that .venv points to."""
    python = course.folder / ".venv" / "bin" / "python"
    python.unlink()
    python.symlink_to(course.folder / "gone")
    assert made_anew(course, course.run())


def test_python_upgraded(course):
    """What .venv points to is a newer Python now, which does not look where the packages are."""
    python = course.folder / ".venv" / "bin" / "python"
    python.unlink()
    write_python(python, "3.99")
    assert made_anew(course, course.run())


def test_another_python_asked_for(course):
    write_python(course.bin / "python3.98", "3.98")
    assert made_anew(course, course.run("PYTHON=python3.98"))
    assert made_anew(course, course.run(PYTHON="python3.98"))
    assert not made_anew(course, course.run(f"PYTHON={course.bin / 'python3'}"))


def test_another_python_first_on_the_path_is_no_reason(course):
    write_python(course.bin / "python3", "3.98")
    assert not made_anew(course, course.run())


def test_install_interrupted(tmp_path):
    course = Course(tmp_path)
    done = course.run(PIP_FAILS="the network went away")
    assert done.returncode != 0 and "the network went away" in done.stderr
    assert len(course.calls.read_text().splitlines()) == 1
    course.calls.unlink()
    assert made_anew(course, course.run())
    assert not made_anew(course, course.run())


def test_requirements_changed(course):
    later = (course.folder / ".venv" / "ready").stat().st_mtime + 5
    os.utime(course.folder / "constraints.txt", (later, later))
    assert made_anew(course, course.run())


@pytest.mark.parametrize(
    ("python", "says"),
    [("python3.10", "needs Python 3.11 or newer; this is 3.10"), ("python3.97", "python3.97")],
)
def test_python_that_will_not_do_leaves_all_as_it_is(course, python, says):
    write_python(course.bin / "python3.10", "3.10")
    done = course.run(f"PYTHON={python}")
    assert done.returncode != 0 and says in done.stderr
    assert not course.installs()
    assert not made_anew(course, course.run())
