"""The oldest versions that pyproject.toml allows: what `nox -s floor` installs."""

import os
import tomllib

from packaging.requirements import Requirement

from tools.doors import ROOT, pinned


def pins() -> list[str]:
    """Return each lower bound as the one version that pip may take.

    Of torch it is the version in constraints.txt, unless pip looks among the CPU builds too (PIP_EXTRA_INDEX_URL): the
    usual builds of an old torch bring gigabytes of GPU libraries.
    """
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needs = map(Requirement, project["dependencies"])
    lower = {need.name: one.version for need in needs for one in need.specifier if one.operator == ">="}
    if "whl/cpu" not in os.environ.get("PIP_EXTRA_INDEX_URL", ""):
        lower["torch"] = pinned("torch")[0].partition("==")[2]
    return [f"{name}=={version}" for name, version in lower.items()]
