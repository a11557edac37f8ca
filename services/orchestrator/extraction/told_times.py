"""When something was done, in the words that tell of it: nothing that was done before it was promised keeps a promise.

Pure. Of a time only its end is told, and where the words leave several open, the last one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, time, timedelta

from services.orchestrator.extraction.due import DAY_BEGINS, without_time
from services.orchestrator.extraction.hours import Hour, hours
from services.orchestrator.extraction.numbers import cardinal

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_AMOUNT = (
    r"\d{1,3}|an?|one|two|three|four|five|six|seven|eight|nine|ten|twelve|fifteen|twenty|thirty|a couple(?: of)?"
    r"|a few|half an|several|some"
)
_TOLD = re.compile(
    r"(?i)\b(?:(?P<before>the (?:day|night|evening) before yesterday)|(?:yesterday|yday|yest)"
    r"(?: (?P<part>morning|afternoon|evening|night))?|(?P<night>(?:late )?last (?:night|evening))"
    r"|(?P<other>the other (?:day|night|evening|week|morning))"
    r"|(?P<this>(?:earlier |late )?this (?P<now>morning|afternoon|evening))|(?P<week>last week)"
    r"|(?P<weekend>(?:last|over the|at the|on the|this past) weekend)"
    rf"|(?P<last>(?:on |this )?(?:last|past) )?(?:on )?(?P<day>(?:(?<=on |st )(?:{'|'.join(_WEEKDAYS)})"
    rf"|(?:{'|'.join(_WEEKDAYS)})(?=\W*$)))"
    rf"|(?P<amount>{_AMOUNT}) (?P<unit>min(?:ute)?s?|h(?:ou)?rs?|days?|weeks?) ago"
    r"|(?P<ages>ages ago|long ago|a long (?:time|while) ago|(?:days|weeks) ago))\b"
)
"""A time that has passed; a day alone is one at the end of a clause: "called mum sunday", not "the Sunday paper"."""
_AT = re.compile(r"at |\d|noon|midday|midnight|[a-z]+ (?:past|to) ", re.I)
"""Before an hour at which something is, and not by which."""
_PART_ENDS = {"morning": 12, "afternoon": 18, "evening": 24, "night": 29}
_PART_BEGINS = {"morning": 5, "afternoon": 12, "evening": 17}
_NIGHT_ENDS = 5
_MOST = 0.75
"""Of what has passed of a part of the day, which somebody calls so at its end, something was done by then."""
_UNCOUNTED = {"couple": 2, "few": 3, "several": 4, "some": 3, "half": 0.5}
_GRACE = timedelta(minutes=15)
"""Who says "at noon" or "twenty minutes ago" has not looked at the clock."""


def names_past(text: str) -> bool:
    """Whether a text may tell when something was done."""
    return _TOLD.search(text) is not None or next(hours(text), None) is not None


def told_times(clause: str) -> tuple[str, ...]:
    """The words of a clause that tell when something was done."""
    days = (match.group().lower() for match in _TOLD.finditer(clause))
    clocks = (clause[hour.start : hour.end].lower() for hour in _hours(clause))
    return (*days, *clocks)


def is_before(told: Iterable[str], promise: str, promised: datetime, now: datetime) -> bool:
    """Whether something was done before it was promised, by the words that tell of it at a time."""
    timeless, whole = without_time(promise).lower(), promise.lower()
    ends = (
        _end(words, now)
        for words in told
        # "What came yesterday" is a thing, and so is a table "at 8".
        if words not in (timeless if _TOLD.search(words) else whole)
    )
    end = min((one for one in ends if one is not None), default=None)
    return end is not None and end <= promised


def is_earlier_than_meant(told: Iterable[str], promise: str) -> bool:
    """Whether something was done at an hour before the one at which it is to be done."""
    meant = [one.within(None, DAY_BEGINS) for one in _hours(promise)]
    done = [one.within(None, DAY_BEGINS) for words in told for one in _hours(words)]
    return bool(meant and done) and max(done) < min(meant)


def _hours(text: str) -> list[Hour]:
    return [one for one in hours(text) if not one.is_part and _AT.match(text[one.start : one.end])]


def _end(words: str, now: datetime) -> datetime | None:
    """The last moment that words tell of, where it has passed."""
    match = _TOLD.fullmatch(words)
    if match is None:
        return next((_passed(one, now) for one in _hours(words)), None)
    today = datetime.combine(now.date(), time(), now.tzinfo)
    ends = (end for kind, end in _ENDS.items() if match[kind])
    return next(ends, _midnight)(match, now, today)


def _midnight(match: re.Match[str], now: datetime, today: datetime) -> datetime:
    """With which today began."""
    return today


def _long_before(match: re.Match[str], now: datetime, today: datetime) -> datetime:
    return today - timedelta(days=1)


def _of_yesterday(match: re.Match[str], now: datetime, today: datetime) -> datetime:
    return today + timedelta(hours=_PART_ENDS[match["part"].lower()] - 24)


def _last_night(match: re.Match[str], now: datetime, today: datetime) -> datetime:
    return today + timedelta(hours=_NIGHT_ENDS) if now.hour >= _NIGHT_ENDS else today


def _of_today(match: re.Match[str], now: datetime, today: datetime) -> datetime | None:
    """The end of a part of today, which may not have come."""
    part = match["now"].lower()
    begins, ends = (today + timedelta(hours=hours[part]) for hours in (_PART_BEGINS, _PART_ENDS))
    if now >= ends:
        return ends
    return begins + _MOST * (now - begins) if now > begins else None


def _week(match: re.Match[str], now: datetime, today: datetime) -> datetime | None:
    is_weekend = now.weekday() >= _WEEKDAYS.index("saturday")
    if is_weekend and match["weekend"] and not match["weekend"].lower().startswith("last"):
        return None
    return today - timedelta(days=now.weekday())


def _weekday(match: re.Match[str], now: datetime, today: datetime) -> datetime | None:
    since = (now.weekday() - _WEEKDAYS.index(match["day"].lower())) % 7
    if since == 0:
        return today - timedelta(days=6) if match["last"] else None
    return today - timedelta(days=since - 1)


def _ago(match: re.Match[str], now: datetime, today: datetime) -> datetime | None:
    amount, unit = _number(match["amount"]), match["unit"].lower()
    if unit.startswith("d"):
        return today - timedelta(days=amount - 1)
    if unit.startswith("w"):
        return today - timedelta(days=7 * amount - 3)
    span = _MOST * (timedelta(hours=amount) if unit.startswith("h") else timedelta(minutes=amount))
    return now - span if span > _GRACE / 2 else None


def _number(words: str) -> float:
    first = words.lower().removeprefix("a ").split()[0]
    if first in _UNCOUNTED:
        return _UNCOUNTED[first]
    return 1 if first in ("a", "an", "one") else cardinal(first)


def _passed(hour: Hour, now: datetime) -> datetime | None:
    """The last time today that an hour has come, with some grace."""
    clocks = [hour.at]
    if hour.is_open:
        clocks = [hour.at.replace(hour=hour.at.hour % 12 + half) for half in (0, 12)]
    passed = [
        one for one in (datetime.combine(now.date(), clock, now.tzinfo) for clock in clocks) if one <= now
    ]
    return max(passed) + _GRACE if passed else None


_ENDS: Mapping[str, Callable[[re.Match[str], datetime, datetime], datetime | None]] = {
    "amount": _ago,
    "ages": _long_before,
    "before": _long_before,
    "night": _last_night,
    "this": _of_today,
    "week": _week,
    "weekend": _week,
    "day": _weekday,
    "part": _of_yesterday,
}
"""By the group of what tells when; of all others that was over when today began."""
