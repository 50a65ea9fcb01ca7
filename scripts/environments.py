"""Environments to test in: built once under .cache, used again while what they are made from stays as it is."""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Collection, Sequence
from pathlib import Path

from installs import read_versions

ROOT = Path(__file__).resolve().parents[1]
CACHE = ROOT / ".cache"
BUILT = "built.json"  # in an environment: what it was made from, and the versions it held when it was done


def python_in(folder: Path) -> str:
    """Return the interpreter of the environment in `folder`."""
    return str(folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python"))


def pip(folder: Path, *arguments: str) -> str:
    """Run pip in the environment in `folder` and return what it prints; its errors go to the terminal."""
    command = [python_in(folder), "-m", "pip", "--disable-pip-version-check", *arguments]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def frozen(folder: Path) -> dict[str, str]:
    """Return the version of every package in the environment in `folder`."""
    return read_versions(pip(folder, "freeze", "--all"))


def remove(folder: Path, names: Collection[str]) -> None:
    """Take the packages `names` out of the environment in `folder`, those that are there."""
    if names:
        pip(folder, "uninstall", "--yes", "-qq", *names)


def key_of(*parts: object) -> str:
    """Return what an environment is known by: another key for other `parts`, and for another Python."""
    return hashlib.sha256(json.dumps([sys.version, *parts]).encode()).hexdigest()


def kept(folder: Path, key: str, added: Collection[str] = ()) -> dict[str, str] | None:
    """Return the versions in `folder` where it was built from `key` and still holds what it held then; else `None`.

    What a run has `added` since is taken out first. An environment that a run has changed is never used again, or the
    next run would take the change for what was there before.
    """
    record = folder / BUILT
    built = json.loads(record.read_text(encoding="utf-8")) if record.exists() else {}
    if built.get("key") != key:
        return None
    remove(folder, added)
    return built["versions"] if frozen(folder) == built["versions"] else None


def build(folder: Path, key: str, steps: Sequence[Sequence[str]]) -> dict[str, str]:
    """Make the environment in `folder` anew, give each of `steps` to `pip install`, and return what it then holds."""
    print(f"Building {folder.relative_to(ROOT)}. This happens once and takes some minutes.", flush=True)
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
    try:
        for step in steps:
            pip(folder, "install", "--quiet", *step)
    except subprocess.CalledProcessError:
        sys.exit(f"pip could not fill {folder.relative_to(ROOT)}: its reason stands above.")
    versions = frozen(folder)
    (folder / BUILT).write_text(json.dumps({"key": key, "versions": versions}, indent=2) + "\n", encoding="utf-8")
    return versions


def make_kernel(folder: Path, place: Path, *options: str) -> dict[str, str]:
    """Write to `place` a kernel that runs the environment in `folder`, and return the setting that makes it python3.

    Jupyter looks into the folders of JUPYTER_PATH first. The kernel is started with `options`.
    """
    argv = [python_in(folder), "-Xfrozen_modules=off", "-m", "ipykernel_launcher", "-f", "{connection_file}", *options]
    spec = place / "kernels" / "python3" / "kernel.json"
    spec.parent.mkdir(parents=True)
    spec.write_text(json.dumps({"argv": argv, "display_name": "Python 3", "language": "python"}), encoding="utf-8")
    return {"JUPYTER_PATH": str(place)}
