"""Statements about health of which only the words tell: an illness, a treatment near somebody's name or "my".

People say such things in more ways than the rules of ``statement_patterns`` know. What is written about an illness,
and what is made up, is told by words of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from itertools import islice

from services.orchestrator.extraction.given_names import UNMISTAKABLE
from services.orchestrator.guard import lexicon, statement_patterns
from services.orchestrator.guard.persons import KIN

_BEFORE, _AFTER = 60, 40
"""Letters on either side of a telling word in which somebody must be named."""
_MOST_TRIED = 30
"""Telling words of one sentence."""
_PERSON = re.compile(
    rf"(?<!\w)(?:i|i['’]?m|i['’]?ve|i['’]d|my|me|mine|we|we['’]?ve|our|us|he|she|his|her|him|they|their|sis|bro|hubby"
    rf"|(?:{KIN}|flatmate|room-?mate|housemate|mate|friend|neighbou?r|colleague|co-?worker|boss|tenant"
    rf"|lodger|auntie|gf|bf|missus|fella"
    r"|some(?:one|body) i know)(?:['’]?s)?)(?!\w)",
    re.IGNORECASE,
)
_IN_A_HURRY = re.compile(
    r"\W*(?:(?:just|still|been|also|now|so|ugh|omg|ok|well) )*(?:got|had|tested|diagnosed|off sick|waiting on"
    r"|recovering|suffering|lost|havent|haven't|cant|can't|ex|down to|taking|on|living paycheck|stuck|coming off)(?!\w)"
)
"""How people begin who leave "I" out: "got shingles, …". In small letters only: others are headings."""
_CAPITALISED = re.compile(r"(?<!\w)[A-ZÀ-ÖØ-Þ][a-zà-öø-ÿ]+")
_AT_ONCE = 14
_LEAVES_I_OUT = re.compile(
    r"\W*(?!(?:what|how|why|is|are|was|does|do|did|can|could|should|would|will|which|who|where|when|best|explain|list"
    r"|write|give|tell|find|show|make|any|the|a|an|some|most|people|many|no one)\b)(?-i:[a-z\d])",
    re.IGNORECASE,
)
"""How a sentence in small letters begins of which the writer is the subject: "took a payday loan"."""
MADE_UP = r"poem|story|novel|scene|character|film|movie|imagine|assume|suppose|hypothetical\w*"
WRITTEN_ABOUT = (
    r"articles?|essays?|books?|research|charity|documentary|explain|define|meaning|lecture|exam|thesis|news|campaign"
    r"|what is|what are|what's"
)
_NO_ILLNESS = re.compile(
    rf"(?<!\w)(?:{MADE_UP}|{WRITTEN_ABOUT}|stud(?:y|ies)|awareness|symptoms of|signs of|risks?|causes?|prevent\w*"
    r"|difference|paper|presentation|report on|fundrais\w*|donat\w*|vaccin\w*|could i|can you|contagious|in general"
    r"|statistics|history of|cats?|dogs?|horse|hamster|rabbit|plants?|tomato\w*|software|server|code|app|website|team"
    r"|market|economy|company)(?!\w)",
    re.IGNORECASE,
)
"""In a sentence that may be of no person's health."""
_OF_A_NUISANCE = re.compile(
    r"\b(?:giv(?:e|es|ing)|gave|(?:have|having|had)(?= (?:an? )?(?:heart attack|coronary) (?:when|over|if)\b)) (?:me"
    r"|us|him|her|you)?"
    r" ?(?:an? )?(?:ulcers?|heart attack|stroke|aneurysm|ptsd|brain tumou?r|cancer|coronary)\b",
    re.IGNORECASE,
)
"""What is only annoying: "this spreadsheet is giving me an ulcer"."""
_OFTEN_HARMLESS = frozenset(
    """
    cold lump condition illness disease syndrome disorder limp trauma stutter stammer cough nits lice rash injury
    infection fracture nightmares meltdowns phobia breakdown flu fever headache headaches allergy allergies cyst thrush
    corona addiction disability warts sleepwalking stroke strokes me ed add art
    """.split()
)
"""Words for illnesses that often stand for something else: the rules of ``statement_patterns`` alone find these."""
_UNWELL = (
    r"(?<!\w)(?:throwing up|vomiting|(?:been|'m|am|is|are|im|got|stay(?:ed|ing)?|getting) (?:clean and sober"
    r"|clean (?:for|since)"
    r"|\w+ (?:days|weeks|months|yrs?|years) (?:clean|sober)|(?:\d+|\w+) (?:wks?|weeks|months) (?:along|pregnant|gone)"
    r"|no feeling (?:in|below)|lost (?:the|our|her|my|their) (?:baby|babies|twins)|(?:drinks|drinking) again"
    r"|a bottle a day"
    r"|(?:purges|purging|throws up|throwing up) after|(?:got|was|were|been) sectioned|hearing aids?|aids in (?:both"
    r"|one|my|his|her)"
    r"|sober(?! (?:up|enough|look|thought))|\w+ (?:days|weeks|months|years) sober)|(?:hurt|kill|harm"
    r"|cut)(?:ing)? (?:myself|himself|herself|themselves)"
    r"|threw (?:my|his|her) back|(?:oncolog|psychiatr|rheumatolog|cardiolog|neurolog|gyna?ecolog|urolog)ist|my period"
    r"|my (?:pills|tablets|meds)|my (?:knee|hip|back|ankle|wrist|shoulder) (?:gives?|gave|keeps giving) out"
    r"|(?:broke|fractured|sprained|dislocated|tore|torn|ruptured|shattered|popped) (?:my|his|her|their) (?:\w+ )?"
    rf"(?:{lexicon.alternatives(lexicon.BODY)})|wets the bed|on oxygen|since (?:the|my|his|her) diagnosis)(?!\w)"
)


@cache
def _illness() -> re.Pattern[str]:
    told = f"{statement_patterns.CONDITION}|{statement_patterns.MEDICINE}|{statement_patterns.PROCEDURE}"
    who = rf"who(?:['’]?s| is)|(?:{KIN}|mate|friend)s"
    return re.compile(rf"{told}|{_UNWELL}|(?<!\w)(?:{who}) {statement_patterns.STATE}", re.IGNORECASE)


def of_health(said: str) -> Iterator[tuple[int, int]]:
    """Where a sentence names an illness, a treatment or a medicine near somebody. Nothing in all capitals."""
    if said.isupper() or _NO_ILLNESS.search(said) or _OF_A_NUISANCE.search(said):
        return
    for match in first(_illness(), said):
        if match[0].lower() not in _OFTEN_HARMLESS:
            yield from beside_somebody(said, match)


def first(pattern: re.Pattern[str], said: str) -> Iterator[re.Match[str]]:
    return islice(pattern.finditer(said), _MOST_TRIED)


_SUPPOSED = re.compile(r"(?<!as )(?<!even )\b(?:if|unless|whether|in case)\b[^,;:.!?]{0,40}$", re.IGNORECASE)


def _named(said: str, end: int) -> re.Match[str] | None:
    """A given name right before a place."""
    capitalised = _CAPITALISED.finditer(said, max(0, end - _BEFORE), end)
    return next((match for match in capitalised if match[0].lower() in UNMISTAKABLE), None)


def beside_somebody(said: str, told: re.Match[str]) -> Iterator[tuple[int, int]]:
    """What is told of somebody, from where they are named if that is before it."""
    start, end = told.span()
    if _SUPPOSED.search(said[:start]):
        return
    near = _PERSON.search(said, max(0, start - _BEFORE), end + _AFTER) or _named(said, start)
    if not near and start <= _BEFORE:
        near = _IN_A_HURRY.match(said) or (start <= _AT_ONCE and _LEAVES_I_OUT.match(said))
    if near:
        yield min(near.start(), start), end
