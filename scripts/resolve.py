"""Asks pip what it would install for each Python that the course names, and keeps the answers in docs/resolved.json.

    python scripts/resolve.py

Nothing is installed, but some gigabytes are fetched: pip reads what a wheel needs in the wheel. Only wheels count, and
of a Python its first release (3.11.0): what asks for a later one is found here, before somebody meets it. Where
`python3.12` can be called, pip runs in it. Elsewhere it runs in this Python, and decides by this one what a list asks
of some Pythons only (`; python_version < "3.13"`); the record says whose markers they were.
Addresses that this machine's pip is told beside the index are left out: the record is of what anybody gets.
"""

import datetime
import json
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Sequence
from pathlib import Path

from packaging.utils import canonicalize_name
from run_colab import recipe

ROOT = Path(__file__).resolve().parents[1]
RECORD = ROOT / "docs" / "resolved.json"
CONSTRAINTS = "constraints.txt"
PYTHONS = ("3.11", "3.12", "3.13")
COLAB = "3.13"  # the Python that Colab has
OF_THIS_MACHINE = ("PIP_FIND_LINKS", "PIP_EXTRA_INDEX_URL")


def requirements(pyproject: str) -> list[str]:
    """Return what the text of a pyproject.toml asks for, with all extras.

    >>> requirements('[project]\\ndependencies = ["numpy"]\\n[project.optional-dependencies]\\nlab = ["jupyterlab>=4"]')
    ['jupyterlab>=4', 'numpy']
    """
    project = tomllib.loads(pyproject)["project"]
    extras = project.get("optional-dependencies", {}).values()
    return sorted([*project["dependencies"], *(one for extra in extras for one in extra)])


def asked() -> dict[str, tuple[str, list[str], str]]:
    """Return for each list its Python, what is asked of pip, and the file of constraints, where there is one."""
    course = requirements((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    found = {f"the course on Python {python}": (python, course, CONSTRAINTS) for python in PYTHONS}
    return found | {f"Colab's versions on Python {COLAB}": (COLAB, sorted([*recipe()[0], "evaluate>=0.4.6"]), "")}


def interpreter(python: str) -> str:
    """Return a Python of the version `python`, such as `"3.12"`, that has pip; this one where there is none."""
    code = f"import sys, pip; sys.exit('%d.%d' % sys.version_info[:2] != '{python}')"
    found = shutil.which(f"python{python}")
    works = found and subprocess.run([found, "-c", code], capture_output=True).returncode == 0
    return found if works else sys.executable


def resolve(python: str, wanted: Sequence[str], constraints: str) -> dict:
    """Return pip's report on installing what is `wanted` for `python`; ends the program where pip finds no answer."""
    settings = {name: value for name, value in os.environ.items() if name not in OF_THIS_MACHINE}
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.json")
        command = [interpreter(python), "-m", "pip", "install", "--dry-run", "--ignore-installed", "--quiet"]
        command += ["--only-binary=:all:", f"--python-version={python}", f"--target={folder}", f"--report={report}"]
        command += [f"--constraint={ROOT / constraints}"] if constraints else []
        done = subprocess.run([*command, *wanted], env=settings | {"PIP_CONFIG_FILE": os.devnull}, cwd=folder)
        if done.returncode:
            sys.exit(f"pip finds no set of wheels for Python {python}.0: its reason stands above. No record written.")
        return json.loads(report.read_text(encoding="utf-8"))


def entry(python: str, wanted: Sequence[str], constraints: str) -> dict:
    """Return the record of one list: what was asked, by which pip, with whose markers, and each package's version."""
    report = resolve(python, wanted, constraints)
    found = {str(canonicalize_name(one["metadata"]["name"])): one["metadata"]["version"] for one in report["install"]}
    here = report["environment"]
    return {
        "python": f"{python}.0",
        "markers": f"Python {here['python_full_version']}, {here['platform_system']} {here['platform_machine']}",
        "pip": report["pip_version"],
        "asked": list(wanted),
        "packages": dict(sorted(found.items())),
    }


def main() -> int:
    """Ask for each list, write the record, and say how many packages each needs."""
    entries = {}
    for name, (python, wanted, constraints) in asked().items():
        print(f"{name} ...", end=" ", flush=True)
        entries[name] = entry(python, wanted, constraints)
        print(f"{len(entries[name]['packages'])} packages, markers of {entries[name]['markers']}", flush=True)
    found = {"command": "make resolve", "date": datetime.date.today().isoformat(), "resolved": entries}
    RECORD.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
