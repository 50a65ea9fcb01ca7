"""Folders that `load_dataset` reads: Parquet or CSV, with a card or without."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd
import yaml
from datasets import ClassLabel, Dataset


def save(folder: Path, splits: Mapping[str, pd.DataFrame], names: Sequence[str] = ()) -> None:
    """Write each split as Parquet, where the file's name says which it is; `names` are those of the classes."""
    for split, frame in splits.items():
        gaps = frame.astype(object).where(frame.notna(), None)  # pandas would make NaN of them
        columns = {name: column.tolist() for name, column in gaps.items()}
        features = Dataset.from_dict(columns).features
        if names:
            features["label"] = ClassLabel(names=list(names))
        path = folder / "data" / f"{split}-00000-of-00001.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        Dataset.from_dict(columns, features).to_parquet(path)


def save_csv(folder: Path, splits: Mapping[str, pd.DataFrame]) -> None:
    """Write each split as a CSV file of that name."""
    for split, frame in splits.items():
        frame.to_csv(folder / f"{split}.csv", index=False)


def save_card(folder: Path, files: Mapping[str, Mapping[str, str]], names: Mapping[str, Sequence[str]]) -> None:
    """Write a README.md that says, per configuration, the file of each split and the names of the classes."""
    texts = [{"name": name, "dtype": "string"} for name in ("sentence1", "sentence2")]
    configs, features = [], []
    for task, splits in files.items():
        classes = {"class_label": {"names": {str(number): name for number, name in enumerate(names[task])}}}
        configs.append({"config_name": task, "data_files": [{"split": one, "path": splits[one]} for one in splits]})
        features.append({"config_name": task, "features": [*texts, {"name": "label", "dtype": classes}]})
    facts = yaml.safe_dump({"configs": configs, "dataset_info": features}, sort_keys=False)
    (folder / "README.md").write_text(f"---\n{facts}---\n\n# Pairs\n", encoding="utf-8")
