"""What became of a lesson: it passes, it says in a sentence why it can't begin, or it fails."""

import re
from dataclasses import dataclass

from nbformat import NotebookNode

PASSES, SAYS, USES_COURSE, FAILS = "passes", "says", "uses the course's", "FAILS"
SENTENCES = ("SetupError", "DataError")  # a kernel gives the name of an error, not its bases


@dataclass(frozen=True)
class Outcome:
    """The kind is one of the four above; `text` is the sentence, or the line and the error where it failed."""

    kind: str
    text: str = ""
    seconds: float = 0.0


def is_start(cell: NotebookNode) -> bool:
    """Return whether `cell` is the one that starts a lesson."""
    return cell.cell_type == "code" and re.search(r"^[^#\n]*\bstart_lesson\(", cell.source, re.MULTILINE) is not None


def stopped(cell: NotebookNode, name: str, value: str) -> Outcome:
    """Return the outcome of a lesson that the error called `name`, with the message `value`, stopped in `cell`.

    >>> from nbformat.v4 import new_code_cell
    >>> stopped(new_code_cell('lesson = start_lesson("04")'), "SetupError", "It has no weights.").kind
    'says'
    >>> stopped(new_code_cell("x = 1\\nx / 0"), "ZeroDivisionError", "division by zero").text
    '`x / 0`: ZeroDivisionError: division by zero'
    """
    if is_start(cell) and name in SENTENCES:
        return Outcome(SAYS, " ".join(value.split()))
    source, error = (text.strip().splitlines()[-1].strip() for text in (cell.source, f"{name}: {value}"))
    return Outcome(FAILS, f"`{source}`: {error.rstrip(': ')}")


def line_of(traceback: str) -> str:
    """Return the line of the cell that an error without a message came from, as IPython's `traceback` points at it.

    >>> line_of("AssertionError    Traceback\\n      1 x = 1\\n----> 2 assert x == 2\\n\\nAssertionError: ")
    'assert x == 2'
    """
    plain = re.sub(r"\x1b\[[\d;]*m", "", traceback)
    arrow = re.search(r"^-+> \d+ (.*)", plain, re.MULTILINE)
    return arrow[1].strip() if arrow else ""


def finished(notebook: NotebookNode) -> Outcome:
    """Return the outcome of a lesson whose cells all ran: did its card name a checkpoint of the course instead?"""
    printed = [output.get("text", "") for cell in notebook.cells if is_start(cell) for output in cell.outputs]
    return Outcome(USES_COURSE if "in place of" in " ".join("".join(printed).split()) else PASSES)
