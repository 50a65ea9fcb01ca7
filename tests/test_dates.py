"""Dates as people write them: against Python's own parser."""

import re
from datetime import datetime

import pytest

from lessons_lib.dates import DAYS, date_pairs

PAIRS = date_pairs(2_000, seed=1)


def test_each_form_reads_back_as_its_day():
    for pair in PAIRS:
        plain = re.sub(r"(\d)(st|nd|rd|th)\b", r"\1", pair["text"])
        plain = plain.removeprefix("the ").replace(" of ", " ").replace(",", "")
        form = "%d %B %Y" if plain[0].isdigit() else "%B %d %Y"
        assert datetime.strptime(plain, form).date().isoformat() == pair["iso"], pair


@pytest.mark.parametrize(
    ("day", "written"), [("01", "1st"), ("02", "2nd"), ("03", "3rd"), ("11", "11th"), ("22", "22nd")]
)
def test_ordinals(day, written):
    forms = {pair["text"] for pair in date_pairs(DAYS, seed=2) if pair["iso"].endswith(f"-{day}")}
    assert any(f" {written}, " in form for form in forms) and any(f"the {written} of " in form for form in forms)


def test_no_day_comes_twice_and_all_forms_do():
    assert len({pair["iso"] for pair in PAIRS}) == len(PAIRS)
    shares = [
        sum(test(pair["text"]) for pair in PAIRS) for test in (lambda t: t[0].isdigit(), lambda t: t[:4] == "the ")
    ]
    assert all(500 < share < 800 for share in shares)


def test_more_than_there_are():
    with pytest.raises(ValueError, match="ask for fewer"):
        date_pairs(DAYS + 1, seed=1)
