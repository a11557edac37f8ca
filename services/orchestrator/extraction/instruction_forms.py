"""Forms in which people bid without a verb that bids, and what they say of what they bade before. Pure."""

from __future__ import annotations

import re
from itertools import islice

from services.orchestrator.extraction import instruction_patterns as said
from services.orchestrator.extraction.verbs import is_imperative, is_participle

_NO_SENTENCE = re.compile(
    r"(?:i|you|he|she|it|we|they|there|this|that|these|those|who|what|how|why|if|when|to|the)\b"
    r"|.*\b(?:is|are|was|were|am|be|been|has|had|do|does|did|will|would|can|could|may|might|must|shall"
    r"|should|i|i'm|im|me|we|he|she|they|gets?|costs?|goes|means|isn't|aren't|won't|don't|doesn't)\b",
    re.I,
)
"""What a form without a verb neither begins with nor holds."""
_HOW = r"(?:in|with|without|w/o|w/|as|under|for (?=\d|two|three|four|five|one))"
_VERBLESS = re.compile(
    rf"(?:(?:all|each|every|any|only|just) (?:(?:your|my|the|of) ){{0,2}}(?:[\w'-]+ ){{1,3}}"
    rf"|(?!my\b|his\b|her\b|our\b|their\b)(?:[\w'-]+ ){{0,2}}(?!always|perhaps)[\w'-]+s )"
    rf"{_HOW} ?(?:[\w'/%.°-]+ ){{0,4}}[\w'/%.°-]+"
    r"|(?:just|only) [\w'-]+(?: [\w'-]+){0,2}"
    r"|(?:max|maximum|at most|no more than) (?:\d+|[\w-]+) [\w-]+(?: (?:a|per) [\w-]+)?"
    r"|(?:one|two|three|max|at most|no more than|\d+) (?:[\w'-]+ ){1,3}(?:at a time|at once|max|at most|tops"
    r"|per [\w-]+|a day|each)"
    r"|[\w'/ -]{2,30} only",
    re.I,
)
"""How something is to be: "all prices in euros", "one step at a time", "metric only"."""
_WANTS = re.compile(
    r"i(?:'d| would| should)? (?:want|like|need|expect|prefer) (?:to (?:see|have|get) )?", re.I
)
_NO_THING = re.compile(r"(?:to|you|u|it|that|this|him|her|them)\b", re.I)
_WORD = re.compile(r"[\w'-]+")
_MAX_THING = 6
"""Words of which the last may say what is done to what the others name: "all my long essays marked"."""
_OF_IT = (
    r"(?:(?:that|this|it)(?:'s|s| is)(?: now)? (?:(?:an?|my|the|our) )?(?:(?:(?:new|permanent|standing|general|strict"
    r"|firm|lasting|fixed|ground|golden|house) ){1,2}(?:rule|order|instruction|policy|request|thing)|rule|policy"
    r"|permanent|for good|for ever|forever|from now on|for always)(?: now| from now on)?"
    r"|(?:that|this|it|same) (?:goes|applies|holds|counts|stands) (?:for|to|in|from|at|every|always|until|as) .{2,60}"
    r"|(?:make|consider|call|take) (?:that|it|this) (?:as )?(?:an?|my|the|your) (?:[\w-]+ )?(?:rule|habit|policy)"
    r"|(?:i mean )?(?:always|every (?:single )?time|permanently|at all times|in (?:all|every|each) [\w -]{2,30})"
    r"|not just (?:now|today|this (?:time|once)|for now).{0,40})"
)
_STANDS = re.compile(rf"\W*(?:(?:and|but|btw|by the way|oh),? )?{_OF_IT}\W*", re.I)
_STANDS_LAST = re.compile(
    rf"(?P<before>.*?)(?:[,;]| [-–—])? (?:and |btw )?(?P<what>{_OF_IT})\W*$", re.I | re.S
)
_CASE = re.compile(
    r"(?:if|when|after|before|in|on|at|for)\b[^.!?;\n]{2,80}?(?:, | (?=(?:don't|dont|do not|never|always|please"
    r"|pls)\b))"
    r"(?P<then>.*)",
    re.I | re.S,
)


def stands(sentence: str) -> bool:
    """Whether a sentence says of the one before that it is for good: "That's a standing rule"."""
    return not sentence.rstrip().endswith("?") and bool(_STANDS.fullmatch(sentence))


def before_stands(sentence: str) -> str:
    """What a sentence says before it says that it is for good; empty where it does not."""
    match = _STANDS_LAST.fullmatch(sentence)
    is_said = match and match["what"].lower().startswith(("that", "this", "it", "same", "make", "consider"))
    return match["before"] if match and is_said else ""


def is_bidden(clause: str) -> bool:
    """Whether a clause bids if it is said that it stands: "if it's late, don't ring"."""
    case = _CASE.match(clause)
    return is_imperative(case["then"] if case else clause)


def is_verbless(clause: str) -> bool:
    """Whether a clause says how something is to be without a verb: "all temperatures in kelvin"."""
    plain = clause.rstrip(" ,.!")
    return bool(_VERBLESS.fullmatch(plain)) and not _NO_SENTENCE.match(plain)


def wanted(clause: str) -> int:
    """Where in "I want my essays marked …" that lies which the mind is to do so; 0 where it is nothing."""
    wants = _WANTS.match(clause)
    if not wants:
        return 0
    what = clause[wants.end() :]
    done = islice(_WORD.finditer(what), 1, _MAX_THING)
    is_done = not _NO_THING.match(what) and any(is_participle(word.group()) for word in done)
    return wants.end() if is_done or re.match(said.ANSWERS, what, re.I) else 0
