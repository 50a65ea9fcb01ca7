"""What is peculiar to Colab and to Binder; noxfile.py makes their environments."""

import json
import os
import shutil
import subprocess
from pathlib import Path

from tools import ROOT


def git(*arguments: str | Path) -> str:
    """Run git on this repository, or as `arguments` say, and return what it prints."""
    command = ["git", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


def unpack_commit(target: Path) -> None:
    """Write the files of the last commit to the new folder `target`: others get commits, not what lies here."""
    if git("status", "--porcelain"):
        print("Something here is not committed: the last commit is what is tested.", flush=True)
    archive = target.with_suffix(".tar")
    git("archive", "--output", archive, "HEAD")
    shutil.unpack_archive(archive, target)


def use_kernel(environment: Path, place: Path, *options: str) -> None:
    """Have the kernels of this process run in `environment`, with `options`; the new folder `place` says so.

    Jupyter looks into the folders of JUPYTER_PATH first.
    """
    python = str(environment / "bin" / "python")
    argv = [python, "-Xfrozen_modules=off", "-m", "ipykernel_launcher", "-f", "{connection_file}", *options]
    spec = place / "kernels" / "python3" / "kernel.json"
    spec.parent.mkdir(parents=True)
    spec.write_text(json.dumps({"argv": argv, "display_name": "Python 3", "language": "python"}), encoding="utf-8")
    os.environ["JUPYTER_PATH"] = str(place)
