"""What the book is made of: the lessons as they ran, the pages of docs/, and what those link to."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

import nbformat

from lessons_lib.course import Course
from tools import ROOT
from tools.book.calls import call_index
from tools.book.lessons import page

PARTS = {  # the table of contents; paths below the course's folder, without their ending
    "Lessons": ["notebooks/*"],
    "Look it up": ["docs/glossary", "calls", "docs/measured/README"],
    "Take it further": ["docs/install", "docs/architecture", "CONTRIBUTING", "CHANGELOG"],
    "The data": ["lessons_lib/embedded/*/README"],
}
COPIED = ("*.md", "docs/**/*.md", "docs/**/*.png", "lessons_lib/embedded/*/README.md", "benchmarks/README.md")
ALSO = ("lessons_lib/course.toml",)  # a page links to it
FRONT_MATTER = re.compile(r"\A---\n.*?\n---\n", flags=re.S)  # of a dataset's card


def sources(course: Course, executed: Path, root: Path = ROOT) -> dict[str, str | bytes]:
    """Return the content of every source of the book, by its path; `executed` is the folder of the lessons that ran."""
    lessons = {one.slug: nbformat.read(executed / f"{one.slug}.ipynb", as_version=4) for one in course.lessons}
    found: dict[str, str | bytes] = {}
    for pattern in (*COPIED, *ALSO):
        for path in sorted(root.glob(pattern)):
            name = path.relative_to(root).as_posix()
            found[name] = path.read_bytes() if path.suffix == ".png" else path.read_text(encoding="utf-8")
    found["index.md"] = index(found.pop("README.md"))
    found["docs/measured/README.md"] += contents("", ["*"])
    for name in [one for one in found if one.endswith("README.md")]:
        found[name] = FRONT_MATTER.sub("", found[name])
    found["benchmarks/README.md"] = "---\norphan: true\n---\n" + found["benchmarks/README.md"]
    found["calls.md"] = call_index(lessons)
    for slug, notebook in lessons.items():
        found[f"notebooks/{slug}.ipynb"] = nbformat.writes(page(notebook, course, slug)) + "\n"
    return found


def index(readme: str) -> str:
    """Return the first page: what README says, and the table of contents."""
    readme = re.sub(r"<!-- written by make docs: book -->.*?<!-- end of book -->\n", "", readme, flags=re.S)
    return readme + "".join(contents(name, paths) for name, paths in PARTS.items())


def contents(caption: str, paths: Iterable[str]) -> str:
    """Return a part of the table of contents."""
    lines = [f":caption: {caption}"] * bool(caption) + [":glob:", ":hidden:"]
    return "\n" + "\n".join(["```{toctree}", *lines, "", *paths, "```"]) + "\n"


def write(found: Mapping[str, str | bytes], folder: Path) -> list[str]:
    """Write what differs from what is in `folder`, take away what is there besides, and return what changed."""
    changed = []
    for name, content in found.items():
        path, content = folder / name, content.encode() if isinstance(content, str) else content
        if not path.exists() or path.read_bytes() != content:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            changed.append(name)
    for path in [one for one in folder.rglob("*") if one.is_file()]:
        if path.relative_to(folder).as_posix() not in found:
            path.unlink()
            changed.append(path.relative_to(folder).as_posix())
    return changed
