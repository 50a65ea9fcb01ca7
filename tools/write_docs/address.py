"""Where the course lives on GitHub, in badges, links and install cells; and what they say while it lives nowhere."""

import re
from pathlib import Path

from lessons_lib.course import Course
from tools.versions import needs

GITHUB = "https://github.com"
COLAB = "https://colab.research.google.com"
BINDER = "https://mybinder.org"
NO_BADGES = (
    "*This copy of the course has no address on GitHub yet, so there's nothing for Colab or Binder to open. "
    "[Run it on your machine](../docs/install.md), or push it to GitHub: the first push puts their badges here.*"
)
NO_INSTALL = "Colab needs the course on GitHub: push this copy there, then open it by its badge."


def colab_link(course: Course, slug: str) -> str:
    """Return the address at which Colab opens a lesson."""
    return f"{COLAB}/github/{course.repository}/blob/{course.tag}/notebooks/{slug}.ipynb"


def binder_link(course: Course, slug: str) -> str:
    """Return the address at which Binder opens a lesson."""
    return f"{BINDER}/v2/gh/{course.repository}/{course.tag}?urlpath=lab/tree/notebooks/{slug}.ipynb"


def badges(course: Course, slug: str) -> str:
    """Return the two badges of a lesson, Colab's and Binder's, or a sentence that says what to do instead."""
    if not course.repository:
        return NO_BADGES
    colab = f"[![Open in Colab]({COLAB}/assets/colab-badge.svg)]({colab_link(course, slug)})"
    return f"{colab}\n[![Launch Binder]({BINDER}/badge_logo.svg)]({binder_link(course, slug)})"


def install_cell(course: Course, root: Path) -> str:
    """Return the source of the cell that installs the course on Colab, and does nothing anywhere else."""
    evaluate = next(one for one in needs(root) if one.name == "evaluate")  # the one package that Colab lacks
    install = f'%pip install --no-deps "git+{GITHUB}/{course.repository}@{course.tag}" "{evaluate}"'
    if not course.repository:
        install = f'sys.exit("{NO_INSTALL}")'
    return f'import sys\n\nif "google.colab" in sys.modules:\n    {install}'


def ways_in(course: Course, slug: str) -> str:
    """Return the README's three ways in: each a link or a command."""
    if not course.repository:
        local = "make lab    # in the folder that holds this file"
        away = (
            "- **Google Colab** (a free GPU) **and Binder** (nothing to install): they open notebooks from GitHub, and "
            "this copy has no address there yet. Push it to a repository of yours: the workflow *address* then puts "
            "the links here, and two badges at the top of each lesson. Click the one in lesson 02, say, and Colab "
            "opens lesson 02."
        )
    else:
        name = course.repository.rpartition("/")[2]
        local = f"git clone {GITHUB}/{course.repository}.git\n      cd {name}\n      make lab"
        away = (
            f"- **Google Colab** (a free GPU): [open lesson 00]({colab_link(course, slug)}). "
            "For another lesson, click the badge at its top.\n"
            f"- **Binder** (nothing to install): [open lesson 00]({binder_link(course, slug)})."
        )
    return f"{away}\n- **Your machine**, no GPU needed, and no network after the install:\n\n      {local}"


def book_link(course: Course) -> str:
    """Return the README's first link, to the book, or how to make it while the course has no address."""
    if not course.repository:
        return "`make book` renders the course as a book to read, with every output and figure, to build/book."
    owner, _, name = course.repository.partition("/")
    return f"**[Read the course as a book](https://{owner.lower()}.github.io/{name}/)**, with every output and figure."


def set_repository(root: Path, repository: str) -> None:
    """Write `repository`, such as `"owner/name"`, into the course.toml below `root`."""
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", repository):
        raise ValueError(f"{repository!r} is no address: write owner/name, as in --repository owner/name")
    file = root / "lessons_lib" / "course.toml"
    line = re.compile(r'^repository = ".*?"', flags=re.MULTILINE)
    file.write_text(line.sub(f'repository = "{repository}"', file.read_text(encoding="utf-8")), encoding="utf-8")
