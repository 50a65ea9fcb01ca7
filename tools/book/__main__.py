"""Renders the book to build/book: every lesson as it ran, with the pages of docs/.

    python -m tools.book        what changed since the last time; lessons that haven't run as they are now run first

Open build/book/index.html. It asks nothing of the network.
"""

import sys
import time
from pathlib import Path

import nbformat
from sphinx.cmd.build import build_main

from lessons_lib.course import COURSE
from tools import ROOT
from tools.book.pages import sources, write
from tools.run_lessons import BUILD, report, run_all

BOOK = ROOT / "build" / "book"
SOURCES = ROOT / "build" / "book-sources"


def cells(path: Path) -> list[tuple[str, str]] | None:
    """Return the kind and the source of each cell of the notebook at `path`, or `None` where there is none."""
    if not path.exists():
        return None
    return [(cell.cell_type, cell.source) for cell in nbformat.read(path, as_version=4).cells]


def stale(executed: Path = BUILD, lessons: Path = ROOT / "notebooks") -> list[Path]:
    """Return the lessons of which `executed` holds no copy that ran as they are now."""
    return [path for path in sorted(lessons.glob("*.ipynb")) if cells(path) != cells(executed / path.name)]


def build(executed: Path, book: Path, folder: Path) -> int:
    """Render the lessons in `executed` to `book`, by way of `folder`; return Sphinx's status: a warning is an error."""
    found = sources(COURSE, executed)
    changed = write(found, folder)
    print(f"{len(changed)} of {len(found)} pages changed.", flush=True)
    settings = str(Path(__file__).parent)
    return build_main(
        ["-q", "-W", "--keep-going", "-c", settings, "-d", str(book.with_name("book-cache")), str(folder), str(book)]
    )


def main() -> int:
    """Run what is stale, and render the book; return the exit status."""
    if paths := stale():
        print(f"{len(paths)} lessons haven't run as they are now:", flush=True)
        if status := report(run_all(paths, BUILD), BUILD):
            return status
    start = time.perf_counter()
    status = build(BUILD, BOOK, SOURCES)
    if not status:
        print(f"The book is in {BOOK / 'index.html'}, after {time.perf_counter() - start:.0f} s.")
    return status


if __name__ == "__main__":
    sys.exit(main())
