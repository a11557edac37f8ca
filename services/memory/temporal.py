"""Time expressions of a query, resolved against the query's own clock.

English only. A grammar of the usual forms, rather than a general date parser: a search has a millisecond for it.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

NS = 1_000_000_000
_EARLIEST = datetime(1, 1, 1, tzinfo=UTC)
_LATEST = datetime(9999, 12, 31, tzinfo=UTC)
_DAY = timedelta(days=1)
_DAY_NS = 86_400 * NS
TOLD_WITHIN_DAYS = 14.0
"""People tell of things after they happened: what is said after a time counts for it, the less the later."""


@dataclass(frozen=True, slots=True)
class Span:
    """From ``start`` on, before ``end``, both in the time zone of the query's clock."""

    start: datetime
    end: datetime


_MONTHS = {
    name.lower(): number
    for names in (calendar.month_name, calendar.month_abbr)
    for number, name in enumerate(names)
    if name
} | {"sept": 9}
_WEEKDAYS = {name.lower(): number for number, name in enumerate(calendar.day_name)}
_SEASONS = {"spring": (3, 3), "summer": (6, 3), "autumn": (9, 3), "fall": (9, 3), "winter": (12, 3)}
"""First month and months, on the northern half of the world."""
_NUMBERS = {
    word: number
    for number, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve".split()
    )
} | {"a": 1, "an": 1, "couple of": 2, "a couple of": 2, "few": 3, "a few": 3}
_UNITS = "day|week|weekend|month|year"

_month = "|".join(sorted(_MONTHS, key=len, reverse=True))
_number = "|".join(sorted(_NUMBERS, key=len, reverse=True))
_weekday = "|".join(_WEEKDAYS)
_season = "|".join(_SEASONS)
_UNIT_DAYS = {"day": 1, "week": 7, "weekend": 7, "month": 31, "year": 366}
MOST_READ = 32
"""Times that are read in a query; each takes as long as the query is."""
_DISTANCE = re.compile(
    rf"(?:(?P<number>\d{{1,3}}|{_number}|the|last) )?(?P<unit>{_UNITS})s? (?P<side>before|after) (?:the )?$"
)
"""What stands before a time in "two weeks before 3 May"."""
_Resolve = Callable[["re.Match[str]", datetime], Span | None]


def spans(query: str, now: datetime) -> list[Span]:
    """The times that a query names, in the order of the grammar; none where it names none.

    Of a query that names very many, ``MOST_READ``. ``now`` is the query's clock, whose time zone tells where a day
    begins. "in May" is the last May that
    has begun. "before" and "after" open the span to one side.
    """
    rest = query.lower()
    if not _MAY_NAME.search(rest):
        return []
    found: list[Span] = []
    left = MOST_READ
    for pattern, resolve in _GRAMMAR:
        while left and (match := pattern.search(rest)):
            left -= 1
            before = rest[: match.start()]
            span = resolve(match, now)
            if span is not None:
                found.append(_opened(span, before))
            # Nothing is read twice: neither the expression nor the distance before it.
            rest = _DISTANCE.sub("", before) + "|" + rest[match.end() :]
    return found


def near(occurred_ns: NDArray[np.int64], wanted: list[Span]) -> NDArray[np.bool_]:
    """Which have a ``nearness``, without the work of telling how much of it."""
    found = np.zeros(len(occurred_ns), bool)
    for span in wanted:
        last = _ns(span.end) + int(TOLD_WITHIN_DAYS * _DAY_NS)
        found |= (occurred_ns >= _ns(span.start)) & (occurred_ns < last)
    return found & (occurred_ns != 0)


def nearness(occurred_ns: NDArray[np.int64], wanted: list[Span]) -> NDArray[np.float64]:
    """From 1 inside one of the spans, falling to 0 over the ``TOLD_WITHIN_DAYS`` after its end; 0 elsewhere."""
    best = np.zeros(len(occurred_ns))
    for span in wanted:
        start, end = _ns(span.start), _ns(span.end)
        days_after = np.maximum(0.0, (occurred_ns - float(end)) / _DAY_NS)
        score = np.where(
            (occurred_ns >= start) & (occurred_ns != 0), 1.0 - days_after / TOLD_WITHIN_DAYS, 0.0
        )
        best = np.maximum(best, score)
    return np.maximum(best, 0.0)


def _ns(time: datetime) -> int:
    return int(time.timestamp()) * NS


def _opened(span: Span, before: str) -> Span:
    """What a preposition before the expression makes of it."""
    distance = _DISTANCE.search(before)
    if distance:
        text = distance["number"] or "1"
        count = int(text) if text.isdigit() else _NUMBERS.get(text, 1)
        reach = count * _UNIT_DAYS[distance["unit"]] * _DAY
        try:
            if distance["side"] == "before":
                return Span(span.start - reach, span.start)
            return Span(span.end, span.end + reach)
        except OverflowError:
            return span
    words = before.split()[-1:]
    if words in (["before"], ["until"]):
        return Span(_EARLIEST, span.start)
    if words in (["after"], ["since"]):
        return Span(span.end if words == ["after"] else span.start, _LATEST)
    return span


def _day(year: int, month: int, day: int, now: datetime) -> Span | None:
    try:
        start = datetime(year, month, day, tzinfo=now.tzinfo)
        return Span(start, start + _DAY)
    except (ValueError, OverflowError):
        return None


def _months(year: int, month: int, now: datetime, count: int = 1) -> Span | None:
    if not 1 <= year < 9990:
        return None
    end = month - 1 + count
    return Span(
        datetime(year, month, 1, tzinfo=now.tzinfo),
        datetime(year + end // 12, end % 12 + 1, 1, tzinfo=now.tzinfo),
    )


def _year(year: int, now: datetime) -> Span | None:
    return _months(year, 1, now, 12)


def _iso(match: re.Match[str], now: datetime) -> Span | None:
    return _day(int(match["year"]), int(match["month"]), int(match["day"]), now)


def _date(match: re.Match[str], now: datetime) -> Span | None:
    month, day = _MONTHS[match["month"]], int(match["day"])
    if match["year"]:
        return _day(int(match["year"]), month, day, now)
    span = _day(now.year, month, day, now)
    return _day(now.year - 1, month, day, now) if span is None or span.start > now else span


def _month_of(match: re.Match[str], now: datetime) -> Span | None:
    month = _MONTHS[match["month"]]
    if match["year"]:
        return _months(int(match["year"]), month, now)
    year = now.year - (month > now.month)
    return _months(year - 1 if match["last"] and month == now.month else year, month, now)


def _season_of(match: re.Match[str], now: datetime) -> Span | None:
    first, count = _SEASONS[match["season"]]
    if match["year"]:
        return _months(int(match["year"]), first, now, count)
    begun = now.year - (first > now.month)
    current = _months(begun, first, now, count)
    goes_on = current is not None and current.end > now
    return _months(begun - 1, first, now, count) if match["last"] and goes_on else current


def _year_of(match: re.Match[str], now: datetime) -> Span | None:
    return _year(int(match["year"]), now)


def _ago(match: re.Match[str], now: datetime) -> Span | None:
    text = match["number"]
    return _unit(match["unit"], -(int(text) if text.isdigit() else _NUMBERS[text]), now)


def _relative(match: re.Match[str], now: datetime) -> Span | None:
    return _unit(match["unit"], {"this": 0, "last": -1, "past": -1, "previous": -1}[match["which"]], now)


def _word(match: re.Match[str], now: datetime) -> Span | None:
    back = {"today": 0, "tonight": 0, "yesterday": 1, "last night": 1}[match["word"]]
    return _unit("day", -back, now)


def _weekday_of(match: re.Match[str], now: datetime) -> Span | None:
    back = (now.weekday() - _WEEKDAYS[match["weekday"]]) % 7 or 7
    return _unit("day", -back, now)


def _unit(unit: str, count: int, now: datetime) -> Span | None:
    """The ``count``-th day, week, month or year from the one of ``now``."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    if unit == "year":
        return _year(now.year + count, now)
    if unit == "month":
        month = now.year * 12 + now.month - 1 + count
        return _months(month // 12, month % 12 + 1, now)
    try:
        if unit == "day":
            start = midnight + count * _DAY
            return Span(start, start + _DAY)
        monday = midnight - now.weekday() * _DAY + 7 * count * _DAY
        return Span(monday + 5 * _DAY if unit == "weekend" else monday, monday + 7 * _DAY)
    except OverflowError:
        return None


_YEAR = r"(?P<year>(?:1[89]|20)\d\d)"
_GRAMMAR: tuple[tuple[re.Pattern[str], _Resolve], ...] = tuple(
    (re.compile(rf"\b{pattern}\b"), resolve)
    for pattern, resolve in (
        (r"(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d)", _iso),
        (rf"(?P<day>\d\d?)(?:st|nd|rd|th)?(?: of)? (?P<month>{_month})(?:,? {_YEAR})?", _date),
        (rf"(?P<month>{_month}) (?P<day>\d\d?)(?:st|nd|rd|th)?(?:,? {_YEAR})?", _date),
        (
            rf"(?:(?:in|during|of|by|this) |(?P<last>last) |(?<=since )|(?<=before )|(?<=after )|(?<=until ))"
            rf"(?P<month>{_month})(?:,? (?:of )?{_YEAR})?",
            _month_of,
        ),
        (rf"(?P<last>)(?P<month>{_month}),? (?:of )?{_YEAR}", _month_of),
        (rf"(?:(?P<last>last) |this |the |in )?(?P<season>{_season})(?: of)? {_YEAR}", _season_of),
        (rf"(?:(?P<last>last)|this) (?P<season>{_season})(?P<year>)", _season_of),
        (rf"(?P<number>\d{{1,3}}|{_number}) (?P<unit>{_UNITS})s? ago", _ago),
        (rf"(?P<which>this|last|past|previous) (?P<unit>{_UNITS})", _relative),
        (r"(?P<word>today|tonight|yesterday|last night)", _word),
        (rf"(?:last|on) (?P<weekday>{_weekday})", _weekday_of),
        (_YEAR, _year_of),
    )
)

_MAY_NAME = re.compile(
    rf"\b(?:\d{{4}}|{_month}|{_season}|{_weekday}|(?:{_UNITS})s?|today|tonight|yesterday|last night)\b"
)
"""Every form of the grammar has one of these words."""


def describe(wanted: list[Span]) -> Iterator[str]:
    """Each span as ISO dates, for explanations."""
    for span in wanted:
        yield f"{span.start.date().isoformat()}/{span.end.date().isoformat()}"
