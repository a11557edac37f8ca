"""From when on something holds or when it happens: the beginning of the day, month or year that words name. Pure."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from services.orchestrator.extraction.lexicon import MONTHS, WEEKDAYS

_MONTHS: list[str] = [*MONTHS.lower().split("|")]
_WEEKDAYS: list[str] = [*WEEKDAYS.lower().split("|")]
_NUMBERS = {
    "a": 1, "an": 1, "one": 1, "two": 2, "a couple of": 2, "three": 3, "a few": 3, "four": 4, "five": 5, "six": 6,
    "seven": 7, "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "twenty": 20,
}  # fmt: skip
_NUMBER = r"(?P<number>\d{1,3}|" + "|".join(sorted(_NUMBERS, key=len, reverse=True)) + ")"
_SEASONS = {"spring": 3, "summer": 6, "autumn": 9, "fall": 9, "winter": 12}
_FEASTS = {"christmas": (12, 25), "boxing": (12, 26), "new year": (1, 1), "valentine": (2, 14)}

_ISO = re.compile(r"(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d)")
_DATE = re.compile(
    rf"(?:(?P<day>\d{{1,2}})(?:st|nd|rd|th)? (?:of )?(?P<month>{MONTHS})|(?P<month2>{MONTHS}) "
    rf"(?P<day2>\d{{1,2}})\b)(?:,? (?P<year>\d{{4}}))?",
    re.IGNORECASE,
)
_DAY = re.compile(r"\bthe (?P<day>\d{1,2})(?:st|nd|rd|th)?\b", re.IGNORECASE)
_MONTH = re.compile(rf"\b(?P<month>{MONTHS})\b(?: (?P<year>\d{{4}}))?", re.IGNORECASE)
_WEEKDAY = re.compile(rf"\b(?P<weekday>{WEEKDAYS})", re.IGNORECASE)
_YEAR = re.compile(r"\b(?P<year>(?:19|20)\d\d)\b")
_DISTANCE = re.compile(rf"\b(?P<ahead>in )?{_NUMBER} (?P<unit>day|week|month|year)s?\b", re.IGNORECASE)
_NEIGHBOUR = re.compile(
    r"\b(?P<which>last|next|this) (?P<unit>week(?:end)?|month|year|spring|summer|autumn|fall|winter)\b",
    re.IGNORECASE,
)
_SEASON = re.compile(r"\bin the (?P<season>spring|summer|autumn|fall|winter)\b", re.IGNORECASE)
_PAST = re.compile(r"(?i)\b(?:last|ago|since|yesterday)\b")
_AHEAD = re.compile(r"(?i)\b(?:next|tomorrow|until)\b|\bin .* (?:days?|weeks?|months?)\b")


def begins(words: str, now: datetime, *, is_past: bool) -> datetime | None:
    """In the zone of ``now``; ``is_past`` decides where the words do not: "in May" is the last one, or the next."""
    is_past = not _AHEAD.search(words) and (is_past or bool(_PAST.search(words)))
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    try:
        return _of_a_date(words, today, is_past) or _of_a_period(words, today, is_past)
    except (ValueError, OverflowError):
        # There is no 31st of June.
        return None


def _of_a_date(words: str, today: datetime, is_past: bool) -> datetime | None:
    if match := _ISO.search(words):
        return today.replace(year=int(match["year"]), month=int(match["month"]), day=int(match["day"]))
    if match := _DATE.search(words):
        month = _MONTHS.index((match["month"] or match["month2"]).lower()) + 1
        day = int(match["day"] or match["day2"])
        return _in_year(today, month, day, match["year"], is_past)
    if match := _DAY.search(words):
        day = today.replace(day=int(match["day"]))
        if is_past and day > today:
            return (today.replace(day=1) - timedelta(days=1)).replace(day=day.day)
        return day
    for feast, (month, day) in _FEASTS.items():
        if feast in words.lower():
            return _in_year(today, month, day, None, is_past)
    return None


def _of_a_period(words: str, today: datetime, is_past: bool) -> datetime | None:
    low = words.lower()
    if "yesterday" in low or "tomorrow" in low:
        return today + timedelta(days=1 if "tomorrow" in low else -1)
    if match := _DISTANCE.search(words):
        number = _NUMBERS.get(match["number"].lower()) or int(match["number"])
        return _shifted(today, match["unit"].lower(), number if match["ahead"] else -number)
    if match := _NEIGHBOUR.search(words):
        return _neighbour(today, match["which"].lower(), match["unit"].lower())
    if match := _SEASON.search(words):
        return _in_year(today, _SEASONS[match["season"].lower()], 1, None, is_past)
    if match := _WEEKDAY.search(words):
        return _weekday(today, _WEEKDAYS.index(match["weekday"].lower()), is_past)
    match = _MONTH.search(words)
    month = _MONTHS.index(match["month"].lower()) + 1 if match else 1
    year = match["year"] if match else None
    if not match and (named := _YEAR.search(words)):
        year = named["year"]
    return _in_year(today.replace(day=1), month, 1, year, is_past) if match or year else None


def _weekday(today: datetime, weekday: int, is_past: bool) -> datetime:
    off = (today.weekday() - weekday) % 7
    return today - timedelta(days=off or 7) if is_past else today + timedelta(days=(7 - off) % 7 or 7)


def _in_year(today: datetime, month: int, day: int, year: str | None, is_past: bool) -> datetime:
    found = today.replace(year=int(year) if year else today.year, month=month, day=day)
    if not year and is_past and found > today:
        return found.replace(year=found.year - 1)
    if not year and not is_past and found < today:
        return found.replace(year=found.year + 1)
    return found


def _neighbour(today: datetime, which: str, unit: str) -> datetime:
    step = {"last": -1, "this": 0, "next": 1}[which]
    if unit in _SEASONS:
        begun = today.replace(month=_SEASONS[unit], day=1)
        return _shifted(begun, "year", step) if step * (1 if begun > today else -1) < 0 or not step else begun
    if unit.startswith("week"):
        monday = today - timedelta(days=today.weekday()) + timedelta(weeks=step)
        return monday + timedelta(days=5) if unit == "weekend" else monday
    if unit == "month":
        return _shifted(today.replace(day=1), "month", step)
    return today.replace(year=today.year + step, month=1, day=1)


def _shifted(day: datetime, unit: str, number: int) -> datetime:
    match unit:
        case "day" | "week":
            return day + timedelta(days=number * (7 if unit == "week" else 1))
        case "month":
            months = day.year * 12 + day.month - 1 + number
            return day.replace(year=months // 12, month=months % 12 + 1, day=min(day.day, 28))
        case _:
            return day.replace(year=day.year + number, day=min(day.day, 28))
