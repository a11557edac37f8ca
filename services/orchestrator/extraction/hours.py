"""Words that name an hour of a day, or a part of it such as the evening. Pure.

An hour without "am" or "pm" lies between seven in the morning and seven in the evening, unless the words around it say
otherwise ("at nine in the evening", "tonight at 8", "dinner at 8"). Of a part of the day its end counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import time

from services.orchestrator.extraction.numbers import CARDINAL, cardinal
from services.orchestrator.extraction.zones import PLACE

PARTS = {"morning": time(12), "afternoon": time(18), "evening": time(22), "night": time(23, 59, 59)}
_OTHER_PARTS = {"arvo": "afternoon", "eve": "evening", "am": "morning", "pm": "afternoon", "nite": "night"}
_AFTER_A_DAY = re.compile(
    r"(?:day|mon|tues?|wed|weds|thu|thurs?|fri|sat|sun|tomorrow|tmrw|tmr|this|the) $", re.I
)
"""Before "am" and "eve", which are parts of a day only then."""
END_OF_DAY = time(23, 59, 59)
_NAMED = {
    "noon": time(12),
    "midday": time(12),
    "lunchtime": time(12),
    "lunch": time(12),
    "teatime": time(17),
    "tea time": time(17),
    "midnight": END_OF_DAY,
    "eod": END_OF_DAY,
    "cob": time(17),
}
HOUR_WORD = "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve"
_AM_PM = r"(?P<{}>[ap]m\b|[ap]\.m\.)"
_NOT_AN_HOUR = (
    r"(?! ?(?:%|€|\$|£|percent|per cent|points?|euros?|dollars?|pounds?|degrees?|people|persons?|places?|other|more"
    r"|times?|of|k|km|kg|miles?|metres?|meters?|minutes?|mins?|hours?|days?|weeks?|months?|years?|different|and a half"
    rf"|or)\b|[.,:/]\d| (?!{PLACE})(?-i:(?!I\b)[A-Z][a-z]))"
)
_HOUR = re.compile(
    r"(?:(?<![\w.:-])|(?<=\dT))(?=\w)"
    r"(?:(?P<lead>at|when it['’]?s|by|before|until|till|around|about|from|over|during|no later than) )?"
    r"(?:about |around |like )?"
    r"(?:"
    rf"(?P<digital>(?P<h>[01]?\d|2[0-3])(?P<sep>[:.h])(?P<m>[0-5]\d)(?::[0-5]\d(?:\.\d{{1,6}})?)?"
    rf"(?: ?{_AM_PM.format('ap')})?)"
    r"(?!(?!(?-i:Z)\b)\w)"
    r"|(?P<four>(?P<fh>[01]\d|2[0-3])(?P<fm>[0-5]\d)(?P<hours> ?(?:hours|hrs|h))?)(?![\w-])"
    rf"(?! ?\d){_NOT_AN_HOUR}"
    rf"|(?P<meridian>(?P<mh>1[0-2]|0?[1-9]|(?:{HOUR_WORD})(?= ?p)|(?<=at )(?:{HOUR_WORD}))"
    rf" ?{_AM_PM.format('map')})(?!\w)"
    r"|(?P<spoken>(?:(?P<half>half)(?: past)?"
    rf"|(?:(?:a )?(?P<quarter>quarter)|(?P<minutes>\d\d?|{CARDINAL})(?: minutes)?)"
    rf" (?P<side>past|to)) (?P<sh>{HOUR_WORD}|1[0-2]|[1-9])(?: ?{_AM_PM.format('sap')})?)(?![\w-])"
    rf"|(?P<bare>(?P<bh>{HOUR_WORD}|[01]?\d|2[0-3])(?: o['’]?clock|(?P<ish>-?ish))?)(?![\w-]){_NOT_AN_HOUR}"
    r"|(?P<named>noon|midday|midnight|lunchtime|lunch|tea ?time|eod|cob"
    r"|(?:the )?(?P<close>close|end) of (?P<of>business|play|(?:the )?(?:working |work |business )?day))(?![\w-]|['’]s)"
    r"|(?P<part>(?P<how>in the |this |every |each )?(?P<pname>morning|afternoon|evening|night|arvo|eve|nite"
    r"|[ap]m))(?![\w-]|['’]s)"
    r")",
    re.IGNORECASE,
)
_OF_A_PART = re.compile(r" (?:in the (?:morning|afternoon|evening)|at night)\b", re.IGNORECASE)
"""After an hour that is one whatever stands before it: "six in the morning"."""
_INSTEAD = re.compile(
    r"\b(?:no|wait|sorry|actually|i mean|i meant|rather|make (?:it|that)) ?[,.;!…–—-]* $", re.IGNORECASE
)
_ON_A_DAY = (
    r"(?:on |this |next )?(?:today|tonight|tomorrow|tmrw|\w+day|mon|tues?|weds?|thu(?:rs?)?|fri|sat|sun)"
)
_IN_THE_EVENING = re.compile(
    r"\b(?:dinner|supper|drinks|party|concert|gig|movie|film|cinema|theat(?:re|er)|show|table(?= for)|opera|ballet"
    r"|musical|karaoke|pub|bar|restaurant|pub quiz|(?:band|choir|orchestra) practice"
    r"|(?P<game>(?:match|game)(?! (?:plan|day)\b)|kick-?off))"
    rf"(?: (?:with|for|at|in) [\w' ]{{1,25}}?)?(?:,? {_ON_A_DAY})?(?: (?:(?:that|which) )?(?:starts?|begins?|is))?,? $",
    re.IGNORECASE,
)
"""Before an hour, what people do in the evening."""
_EVENING, _EVENING_OF_GAMES = range(5, 12), range(5, 10)
"""A match at eleven is one in the morning."""
_FIXED = frozenset(
    (
        "at",
        "when its",
        "when it's",
        "when it’s",
        "by",
        "before",
        "until",
        "till",
        "around",
        "about",
        "no later than",
    )
)


@dataclass(frozen=True, slots=True)
class Hour:
    """An hour or a part of the day, and how it was said."""

    start: int
    end: int
    at: time
    is_part: bool = False
    is_open: bool = False
    """Whether "am" or "pm" was left out of an hour up to twelve."""
    is_strong: bool = True
    """Whether it says a time by itself. Otherwise only beside a day."""
    is_today: bool = False
    is_evening: bool = False
    """Whether what is done then is done in the evening, unless another part of the day is named."""
    is_instead: bool = False
    """Whether it is an hour only where it is said instead of another: "at 5 - no, 6"."""

    def within(self, part: time | None, day_begins: int) -> time:
        """The hour, in the part of the day that the words around it name, if any, or in the twelve hours of a day."""
        if not self.is_open:
            return self.at
        hour = self.at.hour % 12
        if part is None:
            is_early = hour >= day_begins and not self.is_evening
            return self.at.replace(hour=hour if is_early else hour + 12)
        is_early = part == PARTS["morning"] or (part == PARTS["night"] and hour < 5)
        return self.at.replace(hour=hour if is_early else hour + 12)


def hours(text: str) -> Iterator[Hour]:
    """What is named, in the order of the text, whose words must lie one space apart."""
    for match in _HOUR.finditer(text):
        if found := _hour(match):
            yield found


def _hour(match: re.Match[str]) -> Hour | None:
    kind = match.lastgroup
    lead = (match["lead"] or "").lower()
    if kind == "part":
        return _part(match)
    if kind == "named":
        return _named(match, lead)
    if kind == "spoken":
        return _spoken(match, lead)
    if kind == "four":
        return _four_digits(match, lead)
    hour = match["h"] or match["mh"] or match["bh"]
    clock = _clock(match, hour, int(match["m"] or 0), match["ap"] or match["map"])
    is_bare = kind == "bare"
    is_of_a_part = is_bare and _OF_A_PART.match(match.string, match.end())
    if (not is_bare and (match["sep"] or ":") == ":") or lead in _FIXED or match["ish"] or is_of_a_part:
        return clock
    is_instead = is_bare and not lead and _INSTEAD.search(match.string[: match.start()][-16:])
    return replace(clock, is_instead=True) if is_instead else None


def _part(match: re.Match[str]) -> Hour | None:
    how = (match["how"] or "").lower().strip()
    name = match["pname"].lower()
    if name in ("am", "pm", "eve") and not _AFTER_A_DAY.search(match.string[: match.start("pname")][-12:]):
        return None
    at = PARTS[_OTHER_PARTS.get(name, name)]
    return Hour(
        match.start(),
        match.end(),
        at,
        is_part=True,
        is_strong=how in ("in the", "this"),
        is_today=how == "this",
    )


def _named(match: re.Match[str], lead: str) -> Hour:
    if match["close"]:
        is_day = match["of"].lower() in ("day", "the day")
        return Hour(match.start(), match.end(), END_OF_DAY if is_day else time(17))
    word = match["named"].lower()
    is_strong = word in ("eod", "cob") or lead in (*_FIXED, "over", "during")
    return Hour(match.start(), match.end(), _NAMED[word], is_strong=is_strong)


def _spoken(match: re.Match[str], lead: str) -> Hour | None:
    """ "Half past six", "quarter to six", "ten past five", and "half six", which is half past."""
    if (
        lead not in _FIXED
        and not (match["side"] and match["quarter"])
        and " past " not in match["spoken"].lower()
    ):
        return None
    minutes = 30 if match["half"] else 15 if match["quarter"] else cardinal(match["minutes"])
    hour = cardinal(match["sh"])
    if (match["side"] or "").lower() == "to":
        hour, minutes = (hour - 2) % 12 + 1, 60 - minutes
    return _clock(match, str(hour), minutes, match["sap"]) if minutes < 60 else None


def _four_digits(match: re.Match[str], lead: str) -> Hour | None:
    """ "At 0830", "1430 hours". What may be a year or an amount is an hour only beside a day."""
    if not match["hours"] and (lead not in _FIXED or (lead != "at" and match["fh"][0] != "0")):
        return None
    at = time(int(match["fh"]), int(match["fm"]))
    is_strong = bool(match["hours"]) or match["fh"][0] == "0" or (lead == "at" and at.minute % 5 == 0)
    return Hour(match.start(), match.end(), at, is_strong=is_strong)


def _clock(match: re.Match[str], hour_word: str, minute: int, am_pm: str | None) -> Hour:
    hour = cardinal(hour_word)
    if am_pm:
        hour = hour % 12 + (12 if am_pm.lower().startswith("p") else 0)
    is_open = not am_pm and 0 < hour <= 12 and not hour_word.startswith("0")
    is_evening = is_open and _is_in_the_evening(hour, match.string[: match.start()][-60:])
    return Hour(match.start(), match.end(), time(hour, minute), is_open=is_open, is_evening=is_evening)


def _is_in_the_evening(hour: int, before: str) -> bool:
    occasion = _IN_THE_EVENING.search(before)
    return bool(occasion) and hour in (_EVENING_OF_GAMES if occasion["game"] else _EVENING)
