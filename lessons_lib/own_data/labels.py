"""From whatever stands in a label column to classes with names."""

import re
from collections import Counter
from collections.abc import Sequence

from lessons_lib.errors import DataError
from lessons_lib.own_data.columns import MANY, MOST_CLASSES, named

UNLABELLED = "-1"  # how GLUE and others mark what nobody has labelled
LIKE_MISSING = {"nan", "na", "n/a", "null", "none", "#n/a", "?", "-", "unknown"}


def written(value: object) -> str:
    """Return a label as text: blanks at its ends gone, a whole number without `.0`; a missing one is `""`.

    >>> [written(value) for value in (" Spam ", 1.0, "0.0", "007", True, None, float("nan"))]
    ['Spam', '1', '0', '007', 'True', '', '']
    """
    if value is None or value != value:
        return ""
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    text = " ".join(str(value).split()).encode("utf-8", "replace").decode("utf-8")
    return re.sub(r"(?<=\d)\.0+$", "", text) if re.fullmatch(r"-?\d+\.0+", text) else text


def name_classes(counts: Counter, names: Sequence[str] = ()) -> tuple[dict[str, str], list[str], list[str]]:
    """Return the class of each label in `counts`, the classes in order, and notes.

    Labels that differ only by case are one class, by its most common spelling. Classes that are numbers are ordered as
    numbers, others by the alphabet; `names`, where the file brings them, are what the numbers 0, 1, … are called.
    Raises `DataError` where these are no classes.
    """
    total = sum(counts.values())
    spellings: dict[str, list[str]] = {}
    for label, _ in counts.most_common():
        spellings.setdefault(label.casefold(), []).append(label)
    notes = [
        f"{' and '.join(repr(named([one])) for one in alike)} are one label, {named(alike[:1])}"
        for alike in spellings.values()
        if len(alike) > 1
    ]
    classes = {label: alike[0] for alike in spellings.values() for label in alike}
    distinct = [alike[0] for alike in spellings.values()]
    _check_classes(distinct, total)
    if names and all(re.fullmatch(r"\d{1,9}", one) and int(one) < len(names) for one in counts):
        numbers = set(map(int, counts))
        used = [name for number, name in enumerate(names) if number in numbers]
        return {label: names[int(label)] for label in counts}, used, notes
    missing = [one for one in distinct if one.casefold() in LIKE_MISSING]
    notes += [
        f"the label {one!r} ({counts[one]:,} rows) looks like a missing one; it is a class here" for one in missing
    ]
    if UNLABELLED in distinct and all(_number(one) for one in distinct):
        notes.append(
            f"{counts[UNLABELLED]:,} rows have the label -1; it is a class here: pass unlabelled='-1' if it is none"
        )
    ordered = sorted(distinct, key=(lambda one: (float(one), one)) if all(map(_number, distinct)) else str.casefold)
    return classes, ordered, notes


def _number(text: str) -> bool:
    return bool(re.fullmatch(r"-?\d{1,300}([.,]\d{1,300})?", text)) and "," not in text


def _check_classes(distinct: Sequence[str], total: int) -> None:
    if not distinct:
        raise DataError("No row has a label. Is it the right column? Pass label=….")
    if len(distinct) == 1:
        raise DataError(f"Every row has the same label, {named(distinct)!r}: there is nothing to tell apart.")
    some = named(distinct[:5])
    numbers = sum(bool(re.fullmatch(r"-?\d+[.,]\d+", one)) for one in distinct)
    if numbers > len(distinct) / 2 and len(distinct) > 10:
        raise DataError(
            f"The labels are {len(distinct):,} different numbers ({some}, …): that's regression, and this lesson is "
            "about classes. Cut the numbers into a few ranges (`pandas.cut`), or train with num_labels=1."
        )
    if len(distinct) > max(MANY * total, 2) or len(distinct) > max(MOST_CLASSES, total / 20):
        raise DataError(
            f"There are {len(distinct):,} different labels in {total:,} rows ({some}, …): too many to learn. Is it the "
            "right column? Pass label=…, or keep the classes that have some twenty rows each."
        )
