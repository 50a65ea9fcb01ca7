"""Take progress elsewhere: to another machine, or to a teacher."""

import re
from pathlib import Path

from lessons_lib.errors import DataError
from lessons_lib.progress.file import KINDS, change, free, parse, read, where, write


def export_progress(name: str, folder: str | Path = ".") -> str:
    """Write what you've done so far under your `name` into `folder`, and say where it is."""
    if not (name := " ".join(name.split())):
        raise DataError("An export needs your name, such as export_progress('Ada').")
    progress, note = read()
    if note:
        raise DataError(f"{note} There's nothing to export.")
    slug = re.sub(r"\W+", "-", name).strip("-").lower()
    path = Path(folder).expanduser() / f"progress-{slug or 'export'}.json"
    path = path if _is_of(path, name) else free(path)
    try:
        write(path, progress | {"name": name})
    except OSError as error:
        raise DataError(f"{path} can't be written: {error.strerror}.") from None
    return f"Your progress is in {path.resolve()}."


def _is_of(path: Path, name: str) -> bool:
    """Return whether `path` is an earlier export of the same learner: only that may be written over."""
    try:
        return parse(path)["name"] == name
    except (OSError, ValueError):
        return False


def import_progress(path: str | Path) -> str:
    """Add what an export holds to what you've done here, and say what was new. Doing it twice changes nothing."""
    path = Path(path).expanduser()
    try:
        other = parse(path)
    except OSError as error:
        raise DataError(f"{path} can't be read: {error.strerror}.") from None
    except ValueError as why:
        raise DataError(f"{path} can't be used: {why}.") from None
    before, after = {}, {}

    def to(progress: dict) -> dict:
        before.update(_counts(progress))
        merged = merge(progress, other)
        after.update(_counts(merged))
        return merged

    if note := change(where(), to):
        raise DataError(note)
    added = ", ".join(f"{after[kind] - before[kind]} {kind.replace('quiz', 'answers to a quiz')}" for kind in KINDS)
    return f"Added to {where()}: {added}."


def _counts(progress: dict) -> dict[str, int]:
    return {kind: sum(len(kinds.get(kind, {})) for kinds in progress["lessons"].values()) for kind in KINDS}


def merge(mine: dict, other: dict) -> dict:
    """Return both as one: what either has; of what both have, the better, and of texts `mine`.

    >>> one = {"lessons": {"02": {"exercises": {"pad": {"tries": 4}}}}}
    >>> two = {"lessons": {"02": {"exercises": {"pad": {"tries": 2, "solved": "2026-10-01"}}}}}
    >>> merge(one, two)["lessons"]
    {'02': {'exercises': {'pad': {'tries': 4, 'solved': '2026-10-01'}}}}
    """
    lessons = {}
    for number in sorted(mine["lessons"] | other["lessons"]):
        here, there = mine["lessons"].get(number, {}), other["lessons"].get(number, {})
        lessons[number] = {
            kind: {
                name: _better(here.get(kind, {}).get(name, {}), there.get(kind, {}).get(name, {}))
                for name in here.get(kind, {}) | there.get(kind, {})
            }
            for kind in KINDS
            if kind in here | there
        }
    return mine | {"lessons": lessons}


def _better(mine: dict, other: dict) -> dict:
    both = other | mine
    if "tries" in both:
        both["tries"] = max(mine.get("tries", 0), other.get("tries", 0))
    if days := [one["solved"] for one in (mine, other) if one.get("solved")]:
        both["solved"] = min(days)
    if other.get("right") and not mine.get("right"):
        both |= {"said": other.get("said", []), "right": True}
    return both
