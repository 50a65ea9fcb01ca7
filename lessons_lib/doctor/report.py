"""What the doctor says, with nothing in it that a terminal would obey."""

import unicodedata
from collections.abc import Sequence

from lessons_lib.doctor.installed import versions
from lessons_lib.doctor.looks import Finding
from lessons_lib.doctor.reading import Cell

WIDEST = 100  # characters of a line that are shown


def harmless(text: str) -> str:
    r"""Return the text with each character that isn't seen, such as an escape or a change of direction, written out.

    >>> harmless("a\x1b[31m\u202eb")
    'a\\x1b[31m\\u202eb'
    """
    return "".join(
        one.encode("unicode_escape").decode() if unicodedata.category(one)[0] == "C" or one in "\u2028\u2029" else one
        for one in text
    )


def report(name: str, cells: Sequence[Cell], findings: Sequence[Finding], *, program: bool = False) -> str:
    """Return what was found in a tutorial, a paragraph each, below the versions that it was held against."""
    here = ", ".join(f"{library} {version}" for library, version in versions().items())
    lines = [f"{harmless(name)}: {_counted(len(findings))} on {here}."]
    sources = {one.number: one.source.split("\n") for one in cells}
    for one in findings:
        shown = harmless(sources[one.cell][one.line - 1].strip())
        lines += ["", f"{_place(one.cell, one.line, program)}: {shown[:WIDEST]}{'…' if len(shown) > WIDEST else ''}"]
        lines.append(f"    {'Needs a network' if one.needs_network else 'Fails'}: {harmless(one.why)} [{one.rule}]")
        if one.write:
            lines.append(f"    Write: {one.write}{' (--fix does)' if one.edits else ''}")
    skipped = [one for one in cells if one.trouble]
    if skipped:
        lines.append("")
    lines += [f"cell {one.number}, {harmless(one.trouble)}: skipped." for one in skipped]
    return "\n".join(lines)


def _counted(number: int) -> str:
    return {0: "nothing found", 1: "1 finding"}.get(number, f"{number} findings")


def _place(cell: int, line: int, program: bool) -> str:
    return f"line {line}" if program else f"cell {cell}, line {line}"
