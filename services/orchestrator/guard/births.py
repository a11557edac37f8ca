"""Dates of birth: a date beside a word that makes it one."""

from __future__ import annotations

import re
from collections.abc import Iterator

from services.orchestrator.extraction import pieces
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
_DAY = rf"(?:0?[1-9]|[12]\d|3[01]){_ORDINAL}"
_DATE = re.compile(
    rf"(?<![\w./-])(?:{_YEAR}([-/.])(?:0?[1-9]|1[0-2])\1(?:0?[1-9]|[12]\d|3[01])"
    rf"|(?:0?[1-9]|[12]\d|3[01])([-/. ]) ?(?:0?[1-9]|[12]\d|3[01])\2 ?(?:{_YEAR}|\d\d)"
    rf"|(?:the )?{_DAY}[ -]?(?:of |de |di )?(?:{_MONTHS})\.?(?:(?:,|-| of| de| del| di)? ?(?:{_YEAR}|"
    rf"'?\d\d))?"
    rf"|(?:{_MONTHS})\.? (?:the )?{_DAY}(?:,? (?:{_YEAR}|'\d\d))?"
    r")(?!\w|[-/.]\d|,?(?: of)? ?\d{4})",
    re.IGNORECASE,
)
_BORN = words(
    r"born", r"birth ?dates?", r"dates? of birth", r"birth ?days?", r"b-?day", r"d\.?o\.?b\.?", r"birth", r"née?",
    r"geb(?:oren|\.)?",
    r"geburtsdatum", r"geburtstag", r"date de naissance", r"anniversaire", r"nacid[oa]", r"nac[íi]", r"nació",
    r"fecha de nacimiento", r"cumpleaños",
    r"nascid[oa]", r"nasci", r"nasceu", r"data de nascimento", r"aniversário", r"nat[oa]", r"data di nascita",
    r"compleanno", r"geboortedatum", r"verjaardag",
    r"came into the world", r"gave birth", r"given birth",
)  # fmt: skip
_THINGS = words(
    r"(?:idea|band|company|project|movement|club|start-?up|genre|tradition|event|party|gift|present|card|"
    r"cake|internet|web|nation|country|state|city|festival)"
    r"(?: \w+){0,4} (?:was|were|is|got) born",
    r"(?:born|birth) (?:of|out of) (?:the|a|an) \w+",
)  # fmt: skip
_NEAR = 70
_AFTER = 50


def birth_dates(text: str) -> Iterator[Span]:
    """Days of birth, with the year or without."""
    if not pieces.search(_BORN, text):
        return
    for match in pieces.finditer(_DATE, text):
        lead, rest = before(text, match.start(), _NEAR), after(text, match.end(), _AFTER)
        if (_BORN.search(lead) or _BORN.search(rest)) and not _THINGS.search(lead):
            yield Span("birth_date", match.start(), match.end())
