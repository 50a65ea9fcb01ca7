"""Every page that repeats a fact, and what writes which region of it."""

import tomllib
from pathlib import Path

from packaging.requirements import Requirement

from lessons_lib.course import Course, read_course
from tools.write_docs.address import ways_in
from tools.write_docs.floors import floor_table
from tools.write_docs.lessons import lesson_table, measured_table, write_lessons
from tools.write_docs.regions import ROOT, Page, filled, write


def pages(course: Course, root: Path) -> dict[str, Page]:
    """Return the pages that repeat a fact of `course`, of pyproject.toml or of the code; no benchmark is asked."""
    measured = root / "lessons_lib" / "embedded" / "results" / "lessons.json"
    return {
        "README.md": {
            "ways in": lambda: ways_in(course, course.lessons[0].slug),
            "lessons": lambda: lesson_table(course, measured),
        },
        "docs/measured/lessons.md": {"lessons": lambda: measured_table(course, measured)},
        "docs/architecture.md": {"floors": lambda: floor_table(root)},
        "binder/requirements.txt": {"requirements": lambda: requirements(root)},
        "pyproject.toml": {"embedded": lambda: f'embedded = ["{course.checkpoint_package}"]'},
    }


def requirements(root: Path) -> str:
    """Return what Binder installs: the names of pyproject.toml, and constraints.txt's torch in its small build."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needs = [*project["dependencies"], *project["optional-dependencies"]["embedded"]]
    tested = (root / "constraints.txt").read_text(encoding="utf-8").splitlines()
    torch = next(line for line in tested if line.startswith("torch=="))
    return "\n".join([f"{torch}+cpu", *sorted(name for need in needs if (name := Requirement(need).name) != "torch")])


def write_all(root: Path = ROOT, check: bool = False, measured: bool = False) -> list[Path]:
    """Write what repeats a fact in the course at `root`, `measured` figures too where asked; return what changed.

    With `check` nothing is written: what is returned is stale.
    """
    course = read_course(root / "lessons_lib" / "course.toml")
    wanted = pages(course, root)
    if measured:
        from tools.write_docs.measured import MEASURED  # it reads the benchmarks, and they need torch

        wanted |= MEASURED
    stale = write({root / name: filled(root / name, regions) for name, regions in wanted.items()}, check)
    return stale + write(write_lessons(course, root), check)
