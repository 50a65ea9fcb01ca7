"""Who imports whom in lessons_lib: its rooms, the floor that each is on, and the circles that there must not be."""

import ast
from graphlib import TopologicalSorter
from pathlib import Path

from tools.write_docs.regions import markdown_table

PACKAGE = "lessons_lib"


def room(module: str) -> str:
    """Return the room of a module: a file of lessons_lib, or one of its packages.

    >>> room("lessons_lib.labs.token"), room("lessons_lib.metrics")
    ('labs', 'metrics')
    """
    return module.removeprefix(f"{PACKAGE}.").partition(".")[0]


def imports(root: Path) -> dict[str, set[str]]:
    """Return for each room of the package below `root` the rooms that it imports from, wherever the import stands."""
    rooms: dict[str, set[str]] = {}
    for path in sorted((root / PACKAGE).rglob("*.py")):
        own = room(".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(PACKAGE):
                names = [f"{PACKAGE}.{one.name}" for one in node.names] if node.module == PACKAGE else [node.module]
                rooms.setdefault(own, set()).update(map(room, names))
            rooms.setdefault(own, set())
    ours = set(rooms) - {PACKAGE, "embedded"}
    return {own: {one for one in rooms[own] if one in ours and one != own} for own in sorted(ours)}


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
    numbered = list(enumerate(floors(rooms)))
    rows = [
        [floor, f"`{own}`", ", ".join(f"`{one}`" for one in sorted(rooms[own])) or "nothing"]
        for floor, names in reversed(numbered)
        for own in names
    ]
    return markdown_table(["floor", "room", "imports"], rows)
