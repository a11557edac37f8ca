"""The words that name a day, or a run of days such as a month. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta

from dateutil.easter import easter
from dateutil.relativedelta import TH, relativedelta

from services.orchestrator.extraction.numbers import ORDINAL
from services.orchestrator.extraction.spans import AMOUNT, SHARE, UNIT

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december",
)  # fmt: skip
MISSPELT = {
    "wensday": 2,
    "wednsday": 2,
    "wendsday": 2,
    "thrusday": 3,
    "thursaday": 3,
    "firday": 4,
    "saterday": 5,
}
_WEEKDAY = "|".join((*WEEKDAYS, "tues", "weds", "thurs", "thur", *MISSPELT))
SHORT_WEEKDAY = "mon|tue|wed|thu|fri|sat|sun"
_MONTH = "|".join(
    (*MONTHS, "sept", "jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
)
_DAY_OF_MONTH = rf"\d{{1,2}}(?:st|nd|rd|th)?|{ORDINAL}"
_YEAR = r"(?:,? (?P<{}>(?:19|20|21)\d\d)(?![:\d]))?"
_NOT_A_DATE = (
    r"(?! (?:be|have|floor|attempt|try|page|time|chapter|row|line|edition|street|place|prize|draft|half|week|weekend"
    r"|quarter|avenue|ave|road|rd|boulevard|square)\b)"
)
_NOT_A_WEEKDAY = rf"(?! (?:(?:{_WEEKDAY})\b|of (?:every|each)\b))"
"""The first Tuesday is not the first of a month."""
HOLIDAYS: dict[str, Callable[[int], date]] = {
    "christmas eve": lambda year: date(year, 12, 24),
    "christmas day": lambda year: date(year, 12, 25),
    "christmas": lambda year: date(year, 12, 25),
    "xmas": lambda year: date(year, 12, 25),
    "boxing day": lambda year: date(year, 12, 26),
    "new year's eve": lambda year: date(year, 12, 31),
    "new year's day": lambda year: date(year, 1, 1),
    "new year's": lambda year: date(year, 1, 1),
    "new year": lambda year: date(year, 1, 1),
    "valentine's day": lambda year: date(year, 2, 14),
    "valentine's": lambda year: date(year, 2, 14),
    "good friday": lambda year: easter(year) - timedelta(2),
    "easter sunday": easter,
    "easter monday": lambda year: easter(year) + timedelta(1),
    "easter": easter,
    "may day": lambda year: date(year, 5, 1),
    "halloween": lambda year: date(year, 10, 31),
    "thanksgiving": lambda year: date(year, 11, 1) + relativedelta(weekday=TH(4)),
}
_HOLIDAY = "|".join(HOLIDAYS)
_NTH = "first|second|third|fourth|fifth|1st|2nd|3rd|4th|5th|last"

DAY = re.compile(
    r"(?<![\w-])(?=\w)"
    r"(?:(?P<lead>no later than|not later than|by|on|before|until|till|in|within|over|at|during|for|from|of|after"
    r"|since|through) )?"
    r"(?:(?:the )?(?P<edge>end|last day|start|beginning|middle|(?:first|last) week) of |(?P<early>early|late|mid)[ -])?"
    r"(?:(?P<which>this coming|the coming|the next|the following|next|this|past|every|each|coming|the"
    rf"|last(?! (?:{_WEEKDAY}) (?:of|in) )) )?"
    r"(?:"
    r"(?P<near>day after (?:tomorrow|tmrw|tmr|tomo)|today|2day|tonight|tonite|2nite|2night|tomorrow|tmrw|tmr|tomo"
    r"|2morrow|2moro"
    r"|tomm?orr?o(?:w|ws)?|tomorro|tmrow|tmrrw|2mrw)"
    r"|(?P<iso>\d{4}-\d{2}-\d{2}(?=$|[^\w-]|(?-i:T)\d\d:)|(?<!/)\d{4}/\d{1,2}/\d{1,2}(?![/.\d])"
    r"|\d{1,2}\.\d{1,2}\.(?:\d{4})?|(?<=\bon )\d{1,2}\.\d{1,2}(?![\d.,:%]|\.\d)|\d{1,2}/\d{1,2}(?:/\d{4})?(?![/.\d]))"
    rf"|(?P<span>(?:(?P<share>{SHARE}) (?P<somehour>hour|hr)"
    rf"|(?:a )?couple of (?P<coupleunit>{UNIT})"
    rf"|(?P<amount>{AMOUNT}) ?(?P<aunit>{UNIT})(?:,? and (?:a (?P<more>half|quarter)"
    rf"|(?P<amount2>{AMOUNT}) (?P<aunit2>{UNIT})))?"
    rf"|(?P<hm>\d{{1,2}}h\d\d)|(?P<and_a_half>{AMOUNT}) and a half (?P<hunit>{UNIT})|(?P<alone>hour)"
    r"|(?P<unsaid>[1-9]?[05])(?=[ ,]+(?:to|that|about|the|my|its|it's|please|pls|plz|thx|thanks)\b|\W*(?:$|\|)))"
    r"(?:['’]s?)?(?: time)?(?P<fromwhen> (?:from (?:now|today|tomorrow)|today|tomorrow))?"
    r"(?! (?:before|after|ago|earlier|of|or|later)\b))"
    rf"|(?P<date>(?:(?P<dom>{_DAY_OF_MONTH})(?: of)? (?P<dmonth>{_MONTH}){_YEAR.format('dyear')}"
    rf"|(?P<mmonth>{_MONTH}) (?:the )?(?P<mday>{_DAY_OF_MONTH})(?! ?[ap]m\b|:\d){_YEAR.format('myear')}){_NOT_A_DATE})"
    rf"|(?P<nthday>(?P<wnth>{_NTH}) (?P<nthname>{_WEEKDAY}) (?:of|in) (?:(?P<wmonth>{_MONTH}){_YEAR.format('wyear')}"
    r"|(?P<wwhich>the|this|next|the next) month))"
    rf"|(?P<dayof>(?P<nth>{_DAY_OF_MONTH})(?: of (?P<ofwhich>the|this|next|the next) month)?{_NOT_A_DATE}"
    rf"{_NOT_A_WEEKDAY})"
    r"|(?P<closing>(?P<closed>year|month)[ -]end|eoy|eom)"
    r"|(?P<period>(?P<unit>week|weekend|wknd|month|year)(?P<afternext> after next)?)"
    rf"|(?P<holiday>{_HOLIDAY})"
    rf"|(?P<weekday>(?P<wday>{_WEEKDAY}|{SHORT_WEEKDAY})(?P<week> week)?(?P<daynext> after next(?! door))?)"
    rf"|(?P<month>(?P<mname>{_MONTH}){_YEAR.format('mnyear')})"
    r")(?!(?!(?-i:T)\d\d:)[\w-]|['’]s)",
    re.IGNORECASE,
)
BEFORE_A_THING = re.compile(
    r"\bbefore (?:the|my|our|your|his|her|their|this|that) [\w'’-]+(?: [\w'’-]+)? $", re.IGNORECASE
)
"""Before "on the 14th": what is to be done before what is on a day is to be done before the day."""
LAST = ("end", "last day")
TONIGHT = ("tonight", "tonite", "2nite", "2night")
DEADLINES = frozenset(("by", "on", "before", "until", "till", "no later than", "not later than", "through"))
REPEATED = frozenset(("every", "each"))
PAST = frozenset(("last", "past")) | REPEATED
OWNED = re.compile(
    r"(?:\b(?:an?|my|your|our|his|her|their|(?<!make )that|one|no|last|past|every|each)|['’]s) $", re.I
)
AFTER_WEEKDAY = re.compile(rf"\b(?:{_WEEKDAY}|{SHORT_WEEKDAY}),? $", re.I)
AFTER_NTH = re.compile(rf"\b(?:{_NTH}) $", re.I)
BEFORE_HOUR = re.compile(
    r",? (?:(?<!sat )at \d|\d{1,2}(?::\d\d| ?[ap]m\b)|(?:[ap]m|arvo|eve|evening|morning|afternoon|night|tea ?time"
    r"|lunch(?:time)?)\b)",
    re.I,
)
"""After "tue", which is no day by itself; nor is "we sat at 8 tables"."""
GOES_ON = re.compile(r" (?!(?:about|to|with|and|or|so|if|then|because|please|at|when|sharp)\b)[\w'\"]")
