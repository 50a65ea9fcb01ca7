"""The file: where it is, what it holds, how it's read and written. What can't be read is set aside, never overwritten.

{"version": 1, "name": "", "lessons": {"02": {
    "exercises": {"padding_share": {"tries": 2, "solved": "2026-11-28"}},
    "quiz": {"<the question>": {"said": ["<an answer>"], "right": true, "first": true}},
    "predictions": {"<the question>": {"said": "it falls", "happened": "from 0.69 to 0.31"}}}}}
"""

import json
import os
import tempfile
from collections.abc import Callable, Mapping
from datetime import datetime
from hashlib import sha256
from itertools import chain, count
from pathlib import Path

from filelock import FileLock, Timeout

from lessons_lib.machine import named_path

KINDS = {  # what each field of an entry must be
    "exercises": {"tries": int, "solved": str},
    "quiz": {"said": list, "right": bool, "first": bool},
    "predictions": {"said": str, "happened": str},
}
NAME = "progress.json"
DRIVE = Path("/content/drive/MyDrive")  # where Colab mounts a learner's Google Drive
PATIENCE = 5  # seconds that one notebook waits for another


def where(settings: Mapping[str, str] = os.environ) -> Path:
    """Return the path of the file: LESSONS_PROGRESS, or else on Colab in Drive, in a checkout, or here."""
    if said := settings.get("LESSONS_PROGRESS", "").strip():
        return named_path(said, settings)
    checkout = Path(__file__).parents[2]
    places = [DRIVE if DRIVE.is_dir() else None, checkout if (checkout / "notebooks").is_dir() else None]
    return next(filter(None, places), Path.cwd()) / NAME


def empty() -> dict:
    """Return the progress of a learner who has done nothing."""
    return {"version": 1, "name": "", "lessons": {}}


def why_unreadable(progress: object) -> str:
    """Return in words why `progress`, what JSON holds, isn't the progress of a learner; `""` where it is.

    >>> why_unreadable({"version": 1, "name": "Ada", "lessons": {"02": {"exercises": []}}})
    'the exercises of lesson 02 are not named'
    """
    if not isinstance(progress, dict) or not isinstance(progress.get("lessons"), dict):
        return "it isn't a file of progress"
    if progress.get("version") != 1:
        return f"its version is {progress.get('version')!r}, and this course writes 1"
    if not isinstance(progress.get("name"), str):
        return "the learner's name isn't a text"
    for lesson, kinds in progress["lessons"].items():
        if not isinstance(kinds, dict):
            return f"lesson {lesson} holds no exercises, quiz and predictions"
        for kind, fields in KINDS.items():
            entries = kinds.get(kind, {})
            if not isinstance(entries, dict):
                return f"the {kind} of lesson {lesson} are not named"
            for name, entry in entries.items():
                wrong = not isinstance(entry, dict) or any(
                    not isinstance(entry.get(field, of()), of) for field, of in fields.items()
                )
                if wrong:
                    return f"{name!r} in lesson {lesson} isn't one of its {kind}"
    return ""


def parse(path: Path) -> dict:
    """Return the progress in the file at `path`. Raises `ValueError` in words where it can't be read as one."""
    try:
        progress = json.loads(path.read_text(encoding="utf-8-sig"))
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError):
        raise ValueError("it isn't JSON, or was cut short") from None
    if why := why_unreadable(progress):
        raise ValueError(why)
    return progress


def read(path: Path | None = None) -> tuple[dict, str]:
    """Return what the learner has done, and in a sentence what is wrong with the file, or `""`.

    A file that can't be read as progress gets another name, and stays.
    """
    path = path or where()
    try:
        return parse(path), ""
    except FileNotFoundError:
        return empty(), ""
    except OSError as error:
        return empty(), f"{path} can't be read: {error.strerror}."
    except ValueError as why:
        aside = free(path.with_stem(f"{path.stem}.broken-{datetime.now():%Y%m%d-%H%M%S}"))
        try:
            path.rename(aside)
        except OSError as error:
            return empty(), f"{path} can't be used: {why}; and it can't be set aside: {error.strerror}."
        return empty(), f"{path} couldn't be used: {why}. It's now {aside.name}, and a new one begins."


def write(path: Path, progress: dict) -> None:
    """Write `progress` to `path`, the old file until the new one is whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, new = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-", suffix=".json")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(progress, file, indent=1, ensure_ascii=False)
            file.write("\n")
        os.replace(new, path)
    except BaseException:
        os.unlink(new)
        raise


def change(path: Path, to: Callable[[dict], dict]) -> str:
    """Replace what the file at `path` holds by what `to` makes of it; return in a sentence what went wrong, or `""`."""
    name = sha256(str(path.resolve()).encode()).hexdigest()[:16]
    try:
        with FileLock(Path(tempfile.gettempdir(), f"lessons-{name}.lock"), timeout=PATIENCE):
            progress, note = read(path)
            if note and path.exists():  # there, and neither readable nor set aside
                return note
            write(path, to(progress))
            return note
    except Timeout:
        return f"This wasn't kept: another notebook is writing {path}."
    except OSError as error:
        return f"This wasn't kept: {path} can't be written ({error.strerror}). LESSONS_PROGRESS can name another file."


def keep(lesson: str, kind: str, name: str, update: Callable[[dict], dict]) -> str:
    """Replace one entry, such as `keep("02", "exercises", "padding_share", …)`, by what `update` makes of the old one.

    Return in a sentence what went wrong, or `""`.
    """

    def to(progress: dict) -> dict:
        entries = progress["lessons"].setdefault(lesson, {}).setdefault(kind, {})
        entries[name] = update(entries.get(name, {}))
        return progress

    return change(where(), to)


def free(path: Path) -> Path:
    """Return `path`, or where that's taken the first free name like it."""
    others = (path.with_stem(f"{path.stem}-{number}") for number in count(2))
    return next(one for one in chain([path], others) if not one.exists())
