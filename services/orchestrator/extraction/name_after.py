"""What stands after a naming and leaves none: whose word it is, when it counts, a joke, another name. Pure."""

from __future__ import annotations

import re

from services.orchestrator.extraction.name_reading import Message, name_at
from services.orchestrator.extraction.tongues import TONGUE

_NEXT = 120
"""Letters after a name in which it may be taken back."""
_GAME = (
    r"(?:game|quiz|scene|story|play|novel|book|film|movie|show|sketch|role-?play|script|dream|example|exercise|joke"
    r"|demo|test|campaign|adventure|chapter|poem|song)s?\b"
)
_ADDRESSES = r"talk|speak|chat|answer|writ|repl|address|say|ask|call|need|want|introduce|greet|sign"
_LIMITED = re.compile(
    r",? (?:according to\b|(?:or )?(?:so|as|at least)(?: says| said)? (?:i|they|he|she|people|[\w']+) (?:say|says|said"
    r"|claims?|tells?|told|hear|heard|think|thinks|was told|am told)\b"
    r"|(?:i|we|they|people|he|she) (?:hear|heard|read|gather|am told|was told|say|says|claims?)\b"
    rf"|(?:in|for|during|throughout) (?:(?:the|this|that|our|my|an?|his|her) (?:[\w'-]+ ){{0,2}}?{_GAME}|{TONGUE}\b"
    r"|another language|jest\b|fun\b)"
    r"|only (?:in|when|while|if|for|during)\b"
    r"|(?:when|whenever|while|as long as|every time|if) (?:we|they|he|she|it)\b"
    rf"(?! (?:are |'re )?(?:{_ADDRESSES}))"
    rf"|(?:when|whenever|while|as long as|every time) (?:i|you)(?:'m|'re)?\b(?! (?:am |are )?(?:{_ADDRESSES})))",
    re.I,
)
"""Where a name is so only by somebody's word, in another language, in a game or a case."""
_JOKE = re.compile(
    r"[\s,;:.!…)(–—-]*(?:(?:and |but |ha(?:ha)*|he(?:he)+|lol|no|nah|i'm|im|i am|i was"
    r"|was|just|only|totally)[\s,.!]+){0,4}"
    r"(?:kidding|joking|messing with you|jk\b|j/k\b|as a joke|psych\b|not really\b|not actually\b|pulling your leg)",
    re.I,
)
"""What takes a naming back as a joke."""
_SURELY = (
    r"(?:make (?:it|that)|i (?:mean|meant)|let's (?:say|make it|go with)|(?:it's|its|it is|that's|it should be"
    r"|it will be|call it|say|rather|better|your name is|my name is))(?: actually| really| just)?[:,]?"
)
_CORRECTED = re.compile(
    rf"(?P<stop>[\s,;:.!…–—-]+)(?:(?:(?P<wait>wait|scratch that|correction|strike that|hang on|hold on"
    r"|oops|i mean|i meant)"
    rf"|no|nope|oh|sorry|actually|hm+|um+|uh|on second thoughts?)[\s,;:.!…–—-]+){{1,4}}(?P<sure>{_SURELY} )?",
    re.I,
)
"""Between a name and the one that was meant: "No, wait, it's …"."""
_ALONE = re.compile(r"(?:,? (?:from now on|instead|then|now|please|actually|i think))?\s*(?:[.!]|$)", re.I)


def is_taken_back(after: str) -> bool:
    """Whether what follows a name makes no naming of it: "… according to Ben", "… when we play", "… - just kidding"."""
    return bool(_LIMITED.match(after) or _JOKE.match(after[:_NEXT]))


def corrected(message: Message, end: int) -> str:
    """The name that a person puts in the place of the one before it, which ends there; empty where they do not."""
    match = _CORRECTED.match(message.text, end, end + _NEXT)
    if not match:
        return ""
    name = name_at(message, message.text[: match.end() + _NEXT], match.end(), is_exact=not match["sure"])
    is_joined = match["sure"] or match["wait"] or not set(".!…") & set(match["stop"])
    is_alone = _ALONE.match(message.text, match.end() + len(name))
    return name if name and is_joined and is_alone else ""
