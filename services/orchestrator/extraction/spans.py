"""Lengths of time in words: "a month and a half", and how far from a day they lie: "two weeks before 1 June". Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from dateutil.relativedelta import relativedelta

from services.orchestrator.extraction.numbers import CARDINAL, cardinal

AMOUNT = rf"\d{{1,4}}(?:\.\d)?|an?|{CARDINAL}"
UNIT = r"seconds?|secs?|minutes?|mins?|hours?|hrs?|h|days?|weeks?|wks?|fortnights?|months?|years?"
_UNITS = {"min": "minutes", "hou": "hours", "hrs": "hours", "hr": "hours", "day": "days", "wee": "weeks"} | {
    "sec": "seconds",
    "h": "hours",
    "wk": "weeks",
    "wks": "weeks",
    "for": "fortnights",
    "mon": "months",
    "yea": "years",
}
SHARE = r"(?:half|(?:a |three )?quarters?) (?:of )?an"
"""Of an hour."""
_SHORT = frozenset(("seconds", "minutes", "hours"))
_SMALLER = (("years", 12, "months"), ("months", 30, "days"), ("fortnights", 14, "days"), ("weeks", 7, "days"))
_SHIFT = re.compile(
    r"(?<![\w.-])(?P<repeated>(?:every|each|once|twice|times) )?(?:(?P<lasting>for )|by |on |in )?"
    rf"(?:(?P<amount>{AMOUNT}|{SHARE}|a couple of|couple of) (?P<unit>{UNIT})(?P<half> and a half)?"
    r"|(?P<alone>fortnight)"
    rf"|(?P<some>(?:an? )?(?:few|several|some|many)) (?:{UNIT})"
    r"|(?:the |a )(?P<eve>day|night|evening|afternoon|morning)(?= (?:before|after) ))"
    r" (?P<side>before|after|from|(?P<on>on))"
    r"(?: (?:my|our|your|his|her|their|the)(?: [\w'’-]+(?: [\w'’-]+)?(?: on| at)?)?)? $",
    re.IGNORECASE,
)
_LONGEST_SHIFT = 100


@dataclass(frozen=True, slots=True)
class Shift:
    """How far a time lies from another, and how it was said."""

    start: int
    """Where its words begin in the text."""
    days: relativedelta | None = None
    after: timedelta | None = None
    """For hours and minutes."""
    part: str = ""
    """ "Evening", of the evening before."""
    is_back: bool = False

    @property
    def is_vague(self) -> bool:
        return self.days is None and self.after is None


def shift_to(text: str, end: int) -> Shift | None:
    """What the text says right before a day or an hour, up to its "on": "a week on", "the day before my flight on".

    Vague where nobody can tell how far it is, or where it is repeated.
    """
    begin = max(0, end - _LONGEST_SHIFT)
    match = _SHIFT.search(text[begin:end])
    if not match or match["lasting"]:
        return None
    unit = unit_of(match["unit"]) if match["unit"] else "fortnights" if match["alone"] else "days"
    if match["on"] and unit not in ("weeks", "fortnights"):
        return None
    start, is_back = begin + match.start(), match["side"].lower() == "before"
    if match["some"] or match["repeated"]:
        return Shift(start)
    length = length_of({unit: amount(match["amount"] or "a") + 0.5 * bool(match["half"])})
    if is_back:
        length = -length
    if isinstance(length, timedelta):
        return Shift(start, after=length, is_back=is_back)
    part = (match["eve"] or "").lower().removesuffix("day")
    return Shift(start, days=length, part=part, is_back=is_back)


def unit_of(word: str) -> str:
    """The name of a unit: "hours" for "hr"."""
    return _UNITS[word.lower()[:3]]


def amount(word: str) -> float:
    """A number in digits or in words, of which "a" is one, "a couple of" two and "half an" a half."""
    low = word.lower()
    if low in ("a", "an"):
        return 1
    if "couple" in low:
        return 2
    if low.endswith(" an"):
        return {"half": 0.5, "three": 0.75}.get(low.split()[0], 0.25)
    return float(word) if word[0].isdecimal() else cardinal(word)


def length_of(amounts: Mapping[str, float]) -> timedelta | relativedelta:
    """With hours or minutes, how long; of days and more, how many, of which what is begun counts as one."""
    if amounts.keys() & _SHORT and amounts.keys() <= {*_SHORT, "days", "weeks"}:
        return timedelta(**amounts)
    left = dict(amounts)
    for large, count, small in _SMALLER:
        fraction = left.get(large, 0) % 1
        left[small] = left.get(small, 0) + round(fraction * count, 6)
    weeks = int(left.get("weeks", 0)) + 2 * int(left.get("fortnights", 0))
    years, months = int(left.get("years", 0)), int(left.get("months", 0))
    return relativedelta(years=years, months=months, weeks=weeks, days=math.ceil(left.get("days", 0)))
