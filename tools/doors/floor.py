"""The oldest versions that pyproject.toml allows. `nox -s floor` installs them and then runs this in their environment.

python -m tools.doors.floor     each lower bound, and the version here
"""

import os
import tomllib
from importlib.metadata import version

from packaging.requirements import Requirement
from packaging.version import Version

from tools.doors import ROOT, pinned


def bounds(pyproject: str) -> dict[str, str]:
    """Return the lower bound of each requirement in the text of a pyproject.toml that names one.

    >>> bounds('[project]\\ndependencies = ["numpy", "ipywidgets>=7.7.1,<9", "tqdm<5"]')
    {'ipywidgets': '7.7.1'}
    """
    requirements = [Requirement(text) for text in tomllib.loads(pyproject)["project"]["dependencies"]]
    lower = {one.name: part.version for one in requirements for part in one.specifier if part.operator == ">="}
    return lower


def bounds_here() -> dict[str, str]:
    """Return the lower bounds of the course."""
    return bounds((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def pins() -> list[str]:
    """Return each lower bound as the one version that pip may take.

    Of torch it is the version in constraints.txt, unless pip looks among the CPU builds too (PIP_EXTRA_INDEX_URL): the
    usual builds of an old torch bring gigabytes of GPU libraries.
    """
    lower = bounds_here()
    if "whl/cpu" not in os.environ.get("PIP_EXTRA_INDEX_URL", ""):
        del lower["torch"]
    return [f"{name}=={bound}" for name, bound in lower.items()] + ([] if "torch" in lower else pinned("torch"))


def table(lower: dict[str, str], here: dict[str, str]) -> str:
    """Return a line for each lower bound: package, bound, version here, and whether that is the bound itself.

    >>> print(table({"torch": "2.11", "psutil": "5.9.4"}, {"torch": "2.13.0+cpu", "psutil": "5.9.4"}))
    torch            >=2.11    2.13.0+cpu  newer than the bound
    psutil           >=5.9.4   5.9.4
    """
    lines = []
    for name, bound in lower.items():
        newer = Version(Version(here[name]).public) > Version(bound)  # public: without +cpu
        lines.append(f"{name:<15}  >={bound:<7} {here[name]}{'  newer than the bound' if newer else ''}")
    return "\n".join(lines)


if __name__ == "__main__":
    print(table(bounds_here(), {name: version(name) for name in bounds_here()}))
