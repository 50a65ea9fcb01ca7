"""A teacher's table from a folder of exports: who has done what, and what the class found hardest.

    python -m lessons_lib.exercises.classroom FOLDER

Each learner runs `export_progress("Name")` and hands in the file. The table is also written to FOLDER/class.csv.
"""

import sys
from pathlib import Path

import pandas as pd

from lessons_lib.exercises import LESSONS
from lessons_lib.exercises.course_map import asked, done
from lessons_lib.progress.file import parse
from lessons_lib.progress.share import merge

HARDEST = 8


def read_class(folder: Path) -> tuple[dict[str, dict], list[str]]:
    """Return the progress of each learner by name, and in sentences what to know of the files."""
    learners: dict[str, dict] = {}
    notes = []
    for path in sorted(folder.rglob("*.json")):
        try:
            one = parse(path)
        except (OSError, ValueError) as why:
            notes.append(f"{path.relative_to(folder)} is left out: {getattr(why, 'strerror', None) or why}.")
            continue
        name = " ".join(one["name"].split()) or path.stem
        if name in learners:
            notes.append(f"{path.relative_to(folder)} is of {name}, too, and counted with the other file of that name.")
        learners[name] = merge(learners[name], one) if name in learners else one
    return learners, notes


def class_table(learners: dict[str, dict]) -> pd.DataFrame:
    """Return a row per learner: per lesson the exercises solved and the questions right, and both in all."""
    rows = {}
    for name, progress in learners.items():
        row, totals = {}, {"exercises": 0, "quiz": 0}
        for lesson in LESSONS:
            counts = done(progress["lessons"].get(lesson, {}), lesson)
            row[lesson] = f"{counts['exercises']}/{counts['exercises asked']} {counts['quiz']}/{counts['quiz asked']}"
            totals = {kind: totals[kind] + counts[kind] for kind in totals}
        rows[_safe(name)] = row | totals
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("learner").sort_index()


def hardest(learners: dict[str, dict]) -> pd.DataFrame:
    """Return what fewest had right at once: exercises at the first try, questions at the first answer."""
    rows = []
    for lesson in LESSONS:
        for kind, names in asked(lesson).items():
            for name in names:
                entries = [one["lessons"].get(lesson, {}).get(kind, {}).get(name) for one in learners.values()]
                tried = [one for one in entries if one]
                right = sum(
                    bool(one.get("solved")) and one.get("tries") == 1
                    if kind == "exercises"
                    else one.get("first", False)
                    for one in tried
                )
                if tried:
                    rows.append((right / len(tried), len(tried), lesson, name))
    rows.sort(key=lambda row: (row[0], -row[1]))
    return pd.DataFrame(
        [(f"{share:.0%}", tried, lesson, name) for share, tried, lesson, name in rows[:HARDEST]],
        columns=["right at once", "tried by", "lesson", "exercise or question"],
    )


def _safe(name: str) -> str:
    """Return `name` without what a terminal would obey, and so that no spreadsheet takes it for a formula."""
    name = "".join(letter if letter.isprintable() else "?" for letter in name)
    return f"'{name}" if name[:1] in "=+-@" else name


def main(arguments: list[str]) -> str:
    """Print the tables of the folder in `arguments`; return what stops that, or `""`."""
    folder = Path(arguments[0]).expanduser() if len(arguments) == 1 and arguments[0] else None
    if folder is None or not folder.is_dir():
        return "Name the folder with your learners' exports: make class FOLDER=exports"
    learners, notes = read_class(folder)
    print(*notes, sep="\n", end="\n" if notes else "")
    if not learners:
        return f'There\'s no export in {folder}: each learner runs export_progress("Name") and hands in the file.'
    table = class_table(learners)
    print("Per lesson: exercises solved, questions right.\n")
    print(table.to_string(), "\n")
    print("Hardest: least often right at once.\n")
    print(hardest(learners).to_string(index=False))
    try:
        table.to_csv(folder / "class.csv", encoding="utf-8-sig")
    except OSError as error:
        return f"{folder / 'class.csv'} can't be written: {error.strerror}."
    print(f"\nThe table is in {folder / 'class.csv'}.")
    return ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]) or 0)
