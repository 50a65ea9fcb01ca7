"""The stub of each exercise, derived from the solution that stands folded below it."""

import ast
import re
from collections.abc import Iterator

from nbformat import NotebookNode

SOLUTION = re.compile(r"<summary>Solution</summary>\n\n```python\n(.*?)\n```", re.S)
IMPORT = "from lessons_lib.exercises import check\n\n\n"


def solutions(notebook: NotebookNode) -> Iterator[tuple[int, str, str]]:
    """Yield for each exercise the number of the cell with its solution, the function's name, and the solution."""
    for index, cell in enumerate(notebook.cells):
        found = SOLUTION.search(cell.source) if cell.cell_type == "markdown" else None
        if found:
            yield index, _function(found[1]).name, found[1]


def stub(solution: str) -> str:
    """Return the cell that a learner fills in: the function of `solution` without its body, and the check.

    >>> print(stub('def twice(number):\\n    \"\"\"Return twice `number`.\"\"\"\\n    return 2 * number'))
    def twice(number):
        \"\"\"Return twice `number`.\"\"\"
        ...
    <BLANKLINE>
    <BLANKLINE>
    check.twice(twice)
    """
    function = _function(solution)
    lines = solution.splitlines()[function.lineno - 1 : function.body[0].end_lineno]
    return "\n".join([*lines, "    ...", "", "", f"check.{function.name}({function.name})"])


def write_stubs(notebook: NotebookNode) -> None:
    """Put the stub of each exercise into the cell above its solution."""
    for number, (index, _, solution) in enumerate(solutions(notebook)):
        notebook.cells[index - 1].source = ("" if number else IMPORT) + stub(solution)


def _function(solution: str) -> ast.FunctionDef:
    return next(one for one in ast.parse(solution).body if isinstance(one, ast.FunctionDef))
