"""Clauses of people in a hurry as whole ones: "sold my bike" as "I sold my bike", "moved to Leeds" for "leeds". Pure.

The rules for facts know names by their capitals. Where names that are hardly other words are given theirs, no rule need
know them twice.
"""

from __future__ import annotations

import re

from services.orchestrator.extraction.given_names import UNMISTAKABLE
from services.orchestrator.extraction.lexicon import DIET, JOBS, MONTHS, NETWORKS, RELATION, STATUS, WEEKDAYS
from services.orchestrator.extraction.not_names import is_adverb, is_no_name
from services.orchestrator.extraction.organisations import SMALL_NAMES
from services.orchestrator.extraction.places import PLACE

_WITHOUT_I = re.compile(
    rf"(?i)(?:(?:just|finally|recently) )*(?:moved (?:to {PLACE}|out of|in with)|left (?:my|the|(?-i:[A-Z])\w*)"
    r"|(?:quit|sold|lost|passed) (?:my|our|the|smoking|vaping|drinking)|quit (?:yoga|football|tennis|sugar|meat"
    r"|alcohol|caffeine|coffee)\b"
    r"|bought (?:an?|my|our)|got (?:married|engaged|divorced|promoted|hired|fired|sacked|the sack|laid off"
    r"|made redundant|two|three|four)|(?:gave|given) up|gone (?:right )?off|(?:broke|split) up with"
    r"|started (?:at|as|working|smoking|an? (?:new )?job)|retired(?=$|,| (?:in|last|this|from)\b)|turned \d\d"
    rf"|joined (?!{NETWORKS}\b)(?-i:[A-ZÀ-Þ])[\w&'-]+(?=$|,| (?:last|this|in|on|as|yesterday|today|two|three|a few)\b)"
    r"|have not \w+ed"
    r"|(?:do not|don't) \w+ .*\bany ?more(?=$|,)|no longer (?:work|live|smoke|drink|eat|play|like|love|have)"
    r"|adopted (?:an?|two|my|our)|(?:broke|sprained|twisted|fractured|tore) (?:my|an?)|used to (?:be an?|live"
    r"|work|play)"
    r"|can(?: ?not|'t) (?:stand|bear|eat|drink)(?! (?:it|this|that)\b)"
    r"|live (?:in|with|near|alone)(?! mode)|work (?:at|as an? (?!team\b)|for|from home|nights)"
    r"|have (?:two|three|four|five) (?=\w)"
    r"|had (?:my|our) \w+ (?:out|removed)|never (?:liked|cared for|got into)"
    r"|(?:finished|defended|submitted) my (?:phd|thesis|dissertation|degree|master's|masters|novel|book)\b"
    r"|gave birth|(?:finished|quit) (?:uni|university|college|law school|med(?:ical)? school)|dropped out of"
    r"|cancell?ed (?:my|our|the)|handed (?:back|in) (?:my|our)|called off (?:my|our|the) (?:wedding"
    r"|engagement)|left (?:nursing|teaching)|gone off|given in (?:my|our)"
    r"|got made (?=\w)|moved in with (?:my|our)|graduated(?=$|,| (?:from|in|last|this|yesterday|on)\b)"
    r"|teach (?:[\w-]+ ){1,3}(?:at|in)\b"
    r"|(?:really |absolutely |proper )?(?:hate|love|loathe|adore)"
    r" (?!life\b|speech\b|crimes?\b|poe(?:ms?|try)\b|songs?\b|letters?\b|stor(?:y|ies)\b|quotes?\b|island\b"
    r"|being asked\b)(?:[a-z]{2,}ing(?= with\b| in\b|$)|[a-z]{3,}(?<!ing)$)"
    r"|have an? (?=[\w-]+$|(?:[\w-]+ )?(?:son|daughter|cat|dog|baby|allergy|toddler|brother|sister)\b)"
    r"(?!look|go|seat|laugh|think|try|question|break|rest|chat))"
)
"""What people say of themselves, other than "moved to Postgres"."""
_WITHOUT_I_AM = re.compile(
    r"(?i)no longer (?:an?|at|with|in|the|my|vegan|vegetarian|single|married|engaged)\b|not [\w' -]{2,40} any ?more\b"
)
_DOING = re.compile(
    r"(?i)(?P<adverb>(?:still|currently|also) )?(?P<doing>(?:studying|training(?= (?:for|as|to be)\b)|learning|revising"
    r"|working(?= (?:at|for|from home|nights|in|as an?)\b)|living(?= (?:in|with|on|at)\b)|volunteering|renting"
    r"|teaching(?! (?:my|him|her|them)\b)|doing an? (?:phd|degree|masters|master's"
    r"|apprenticeship))\b(?!.*\b(?:is|was|are|sucks|takes|makes|can|will|would|feels|gets|seems|means|helps"
    r"|costs|drives|tips?|ideas|advice)\b).*?)(?P<now>,? (?:rn|atm|now|currently|at the moment|these days))?$"
)
_IS_MINE = re.compile(
    r"(?i)\b(?:my|doing an? \S+ (?:in|at|on)|for (?:\w+ ){1,2}(?:years|months|weeks)|since)\b"
)
_GOING_TO = re.compile(
    r"(?i)going to (?=(?:my|our|an?) (?:[\w'-]+ ){0,3}(?:wedding|funeral|graduation|christening)\b)"
)
_WITHOUT_I_HAVE = re.compile(
    rf"(?i)been (?:(?:working|living|studying) (?:at|in|for|with|as)\b|(?:an? )?(?:{STATUS}"
    rf"|{DIET})\b(?=.*\b(?:since|for|years)\b))"
)
_WITHOUT_I_AM_A = re.compile(
    r"(?i)(?:(?:big|huge|massive|lifelong|proper) (?:[\w-]+ ){1,2}(?:fan|nerd|lover|nut)|(?:single )?(?:mum|mom"
    r"|dad|mother"
    rf"|father) of (?:\d|two|three|four|five|twins)|(?!(?:my|our|the|your|his|her|their|an?) )(?:retired |night "
    rf"|student |junior |[a-z]+ )?{JOBS} here)(?=$|,| here$)"
)
_WITHOUT_I_AM_NOT = re.compile(r"(?i)not (?:really )?an? (?:\w+[ -]){1,2}(?:person|eater|drinker|reader)\b")
_GOT = re.compile(
    r"(?i)got (?=(?:my|an?|two|our) (?:[\w'-]+ ){1,3}(?:on|next|at|this|tomorrow)\b"
    rf"|(?:an?|\d|two|three|four|five) (?:[a-z]+ )?{RELATION}\b(?! (?:to|problem|food|advice|stuff))"
    r"|my (?:[\w-]+ )?(?:test|exam|driving test|viva|finals|operation|surgery|scan)$"
    r"|(?:an?|two|three|no) \w+ (?:allergy|kids|cats|dogs|children)\b)"
)
"""Who "got a test on Friday" has one."""
_WITHOUT_MY = re.compile(
    r"(?:hubby|hubs|wifey|wife|husband|mum|mom|dad|nan|gran|bf|gf|boyfriend|girlfriend|fiance|fiancee|sis|bro|kid|son"
    r"|daughter|boss|flatmate|roommate|landlord|partner|toddler)(?= (?:is|has|was|works|lives|loves|hates|turns|starts"
    r"|got|wants|just|plays|does|can|will|needs|also|and (?:I|i))\b)"
)
"""Those around a person, whom they need not call theirs: "hubby works nights"."""
_SHE = re.compile(
    rf"(?i)^(?P<who>my (?:\w+ )?{RELATION}(?: [A-Z]\w+)?),? (?:he|she|they) (?=(?:is|has|was|works?|lives?|loves?"
    r"|likes?|are)\b)"
)
"""As many say who think in another language: "my wife she is a nurse"."""
_NO_ARTICLE = re.compile(
    r"(?i)\b(?P<is>is|am|was|works as|work as) (?=(?:primary |secondary |high |retired |english "
    rf"|maths? )?(?:school )?{JOBS}(?:$|,| (?:in|at|for|from|and)\b))"
)
_LAST_DAY = re.compile(rf"(?P<before>\w+) (?P<day>{WEEKDAYS})$")
_BEFORE_A_DAY = frozenset(
    "on by last next this every until since and or is was of from to one before after love like hate prefer enjoy "
    "called favourite favorite dread".split()
)
"""Before the day that a clause ends with, unless it is left out: "she starts nursery monday"."""
_AFTER_RELATION = frozenset(
    """
    tongue
    account allowance appointment benefit care carer costume discount dress fees figure food group house insurance law
    lead leave level litter loan monitor name phone plan pass program project room seat side status support team time
    toy trip visa work bed bowl bite hair tax school class job party present gift card wedding birthday
    """.split()
)
_NAMED_SMALL = re.compile(
    rf"(?:(?<=\b[Mm]y )|(?<=\b[Oo]ur ))(?P<relation>{RELATION}) (?P<name>(?:mr |mrs |ms )?[a-z][a-zß-ÿ'-]{{2,14}})"
    r"(?= (?:is|has|was|just|works|lives|from|who|loves|hates|plays|turns|starts|got|moved|will|can|does|did"
    r"|would|never|always|keeps|and [Ii])\b)"
)
"""Who is named in small letters after what they are to one: "my boyfriend ravi is"."""
_RELATION = re.compile(RELATION)
_DATE = re.compile(
    rf"\b(?:{WEEKDAYS.lower()})s?\b"
    rf"|\b(?<=(?:\bin|of) )(?:{MONTHS.lower()})\b|(?<=\b(?:last|next|this) )(?:{MONTHS.lower()})\b"
    rf"|(?<=\bsince )(?:{MONTHS.lower()})\b"
)
_NAME = re.compile(
    rf"(?:(?<=\bin )|(?<=\bto )|(?<=\bat )|(?<=\bat the )|(?<=\bfor )|(?<=\bfor the )|(?<=\bfrom )|(?<=\bnear )"
    r"|(?<=\bleft )|(?<=\bgave up )|(?<=\bjoined )|(?<=\bby )|(?<=\bquit )|(?<=\bin )|(?<=\bout of )"
    r"|(?<=\btold )|(?<=\bhello )|(?<=\bwith )|(?<=\bno more )|(?<=\bswapped )"
    r"|^(?=\w+ (?:is home|poached me|hired me|went bust|closed down|went under|dismissed me)\b)"
    r"|^(?=\w+ (?:let me go|fired me|sacked me|laid me off|made me redundant|and I have)))"
    rf"(?:{PLACE}|{'|'.join(SMALL_NAMES)})(?![\w'-])"
)
_PARTNER = re.compile(
    r"^[a-z]{2,12}(?= (?:and (?:me|[Ii]) (?:are (?:done|over|finished|through|official|an item|a couple)"
    r"|broke up|split up"
    r"|called it (?:off|quits)|have (?:broken|split) up)|(?:just |has )?(?:dumped|left) me|(?:just |has )?moved out)\b)"
    r"|(?<=\bhad )[a-z]{2,12}(?= put (?:down|to sleep)\b)|(?<=\brehomed )[a-z]{2,12}(?=$|,)"
    r"|^[a-z]{2,12}(?= had to be put (?:down|to sleep)\b)"
    r"|^[a-z]{2,12}(?= and [Ii] (?:are|broke))"
    r"|(?<=, me and )[a-z]{2,12}$|(?<=\b[Mm]e and )[a-z]{2,12}(?= have (?:split|broken up)\b)"
    r"|(?<=\b[Mm]e and )[a-z]{2,12}(?= are (?:done|over|official|an item|a couple|dating|together)\b)"
)
"""Who can be nobody but somebody by what is said of them: "karim dumped me"."""
_PAIR = re.compile(
    rf"\b(?P<many>(?:[Gg]ot|have) (?:\d|an?|two|three|four|five) (?:[a-z]+ )?{RELATION},?(?: called| named)?) "
    r"(?P<names>[a-z]{3,12}(?:, [a-z]{3,12})? and [a-z]{3,12})$"
)
"""Those of whom there are some, and their names: "2 budgies kiwi and mango"."""
_PERSON = re.compile(
    rf"(?:^|(?<=and )|(?<=but ))[a-z]{{2,12}}(?= (?:is|has|works|lives|and [Ii]|and me|are (?:official|done|over"
    rf"|a couple)"
    r"|dumped me|left me|moved out|died|passed away)\b)"
    r"|(?:(?<=\bwith )|(?<=\bdumped )|(?<=\bdating )|(?<=\bseeing )|(?<=\bkicked )|(?<=\bgave )|(?<=\bdivorced )"
    r"|(?<=\breport to )|(?<=\bmarried )|(?<=\bbetween )|(?<=\blost )|(?<=\bput )|(?<=\brehomed ))"
    r"(?P<other>[a-z]{2,12})(?![\w'-])"
    rf"|(?:(?<=\b[Mm]y )|(?<=\b[Oo]ur ))(?:new )?{RELATION}(?: is)?(?: called"
    rf"| named)? (?P<last>[a-z]{{2,12}})(?![\w'-])"
)


def with_capitals(clause: str) -> str:
    """A clause as it is, but with the capitals of days, months, and of well-known places, employers and given names."""
    replaced = (
        (_DATE, _titled),
        (_NAME, _known),
        (_PERSON, _person),
        (_NAMED_SMALL, _named_small),
        (_PAIR, _pair),
        (_PARTNER, _partner),
    )
    for pattern, capital in replaced:
        clause = pattern.sub(capital, clause)
    return clause


def with_small_words(clause: str) -> str:
    """A clause with its capitals as it is, but "starts on Monday" of "starts Monday", "is a nurse" of "is nurse", and
    "my wife is" of "my wife she is".
    """
    return _NO_ARTICLE.sub(r"\g<is> a ", _SHE.sub(r"\g<who> ", _LAST_DAY.sub(_on_day, clause)))


def with_subject(clause: str) -> str:
    """A clause as it is, but of who tells of themselves without saying "I" with it."""
    if _WITHOUT_MY.match(clause):
        return f"my {clause}"
    if got := _GOT.match(clause):
        return f"I have {clause[got.end() :]}"
    if (doing := _DOING.match(clause)) and (
        doing["adverb"] or doing["now"] or _IS_MINE.search(doing["doing"])
    ):
        return f"I am {doing['doing'][0].lower()}{doing['doing'][1:]}"
    patterns = (
        ("I ", _WITHOUT_I),
        ("I am ", _WITHOUT_I_AM),
        ("I am ", _GOING_TO),
        ("I have ", _WITHOUT_I_HAVE),
        ("I am ", _WITHOUT_I_AM_NOT),
        ("I am a ", _WITHOUT_I_AM_A),
    )
    clause = (
        re.sub(r" here$", "", clause)
        if _WITHOUT_I_AM_NOT.match(clause) or _WITHOUT_I_AM_A.match(clause)
        else clause
    )
    subject = next((words for words, pattern in patterns if pattern.match(clause)), "")
    return f"{subject}{clause[0].lower()}{clause[1:]}" if subject else clause


def _titled(match: re.Match[str]) -> str:
    return match.group().title()


def _on_day(match: re.Match[str]) -> str:
    on = "" if match["before"].lower() in _BEFORE_A_DAY else "on "
    return f"{match['before']} {on}{match['day']}"


def _known(match: re.Match[str]) -> str:
    return SMALL_NAMES.get(match.group()) or match.group().title()


def _named_small(match: re.Match[str]) -> str:
    name = match["name"]
    last = name.rsplit(" ", 1)[-1]
    if is_no_name(last) or is_adverb(last) or last in _AFTER_RELATION:
        return match.group()
    return f"{match['relation']} {name.title()}"


def _partner(match: re.Match[str]) -> str:
    name = match.group()
    return name if is_no_name(name) or is_adverb(name) or _RELATION.fullmatch(name) else name.title()


def _pair(match: re.Match[str]) -> str:
    names = re.split(r", | and ", match["names"])
    if any(is_no_name(name) or is_adverb(name) or _RELATION.fullmatch(name) for name in names):
        return match.group()
    return f"{match['many']} {' and '.join(map(str.title, names))}"


def _person(match: re.Match[str]) -> str:
    said = match.group()
    name = match["last"] or match["other"] or said
    return said[: len(said) - len(name)] + name.capitalize() if name in UNMISTAKABLE else said
