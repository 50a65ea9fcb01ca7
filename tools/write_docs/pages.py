"""Every page that repeats a fact, and what writes which region of it."""

from pathlib import Path

from packaging.requirements import Requirement

from lessons_lib.course import Course, read_course
from tools import ROOT
from tools.versions import needs, pins
from tools.write_docs.address import book_link, ways_in
from tools.write_docs.floors import floor_table
from tools.write_docs.lessons import lesson_table, measured_table, write_lessons
from tools.write_docs.regions import Page, filled, write


def pages(course: Course, root: Path) -> dict[str, Page]:
    """Return the pages that repeat a fact of `course`, of pyproject.toml or of the code; no benchmark is asked."""
    measured = root / "lessons_lib" / "embedded" / "results" / "lessons.json"
    return {
        "README.md": {
            "book": lambda: book_link(course),
            "ways in": lambda: ways_in(course, course.lessons[0].slug),
            "lessons": lambda: lesson_table(course, measured),
        },
        "docs/measured/lessons.md": {"lessons": lambda: measured_table(course, measured)},
        "docs/architecture.md": {"floors": lambda: floor_table(root)},
        "binder/requirements.txt": {"requirements": lambda: requirements(course, root)},
        "pyproject.toml": {"embedded": lambda: f'embedded = ["{course.checkpoint_package}"]'},
    }


def requirements(course: Course, root: Path) -> str:
    """Return what Binder installs: the names of pyproject.toml, and constraints.txt's torch in its small build."""
    names = {need.name for need in (*needs(root), Requirement(course.checkpoint_package))} - {"torch"}
    return "\n".join([f"torch=={pins(root / 'constraints.txt')['torch']}+cpu", *sorted(names)])


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
