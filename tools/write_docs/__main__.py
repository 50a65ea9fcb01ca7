"""Writes what repeats a fact, from the place where the fact stands.

python -m tools.write_docs                             everything; `make docs` is the same
python -m tools.write_docs --check                     writes nothing, and fails where something is stale
python -m tools.write_docs --repository owner/name     gives the course an address on GitHub first
"""

import argparse
import sys

from tools.write_docs import ROOT, set_repository, write_all


def main(arguments: list[str] | None = None) -> int:
    """Write or check what the command line asks for; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--repository", metavar="OWNER/NAME")
    wanted = parser.parse_args(arguments)
    try:
        if wanted.repository:
            set_repository(ROOT, wanted.repository)
        # an address changes no figure, and a workflow that sets it has no torch
        stale = write_all(ROOT, wanted.check, measured=not wanted.repository)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    names = ", ".join(str(path.relative_to(ROOT)) for path in stale)
    if wanted.check and stale:
        print(f"Stale: {names}. Run `make docs`, and commit what it writes.", file=sys.stderr)
        return 1
    print(f"Written: {names}" if stale else "Everything says what it should.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
