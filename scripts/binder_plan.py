"""What repo2docker plans for a repository on Binder: the Python, what the image has already, what is run for it."""

import re
import subprocess
import sys
import urllib.error
import urllib.request
from importlib.util import find_spec
from pathlib import Path


def plan(repository: Path) -> str:
    """Return the Dockerfile by which repo2docker would build `repository`; it needs no Docker for that."""
    command = [sys.executable, "-m", "repo2docker", "--no-build", "."]
    return subprocess.run(command, cwd=repository, check=True, stdout=subprocess.PIPE, text=True).stdout


def commands(planned: str) -> list[str]:
    """Return what a Dockerfile runs as the learner: what the repository asks for, without repo2docker's own steps.

    >>> commands("USER root\\nRUN apt-get update\\nUSER ${NB_USER}\\nRUN ./binder/postBuild")
    ['./binder/postBuild']
    """
    found, user = [], ""
    for line in planned.splitlines():
        word, _, rest = line.partition(" ")
        user = rest if word == "USER" else user
        found += [rest] if word == "RUN" and user == "${NB_USER}" else []
    return found


def python_of(planned: str) -> str:
    """Return the Python that a Dockerfile of repo2docker installs, such as `"3.11"`, from the name of its lock file."""
    found = re.search(r"environment-2epy-2d(\d+)-2e(\d+)-2dlinux", planned)
    if not found:
        sys.exit("The plan names no Python: this repo2docker calls its lock files otherwise. See python_of.")
    return ".".join(found.groups())


def locked(lock: str) -> list[str]:
    """Return the Python packages in the text of a lock file of conda's, with their versions, as pip writes them.

    >>> locked("https://c.org/noarch/comm-0.2.3-pyhe01879c_0.conda#7\\nhttps://c.org/linux-64/tk-8.6-h4_2.conda#7")
    ['comm==0.2.3']
    """
    parts = re.findall(r"^https://\S+/(\S+)-([^-\s]+)-([^-\s]+)\.(?:conda|tar\.bz2)", lock, flags=re.MULTILINE)
    return [f"{name}=={version}" for name, version, built in parts if built.startswith("py")]


def base_of(python: str) -> list[str]:
    """Return the Python packages that an image of repo2docker has before those of the repository are installed."""
    [folder] = find_spec("repo2docker").submodule_search_locations
    lock = Path(folder, "buildpacks", "conda", f"environment.py-{python}-linux-64.lock")
    return locked(lock.read_text(encoding="utf-8"))


def answers(index: str) -> bool:
    """Return whether the package index at the address `index` can be reached."""
    try:
        urllib.request.urlopen(index, timeout=10).close()
    except urllib.error.HTTPError:
        return True  # it has answered, whatever it thinks of this address
    except OSError:
        return False
    return True


def reachable(requirements: str) -> str:
    """Return the text of a requirements.txt without the indexes that do not answer, and print which these are."""
    lines = []
    for line in requirements.splitlines():
        option, _, index = line.partition(" ")
        if option == "--extra-index-url" and not answers(index):
            print(f"{index} does not answer: its line in requirements.txt is left out.", flush=True)
        else:
            lines.append(line)
    return "\n".join(lines) + "\n"


def shows_widgets(listed: str) -> bool:
    """Return whether JupyterLab shows widgets, from what `jupyter labextension list` printed."""
    plain = re.sub(r"\x1b\[\d*m", "", listed)
    return bool(re.search(r"@jupyter-widgets/jupyterlab-manager v\S+ enabled +OK", plain))
