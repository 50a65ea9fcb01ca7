"""What an installation did to the packages of a machine: what pip said, and the versions before and after."""

import re
from collections.abc import Collection, Mapping

from packaging.utils import canonicalize_name


def read_versions(text: str) -> dict[str, str]:
    """Return the version, or the address, of each package in `text`, which is written as `pip freeze` writes.

    >>> read_versions("# two\\nscikit_learn==1.6.1\\nlessons-lib @ git+https://github.com/OWNER/REPO@abc")
    {'scikit-learn': '1.6.1', 'lessons-lib': 'git+https://github.com/OWNER/REPO@abc'}
    """
    found = re.findall(r"^([A-Za-z][\w.-]*)(?:==| @ )(\S+)\s*$", text, flags=re.MULTILINE)
    return {str(canonicalize_name(name)): version for name, version in found}


def installed(printed: str) -> set[str]:
    """Return the packages that pip says it has installed, found in what it `printed` as Colab finds them.

    Source: google/colab/_pip.py in https://github.com/googlecolab/colabtools.

    >>> sorted(installed("Collecting evaluate\\nSuccessfully installed evaluate-0.4.6 lessons-lib-0.1.0"))
    ['evaluate', 'lessons-lib']
    """
    lines = re.findall(r"^(?:\x1b\[0m)?\s*Successfully installed (.*)$", printed, flags=re.MULTILINE)
    return {str(canonicalize_name(one.rpartition("-")[0])) for line in lines for one in line.split()}


def restarts(names: Collection[str], before: Collection[str], imported: Collection[str]) -> set[str]:
    """Return those of the packages `names`, just installed, after which the kernel would have to be restarted.

    Colab asks for it where a module of the package's name is among those `imported`. A package that was there `before`
    counts too: Colab may load it earlier tomorrow than today.

    >>> restarts({"numpy", "evaluate"}, before=(), imported=["sys", "numpy"])
    {'numpy'}
    """
    loaded = {str(canonicalize_name(module)) for module in imported}
    return {name for name in names if name in before or name in loaded}


def faults_of(printed: str, wanted: Collection[str], before: Collection[str], imported: Collection[str]) -> list[str]:
    """Return what is wrong with an installation that `printed` this, and was to bring the packages `wanted`."""
    names = installed(printed)
    replaced = sorted(restarts(names, before, imported))
    faults = [f"installed {name}, which the machine has: Colab would ask for a restart" for name in replaced]
    if names != set(wanted):
        faults.append(f"was to install {' and '.join(sorted(wanted))}, and printed:\n{printed or '(nothing)'}")
    return faults


def changes(before: Mapping[str, str], after: Mapping[str, str], wanted: Collection[str] = ()) -> list[str]:
    """Return a sentence for each package that is not as it was `before`, or that is new and not `wanted`.

    >>> changes({"numpy": "2.1.3"}, {"numpy": "2.4.6", "evaluate": "0.4.6"}, wanted=["evaluate"])
    ['numpy was 2.1.3 and is now 2.4.6']
    """
    changed = [name for name in before if after.get(name) != before[name]]
    new = [name for name in after if name not in before and name not in wanted]
    sentences = [f"{name} was {before[name]} and is now {after.get(name, 'gone')}" for name in changed]
    return sentences + [f"{name} {after[name]} is new" for name in new]


def side_by_side(before: Mapping[str, str], after: Mapping[str, str]) -> str:
    """Return a line a package: its name, its version before, its version after, and a mark where they differ."""
    names = sorted({*before, *after})
    width, column = max(map(len, names)), max(map(len, before.values()))
    lines = [f"{'package':<{width}}  {'before':<{column}}  after"]
    for name in names:
        old, new = before.get(name, "-"), after.get(name, "-")
        mark = "" if old == new else "  added" if old == "-" else "  CHANGED"
        lines.append(f"{name:<{width}}  {old:<{column}}  {new}{mark}")
    return "\n".join(lines)
