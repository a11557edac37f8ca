"""The time by which something is due, in the words that name it. Pure.

A day without an hour ends at its end; a week, a month or a year with its last day. "Before" a day, and "by" or "before"
a month, ends with the day before. What is vague ("soon", "in a few days"), past or repeated names no time, but for the
first of the days that "every Friday at five" names. A day and a time of day that stand apart belong together, as in "on
Friday call Ana at noon".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from services.orchestrator.extraction.days import Day, days
from services.orchestrator.extraction.hours import END_OF_DAY, PARTS, Hour, hours
from services.orchestrator.extraction.spans import Shift, shift_to
from services.orchestrator.extraction.zones import Zone, zones

_MAX_TEXT = 4_000
"""Letters in which a time is looked for: who promises says when sooner."""
_GAP = re.compile(r",? ?(?:(?:of|on|sharp,?) )?|T")
_CORRECTION = re.compile(
    r" ?[,.;!?…–—-]* ?(?:(?:oh|er|um|no|wait|sorry|actually|i mean|i meant|(?:or )?rather|make (?:it|that)"
    r"|(?:but |so )?let'?s (?:say|make (?:it|that)|do)"
    r"|scratch that) ?[,.;!…–—-]* ){1,4}",
    re.IGNORECASE,
)
_OF_ITSELF = re.compile(
    r",? ?(?:is|was|are|were|will|would|has|had|can|could|does|did|might|may|should|works?|suits?"
    r"|(?:is|was|wo|would|ca|could|does|did)n['’]t|['’](?:s|ll|d)|(?:i|we)['’](?:m|re|ve)"
    r"|(?:i|we) (?:am|are|have|can|can['’]t|cannot|need|got))\b",
    re.IGNORECASE,
)
"""What follows a day that is spoken of, rather than said instead: "sorry, Monday is a holiday"."""
_APART = re.compile(
    r"[.!?;]|\b(?:about|of|re|regarding|concerning|what|how|why|where|whether|who|whom)\b", re.IGNORECASE
)
"""Between a day and the hour after it: "on Friday ask about the call at 3" has the hour of the call."""
_FAR_APART = re.compile(
    rf"{_APART.pattern}|,|\b(?:and|but|or|then|so|that|which|if|when|because|since|after|before|until)\b",
    re.IGNORECASE,
)
"""Between an hour and the day after it, which says less often when: "at 9 call the man that I met on Monday"."""
_TIMED = re.compile(r"(?:at|by|before|until|till|around|about|no later than|in the) ", re.IGNORECASE)
_NARROWED = re.compile(r"(?:\b(?:the|an?|my|your|our|his|her|their|this|that|from)|['’]s) $", re.IGNORECASE)
"""Before an hour that tells of what kind a thing is: "the 7 pm show"."""
_TAKEN_BACK = re.compile(r"(?:(?<!why )(?<!if )\bnot|\brather than|\binstead of) $", re.IGNORECASE)
_TOLD_OF = re.compile(
    r"(?<!\bbe )(?<!\bget )\b(?:held|decided|dated|agreed|signed|discussed|announced|received|recorded) $"
    r"|(?<!if )\b(?:i|we|you|they|he|she|it|that) (?:had|got|did|saw|made|met|was|were|went|came|sent|took|gave|left"
    r"|bought|wrote|said|told) (?:\w+ )?$",
    re.IGNORECASE,
)
"""Before a day on which something was: "what was decided on Tuesday"."""
_GONE_BY = re.compile(r" (?:yesterday|last (?:night|week|month|year|\w+day))\b", re.IGNORECASE)
_NOT_THIS = re.compile(
    r"\bnot (?:this|next|the coming) (\w+day),? but the (?:one after|next one|following one|following)\b",
    re.I,
)
"""Another way of saying "Friday week"."""
_TWELVE = re.compile(r"\b12 (?=(?:noon|midday|midnight)\b)", re.I)
_SHIFTING = re.compile(r"(?:before|after|from|on|at) ", re.IGNORECASE)
DAY_BEGINS = 7
_MORNING = 5
"""The hour at which a night ends."""
_NO_SHIFT = Shift(0, after=timedelta())
_ANY_DAY = date(2000, 1, 1)


@dataclass(slots=True)
class _Expression:
    """Neighbouring words about one time: "Thursday at half past eight in the morning"."""

    start: int
    end: int
    days: list[Day] = field(default_factory=list[Day])
    hour: Hour | None = None
    part: Hour | None = None
    zone: Zone | None = None
    shift: Shift | None = None
    names_time: bool = True
    """Not where it is only spoken of: "since Friday at five", "not on Friday"."""

    def takes(self, found: Day | Hour | Zone) -> bool:
        """Whether it can be told more by it."""
        if isinstance(found, Zone):
            return bool(self.hour) and not self.zone
        if isinstance(found, Hour):
            return not (self.part if found.is_part else self.hour)
        if found.is_told_of:
            return found.by == "of" and bool(self.hour or self.part) and not self.days
        if not self.days:
            return True
        kinds = {self.days[0].kind.removeprefix("bare "), found.kind.removeprefix("bare ")}
        return len(self.days) == 1 and kinds in (
            {"weekday", "date"},
            {"weekday", "dayof"},
            {"weekday", "period"},
        )

    def add(self, found: Day | Hour | Zone) -> None:
        self.end = found.end
        if isinstance(found, Day):
            self.days.append(found)
        elif isinstance(found, Zone):
            self.zone = found
        elif found.is_part:
            self.part = found
        else:
            self.hour = found

    def correct(self, found: Day | Hour) -> None:
        """Take what is said instead, as it was said: "by Monday, no, Tuesday" is by Tuesday."""
        if isinstance(found, Day) and self.days:
            old = self.days[-1]
            is_strong, by = found.is_strong or old.is_strong, found.by or old.by
            kind = found.kind.removeprefix("bare ")
            found, self.days = replace(found, is_strong=is_strong, by=by, kind=kind), []
        elif isinstance(found, Hour) and found.is_instead and self.hour:
            is_pm = self.hour.is_evening or (not self.hour.is_open and self.hour.at.hour >= 12)
            at = found.at.replace(hour=found.at.hour % 12 + 12) if is_pm and found.is_open else found.at
            found = replace(found, at=at, is_open=found.is_open and not is_pm)
        self.add(found)

    @property
    def is_strong(self) -> bool:
        has_both = bool(self.days) and bool(self.hour or (self.part and not self.is_repeated))
        told = (*self.days, self.hour, self.part)
        return has_both or bool(self.shift) or any(one.is_strong for one in told if one)

    @property
    def is_day_alone(self) -> bool:
        """Whether it is a day of which the hour may be said elsewhere."""
        is_plain = bool(self.days) and not (self.hour or self.shift)
        return is_plain and not any(day.is_run or day.after is not None for day in self.days)

    @property
    def is_hour_alone(self) -> bool:
        """Whether it is a time of day that may be of a day said elsewhere."""
        clock = self.hour or self.part
        is_of_hours = not self.shift or self.shift.after is not None
        return bool(clock) and is_of_hours and not self.days and clock.is_strong and not clock.is_today

    @property
    def is_repeated(self) -> bool:
        return any(day.is_repeated for day in self.days)

    @property
    def is_weak(self) -> bool:
        return any(day.kind != "bare weekday" for day in self.days)


def due(text: str, now: datetime, *, then: str = "", day_begins: int = DAY_BEGINS) -> datetime | None:
    """The time by which something is due, by the clock and in the time zone of ``now``; none where none is named.

    An hour that is neither "am" nor "pm" lies in the twelve hours from that at which the day begins. ``then``: what
    follows the text, and counts where the text names no time, or only the day or only the time of day.
    """
    first = _TWELVE.sub("", _NOT_THIS.sub(r"\1 week", " ".join(text[:_MAX_TEXT].split())))
    # No time is named across the bar.
    plain = f"{first} | {' '.join(then[:_MAX_TEXT].split())}" if then else first
    try:
        named = list(_expressions(plain, now.date()))
        one = _chosen(each for each in named if each.start < len(first)) or _chosen(named)
        if one is None:
            return None
        whole = _joined(plain, one, named)
        return (_when(whole, now, day_begins) if whole else None) or _when(one, now, day_begins)
    except OverflowError:  # after the year 9999
        return None


def _chosen(named: Iterable[_Expression]) -> _Expression | None:
    """The first that says a time by itself, or else the first that may."""
    weak: _Expression | None = None
    for one in named:
        if one.is_strong:
            return one
        weak = weak or (one if one.is_weak else None)
    return weak


def _joined(text: str, one: _Expression, named: Sequence[_Expression]) -> _Expression | None:
    """A day with the time of day that is said elsewhere, or that with its day; None where nothing belongs to it."""
    if one.is_day_alone:
        days, clock = one, next((other for other in named if _is_clock_of(text, one, other)), None)
    elif one.is_hour_alone:
        days, clock = next((other for other in named if _is_day_of(text, one, other)), None), one
    else:
        return None
    if not (days and clock) or (clock.hour and days.part and not _lies_in(clock.hour, days.part)):
        return None
    shift = clock.shift or days.shift
    return replace(days, hour=clock.hour, part=clock.part or days.part, zone=clock.zone, shift=shift)


def _lies_in(hour: Hour, part: Hour) -> bool:
    """Whether an hour may be of a part of the day: not 18:30 of the morning."""
    is_of_half = (hour.at.hour >= 12) == (part.at > PARTS["morning"])
    return hour.is_open or (is_of_half and hour.at <= part.at)


def _is_clock_of(text: str, day: _Expression, other: _Expression) -> bool:
    """Whether the other is the time of day of a day before it."""
    return (
        other.is_hour_alone
        and day.end <= other.start
        and not _APART.search(text, day.end, other.start)
        and (
            _TIMED.match(text, other.start) is not None
            or not _NARROWED.search(text[max(0, other.start - 8) : other.start])
        )
    )


def _is_day_of(text: str, clock: _Expression, other: _Expression) -> bool:
    """Whether the other is the day of a time of day on either side of it. With "Friday" a text may only begin."""
    if not other.is_day_alone:
        return False
    if other.end <= clock.start:
        return other.start == 0 and not _APART.search(text, other.end, clock.start)
    return other.is_strong and not _FAR_APART.search(text, clock.end, other.start)


def times(text: str) -> list[tuple[int, int]]:
    """Where the words lie that say when, which must be one space apart."""
    found = _expressions(text, _ANY_DAY)
    return [(one.start, one.end) for one in found if one.is_strong or one.is_weak]


def without_time(text: str) -> str:
    """The text without the words that say when."""
    plain = " ".join(text[:_MAX_TEXT].split())
    kept: list[str] = []
    end = 0
    for start, stop in times(plain):
        kept.append(plain[end:start])
        end = stop
    return "".join((*kept, plain[end:], text[_MAX_TEXT:]))


def _expressions(text: str, today: date) -> Iterator[_Expression]:
    return (one for one in _neighbours(text, today) if one.names_time)


def _neighbours(text: str, today: date) -> Iterator[_Expression]:
    current: _Expression | None = None
    for found in _mentions(text, today):
        if isinstance(found, Hour) and found.is_instead:
            if current and current.names_time and current.hour and _corrects(text, current.end, found):
                current.correct(found)
            continue
        shift = None if isinstance(found, Zone) else _shift(text, found)
        if current and shift == current.shift:
            shift = None
        if current and not shift and current.takes(found) and _GAP.fullmatch(text, current.end, found.start):
            current.add(found)
            continue
        if isinstance(found, Zone):
            continue
        if current and current.names_time and _corrects(text, current.end, found):
            current.correct(found)
            continue
        if current:
            yield current
        is_told_of = isinstance(found, Day) and found.is_told_of and not shift
        names_time = not is_told_of and not _is_taken_back(text, found)
        start = shift.start if shift else found.start
        current = _Expression(start, found.end, shift=shift, names_time=names_time)
        current.add(found)
    if current:
        yield current


def _corrects(text: str, end: int, found: Day | Hour) -> bool:
    """Whether it is said instead of what ends there."""
    return bool(_CORRECTION.fullmatch(text, end, found.start)) and not _OF_ITSELF.match(text, found.end)


def _shift(text: str, found: Day | Hour) -> Shift | None:
    lead = _SHIFTING.match(text, found.start)
    return shift_to(text, lead.end() if lead else found.start)


def _is_taken_back(text: str, found: Day | Hour) -> bool:
    """ "Not on Friday", but not "not until Friday"."""
    before = text[max(0, found.start - 24) : found.start]
    if _TOLD_OF.search(before) or _GONE_BY.match(text, found.end):
        return True
    is_until = text.startswith(("until ", "till "), found.start)
    return not is_until and bool(_TAKEN_BACK.search(before))


def _mentions(text: str, today: date) -> list[Day | Hour | Zone]:
    """Days, hours and zones in the order of the text; where two overlap, the longer one."""
    found: list[Day | Hour | Zone] = sorted(
        [*days(text, today), *hours(text), *zones(text)], key=lambda one: (one.start, -one.end)
    )
    kept: list[Day | Hour | Zone] = []
    for one in found:
        if kept and one.start < kept[-1].end:
            if one.end - one.start > kept[-1].end - kept[-1].start:
                kept[-1] = one
        else:
            kept.append(one)
    return kept


def _when(one: _Expression, now: datetime, day_begins: int) -> datetime | None:
    # In UTC, as within a time zone clocks that were set back are compared by what they show.
    here = now.astimezone(UTC)
    shift = one.shift or _NO_SHIFT
    part = _part(one)
    clock = one.hour.within(part, day_begins) if one.hour else part
    zone = (one.zone and one.zone.zone) or now.tzinfo
    if shift.is_vague or (shift.after and not one.hour) or (shift.days and not one.days):
        return None
    if one.days and one.days[0].after is not None:
        when = here + one.days[0].after
    elif one.days or (one.part and one.part.is_today):
        day = _day(one.days, shift, has_clock=clock is not None) if one.days else now.date()
        if clock and _is_after_midnight(one, clock, part) and not (day == now.date() and now.time() < clock):
            day += timedelta(1)
        when = _at(day, clock or END_OF_DAY, here, zone)
        is_open = one.hour is not None and one.hour.is_open and day == now.date()
        if clock and is_open and when < here and clock.hour < 12:
            when = _at(day, clock.replace(hour=clock.hour + 12), here, zone)
        if clock and one.is_repeated and when < here:
            when = _at(day + timedelta(7), clock, here, zone)
    elif clock:
        when = _next_time(clock, here, zone)
    else:
        return None
    when += shift.after or timedelta()
    return when.astimezone(now.tzinfo) if when >= here else None


def _part(one: _Expression) -> time | None:
    """The part of the day that is named beside a day or an hour."""
    if one.part:
        return one.part.at
    if one.shift and one.shift.part:
        return PARTS[one.shift.part]
    return PARTS["night"] if one.days and one.days[0].is_tonight else None


def _is_after_midnight(one: _Expression, clock: time, part: time | None) -> bool:
    """Whether it lies in the night that a day ends with: "tomorrow night at 2", but not "at 2 in the night"."""
    is_in_the = one.part is not None and one.part.is_strong and not one.part.is_today
    return bool(one.hour) and clock.hour < _MORNING and part == PARTS["night"] and not is_in_the


def _next_time(clock: time, now: datetime, zone: tzinfo | None) -> datetime:
    today = now.astimezone(zone).date()
    when = _at(today, clock, now, zone)
    return when if when > now else _at(today + timedelta(1), clock, now, zone)


def _at(day: date, clock: time, now: datetime, zone: tzinfo | None) -> datetime:
    """When a clock shows it, in UTC: of the two times, where it is set back, the first that is still to come."""
    shown = datetime.combine(day, clock, zone)
    first, second = (shown.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
    return second if first < now <= second else first


def _day(named: list[Day], shift: Shift, *, has_clock: bool) -> date:
    """The last day that counts."""
    one = named[0]
    if len(named) > 1:
        one = _together(*named)
    if shift.days:
        return (one.first if shift.is_back else one.last) + shift.days
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
