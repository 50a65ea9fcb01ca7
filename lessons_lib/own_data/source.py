"""Which files a learner named: one, several by split, or those of an upload widget."""

import tempfile
from collections.abc import Mapping
from pathlib import Path

from lessons_lib.errors import DataError
from lessons_lib.own_data.files import find_file

SPLITS = ("train", "validation", "test")
SPLIT_NAMES = {"train": "train", "training": "train", "test": "test", "testing": "test"} | dict.fromkeys(
    ("validation", "valid", "val", "dev", "eval"), "validation"
)


def was_saved_to_disk(folder: str | Path) -> bool:
    """Return whether `save_to_disk` wrote `folder`, which `load_dataset` refuses to read."""
    return any(Path(folder, name).exists() for name in ("dataset_dict.json", "state.json"))


def files_of(source: object) -> dict[str, Path]:
    """Return the path of each split of `source`; a single file, which has no split yet, is called `""`.

    Raises `DataError` where a file is not there, or a split is called what none is.
    """
    if hasattr(source, "value") and not isinstance(source, str | Path):
        source = _uploaded(source.value)
    if not isinstance(source, Mapping):
        return {"": find_file(source)}
    names = [SPLIT_NAMES.get(str(name).strip().lower(), "") for name in source]
    if "train" not in names or "" in names:
        raise DataError(f"The splits are called {', '.join(map(str, source))}: expected train, validation and test.")
    if len(set(names)) < len(names):
        raise DataError(f"Two of {', '.join(map(str, source))} mean the same split: join their files first.")
    files = {name: find_file(path) for name, path in zip(names, source.values(), strict=True)}
    return {name: files[name] for name in SPLITS if name in files}


def _uploaded(value: object) -> Path:
    """Write what a `FileUpload` holds (a dict in ipywidgets 7, a tuple in 8) into a new file; return its path."""
    files = list(value.items()) if isinstance(value, Mapping) else [(one["name"], one) for one in value or ()]
    if not files:
        raise DataError("Nothing was uploaded yet. Choose a file in the widget, then run this cell again.")
    name, file = files[-1]
    plain = Path(str(name).replace("\\", "/")).name.strip(". ")[-100:]
    path = Path(tempfile.mkdtemp(), plain or "uploaded.csv")
    path.write_bytes(bytes(file["content"]))
    return path
