"""Phrases for alternative texts: numbers, lists, which bar is the longest."""

import math
from collections.abc import Iterable, Mapping

WORDS = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
MOST_NAMED = 6  # in one list


def number(value: float) -> str:
    """Return `value` with about three digits, as it would be read out.

    >>> [number(value) for value in (0.6931, 0.5, 16.33, 16.0, 1234.5, 5e-5, float("nan"))]
    ['0.69', '0.50', '16.3', '16', '1,234', '5e-05', 'not a number']
    """
    value, size = float(value) + 0.0, abs(float(value))  # no minus before a zero
    if not math.isfinite(value):
        return "not a number" if math.isnan(value) else f"{'minus ' * (value < 0)}infinity"
    if value.is_integer():
        return f"{value:,.0f}"
    if size < 0.0995:
        return f"{value:.2g}"
    return f"{value:,.{2 if size < 10 else 1 if size < 100 else 0}f}"


def percent(part: float, whole: float, digits: int = 0) -> str:
    """Return the share of `part` in `whole`; 0% and 100% are said only where they are exact.

    >>> percent(1, 3), percent(0, 3), percent(1, 900), percent(899, 900), percent(1, 3, digits=2)
    ('33%', '0%', 'under 1%', 'over 99%', '33.33%')
    """
    share, unit = part / whole if whole else 0.0, 0.01 / 10**digits
    if 0 < share < unit:
        return f"under {unit:.{digits}%}"
    return f"over {1 - unit:.{digits}%}" if 1 - unit < share < 1 else f"{share:.{digits}%}"


def counted(word: str, count: int) -> str:
    """Return how many there are, in words up to twelve.

    >>> counted("bar", 1), counted("class", 3), counted("batch", 1200), counted("line", 0)
    ('one bar', 'three classes', '1,200 batches', 'no lines')
    """
    ending = "" if count == 1 else "es" if word.endswith(("s", "x", "ch")) else "s"
    return f"{spelled(count)} {word}{ending}"


def spelled(count: int) -> str:
    """Return a count, in words up to twelve."""
    return WORDS[count] if count < len(WORDS) else f"{count:,}"


def sentence(text: str) -> str:
    """Return `text` with a capital letter at its start."""
    return text[:1].upper() + text[1:]


def joined(parts: Iterable[object], by: str = ",", most: int = MOST_NAMED) -> str:
    """Return the first `most` of `parts` as a list in words, and how many more there are.

    >>> joined("ab"), joined("abcd", most=2), joined("abc", by=";")
    ('a and b', 'a, b and 2 more', 'a; b; and c')
    """
    words = [str(part) for part in parts]
    if len(words) > most:
        words = [*words[:most], f"{len(words) - most:,} more"]
    if len(words) < 2:
        return "".join(words)
    return f"{f'{by} '.join(words[:-1])}{'' if by == ',' else by} and {words[-1]}"


def longest_bars(values: Mapping[str, float], said: Mapping[str, str]) -> str:
    """Say which of the bars are the longest and the shortest; as equal counts what is `said` in the same words.

    >>> longest_bars({"a": 1, "b": 3, "c": 2}, {"a": "1", "b": "3", "c": "2"})
    'The longest is b; the shortest is a.'
    >>> longest_bars({"a": 0.801, "b": 0.802}, {"a": "0.80", "b": "0.80"})
    'Both are level.'
    """
    names = [name for name, value in values.items() if math.isfinite(value)]
    if len(names) < 2:
        return ""
    if len({said[name] for name in names}) == 1:
        return "Both are level." if len(names) == 2 else "All are level."
    ends = [said[pick(names, key=values.get)] for pick in (max, min)]
    longest, shortest = ([name for name in names if said[name] == end] for end in ends)
    if len(names) == 2:
        return f"The longer one is {longest[0]}."
    verbs = ["is" if len(each) == 1 else "are" for each in (longest, shortest)]
    return f"The longest {verbs[0]} {joined(longest, most=3)}; the shortest {verbs[1]} {joined(shortest, most=3)}."


def beyond(count: int, total: int) -> str:
    """Say how many of `total` bars reach beyond a line.

    >>> beyond(1, 3), beyond(2, 2), beyond(0, 1)
    ('one of the three bars reaches beyond it', 'both bars reach beyond it', 'the bar does not reach beyond it')
    """
    if total == 1:
        return "the bar reaches beyond it" if count else "the bar does not reach beyond it"
    if count in (0, total):
        return "no bar reaches beyond it" if not count else f"{'both' if total == 2 else 'all'} bars reach beyond it"
    return f"{spelled(count)} of the {spelled(total)} bars {'reaches' if count == 1 else 'reach'} beyond it"
