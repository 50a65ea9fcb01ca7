"""Which columns of a table hold the texts and the labels."""

import difflib
import re
from collections.abc import Mapping, Sequence

from lessons_lib.errors import DataError

PAIRS = (
    ("sentence1", "sentence2"),
    ("premise", "hypothesis"),
    ("question1", "question2"),
    ("text1", "text2"),
    ("text_a", "text_b"),
    ("sentence_a", "sentence_b"),
    ("question", "sentence"),
)
# fmt: off
TEXTS = (
    "text", "sentence", "review", "review_text", "reviewtext", "message", "content", "body", "comment", "comment_text",
    "tweet", "tweet_text", "utterance", "post", "email", "sms", "document", "description", "headline", "title",
    "question", "query", "statement", "input",
)
LABELS = (
    "label", "labels", "class", "category", "target", "sentiment", "intent", "tag", "topic", "label_text", "label_name",
    "class_name", "polarity", "emotion", "stars", "star", "rating", "score", "airline_sentiment", "is_spam", "spam",
    "toxic", "gold_label", "y", "output",
)
# fmt: on
NO_LABELS = ("id", "idx", "index", "row", "uid", "uuid", "guid", "date", "time", "timestamp", "url")
MOST_CLASSES = 100
MANY = 0.5  # distinct values for each row, above which a column holds no classes


def key(name: object) -> str:
    """Return a column's name without case, blanks and signs, as it is compared.

    >>> key(" Review-Text ")
    'review_text'
    """
    return re.sub(r"\W+", "_", str(name).strip().lower()).strip("_")


def known_names(names: Sequence[str]) -> int:
    """Return how many of `names` are what files call their texts or labels.

    >>> known_names(["id", "Review Text", "sentiment"])
    2
    """
    known = {*TEXTS, *LABELS, *(name for pair in PAIRS for name in pair)} - {"y", "input", "output"}
    return sum(len(name) < 40 and key(name) in known for name in names)


def named(columns: Sequence[str], most: int = 12, longest: int = 40) -> str:
    """Return the names of `columns`, or other cells, shortened to what fits into a sentence and can be shown."""
    cut = [one if len(one) <= longest else f"{one[: longest - 1]}…" for one in columns[:most]]
    shown = ["".join(sign if sign.isprintable() else "\ufffd" for sign in one) for one in cut]
    return ", ".join(shown) + (f", … ({len(columns):,} columns)" if len(columns) > most else "")


def find_columns(
    columns: Sequence[str], rows: Sequence[Mapping], text: str | Sequence[str] | None, label: str | None, file: str
) -> tuple[tuple[str, ...], str, str]:
    """Return the one or two text columns, the label column, and a sentence on how they were chosen.

    `text` and `label` are taken where they are given; else columns are known by their names, else by what `rows`, the
    first of the file, hold. Raises `DataError` with the columns that there are.
    """
    there = f"{file} has {'one column,' if len(columns) == 1 else 'the columns'} {named(columns)}"
    if len(columns) < 2:
        raise DataError(
            f"{there}; a text and a label are needed. Where the fields are parted by something else than a comma, "
            "a semicolon, a tab or a bar, pass delimiter=…; where the labels lie in another file, join them first."
        )
    said = [text] if isinstance(text, str) else list(text or ())
    if len(said) > 2:
        raise DataError(f"text names {len(said)} columns; one is expected, or two for pairs of texts. {there}.")
    texts = tuple(_named(name, columns, there) for name in said)
    if len(set(texts)) < len(texts):
        raise DataError(f"text names {named(texts[:1])!r} twice. {there}.")
    taken = _named(label, columns, there) if label is not None else None
    if taken in texts:
        raise DataError(f"text and label are both {named([taken])!r}. {there}.")
    how = "as you said"
    if not texts:
        left = [one for one in columns if one != taken]
        texts, how = _find_texts(left, rows, there)
    if taken is None:
        left = [one for one in columns if one not in texts]
        taken, by = _find_label(left, rows, there)
        how = by if how == "as you said" or how == by else f"{how}; label {by}"
    return texts, taken, how


def _named(name: str, columns: Sequence[str], there: str) -> str:
    alike = [one for one in columns if one == name] or [one for one in columns if key(one) == key(name)]
    if len(alike) != 1:
        near = difflib.get_close_matches(str(name), columns[:1000], n=1)
        hint = f" Did you mean {named(near)}?" if near else ""
        raise DataError(f"There is no column {name!r}: {there}.{hint} Pass text=… and label=… with one of these.")
    return alike[0]


def _find_texts(columns: Sequence[str], rows: Sequence[Mapping], there: str) -> tuple[tuple[str, ...], str]:
    by_key = {key(one): one for one in reversed(columns)}
    for pair in PAIRS:
        if all(name in by_key for name in pair):
            return tuple(by_key[name] for name in pair), "by their names"
    known = [by_key[name] for name in TEXTS if name in by_key]
    if known:
        return (next((one for one in known if _words(one, rows) > 0), known[0]),), "by their names"
    words = {one: _words(one, rows) for one in columns}
    longest = max(columns, key=words.__getitem__)
    others = [one for one in columns if one != longest and words[one] > 0.8 * words[longest]]
    if not words[longest] or others:
        maybe = f"{named([longest])} and {named(others)} look alike" if words[longest] else "no column holds words"
        raise DataError(f"Which column holds the texts? {there}; {maybe}. Pass text=….")
    return (longest,), "by what they hold"


def _find_label(columns: Sequence[str], rows: Sequence[Mapping], there: str) -> tuple[str, str]:
    by_key = {key(one): one for one in reversed(columns)}
    known = [by_key[name] for name in LABELS if name in by_key]
    few = [one for one in columns if key(one) not in NO_LABELS and _could_be_label(one, rows)]
    if known:  # the first rows may all have one label, where a file is sorted
        return next((one for one in known if one in few), known[0]), "by their names"
    if len(few) != 1:
        maybe = (
            f"{' and '.join(named([one]) for one in few[:8])} have few values each"
            if few
            else "none of the others has few values"
        )
        raise DataError(f"Which column holds the labels? {there}; {maybe}. Pass label=….")
    return few[0], "by what they hold"


def _values(column: str, rows: Sequence[Mapping]) -> list[str]:
    cells = [row.get(column) for row in rows]
    texts = [str(one).strip() for one in cells if one is not None and not isinstance(one, list | dict)]
    return [one for one in texts if one]


def _words(column: str, rows: Sequence[Mapping]) -> float:
    """Return how many words a cell of `column` has on average; numbers are no words."""
    values = _values(column, rows)
    return sum(len(re.findall(r"[^\W\d_]+", one)) for one in values) / max(len(values), 1)


def _could_be_label(column: str, rows: Sequence[Mapping]) -> bool:
    values = _values(column, rows)
    distinct = len(set(values))
    most = min(max(MANY * len(values), 2), MOST_CLASSES)
    return 2 <= distinct <= most and len(values) > len(rows) / 3  # else it's a remark that a few rows have
