"""A learner's own copies of the lessons, in my_lessons/: `make lab` opens those, and git ignores them.

    python -m tools.my_lessons

A lesson that is new is added. One that changed replaces a copy that the learner never changed, and is put beside one
that they did. Nothing of theirs is ever overwritten.
"""

import json
import shutil
from pathlib import Path

from lessons_lib.hub import sha256
from tools import ROOT

COPIED = ".copied.json"  # for each lesson: the SHA-256 of the version that was last copied
SAID = {
    "added": "Added: {}.",
    "replaced": "Newer, where you had changed nothing: {}.",
    "beside": "These changed, and so had yours; the new version is beside yours: {}.",
}


def update(lessons: Path, mine: Path) -> dict[str, list[str]]:
    """Bring the folder `mine` up to date with `lessons`; return the names that were added, replaced or put beside."""
    mine.mkdir(exist_ok=True)
    record = mine / COPIED
    copied = json.loads(record.read_text(encoding="utf-8")) if record.exists() else {}
    done: dict[str, list[str]] = {what: [] for what in SAID}
    for lesson in sorted(lessons.glob("*.ipynb")):
        target, version, last = mine / lesson.name, sha256(lesson), copied.get(lesson.name)
        copied[lesson.name] = version
        if not target.exists():
            what = "added"
        elif version in (last, sha256(target)):
            continue
        elif sha256(target) == last:
            what = "replaced"
        else:
            what, target = "beside", beside(target)
        shutil.copyfile(lesson, target)
        done[what].append(target.name)
    record.write_text(json.dumps(copied, indent=1) + "\n", encoding="utf-8")
    return done


def beside(taken: Path) -> Path:
    """Return the first free name of the kind `04_…_new.ipynb`, `04_…_new2.ipynb` beside the file that is `taken`."""
    names = (taken.with_stem(f"{taken.stem}_new{number or ''}") for number in (0, *range(2, 1000)))
    return next(name for name in names if not name.exists())


def sentence(done: dict[str, list[str]], folder: str) -> str:
    """Return what happened, in a sentence or two."""
    parts = [SAID[what].format(", ".join(names)) for what, names in done.items() if names]
    return " ".join([f"Your lessons are in {folder}/.", *parts])


if __name__ == "__main__":
    print(sentence(update(ROOT / "notebooks", ROOT / "my_lessons"), "my_lessons"))
