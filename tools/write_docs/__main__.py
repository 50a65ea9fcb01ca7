"""Writes what repeats a fact, from the place where the fact stands.

python -m tools.write_docs                             everything; `make docs` is the same
python -m tools.write_docs --check                     writes nothing, and fails where something is stale
python -m tools.write_docs --repository owner/name     gives the course an address on GitHub first
"""

import argparse
import sys

from tools import ROOT
from tools.write_docs.address import set_repository
from tools.write_docs.pages import write_all


def main(arguments: list[str] | None = None) -> None:
    """Write or check what the command line asks for."""
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
        sys.exit(str(error))
    names = ", ".join(str(path.relative_to(ROOT)) for path in stale)
    if wanted.check and stale:
        sys.exit(f"Stale: {names}. Run `make docs`, and commit what it writes.")
    print(f"Written: {names}" if stale else "Everything says what it should.")


if __name__ == "__main__":
    main()
