"""From files of one's own to a folder that every lesson takes as its dataset."""

import hashlib
import tempfile
from pathlib import Path

import yaml
from datasets import ClassLabel, DatasetDict, load_from_disk

from lessons_lib.errors import DataError
from lessons_lib.own_data.read import read_own_data
from lessons_lib.own_data.report import Report
from lessons_lib.own_data.source import SPLIT_NAMES, was_saved_to_disk

TASK = "pairs"
READABLE = (".csv", ".tsv", ".txt", ".jsonl", ".ndjson", ".json", ".parquet", ".xlsx")


def write_folder(splits: DatasetDict, folder: str | Path) -> Path:
    """Write `splits`, as `read_own_data` returns them, into the new `folder`, and return it.

    `load_dataset(folder, "pairs")` reads it. Its card names columns and classes, and a file's name changes with its
    rows, because `load_dataset` keeps what it read under the card. Raises `DataError` where `folder` is already there.
    """
    folder = Path(folder)
    if folder.exists():
        raise DataError(f"{folder} is already there: name another folder, or delete this one.")
    (folder / TASK).mkdir(parents=True)
    files = []
    for name, rows in splits.items():
        digits = hashlib.sha256(repr(rows.to_pandas().to_numpy().tolist()).encode()).hexdigest()[:8]
        rows.to_parquet(folder / TASK / f"{name}-{digits}.parquet")
        files.append({"split": name, "path": f"{TASK}/{name}-{digits}.parquet"})
    names = splits["train"].features["label"].names
    label = {"class_label": {"names": {str(number): name for number, name in enumerate(names)}}}
    columns = [{"name": one, "dtype": label if one == "label" else "string"} for one in splits["train"].column_names]
    head = {
        "configs": [{"config_name": TASK, "data_files": files}],
        "dataset_info": [{"config_name": TASK, "features": columns}],
    }
    card = f"---\n{yaml.safe_dump(head, sort_keys=False, allow_unicode=True)}---\n"
    (folder / "README.md").write_text(card, encoding="utf-8")
    return folder


def make_folder(source: str | Path, folder: str | Path, **options: object) -> Report:
    """Read `source`, write it as a dataset into the new `folder`, and return the report of what was read.

    `source` is a file, a folder with one file per split, or what `save_to_disk` wrote; `options` are those of
    `read_own_data`. Raises `DataError` with what was found and what to do.
    """
    with tempfile.TemporaryDirectory() as temporary:
        splits, report = read_own_data(_files_in(Path(source).expanduser(), Path(temporary)), **options)
        write_folder(splits, folder)
    return report


def _files_in(source: Path, temporary: Path) -> Path | dict[str, Path]:
    if not source.is_dir():
        return source
    if was_saved_to_disk(source):
        return _saved_to_disk(source, temporary)
    files = sorted(file for file in source.rglob("*") if file.suffix.lower() in READABLE)
    named = {}
    for file in files:
        split = SPLIT_NAMES.get(file.stem.lower().split("-")[0].split("_")[0])
        if split:
            named.setdefault(split, []).append(file)
    several = [file.name for some in named.values() for file in some[1:]]
    if several:
        raise DataError(f"{source} has more than one file for a split, such as {several[0]}: join them first.")
    if "train" in named:
        return {split: some[0] for split, some in named.items()}
    if len(files) == 1:
        return files[0]
    found = ", ".join(file.name for file in files[:5]) or f"no file that ends with {', '.join(READABLE)}"
    raise DataError(f"{source} has {found}. Name a file, or call the files train, validation and test.")


def _saved_to_disk(source: Path, temporary: Path) -> Path | dict[str, Path]:
    saved = load_from_disk(str(source))
    files = {}
    for name, rows in (saved if isinstance(saved, DatasetDict) else {"train": saved}).items():
        table = rows.to_pandas()
        for column, feature in rows.features.items():
            if isinstance(feature, ClassLabel):
                table[column] = [None if label < 0 else feature.int2str(label) for label in rows[column]]
        files[name] = temporary / f"{name}.parquet"
        table.to_parquet(files[name])
    return files if len(files) > 1 else files["train"]
