"""Who imports whom in lessons_lib: its rooms, the floor that each is on, and the circles that there must not be."""

import ast
from graphlib import TopologicalSorter
from pathlib import Path

from tools.write_docs.regions import markdown_table

PACKAGE = "lessons_lib"


def imports(root: Path) -> dict[str, set[str]]:
    """Return for each room of the package below `root`, a module or a folder, the rooms that it imports from."""
    rooms: dict[str, set[str]] = {}
    for path in sorted((root / PACKAGE).rglob("*.py")):
        taken = rooms.setdefault(path.relative_to(root / PACKAGE).with_suffix("").parts[0], set())
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(PACKAGE):
                _, _, module = node.module.partition(".")
                taken.update([module.partition(".")[0]] if module else [one.name for one in node.names])
    ours = set(rooms) - {"__init__", "embedded"}
    return {own: (rooms[own] & ours) - {own} for own in sorted(ours)}


def floors(rooms: dict[str, set[str]]) -> list[list[str]]:
    """Return the rooms floor by floor, from the ground up: each stands just above the highest that it imports from.

    Raises `graphlib.CycleError` where two rooms need each other.

    >>> floors({"lesson": {"sources"}, "sources": {"errors"}, "errors": set(), "labs": {"errors"}})
    [['errors'], ['labs', 'sources'], ['lesson']]
    """
    level: dict[str, int] = {}
    for own in TopologicalSorter(rooms).static_order():
        level[own] = max((level[one] + 1 for one in rooms[own]), default=0)
    return [sorted(own for own in level if level[own] == floor) for floor in range(max(level.values()) + 1)]


def floor_table(root: Path) -> str:
    """Return the table of architecture.md: the floors from the top, and what each room takes from below."""
    rooms = imports(root)
    rows = [
        [floor, f"`{own}`", ", ".join(f"`{one}`" for one in sorted(rooms[own])) or "nothing"]
        for floor, names in reversed(list(enumerate(floors(rooms))))
        for own in names
    ]
    return markdown_table(["floor", "room", "imports"], rows)
