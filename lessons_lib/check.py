"""Is this machine ready: everything that the course needs, and what is here."""

from dataclasses import dataclass

import pandas as pd

from lessons_lib import machine
from lessons_lib.html import marked
from lessons_lib.hub import why_unreachable
from lessons_lib.sources import HUB

NEEDED_MIB = 2000  # of free memory, and of free disk
READY = "Everything the course needs is here."
ADVICE = {
    "python": "install a Python that fits, and the course in it",
    "the course, installed": "install it as docs/install.md says; until then nothing tells which packages it needs",
    "memory free": "close other programs, and shut down the notebooks that you no longer need",
    "disk free": "delete what you no longer need, such as old runs in trainer_output",
}


@dataclass(frozen=True)
class Readiness:
    """What `check_machine` found: `table` has a row for each thing that the course needs, and says in `ok` if it fits.

    >>> table = pd.DataFrame({"found": ["0.1"], "needed": [">=0.4"], "ok": [False]}, index=["evaluate"])
    >>> Readiness(table).missing
    ['evaluate (needed: >=0.4, found: 0.1): run `%pip install "evaluate>=0.4"` in a cell, and restart the kernel']
    """

    table: pd.DataFrame

    @property
    def missing(self) -> list[str]:
        """What doesn't fit, one text each: what's needed, what was found, what to do."""
        return [
            f"{name} (needed: {needed}, found: {found}): {ADVICE.get(name) or _install(name, needed)}"
            for name, found, needed in self.table.loc[~self.table["ok"], ["found", "needed"]].itertuples()
        ]

    def __repr__(self) -> str:
        """Return the answer in a sentence, or what is missing in a line each, and then the table."""
        missing = "\n".join(["Missing:", *(f"- {one}" for one in self.missing)])
        return f"{missing if self.missing else READY}\n\n{self._shown().to_string()}"

    def _repr_html_(self) -> str:
        items = "".join(f"<li>{marked(one)}</li>" for one in self.missing)
        answer = f"<p><b>✗ Missing:</b></p><ul>{items}</ul>" if items else f"<p><b>✓</b> {READY}</p>"
        return f"{answer}<details><summary>What was checked</summary>{self._shown().to_html()}</details>"

    def _shown(self) -> pd.DataFrame:
        return self.table.assign(ok=self.table["ok"].map({True: "yes", False: "no"}))


def check_machine() -> Readiness:
    """Return whether all that the course needs is here: a sentence, and a table of what was found and needed."""
    versions = machine.versions()
    rows = [(name, there or "absent", needed or "any", bool(fits)) for name, (there, needed, fits) in versions.items()]
    if not versions:
        rows.append(("the course, installed", "absent", "any", False))
    total, available = machine.memory()
    free, needed = machine.disk(), f"{NEEDED_MIB:,} MiB"
    unreachable = why_unreachable(HUB.checkpoint, timeout=3)
    hub = f"not reached: {unreachable}" if unreachable else "reached"
    rows += [
        ("device", machine.device_name(machine.device()), "any", True),
        ("memory free", f"{available:,} of {total:,} MiB", needed, available >= NEEDED_MIB),
        ("disk free", f"{free:,} MiB", needed, free >= NEEDED_MIB),
        ("Hugging Face Hub", hub, "only for the hub profile", True),
    ]
    return Readiness(pd.DataFrame(rows, columns=["what", "found", "needed", "ok"]).set_index("what"))


def _install(name: str, needed: str) -> str:
    package = name if needed == "any" else f"{name}{needed}"
    return f'run `%pip install "{package}"` in a cell, and restart the kernel'
