"""Where the course lives: its repository and the version that its badges and install cells name.

    python scripts/links.py REPO=owner/name REF=v0.1.0

Writes both into `[project.urls]` of pyproject.toml, which is the one place that says them, and from there into every
badge, every install cell and README.md.
"""

import re
import sys
import tomllib
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parents[1]
HOST = "https://github.com"


def read_address(root: Path = ROOT) -> tuple[str, str]:
    """Return the repository, such as `"owner/name"`, and the branch, tag or commit, from `[project.urls]`."""
    urls = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]["urls"]
    repo, _, ref = urls["Source"].removeprefix(f"{HOST}/").partition("/tree/")
    return repo, ref


def badges(name: str, repo: str, ref: str) -> str:
    """Return the two lines of badges of the lesson called `name`: Colab, then Binder."""
    colab = f"https://colab.research.google.com/github/{repo}/blob/{ref}/notebooks/{name}.ipynb"
    binder = f"https://mybinder.org/v2/gh/{repo}/{ref}?urlpath=lab/tree/notebooks/{name}.ipynb"
    return (
        f"[![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)]({colab})\n"
        f"[![Launch Binder](https://mybinder.org/badge_logo.svg)]({binder})"
    )


def install_cell(repo: str, ref: str) -> str:
    """Return the source of the cell that installs the course on Colab and does nothing anywhere else."""
    return (
        'import sys\n\nif "google.colab" in sys.modules:\n'
        f'    %pip install --no-deps "git+{HOST}/{repo}@{ref}" "evaluate>=0.4.6"'
    )


def rewrite(repo: str, ref: str, root: Path = ROOT) -> list[Path]:
    """Write `repo` and `ref` wherever they stand, and return the files that changed."""
    old_repo, old_ref = read_address(root)
    texts = {}
    for path in (root / "pyproject.toml", root / "README.md"):
        text = path.read_text(encoding="utf-8").replace(f"/{old_repo}/tree/{old_ref}", f"/{repo}/tree/{ref}")
        # only whole names: what follows may be the end of the line, a quote, a space or a further part of an address
        texts[path] = re.sub(rf"{re.escape(HOST)}/{re.escape(old_repo)}(?![\w.-])", f"{HOST}/{repo}", text)
    for path in sorted((root / "notebooks").glob("*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        title, install = notebook.cells[:2]
        title.source = title.source.replace(badges(path.stem, old_repo, old_ref), badges(path.stem, repo, ref))
        install.source = install.source.replace(install_cell(old_repo, old_ref), install_cell(repo, ref))
        texts[path] = nbformat.writes(notebook) + "\n"
    changed = [path for path, text in texts.items() if path.read_text(encoding="utf-8") != text]
    for path in changed:
        path.write_text(texts[path], encoding="utf-8")
    return changed


def main(arguments: list[str]) -> int:
    """Rewrite the address as the command line says it, and name the files that changed."""
    given = dict(argument.split("=", 1) for argument in arguments if "=" in argument)
    repo, ref = given.get("REPO", ""), given.get("REF", "")
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", repo) or not re.fullmatch(r"[\w./-]+", ref):
        print("Say both, such as: make links REPO=owner/name REF=v0.1.0", file=sys.stderr)
        return 2
    for path in rewrite(repo, ref):
        print(path.relative_to(ROOT))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
