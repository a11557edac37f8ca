"""Dates of birth: a date beside a word that makes it one."""

from __future__ import annotations

import re
from collections.abc import Iterator

from services.orchestrator.extraction import pieces
from services.orchestrator.extraction.numbers import ORDINAL
from services.orchestrator.guard.persons import KIN
from services.orchestrator.guard.spans import Span, after, before, words

_MONTHS = (
    r"jan(?:uary|uar|vier|eiro)?|feb(?:ruary|ruar)?|f[ée]vr(?:ier)?|fevereiro|febrero|enero|mar(?:ch|s|ço|"
    r"zo)?|märz|apr(?:il|ile)?|avril|abr(?:il)?"
    r"|may|mai|maio|mayo|maggio|mei|june?|juni|juin|junho|junio|giugno|july?|juli|juillet|julho|julio|"
    r"luglio|aug(?:ust|ustus)?|août|agosto"
    r"|sept?(?:ember|embre)?|setembro|septiembre|settembre|o[ck]t(?:ober|obre)?|outubro|octubre|ottobre|"
    r"nov(?:ember|embre|embro|iembre)?"
    r"|de[cz](?:ember|embre|embro)?|décembre|dezembro|diciembre|dicembre|gennaio|febbraio|marzo"
)
_YEAR = r"(?:19|20)\d\d"
"""Who was born before 1900 is dead."""
_ORDINAL = r"(?:st|nd|rd|th|er|º|\.)?"
_DAY = rf"(?:(?:0?[1-9]|[12]\d|3[01]){_ORDINAL}|{ORDINAL})"
_DATE = re.compile(
    rf"(?<![\w./-])(?:{_YEAR}([-/.])(?:0?[1-9]|1[0-2])\1(?:0?[1-9]|[12]\d|3[01])"
    rf"|(?:0?[1-9]|[12]\d|3[01])([-/. ]) ?(?:0?[1-9]|[12]\d|3[01])\2 ?(?:{_YEAR}|\d\d)"
    rf"|(?:the )?{_DAY}[ -]?(?:of |de |di )?(?:{_MONTHS})\.?(?:(?:,|-| of| de| del| di)? ?(?:{_YEAR}|"
    rf"'?\d\d))?"
    rf"|(?:{_MONTHS})\.? (?:the )?{_DAY}(?:,? (?:{_YEAR}|'\d\d))?"
    r")(?!\w|[-/.]\d|,?(?: of)? ?\d{4})",
    re.IGNORECASE,
)
_PARTY = (
    r"(?:part(?:y|ies)|dinners?|lunch|brunch|breakfast|tea|drinks|meal|cakes?|presents?|gifts?|cards?|bash|sales?"
    r"|boys?|girls?|things?|celebrations?|concerts?|trips?|weekend|week|month|wish(?:es)?|surprise|events?|barbecue|bbq|picnic"
    r"|songs?|lists?|balloons?|invit(?:es?|ations?)|dress|treat|vouchers?|outing|speech|venue|plans?|do)(?!\w)"
)
"""What is celebrated or given for a birthday, on whatever day."""
_OF_A_PARTY = rf"(?! {_PARTY})"
_A_PARTY = re.compile(rf"(?<!\w){_PARTY}", re.IGNORECASE)
_PARTY_FOR = re.compile(
    rf"(?<!\w){_PARTY} (?:for|on) (?:[\w'’]+ ){{0,2}}(?:birth ?day|b-?day)(?!\w)", re.IGNORECASE
)
_BORN = words(
    r"born", r"birth[ _]?dates?", r"dates?[ _]of[ _]birth",
    rf"(?<!happy )birth ?days?{_OF_A_PARTY}", rf"b-?day{_OF_A_PARTY}", r"d\.?o\.?b\.?", r"birth", r"née?",
    r"geb(?:oren|\.)?",
    r"geburtsdatum", r"geburtstag", r"date de naissance", r"anniversaire", r"nacid[oa]", r"nac[íi]", r"nació",
    r"fecha de nacimiento", r"cumpleaños",
    r"nascid[oa]", r"nasci", r"nasceu", r"data de nascimento", r"aniversário", r"nat[oa]", r"data di nascita",
    r"compleanno", r"geboortedatum", r"verjaardag",
    r"(?:came|come|brought) into (?:the|this|our) world", r"gave birth", r"given birth",
    rf"(?:{KIN}) (?:arrived|was delivered|were delivered)(?= (?:on|at|in)\b)",
    r"turn(?:s|ed|ing)? (?:\d{1,2}|one|two|three|four|five|six|seven|eight|nine|ten|[a-z]{3,6}(?:teen|ty))(?= on\b)",
)  # fmt: skip
_THINGS = words(
    r"(?:idea|band|company|project|movement|club|start-?up|genre|tradition|event|party|gift|present|card|"
    r"cake|internet|web|nation|country|state|city|festival)"
    r"(?: \w+){0,4} (?:was|were|is|got) born",
    r"(?:born|birth) (?:of|out of) (?:the|a|an) \w+",
)  # fmt: skip
_DEADLINE = re.compile(r"\b(?:by|before|until|till|after)(?: the)? $", re.IGNORECASE)
_ANOTHER_DAY = re.compile(
    r",? (?:an?|one|two|three|\d+|some|a few) (?:days?|weeks?) (?:late|early|later|earlier)\b", re.IGNORECASE
)
_OF_THE_NEXT = re.compile(r"(?:(?:'s)?,?:? (?:is |was |falls )?(?:on )?(?:the )?)$", re.IGNORECASE)
"""Between a word for birth and the date that it tells of."""
_NEAR = 70
_AFTER = 50


def birth_dates(text: str) -> Iterator[Span]:
    """Days of birth, with the year or without."""
    if not pieces.search(_BORN, text):
        return
    for match in pieces.finditer(_DATE, text):
        lead, rest = before(text, match.start(), _NEAR), after(text, match.end(), _AFTER)
        if _DEADLINE.search(lead) or _ANOTHER_DAY.match(rest) or _THINGS.search(lead):
            continue
        if _is_told_before(lead) or _is_told_after(rest):
            yield Span("birth_date", match.start(), match.end())


def _is_told_before(lead: str) -> bool:
    """Whether what leads to a date makes it one of birth: "born on 2 May", but not "…, and the party is on 4 May"."""
    born = [match.end() for match in _BORN.finditer(lead)]
    told = list(_DATE.finditer(lead, born[-1])) if born else []
    is_of_party = _PARTY_FOR.search(lead) or (told and _A_PARTY.search(lead, told[-1].end()))
    return bool(born) and not is_of_party


def _is_told_after(rest: str) -> bool:
    """Whether what follows a date makes it one of birth, and not the date after it: "on 4 May, but born on 2 May"."""
    return any(
        not (
            (date := _DATE.search(rest, born.end()))
            and _OF_THE_NEXT.fullmatch(rest, born.end(), date.start())
        )
        for born in _BORN.finditer(rest)
    )
