"""The patterns of ``relations.py``: who is what to whom. Pure."""

from __future__ import annotations

import re

from services.orchestrator.extraction.fact_rules import MY
from services.orchestrator.extraction.lexicon import NAME, RELATION

_NAMES = rf"(?P<name>{NAME}(?:(?:,| and|, and)\s+{NAME})*)"
RELATION_NAME = re.compile(
    rf"\b{MY}(?P<of>{RELATION}'s )?(?P<relation>{RELATION})(?:\s+(?:at|from|in|on)\s+[a-z]+(?=\s+is))?(?:\s+(?:is|"
    rf"are)\s+(?:called|named)|'s?\s+names?\s+(?:is|are)|\s+named|"
    rf"\s+called|,|:|\s+(?:is|are))?\s+{_NAMES}"
)
NAME_RELATION = re.compile(
    rf"{_NAMES}(?:,|(?:,\s+who [^,]*,)?\s+(?:is|are|has been|was)(?:\s+(?:now|also|still|"
    rf"actually))?)\s+{MY}(?P<relation>{RELATION})\b(?!')"
)
OF_MINE = re.compile(
    rf"(?:(?P<name>{NAME})(?:,| is) (?:an? |one of )?(?:old |good |close |dear )?(?P<relation>{RELATION}) of "
    rf"(?:mine|ours)\b"
    rf"|(?P<relation2>{RELATION}) of (?:mine|ours),? (?:called |named )?(?P<name2>{NAME}))"
)
HAVE_NAMED = re.compile(
    rf"\b(?:have|has|got|adopted|bought|with)\s+(?:an?|one|two|three|four|"
    rf"five|\d)\s+(?:\w+\s+)??(?P<relation>(?:baby\s+)?{RELATION})"
    rf"(?:\s+(?:named|called)|[,:])?\s+{_NAMES}"
)
CALLED = re.compile(rf"\ban?\s+(?P<relation>{RELATION})(?:\s+(?:named|called)|,)\s+(?P<name>{NAME})")
UNNAMED = re.compile(
    rf"(?:\b{MY}|\b(?:have|has|got|adopted)\s+(?:an?|one)\s+(?:\w+\s+)??)(?P<relation>{RELATION})\b(?!')"
)
"""Somebody who may get a name in what follows."""
NAMED_LATER = re.compile(
    rf"(?:[Hh]is|[Hh]er|[Ii]ts) name is (?P<name>{NAME})|(?:[Hh]e|[Ss]he|[Ii]t) is (?:called|named) "
    rf"(?P<name2>{NAME})"
)
MARRIED = re.compile(
    rf"\b(?:am|are)\s+(?:happily\s+)?(?P<relation>married|engaged|related)\s+to\s+(?P<name>{NAME})"
)
DATING = re.compile(rf"\b(?:am|are|have been)\s+(?P<relation>dating)\s+(?P<name>{NAME})")
OF_SOMEBODY = re.compile(rf"\b(?:am|are)\s+(?P<name>{NAME})'s\s+(?P<relation>{RELATION})\b")
OF_NAMED = re.compile(
    rf"\b(?P<of>{NAME})'s\s+(?P<relation>{RELATION})(?:,| is| is called| is named)?\s+(?P<name>{NAME})"
)
BOTH = re.compile(
    rf"(?P<name>{NAME}) and (?:I|i) (?P<said>(?:are|have been|were) (?:\w+ )?(?P<relation>{RELATION})\b.*)"
)
PARTED = re.compile(
    rf"(?:{MY}{RELATION}\s+)?(?P<name>{NAME}) and (?:I|i) "
    rf"(?P<said>(?:have )?(?:broken? up|split up)\b(?! (?:the|an?|my|our|their|it|this)\b).*|"
    rf"(?:have )?(?:got )?(?:divorced|separated)\b.*|"
    rf"(?:are|were) (?:no longer|not(?= together any ?(?:more|longer)\b)) together\b.*)"
)
BOTH_PARTED = re.compile(
    rf"(?P<one>{NAME}) and (?P<other>{NAME}) (?P<said>(?:have |have just |just |finally )?(?:broken? up|split up"
    r"|got divorced|divorced|separated|called off (?:the|their) (?:wedding|engagement))"
    r"(?=$|,| (?:last|this|in|on|yesterday|recently|two|three|a few|after)\b)|are (?:no longer|not) together\b).*"
)
"""Two others who are a couple no more."""
REPLACED = re.compile(
    rf"(?P<name>{NAME}) (?:has |have )?(?:replaced|succeeded|took over from|taken over from) {NAME} as {MY}"
    rf"(?P<relation>{RELATION})(?=$|,| (?:last|this|in|on|yesterday|two|three)\b)"
)
IS_NEW = re.compile(r"\bnew\b|\bis now\b| now$")
LEFT_BY = re.compile(
    rf"(?P<name>{NAME}) (?P<said>(?:has )?(?:broken? up with|left|dumped|divorced)) me"
    rf"(?=$| (?:last|this|in|on|yesterday|recently|two|three|a few|over text|by text)\b)"
)
NO_LONGER_RELATED = re.compile(
    rf"(?P<name>{NAME}) is (?:no longer|not(?=.* any ?(?:more|longer)$)) {MY}(?P<relation>{RELATION})"
    r"(?: any ?(?:more|longer))?$"
)
WED = re.compile(
    rf"(?P<name>{NAME}) and (?:I|i) (?:just |finally )?(?:got |are (?:now )?)(?P<relation>married|engaged)\b"
)
