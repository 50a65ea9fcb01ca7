"""The versions that the lessons were last seen to pass on: at the foot of each executed lesson, and in README.md.

    python scripts/versions_seen.py test           what `make test` has passed on: this environment
    python scripts/versions_seen.py test-colab     what the lessons that `make test-colab` executed say of themselves
    python scripts/versions_seen.py gathered       what is in build/versions, one file a leg, from several machines

`.ci/run` calls it after each leg that passed. The record is docs/versions.json; README.md shows it as a table. What the
leg adds lies in build/versions too: on GitHub each leg has a machine of its own.
"""

import datetime
import inspect
import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parents[1]
LEGS = {  # what make calls it: the head of its column, and where below build/ its executed lessons lie
    "test": ("newest tested", None),
    "test-colab": ("Colab's", "colab"),
    "test-floor": ("oldest allowed", "floor"),
    "test-binder": ("Binder's", "binder"),
}
PACKAGES = (
    *("torch", "transformers", "tokenizers", "datasets", "accelerate", "evaluate"),
    *("numpy", "pandas", "pyarrow", "scikit-learn", "ipywidgets", "jupyterlab"),
)
BEGIN, END = "<!-- versions seen: written by .ci/run -->", "<!-- end of versions seen -->"
KEY = "versions_seen"  # in the metadata of the cell at the foot of an executed lesson


def versions_here(names: list[str]) -> dict[str, str]:
    """Return the system and the version of Python here, and that of each of the packages `names` that is here.

    Its source is sent to kernels of other environments, so it needs nothing from this file.

    >>> sorted(versions_here(["nbformat", "no-such-package"]))
    ['Python', 'nbformat', 'system']
    """
    import contextlib
    import platform
    from importlib.metadata import PackageNotFoundError, version

    found = {"system": f"{platform.system()} {platform.machine()}", "Python": platform.python_version()}
    for name in names:
        with contextlib.suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


def question() -> nbformat.NotebookNode:
    """Return a cell that prints, as the last line of its output, what `versions_here` finds in the kernel.

    A lesson may have used any name, so nothing of the lesson's is called, not even its `print`.
    """
    call = f"import builtins, json\nbuiltins.print(json.dumps(versions_here({list(PACKAGES)})))"
    return nbformat.v4.new_code_cell(f"{inspect.getsource(versions_here)}\n{call}")


def foot(answered: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Return the cell for the foot of a lesson that passed, from the cell `question` after the kernel ran it."""
    printed = "".join(output.text for output in answered.outputs if output.get("name") == "stdout")
    seen = {"date": datetime.date.today().isoformat(), **json.loads(printed.splitlines()[-1])}
    rows = [f"| {name} | {version} |" for name, version in seen.items() if name not in ("date", "system")]
    says = f"**Versions seen.** This lesson passed on {seen['date']}, on {seen['system']}, with:"
    text = "\n".join(["---", "", says, "", "| package | version |", "|---|---|", *rows])
    return nbformat.v4.new_markdown_cell(text, metadata={KEY: seen})


def read_feet(folder: Path) -> list[dict[str, str]]:
    """Return what each executed lesson in `folder` says at its foot; one that failed has none."""
    notebooks = [nbformat.read(path, as_version=4) for path in sorted(folder.glob("*.ipynb"))]
    return [cell.metadata[KEY] for notebook in notebooks for cell in notebook.cells[-1:] if KEY in cell.metadata]


def seen_in(leg: str, root: Path = ROOT) -> dict[str, object]:
    """Return the record of `leg`, which has just passed: date, how many lessons, system, versions.

    Lessons executed on several days, as somebody at work does, count as of the first.
    """
    lessons = len(list((root / "notebooks").glob("*.ipynb")))
    folder = LEGS[leg][1]
    if folder is None:  # every lesson has passed here, or `make test` had not
        seen = {"date": datetime.date.today().isoformat(), **versions_here(list(PACKAGES))}
        return {"lessons": [lessons, lessons], **seen}
    feet = read_feet(root / "build" / folder)
    versions = [{name: text for name, text in one.items() if name != "date"} for one in feet]
    if not feet:
        sys.exit(f"No lesson in build/{folder} says what it passed on: run `make {leg}` first.")
    if any(one != versions[0] for one in versions):
        sys.exit(f"The lessons in build/{folder} passed on different versions: run `make {leg}` without LESSON=.")
    return {"lessons": [len(feet), lessons], "date": min(one["date"] for one in feet), **versions[0]}


def table(seen: Mapping[str, Mapping]) -> str:
    """Return the table for README.md: a column for each leg that was `seen` to pass, a row for each package."""
    legs = [leg for leg in LEGS if leg in seen]
    if not legs:
        return "Nothing was recorded yet."
    head = ["| | " + " | ".join(LEGS[leg][0] for leg in legs) + " |", "|---" * (len(legs) + 1) + "|"]
    cells = {
        "command": [f"`make {leg}`" for leg in legs],
        "last passed": [seen[leg]["date"] for leg in legs],
        "lessons passed": ["{} of {}".format(*seen[leg]["lessons"]) for leg in legs],
        **{name: [seen[leg].get(name, "–") for leg in legs] for name in ("system", "Python", *PACKAGES)},
    }
    return "\n".join([*head, *(f"| {name} | {' | '.join(row)} |" for name, row in cells.items())])


def put_table(readme: str, written: str) -> str:
    """Return the text `readme` with `written` in place of what stands between the two marks."""
    places = re.findall(rf"{re.escape(BEGIN)}\n.*?{re.escape(END)}", readme, flags=re.DOTALL)
    if len(places) != 1:
        sys.exit(f"README.md must hold these two lines once, and the table goes between them:\n{BEGIN}\n{END}")
    return readme.replace(places[0], f"{BEGIN}\n{written}\n{END}")


def gathered(folder: Path) -> dict[str, dict]:
    """Return the records in `folder`, a file a leg."""
    files = {path.stem: path for path in folder.glob("*.json") if path.stem in LEGS}
    return {leg: json.loads(path.read_text(encoding="utf-8")) for leg, path in files.items()}


def main(leg: str = "", root: Path = ROOT) -> int:
    """Record what `leg` has just passed on, or what was gathered, in docs/versions.json and in README.md."""
    if leg not in (*LEGS, "gathered"):
        print(f"There is no leg {leg!r}: name one of {', '.join(LEGS)}, or gathered.", file=sys.stderr)
        return 2
    record, readme, parts = root / "docs" / "versions.json", root / "README.md", root / "build" / "versions"
    seen = json.loads(record.read_text(encoding="utf-8")) if record.exists() else {}
    new = gathered(parts) if leg == "gathered" else {leg: seen_in(leg, root)}
    seen |= new
    text = put_table(readme.read_text(encoding="utf-8"), table(seen))
    parts.mkdir(parents=True, exist_ok=True)
    write(record, {name: seen[name] for name in LEGS if name in seen})
    for name, part in new.items():
        write(parts / f"{name}.json", part)
    readme.write_text(text, encoding="utf-8")
    print(f"docs/versions.json and README.md now say what was seen to pass: {', '.join(new) or 'nothing new'}.")
    return 0


def write(path: Path, found: Mapping) -> None:
    """Write what was `found` to the file at `path`, as JSON that a person can read."""
    path.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:2]))
