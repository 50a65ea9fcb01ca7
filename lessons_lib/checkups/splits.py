"""Is the same text in two splits, twice in one, or under two labels?"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from lessons_lib.checkups.case import Case
from lessons_lib.checkups.report import Verdict, clean, percent, weigh
from lessons_lib.checkups.rows import Rows

COMPARED, SECONDS, CHUNK = 20_000, 3.0, 1000  # rows of one column and seconds at the most
LEAKED, TWICE = 0.02, 0.02  # shares from which it distorts a score

Key = tuple


def splits(case: Case) -> Verdict:
    """Look for texts that are in train and in an evaluation set, and for texts that train holds more than once."""
    train = list(keyed(case.train, case, whole=True))
    if not train:
        return "not looked", f"We can't compare texts: {case.train.why_not or 'no `input_ids` or texts to read'}."
    keys = [key for key, _ in train]
    told = f"{'all' if len(keys) == case.train.total else f'{len(keys):,} of'} {case.train.total:,} training examples"
    findings = [*_leaks(case, set(keys), told), *_repeats(case, train, told)]
    again = len(keys) - len(set(keys))
    others = [f"`{clean(rows.name, 40)}`" for rows in _comparable(case)]
    against = f"and none of them is in {' or '.join(others)}" if others else "and there's no evaluation set to compare"
    return weigh(findings, f"Of {told}, {again} repeat another's text, {against}.")


def keyed(rows: Rows, case: Case, whole: bool = False) -> Iterator[tuple[Key, Any]]:
    """Yield what identifies each example, its texts in either order, and its label.

    `whole` reads up to `COMPARED` rows of a `datasets.Dataset`, two columns of them; else it's the sample.
    """
    special = specials(case)
    for example in _columns(rows) if whole and _has_columns(rows) else rows.items:
        if isinstance(example, Mapping) and (key := key_of(example, special)):
            yield key, label_of(example)


def specials(case: Case) -> set[int]:
    """Return the ids that stand between texts, and around them."""
    tokenizer = case.tokenizer
    return set(tokenizer.all_special_ids) - {tokenizer.unk_token_id} if tokenizer else set()


def key_of(example: Mapping[str, Any], special: set[int]) -> Key:
    """Return the texts of an example in order of their ids or letters; () where it has none."""
    ids = example.get("input_ids")
    if ids is not None:
        return _segments(ids.tolist() if hasattr(ids, "tolist") else list(ids), special)
    return tuple(sorted(" ".join(one.casefold().split()) for one in example.values() if isinstance(one, str)))


def label_of(example: Mapping[str, Any]) -> Any:
    """Return the label of an example where it's one number or name, and else None."""
    label = example.get("label", example.get("labels"))
    label = label.item() if hasattr(label, "item") and getattr(label, "ndim", 1) == 0 else label
    return label if isinstance(label, int | float | str) else None


def _has_columns(rows: Rows) -> bool:
    return hasattr(rows.dataset, "select_columns") and "input_ids" in (rows.dataset.column_names or [])


def _columns(rows: Rows) -> Iterator[dict[str, Any]]:
    names = [one for one in ("input_ids", "label", "labels") if one in rows.dataset.column_names]
    table, end = rows.dataset.with_format(None).select_columns(names), time.perf_counter() + SECONDS
    for start in range(0, min(len(table), COMPARED), CHUNK):
        some = table[start : min(start + CHUNK, COMPARED)]
        yield from (dict(zip(some, values, strict=True)) for values in zip(*some.values(), strict=True))
        if time.perf_counter() > end:
            return


def _segments(ids: list[int], special: set[int]) -> Key:
    """Return the texts between special tokens, sorted.

    >>> _segments([101, 7, 8, 102, 5, 102, 0, 0], {0, 101, 102})
    ((5,), (7, 8))
    """
    texts: list[tuple[int, ...]] = []
    start = 0
    for place, one in enumerate([*ids, None]):
        if one is None or one in special:
            texts += [tuple(ids[start:place])] if place > start else []
            start = place + 1
    return tuple(sorted(texts))


def _comparable(case: Case) -> list[Rows]:
    return [rows for rows in case.evals.values() if rows.items]


def _leaks(case: Case, train: set[Key], told: str) -> Iterator[Verdict]:
    for rows in _comparable(case):
        keys = [key for key, _ in keyed(rows, case)]
        shared = [key for key in keys if key in train]
        if shared:
            share = f"{len(shared):,} of {len(keys):,} ({percent(len(shared), len(keys))})"
            yield (
                "fault" if len(shared) > max(1, LEAKED * len(keys)) else "doubt",
                f"{share} examples of `{clean(rows.name, 40)}` are among {told}, too{_shown(case, shared[0])}. The "
                "score then measures memory: drop them from one of the two, or split again by text.",
            )


def _repeats(case: Case, train: list[tuple[Key, Any]], told: str) -> Iterator[Verdict]:
    labels = defaultdict(list)
    for key, label in train:
        labels[key].append(label)
    more = sum(len(found) - 1 for found in labels.values())
    if more > TWICE * len(train):
        yield (
            "doubt",
            f"{more:,} of {told} ({percent(more, len(train))}) repeat the text of another. A random split of such data "
            "leaks, and repeated texts count more: drop duplicates first.",
        )
    torn = [key for key, found in labels.items() if len(set(found)) > 1]
    if torn and case.task.kind in ("single label", "regression"):
        yield (
            "doubt",
            f"{len(torn):,} {'text' if len(torn) == 1 else 'texts'} of {told} under different labels, such as "
            f"{_shown(case, torn[0]).strip(' :')}: no model can be right about all of them. Look at those examples, "
            "and decide.",
        )


def _shown(case: Case, key: Key) -> str:
    if not key:
        return ""
    texts = key if isinstance(key[0], str) else [case.tokenizer.decode(one) for one in key] if case.tokenizer else []
    return f': "{clean(" | ".join(texts), 120)}"' if texts else ""
