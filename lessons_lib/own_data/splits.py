"""Who is trained on, who is validated on, who is tested on: no text in two of them, each class in each."""

import numpy as np
import pandas as pd

TEXT_COLUMNS = ("text", "sentence1", "sentence2")  # what they are called once a file was read: the first, or the others
SHARE = 0.15  # of each class for validation, and for test


def same_text(texts: list[str]) -> np.ndarray:
    """Return a number for each text, equal for those that differ but by case and blanks, `(n,)`.

    >>> same_text(["Fine.", " fine. ", "Bad."]).tolist()
    [0, 0, 1]
    """
    return pd.factorize(pd.Series([" ".join(one.casefold().split()) for one in texts]))[0]


def split_rows(
    labels: np.ndarray, groups: np.ndarray, shares: dict[str, float], seed: int, rest: str = "train"
) -> np.ndarray:
    """Return the name of the split of each row, `(n,)`: its share of each class, and `rest` for what is left.

    Rows of one group (the same text) go together, by the class of the first. A class has at least one group in each
    split where it has enough of them; else all of it goes to `rest`.

    >>> labels, groups = np.array([0] * 6 + [1] * 6), np.arange(12)
    >>> names = split_rows(labels, groups, {"test": 1 / 3}, seed=0)
    >>> [int(((labels == label) & (names == "test")).sum()) for label in (0, 1)]
    [2, 2]
    """
    rng = np.random.default_rng(seed)
    _, first, groups = np.unique(groups, return_index=True, return_inverse=True)
    of_group = np.full(len(first), rest, dtype=object)
    for label in np.unique(labels):
        members = rng.permutation(np.flatnonzero(labels[first] == label))
        if len(members) <= len(shares):
            continue
        start = 0
        for name, share in shares.items():
            end = start + max(1, round(share * len(members)))
            of_group[members[start:end]] = name
            start = end
    return of_group[groups]


def fill_splits(given: np.ndarray, labels: np.ndarray, groups: np.ndarray, seed: int) -> np.ndarray:
    """Return the split of each row, `(n,)`: the `given` one, or where that is `""` a part of train, 15 % of each class.

    Validation and test are drawn where no row was given to them.
    """
    names = given.astype(object)
    missing = {name: SHARE for name in ("validation", "test") if not (given == name).any()}
    names[given == ""] = "train"
    train = names == "train"
    if missing:
        names[train] = split_rows(labels[train], groups[train], missing, seed)
    return names


def in_later_split(splits: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Return which rows have their text in a later split, too, `(n,)`: what is tested on must not be trained on.

    >>> in_later_split(np.array(["train", "test", "train"]), np.array([7, 7, 8])).tolist()
    [True, False, False]
    """
    order = pd.Series(splits).map({"train": 0, "validation": 1, "test": 2})
    return (order.groupby(groups).transform("max") > order).to_numpy()
