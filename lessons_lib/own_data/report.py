"""What there is to say about a learner's own data before anything is trained on it."""

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from lessons_lib.errors import DataError
from lessons_lib.own_data.columns import named

NEAR = 0.8  # cosine of two texts' character n-grams from which they count as nearly the same
LOOKED_AT = 5000  # texts that are compared with each other, at the most


@dataclass
class Report:
    """What was read, kept and left out, and what to look at; `print` it, or take its tables.

    `labels` has one row per class and one column per split, in rows. `dropped` has a row for each that was left out,
    with its file, its place there and why. `duplicates` counts rows whose text another row has too, with the same
    label; `conflicts` lists texts that have several labels, `near` pairs of texts that are nearly the same. `lengths`
    are tokens, of at most 10,000 texts; `too_long` is the share that `max_length` cuts.
    """

    files: dict[str, str]
    read: int = 0
    columns: str = ""
    labels: pd.DataFrame = field(default_factory=pd.DataFrame)
    dropped: pd.DataFrame = field(default_factory=pd.DataFrame)
    duplicates: int = 0
    conflicts: pd.DataFrame = field(default_factory=pd.DataFrame)
    near: pd.DataFrame = field(default_factory=pd.DataFrame)
    compared: int = 0
    lengths: pd.Series = field(default_factory=lambda: pd.Series(dtype=int))
    max_length: int | None = None
    notes: list[str] = field(default_factory=list)

    @property
    def kept(self) -> int:
        """How many rows the splits have together."""
        return int(self.labels.to_numpy().sum())

    @property
    def too_long(self) -> float:
        """The share of texts that have more than `max_length` tokens."""
        return float((self.lengths > self.max_length).mean()) if len(self.lengths) and self.max_length else 0.0

    @property
    def brief(self) -> str:
        """What was kept and what was left out, in one line."""
        given = set(self.files)
        drawn = {name: " (taken out of train)" for name in self.labels if name != "train" and name not in given}
        splits = ", ".join(f"{int(count):,} {name}{drawn.get(name, '')}" for name, count in self.labels.sum().items())
        whys = Counter(self.dropped["why"]) if len(self.dropped) else {}
        left_out = ", ".join(f"{count:,} ({why})" for why, count in whys.items()) or "none"
        return f"rows {splits}, left out {left_out}; {self.columns}; classes {named(list(self.labels.index))}."

    def __str__(self) -> str:
        """Say all of it in some fifteen lines."""
        shares = self.labels.sum(axis=1) / max(self.kept, 1)
        shown = [f"{named([name])} {share:.0%}" for name, share in shares.items()]
        splits = [f"{int(count):,} {name}" for name, count in self.labels.sum().items()]
        near = _counted(len(self.near), "pair", "pairs")
        lines = {
            "file": ", ".join(dict.fromkeys(self.files.values())),
            "columns": self.columns,
            "rows": f"{self.read:,} read, {self.kept:,} kept: {', '.join(splits)}",
            "left out": self._left_out(),
            "classes": f"{len(shares)}: {', '.join(shown[:8])}{', …' if len(shown) > 8 else ''}",
            "tokens": self._tokens(),
            "same text": f"{_counted(self.duplicates, 'row repeats', 'rows repeat')} another, kept in its split",
            "two labels": f"{_counted(len(self.conflicts), 'text has', 'texts have')} more than one label",
            "nearly same": f"{near} of texts, among the {self.compared:,} that were compared",
        }
        told = [f"{name:<12} {value}" for name, value in lines.items() if value]
        return "\n".join([*told, *(f"{'note':<12} {note}" for note in self.notes)])

    def _left_out(self) -> str:
        if self.dropped.empty:
            return "nothing"
        whys = Counter(self.dropped["why"])
        parts = []
        for why, count in whys.most_common(6):
            places = self.dropped.loc[self.dropped["why"] == why, "place"].head(3)
            parts.append(f"{count:,}: {why} ({', '.join(places)}{', …' if count > 3 else ''})")
        return f"\n{'':<13}".join(parts)

    def _tokens(self) -> str:
        if self.lengths.empty:
            return ""
        half, most = int(self.lengths.median()), int(self.lengths.max())
        cut = f"; {self.too_long:.0%} are longer than {self.max_length:,}, and would be cut" if self.max_length else ""
        return f"half of the texts have up to {half:,}, the longest {most:,}{cut}"


def _counted(count: int, one: str, several: str) -> str:
    """Return `count` with its words: `one` for a single thing, `several` for any other number.

    >>> _counted(1, "row repeats", "rows repeat"), _counted(2000, "row repeats", "rows repeat")
    ('1 row repeats', '2,000 rows repeat')
    """
    return f"{count:,} {one if count == 1 else several}"


def near_duplicates(
    texts: list[str], groups: np.ndarray, splits: np.ndarray, seed: int = 42
) -> tuple[pd.DataFrame, int]:
    """Return pairs of texts that are nearly the same, nearest first, and how many texts were compared.

    Each text is paired with the one nearest to it: a text that comes in thousands of variants would have millions of
    pairs. Nearly: the cosine of their counts of three to five characters, weighed by TF-IDF, is at least `NEAR`.
    `groups` says which texts are the same but for case and blanks, `(n,)`: those are compared once. `splits` is `(n,)`,
    too.
    """
    from sklearn import config_context
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.neighbors import NearestNeighbors

    one_each = np.unique(groups, return_index=True)[1]
    if len(one_each) > LOOKED_AT:
        one_each = np.sort(np.random.default_rng(seed).choice(one_each, LOOKED_AT, replace=False))
    some = [texts[row][:2000] for row in one_each]
    columns = ["similarity", "text", "split", "other", "other split"]
    try:
        vectors = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), max_features=50_000).fit_transform(some)
    except ValueError:  # not one letter in all of them
        return pd.DataFrame(columns=columns), len(some)
    if len(some) < 2:
        return pd.DataFrame(columns=columns), len(some)
    with config_context(working_memory=64):  # MiB
        distances, nearest = NearestNeighbors(n_neighbors=1, metric="cosine").fit(vectors).kneighbors()
    pairs = {
        (min(row, other), max(row, other)): 1 - distance
        for row, (other,), (distance,) in zip(range(len(some)), nearest.tolist(), distances.tolist(), strict=True)
        if 1 - distance >= NEAR
    }
    ranked = sorted(pairs, key=pairs.__getitem__, reverse=True)
    table = [
        (round(pairs[pair], 3), *(one[at] for at in one_each[list(pair)] for one in (texts, splits))) for pair in ranked
    ]
    return pd.DataFrame(table, columns=columns), len(some)


def token_lengths(tokenizer: object, texts: pd.DataFrame, seed: int) -> pd.Series:
    """Return the tokens of each text, or of 10,000 drawn from them; special tokens count."""
    some = texts.sample(min(len(texts), 10_000), random_state=seed)
    ids = tokenizer(*(some[name].tolist() for name in some), truncation=False, verbose=False)["input_ids"]
    return pd.Series([len(one) for one in ids])


def too_few(kept: int, classes: int, dropped: pd.DataFrame, least: int = 20) -> None:
    """Raise `DataError` where there is too little left to learn from and to measure on."""
    needed = max(least, 2 * classes)
    if kept < needed:
        among = f" in {classes} classes" if classes else ""
        why = Counter(dropped["why"]).most_common(1)[0][0] if len(dropped) else ""
        lost = f" {len(dropped):,} rows were left out, most of them: {why}." if why else ""
        raise DataError(
            f"{kept:,} rows with a text and a label{among}: too few. At least {needed} are needed for anything to be "
            f"measured, some hundred for it to be worth it.{lost}"
        )
