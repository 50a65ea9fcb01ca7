"""Is this machine ready: everything that the course needs, beside what is here."""

import pandas as pd

from lessons_lib import machine
from lessons_lib.hub import why_unreachable
from lessons_lib.sources import HUB

NEEDED_MIB = 2000  # of free memory, and of free disk


def check_machine() -> pd.DataFrame:
    """Return one row for each thing that the course needs here: what was found, what is needed, whether it fits."""
    rows = [
        (name, there or "absent", needed or "any", fits) for name, (there, needed, fits) in machine.versions().items()
    ]
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
    return pd.DataFrame(rows, columns=["what", "found", "needed", "ok"]).set_index("what")
