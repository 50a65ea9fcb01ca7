"""Say what in a tutorial fails on the versions installed here, and what to write today.

    python -m lessons_lib.doctor notebook.ipynb
    python -m lessons_lib.doctor --fix program.py

Reads a notebook or a program, and doesn't run it. What isn't certain isn't mentioned. --fix writes a mended copy beside
it. The exit status is 0 where nothing was found, 1 where something was, 2 where a file can't be read.
"""

import argparse
import logging
import os
import sys
from pathlib import Path

from lessons_lib.errors import SetupError


def main(given: list[str] | None = None) -> int:
    """Examine each file that the command line names, print what was found, and return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m lessons_lib.doctor", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("file", nargs="+", type=Path, help="a notebook (.ipynb) or a program (.py)")
    parser.add_argument("--fix", action="store_true", help="write a mended copy: notebook.fixed.ipynb")
    asked = parser.parse_args(given)
    os.environ.setdefault("HF_HUB_OFFLINE", "1")  # nothing here asks the Hub
    logging.disable(logging.CRITICAL)  # what the libraries say when they're loaded
    return max(_examined(path, asked.fix) for path in asked.file)


def _examined(path: Path, fix: bool) -> int:
    from lessons_lib.doctor.looks import examine
    from lessons_lib.doctor.mend import write_mended
    from lessons_lib.doctor.reading import read
    from lessons_lib.doctor.report import harmless, report

    try:
        cells = read(path)
        findings = examine(cells)
        print(report(str(path), cells, findings, program=path.suffix == ".py"))
        if fix and any(one.edits for one in findings):
            print(f"\nWritten: {harmless(str(write_mended(path)))}")
        elif fix and findings:
            print("\nNothing is written: none of this has an automatic fix.")
    except (SetupError, OSError) as error:
        print(f"{harmless(str(path))}: {harmless(str(error))}", file=sys.stderr)
        return 2
    except RecursionError:
        print(f"{harmless(str(path))}: A cell is nested too deep to be read.", file=sys.stderr)
        return 2
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
