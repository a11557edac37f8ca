"""Clauses of people in a hurry as whole ones: "sold my bike" as "I sold my bike", "moved to Leeds" for "leeds". Pure.

The rules for facts know names by their capitals. Where names that are hardly other words are given theirs, no rule need
know them twice.
"""

from __future__ import annotations

import re

from services.orchestrator.extraction.given_names import UNMISTAKABLE
from services.orchestrator.extraction.lexicon import MONTHS, RELATION, WEEKDAYS
from services.orchestrator.extraction.organisations import SMALL_NAMES
from services.orchestrator.extraction.places import PLACE

_WITHOUT_I = re.compile(
    rf"(?i)(?:(?:just|finally|recently) )*(?:moved (?:to {PLACE}|out of|in with)|left (?:my|the|(?-i:[A-Z])\w*)"
    r"|(?:quit|sold|lost|passed) (?:my|our|the|smoking|vaping|drinking)"
    r"|bought (?:an?|my|our)|got (?:married|engaged|divorced|promoted|hired|fired|sacked|the sack|laid off"
    r"|made redundant|two|three|four)|(?:gave|given) up|gone (?:right )?off|(?:broke|split) up with"
    r"|started (?:at|as|working|smoking|an? (?:new )?job)|retired(?=$|,| (?:in|last|this)\b)|turned \d\d|have not \w+ed"
    r"|no longer (?:work|live|smoke|drink|eat|play|like|love|have))\b"
)
"""What people say of themselves, other than "moved to Postgres"."""
_WITHOUT_I_AM = re.compile(
    r"(?i)no longer (?:an?|at|with|in|the|my|vegan|vegetarian|single|married|engaged)\b|not [\w' -]{2,40} any ?more\b"
)
_WITHOUT_I_HAVE = re.compile(r"(?i)been (?:working|living|studying) (?:at|in|for|with|as)\b")
_DATE = re.compile(
    rf"\b(?:{WEEKDAYS.lower()})s?\b"
    rf"|\b(?<=(?:\bin|of) )(?:{MONTHS.lower()})\b|(?<=\b(?:last|next|this) )(?:{MONTHS.lower()})\b"
    rf"|(?<=\bsince )(?:{MONTHS.lower()})\b"
)
_NAME = re.compile(
    rf"(?:(?<=\bin )|(?<=\bto )|(?<=\bat )|(?<=\bfor )|(?<=\bfrom )|(?<=\bnear )|(?<=\bleft )|(?<=\bjoined ))"
    rf"(?:{PLACE}|{'|'.join(SMALL_NAMES)})(?![\w'-])"
)
_PERSON = re.compile(
    rf"(?:^|(?<=and )|(?<=but ))[a-z]{{2,12}}(?= (?:is|has|works|lives|and [Ii]|and me)\b)"
    rf"|(?:(?<=\b[Mm]y )|(?<=\b[Oo]ur )){RELATION}(?: is)?(?: called| named)? (?P<last>[a-z]{{2,12}})(?![\w'-])"
)


def with_capitals(clause: str) -> str:
    """A clause as it is, but with the capitals of days, months, and of well-known places, employers and given names."""
    for pattern, capital in ((_DATE, _titled), (_NAME, _known), (_PERSON, _person)):
        clause = pattern.sub(capital, clause)
    return clause


def with_subject(clause: str) -> str:
    """A clause as it is, but of who tells of themselves without saying "I" with it."""
    patterns = (("I ", _WITHOUT_I), ("I am ", _WITHOUT_I_AM), ("I have ", _WITHOUT_I_HAVE))
    subject = next((words for words, pattern in patterns if pattern.match(clause)), "")
    return f"{subject}{clause[0].lower()}{clause[1:]}" if subject else clause


def _titled(match: re.Match[str]) -> str:
    return match.group().title()


def _known(match: re.Match[str]) -> str:
    return SMALL_NAMES.get(match.group()) or match.group().title()


def _person(match: re.Match[str]) -> str:
    said = match.group()
    name = match["last"] or said
    return said[: len(said) - len(name)] + name.capitalize() if name in UNMISTAKABLE else said
