"""Stands in for Colab's own package, which Colab's kernel loads as an extension before the first cell.

There is no __init__.py beside this folder: `google` stays a namespace, in which `google.protobuf` is found too.
"""

import json
import os
import sys
from pathlib import Path

import numpy  # noqa: F401  Colab's kernel has loaded it too, so that replacing it would take a restart


def load_ipython_extension(shell) -> None:
    """Write the names of all modules that the kernel has imported to the file that COLAB_IMPORTED names."""
    Path(os.environ["COLAB_IMPORTED"]).write_text(json.dumps(sorted(sys.modules)))
