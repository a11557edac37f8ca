"""Words that name a day, or a run of days such as a month, seen from a day on which they are said. Pure.

What a date lacks is taken from the future: "on the 5th" is the next fifth, today included; "on Friday", said on a
Friday, is in a week, and "next Friday" is in the next week, which begins on its Monday.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from dateutil.relativedelta import FR, MO, SA, SU, TH, TU, WE, relativedelta

from services.orchestrator.extraction import day_patterns as said
from services.orchestrator.extraction.numbers import ordinal
from services.orchestrator.extraction.spans import amount, length_of, unit_of


@dataclass(frozen=True, slots=True)
class Day:
    """A day or a run of days, and how it was said."""

    start: int
    end: int
    """Where its words lie in the text."""
    first: date
    last: date
    kind: str
    """The name of the group of the pattern: near, iso, date, nthday, dayof, period, holiday, span, weekday, month."""
    by: str = ""
    """The word before it, such as "by"."""
    is_strong: bool = True
    """Whether it says a time by itself. Otherwise only beside an hour, or where nothing else is said."""
    after: timedelta | None = None
    """For hours and minutes: how long from now."""
    is_tonight: bool = False
    is_repeated: bool = False
    """Whether it is the first of many, which say a time only with their hour: "every Friday at five"."""

    @property
    def is_told_of(self) -> bool:
        """Whether it says no time by itself but beside other words, as in "a week after 1 June"."""
        return self.by in ("since", "after", "of")

    @property
    def is_run(self) -> bool:
        return self.last > self.first


def days(text: str, today: date) -> Iterator[Day]:
    """What is named, in the order of the text, whose words must lie one space apart."""
    for match in said.DAY.finditer(text):
        which = (match["which"] or "").lower()
        lead = (match["lead"] or "").lower()
        is_repeated_weekday = which in said.REPEATED and match.lastgroup == "weekday"
        if (which not in said.PAST or is_repeated_weekday) and (day := _day(match, lead, which, today)):
            yield day


def _day(match: re.Match[str], lead: str, which: str, today: date) -> Day | None:
    kind = match.lastgroup or ""
    if lead == "on" and said.BEFORE_A_THING.search(match.string[max(0, match.start() - 40) : match.start()]):
        lead = "before"
    is_bare = not lead and which in ("", "the")
    if is_bare and kind != "near" and said.OWNED.search(_before(match)):
        return None
    try:
        found = _RESOLVED[kind](match, lead, which, today)
    except (ValueError, OverflowError):  # 31 June, the year 12000
        return None
    # "By the first week of June" may be before it, and may be in it.
    is_vague = (match["edge"] or "").lower().endswith(" week") and lead in said.DEADLINES
    if found is None or is_vague:
        return None
    first, last, after = found
    if after is None:
        first, last = _edge(match, first, last)
        if lead == "before" and (match["edge"] or "").lower() in said.LAST:
            lead = "by"  # of what ends before the end of June, the last day may be in June
    is_repeated = which in said.REPEATED
    is_far = bool(match["week"] or match["daynext"])
    is_strong = lead not in ("for", "from") and (kind != "weekday" or is_far or not (is_bare or is_repeated))
    goes_on = lead != "from" and bool(said.GOES_ON.match(match.string, match.end()))
    if kind == "weekday" and not is_strong and (goes_on or is_repeated):
        kind = "bare weekday"
    is_tonight = (match["near"] or "").lower() in said.TONIGHT
    return Day(match.start(), match.end(), first, last, kind, lead, is_strong, after, is_tonight, is_repeated)


def _before(match: re.Match[str]) -> str:
    return match.string[max(0, match.start() - 12) : match.start()]


def _edge(match: re.Match[str], first: date, last: date) -> tuple[date, date]:
    """The end of a run of days, its beginning or its middle, where the words say one."""
    edge = (match["edge"] or "").lower()
    if edge in said.LAST:
        return last, last
    if edge in ("start", "beginning"):
        return first, first
    if edge == "first week":
        return first, first + timedelta(6)
    if edge == "last week":
        return last - timedelta(6), last
    if edge == "middle" or (match["early"] or "").lower() == "mid":
        middle = first + (last - first) // 2
        return middle, middle
    return first, last


_Found = tuple[date, date, timedelta | None] | None


def _near(match: re.Match[str], lead: str, which: str, today: date) -> _Found:
    word = match["near"].lower()
    ahead = 0 if word in ("today", "2day", *said.TONIGHT) else 2 if word.startswith("day after") else 1
    return _one(today + timedelta(ahead))


def _one(day: date) -> _Found:
    return day, day, None


def _iso(match: re.Match[str], lead: str, which: str, today: date) -> _Found:
    """In digits; without a year only after "by" and the like, and not "5/6", which is a day in June or in May."""
    written = match["iso"]
    first, second, *third = map(int, re.findall(r"\d+", written))
    if first > 31:
        return _one(date(first, second, third[0]))
    if "/" in written and second > 12:
        first, second = second, first
    elif "/" in written and first <= 12 and first != second:
        return None
    if third:
        return _one(date(third[0], second, first))
    return _one(_next(lambda year: date(year, second, first), today)) if lead in said.DEADLINES else None


def _date(match: re.Match[str], lead: str, which: str, today: date) -> _Found:
    month = _month_number(match["dmonth"] or match["mmonth"])
    day = ordinal(match["dom"] or match["mday"])
    if year := match["dyear"] or match["myear"]:
        return _one(date(int(year), month, day))
    return _one(_next(lambda year: date(year, month, day), today))


def _next(of_year: Callable[[int], date], today: date) -> date:
    """The first day of a yearly one from today on. Raises ValueError where no year of the next eight has it."""
    for year in range(today.year, today.year + 9):
        try:
            day = of_year(year)
        except ValueError:  # 29 February
            continue
        if day >= today:
            return day
    raise ValueError("no year has such a day")


def _nth_weekday(match: re.Match[str], lead: str, which: str, today: date) -> _Found:
    """ "The first Friday of June", "the last Monday of the month"."""
    nth = -1 if match["wnth"].lower() == "last" else ordinal(match["wnth"])
    weekday = (MO, TU, WE, TH, FR, SA, SU)[_weekday_number(match["nthname"])](nth)

    def of_month(first: date) -> date:
        day = first + relativedelta(day=31 if nth < 0 else 1, weekday=weekday)
        if day.month != first.month:
            raise ValueError("no fifth in this month")
        return day

    if month := match["wmonth"]:
        number = _month_number(month)
        if year := match["wyear"]:
            return _one(of_month(date(int(year), number, 1)))
        return _one(_next(lambda year: of_month(date(year, number, 1)), today))
    first = today.replace(day=1) + relativedelta(months="next" in match["wwhich"].lower())
    day = of_month(first)
    return _one(day if day >= today else of_month(first + relativedelta(months=1)))


def _day_of_month(match: re.Match[str], lead: str, which: str, today: date) -> _Found:
    """ "On the 5th", "the first of next month"."""
    of_which = (match["ofwhich"] or "").lower()
    is_told_of = lead in said.DEADLINES or lead in ("for", "of") or of_which
    if which != "the" or not (is_told_of or said.AFTER_WEEKDAY.search(_before(match))):
        return None
    number = ordinal(match["nth"])
    if not 1 <= number <= 31:
        return None
    month = today.replace(day=1) + relativedelta(months="next" in of_which)
    while True:
        try:
            day = month.replace(day=number)
        except ValueError:  # no 31st in June
            day = date.min
        if day >= today:
            return _one(day)
        month += relativedelta(months=1)


def _period(match: re.Match[str], lead: str, which: str, today: date) -> _Found:
    unit = match["unit"].lower()
    is_next = (
        "next" in which or "following" in which or ("coming" in which and unit not in ("weekend", "wknd"))
    )
    ahead = 2 if match["afternext"] else int(is_next)
    named = bool(ahead or which in ("this", "this coming", "the coming") or match["edge"])
    if not (named or (unit in ("weekend", "wknd") and which == "the" and lead)):
        return None
    if unit in ("week", "weekend", "wknd"):
        monday = today - timedelta(today.weekday()) + timedelta(weeks=ahead)
        return monday + timedelta(0 if unit == "week" else 5), monday + timedelta(6), None
    if unit == "month":
        return _whole_month(today.replace(day=1) + relativedelta(months=ahead))
    return date(today.year + ahead, 1, 1), date(today.year + ahead, 12, 31), None


def _closing(match: re.Match[str], lead: str, which: str, today: date) -> _Found:
    """ "By year end", "eom": the last day."""
    is_of_year = "y" in match["closing"].lower()
    return _one(date(today.year, 12, 31) if is_of_year else today + relativedelta(day=31))


def _whole_month(first: date) -> _Found:
    return first, first + relativedelta(day=31), None


def _month(match: re.Match[str], lead: str, which: str, today: date) -> _Found:
    """ "In June", but neither "ask April" nor "you may"."""
    is_placed = lead in ("in", "by", "before", "until", "till", "during", "over", "for") or match["edge"]
    if not is_placed and which not in ("next", "this", "this coming", "the coming"):
        return None
    number = _month_number(match["mname"])
    if year := match["mnyear"]:
        return _whole_month(date(int(year), number, 1))
    is_over = number < today.month or (which == "next" and number == today.month)
    return _whole_month(date(today.year + is_over, number, 1))


def _month_number(name: str) -> int:
    return next(number for number, month in enumerate(said.MONTHS, 1) if month.startswith(name.lower()[:3]))


def _holiday(match: re.Match[str], lead: str, which: str, today: date) -> _Found:
    if lead == "in" or (not lead and which not in ("this", "next")):
        # "In the new year" is vague.
        return None
    return _one(_next(said.HOLIDAYS[match["holiday"].lower()], today))


def _weekday(match: re.Match[str], lead: str, which: str, today: date) -> _Found:
    name = match["wday"].lower()
    is_short = name in said.SHORT_WEEKDAY.split("|")
    wanted = _weekday_number(name)
    if match["daynext"]:
        return _one(today + timedelta(14 - today.weekday() + wanted))
    is_beside_hour = said.BEFORE_HOUR.match(match.string, match.end("wday"))
    if (is_short and not (lead in said.DEADLINES or which or is_beside_hour)) or (
        which == "the" and lead not in said.DEADLINES
    ):
        return None
    if said.AFTER_NTH.search(_before(match)):
        return None
    weeks = timedelta(weeks=bool(match["week"]))
    if which in ("next", "the following"):
        return _one(today + timedelta(7 - today.weekday() + wanted))
    ahead = (wanted - today.weekday()) % 7
    may_be_today = which.startswith("this") or which in said.REPEATED
    return _one(today + timedelta(ahead or (0 if may_be_today else 7)) + weeks)


def _weekday_number(name: str) -> int:
    known = (number for number, day in enumerate(said.WEEKDAYS) if day.startswith(name.lower()[:3]))
    return next(known, said.MISSPELT.get(name.lower(), 0))


def _span(match: re.Match[str], lead: str, which: str, today: date) -> _Found:
    """ "In two hours", "a week from today". Of hours and minutes, how long; of days and more, the day."""
    from_when = (match["fromwhen"] or "").lower().split()
    if match["unsaid"] and lead != "in":
        return None
    is_placed = lead in ("in", "within") or (lead == "over" and which == "the next") or from_when
    if not is_placed or (match["alone"] and which != "the"):
        return None
    length = length_of(_amounts(match))
    if isinstance(length, timedelta):
        return today, today, length
    return _one(today + length + timedelta("tomorrow" in from_when))


def _amounts(match: re.Match[str]) -> dict[str, float]:
    if match["share"]:
        return {"hours": amount(match["share"])}
    if match["coupleunit"]:
        return {unit_of(match["coupleunit"]): 2}
    if match["and_a_half"]:
        return {unit_of(match["hunit"]): amount(match["and_a_half"]) + 0.5}
    if match["alone"]:
        return {"hours": 1}
    if match["hm"] or match["unsaid"]:
        hours, minutes = (match["hm"] or f"0h{match['unsaid']}").lower().split("h")
        return {"hours": int(hours), "minutes": int(minutes)}
    found = {unit_of(match["aunit"]): amount(match["amount"])}
    if more := match["more"]:
        found[unit_of(match["aunit"])] += 0.5 if more.lower() == "half" else 0.25
    if match["amount2"]:
        unit = unit_of(match["aunit2"])
        found[unit] = found.get(unit, 0) + amount(match["amount2"])
    return found


_RESOLVED: dict[str, Callable[[re.Match[str], str, str, date], _Found]] = {
    "near": _near,
    "iso": _iso,
    "date": _date,
    "nthday": _nth_weekday,
    "dayof": _day_of_month,
    "period": _period,
    "closing": _closing,
    "holiday": _holiday,
    "span": _span,
    "weekday": _weekday,
    "month": _month,
}
