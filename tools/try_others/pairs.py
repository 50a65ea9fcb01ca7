"""The course's own sentences, which the other tokenizers are trained on and the other datasets are made of."""

from functools import cache

import pandas as pd

from lessons_lib.sources import EMBEDDED


@cache
def _embedded(split: str) -> pd.DataFrame:
    return pd.read_parquet(next((EMBEDDED / "pairs" / "pairs").glob(f"{split}-*.parquet")))


def pairs(split: str, count: int) -> pd.DataFrame:
    """Return the first `count` embedded pairs of `split`: sentence1, sentence2, and label, about two in three a 1."""
    return _embedded(split)[["sentence1", "sentence2", "label"]].head(count).copy()


def sentences() -> list[str]:
    """Return the sentences that the training pairs are made of, each once, in their order."""
    train = _embedded("train")
    return pd.unique(train[["sentence1", "sentence2"]].to_numpy().ravel()).tolist()
