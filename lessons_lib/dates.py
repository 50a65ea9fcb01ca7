"""Dates as people write them and as ISO 8601 does: a task on which an answer is right or wrong."""

import random
from datetime import date, timedelta

FIRST, DAYS = date(1950, 1, 1), 36_525  # a hundred years
MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]


def written(day: date, form: int) -> str:
    """Return a day in one of three forms.

    >>> [written(date(2021, 3, 1), form) for form in range(3)]
    ['1 March 2021', 'March 1st, 2021', 'the 1st of March 2021']
    """
    month, ordinal = MONTHS[day.month - 1], f"{day.day}{_ending(day.day)}"
    forms = (f"{day.day} {month} {day.year}", f"{month} {ordinal}, {day.year}", f"the {ordinal} of {month} {day.year}")
    return forms[form]


def _ending(number: int) -> str:
    return "th" if number in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")


def date_pairs(number: int, seed: int) -> list[dict[str, str]]:
    """Return `number` different days of a hundred years, each in one form (`text`) and in ISO 8601 (`iso`).

    Raises `ValueError` where there are not so many days.

    >>> date_pairs(1, seed=42)
    [{'text': '23 December 1969', 'iso': '1969-12-23'}]
    """
    if number > DAYS:
        raise ValueError(f"There are {DAYS:,} days from {FIRST.year} on, and {number:,} were asked for: ask for fewer.")
    draw = random.Random(seed)
    days = [FIRST + timedelta(one) for one in draw.sample(range(DAYS), number)]
    return [{"text": written(day, draw.randrange(3)), "iso": day.isoformat()} for day in days]
