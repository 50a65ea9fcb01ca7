"""What the course makes once and keeps in the Hugging Face cache: each thing a folder that appears when it is whole."""

import hashlib
import tempfile
from collections.abc import Callable
from pathlib import Path

from lessons_lib.errors import SetupError


def cached(kind: str, name: str, made_of: object, make: Callable[[Path], None]) -> Path:
    """Return the folder of `kind` in the cache that was made of `made_of`, by `make` where it isn't there yet.

    `make` is given a new path to write the folder to. Raises `SetupError` where the cache can't be written.
    """
    from huggingface_hub import constants

    digits = hashlib.sha256(repr(made_of).encode()).hexdigest()[:8]
    folder = Path(constants.HF_HOME, "lessons", kind, f"{name}-{digits}")
    if folder.exists():
        return folder
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as temporary:
            make(Path(temporary, "made"))
            if not folder.exists():  # another kernel may have been faster
                Path(temporary, "made").rename(folder)
    except OSError as error:
        raise SetupError(
            f"{folder} can't be written: {error}. Free some space, or set HF_HOME to another folder."
        ) from None
    return folder
