"""Checks lessons against the rules that a program can judge.

    python -m tools.check_lessons            every lesson
    python -m tools.check_lessons FILE …     these

Prints one line per complaint, `file: cell number: what is wrong and what to do`, and ends with 1 where there is any.
"""

import sys
from pathlib import Path

from tools.check_lessons import complaints
from tools.write_docs import ROOT


def main(files: list[str]) -> int:
    """Print what is wrong with `files`, or with every lesson where none is named."""
    paths = [Path(file) for file in files] or sorted((ROOT / "notebooks").glob("*.ipynb"))
    lines = [line for path in paths for line in complaints(path)]
    print("\n".join(lines) or f"{len(paths)} lessons, no complaint")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
