"""The time by which something is due, in the words that name it. Pure.

A day without an hour ends at its end; a week, a month or a year with its last day. "Before" a day, and "by" or "before"
a month, ends with the day before. What is vague ("soon", "in a few days"), past or repeated names no time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from services.orchestrator.extraction.days import Day, days
from services.orchestrator.extraction.hours import END_OF_DAY, PARTS, Hour, hours

_MAX_TEXT = 4_000
"""Letters in which a time is looked for: who promises says when sooner."""
_GAP = re.compile(r",? ?(?:(?:of|on|sharp,?) )?")


@dataclass(slots=True)
class _Expression:
    """Neighbouring words about one time: "Thursday at half past eight in the morning"."""

    start: int
    end: int
    days: list[Day] = field(default_factory=list[Day])
    hour: Hour | None = None
    part: Hour | None = None

    def takes(self, found: Day | Hour) -> bool:
        """Whether it can be told more by it."""
        if isinstance(found, Hour):
            return not (self.part if found.is_part else self.hour)
        if not self.days:
            return True
        kinds = {self.days[0].kind.removeprefix("bare "), found.kind.removeprefix("bare ")}
        return len(self.days) == 1 and kinds in (
            {"weekday", "date"},
            {"weekday", "dayof"},
            {"weekday", "period"},
        )

    def add(self, found: Day | Hour) -> None:
        self.end = found.end
        if isinstance(found, Day):
            self.days.append(found)
        elif found.is_part:
            self.part = found
        else:
            self.hour = found

    @property
    def is_strong(self) -> bool:
        has_both = bool(self.days) and bool(self.hour or self.part)
        return has_both or any(one.is_strong for one in (*self.days, self.hour, self.part) if one)

    @property
    def is_weak(self) -> bool:
        return any(day.kind != "bare weekday" for day in self.days)


def due(text: str, now: datetime) -> datetime | None:
    """The time by which something is due, by the clock and in the time zone of ``now``; none where none is named."""
    plain = " ".join(text[:_MAX_TEXT].split())
    found = _expressions(plain, now.date())
    weak: _Expression | None = None
    for one in found:
        if one.is_strong:
            return _when(one, now)
        weak = weak or (one if one.is_weak else None)
    return _when(weak, now) if weak else None


def without_time(text: str) -> str:
    """The text without the words that say when."""
    plain = " ".join(text[:_MAX_TEXT].split())
    kept: list[str] = []
    end = 0
    for one in _expressions(plain, date(2000, 1, 1)):
        if one.is_strong or one.is_weak:
            kept.append(plain[end : one.start])
            end = one.end
    return "".join((*kept, plain[end:], text[_MAX_TEXT:]))


def _expressions(text: str, today: date) -> Iterator[_Expression]:
    current: _Expression | None = None
    for found in _mentions(text, today):
        if current and current.takes(found) and _GAP.fullmatch(text, current.end, found.start):
            current.add(found)
            continue
        if current:
            yield current
        current = _Expression(found.start, found.end)
        current.add(found)
    if current:
        yield current


def _mentions(text: str, today: date) -> list[Day | Hour]:
    """Days and hours in the order of the text; where two overlap, the longer one."""
    found: list[Day | Hour] = sorted(
        [*days(text, today), *hours(text)], key=lambda one: (one.start, -one.end)
    )
    kept: list[Day | Hour] = []
    for one in found:
        if kept and one.start < kept[-1].end:
            if one.end - one.start > kept[-1].end - kept[-1].start:
                kept[-1] = one
        else:
            kept.append(one)
    return kept


def _when(one: _Expression, now: datetime) -> datetime | None:
    if one.days and one.days[0].after is not None:
        # An hour is an hour, also where the clocks change in between.
        return (now.astimezone(UTC) + one.days[0].after).astimezone(now.tzinfo)
    part = one.part.at if one.part else None
    if one.part is None and one.days and one.days[0].is_tonight:
        part = PARTS["night"]
    clock = one.hour.within(part) if one.hour else part
    if not one.days and not (one.part and one.part.is_today):
        return _next_time(clock, now) if clock else None
    day = _day(one.days, has_clock=clock is not None) if one.days else now.date()
    when = _at(day, clock or END_OF_DAY, now)
    if when < now and one.hour and one.hour.is_open and day == now.date() and when.hour < 12:
        when += timedelta(hours=12)
    return when if when >= now else None


def _next_time(clock: time, now: datetime) -> datetime:
    today = _at(now.date(), clock, now)
    return today if today > now else _at(now.date() + timedelta(1), clock, now)


def _at(day: date, clock: time, now: datetime) -> datetime:
    return datetime.combine(day, clock, now.tzinfo)


def _day(named: list[Day], *, has_clock: bool) -> date:
    """The last day that counts."""
    one = named[0]
    if len(named) > 1:
        one = _together(*named)
    is_before = one.by == "before" or (one.is_run and one.by in ("by", "until", "till", "no later than"))
    if is_before and not has_clock:
        return one.first - timedelta(1)
    return one.last


def _together(one: Day, other: Day) -> Day:
    """ "Tuesday, 14 April" is the date; "Friday next week" the Friday of that week."""
    weekday, rest = (one, other) if "weekday" in one.kind else (other, one)
    if rest.kind != "period":
        return rest
    first = rest.first - timedelta(rest.first.weekday()) + timedelta(weekday.last.weekday())
    return Day(one.start, other.end, first, first, "weekday", weekday.by)
