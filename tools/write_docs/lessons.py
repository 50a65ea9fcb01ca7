"""What every lesson has in common: title, badges, install cell, last line; and the tables of lessons."""

import json
from pathlib import Path

import nbformat

from lessons_lib.course import Course, LessonFacts
from tools.write_docs.address import badges, install_cell
from tools.write_docs.exercises import write_stubs
from tools.write_docs.regions import markdown_table, put

NEXT = "**Next:** "


def write_lessons(course: Course, root: Path) -> dict[Path, str]:
    """Return the text of each lesson's file, its common parts as they should be."""
    install, texts = install_cell(course, root), {}
    for one, after in zip(course.lessons, [*course.lessons[1:], None], strict=True):
        path = root / "notebooks" / f"{one.slug}.ipynb"
        notebook = nbformat.read(path, as_version=4)
        first, second, *_, last = notebook.cells
        promise = first.source.split("\n\n")[1]
        first.source = "\n\n".join([f"# {one.number} · {one.title}", promise, badges(course, one.slug)])
        second.source = install
        last.source = f"{last.source.partition(NEXT)[0].rstrip()}\n\n{next_line(after)}"
        if one is course.lessons[0]:
            [page] = [cell for cell in notebook.cells if "written by make docs: lessons" in cell.source]
            page.source = put(page.source, "lessons", question_table(course))
        write_stubs(notebook)
        texts[path] = nbformat.writes(notebook) + "\n"
    return texts


def next_line(after: LessonFacts | None) -> str:
    """Return the line that leads on to the lesson `after`, or, where there is none, back to the first."""
    if after is None:
        return f"{NEXT}that's the last lesson so far. Lesson 00 lists [the whole course](00_start_here.ipynb)."
    return f"{NEXT}[{after.number} {after.title}]({after.slug}.ipynb): {after.question}"


def question_table(course: Course) -> str:
    """Return lesson 00's table: each lesson and its question."""
    rows = [[f"[{one.number} {one.title}]({one.slug}.ipynb)", one.question] for one in course.lessons]
    return markdown_table(["lesson", "question"], rows)


def lesson_table(course: Course, measured: Path) -> str:
    """Return the README's table: each lesson with a link, its question, and the minutes that it runs."""
    taken = json.loads(measured.read_text(encoding="utf-8")).get("fp32", {}).get("lessons", {})
    rows = []
    for one in course.lessons:
        minutes = f"{taken[one.number]['seconds'] / 60:.1f}" if one.number in taken else "not measured yet"
        rows.append([f"[{one.number} {one.title}](notebooks/{one.slug}.ipynb)", one.question, minutes])
    return markdown_table(["lesson", "question", "minutes to run"], rows)


def measured_table(course: Course, measured: Path) -> str:
    """Return the seconds and the memory of each lesson, in each type that it was measured in."""
    records = json.loads(measured.read_text(encoding="utf-8"))
    heads = ["lesson", *(f"{unit}, {dtype}" for dtype in records for unit in ("s", "MiB"))]
    rows = []
    for one in course.lessons:
        taken = [record["lessons"].get(one.number, {}) for record in records.values()]
        figures = [f"{row[unit]:,}" if unit in row else "–" for row in taken for unit in ("seconds", "memory_mib")]
        rows.append([f"{one.number} {one.title}", *figures])
    said = "- {}: `{command}` on {date}, on a {machine}"
    said = [said.format(dtype, **record) for dtype, record in records.items()]
    return f"{markdown_table(heads, rows)}\n\n" + "\n".join(said)
