"""Standing instructions: what a person wants from now on, from explicit words only. Pure."""

from __future__ import annotations

import hashlib
import re

_SENTENCE = re.compile(r"[^.!?\n]+[.!?]*")
_START = (
    r"(?:from (?:now|here) on(?: out)?|as of (?:today|now)|starting (?:today|now)|in (?:the )?future"
    r"|going forward)"
)
_FROM_NOW_ON = re.compile(
    rf"(?i)^\W*(?:(?:and|so|ok|okay|but)\W+)?(?:please\W+)?{_START}\W+(?:please\W+)?(?P<what>.+)"
)
_ALWAYS = re.compile(
    r"(?i)^\W*(?:(?:and|so|ok|okay|but)\W+)?(?:please\W+)?"
    r"(?:(?:i want you to|i'd like you to|i would like you to|you (?:should|must|have to|need to)|make sure"
    r"(?: that)? you|remember to)\W+)?(?P<what>(?:always|never|don't ever|do not ever)\s+(?P<verb>[a-z'-]+)\b.*)"
)
_WHENEVER = re.compile(
    r"(?i)^\W*(?P<what>(?:whenever|each time|every time)\s+[^,]+,\s*(?:please\s+)?(?P<verb>[a-z'-]+)\b.*)"
)
_NO_VERB = frozenset(
    (
        "a an again been going he her him his i in it its mind my one our she that the their there they this too was "
        "we were will with you your am are is"
    ).split()
)
"""What no instruction begins with: the sentence then tells how things are."""
_NO_MORE = re.compile(r"(?i)^(?:no|not|only|just)\b")


def directives(text: str) -> list[str]:
    """The instructions in a message, in its words."""
    found: dict[str, None] = {}
    for match in _SENTENCE.finditer(text):
        sentence = match.group().strip()
        if not sentence.endswith("?") and (what := _instruction(sentence)):
            found.setdefault(what)
    return list(found)


def directive_id(text: str) -> str:
    """The same for the same words, whatever their case and punctuation."""
    plain = " ".join(re.findall(r"\w+", text.lower()))
    return f"d-{hashlib.sha256(plain.encode()).hexdigest()[:12]}"


def _instruction(sentence: str) -> str:
    if begun := _FROM_NOW_ON.match(sentence):
        what = begun["what"]
        first = what.split()[0].lower().strip(",'")
        is_told = first in _NO_VERB or re.match(r"(?i)[\w' -]+? (?:meets?|is|are|will|has|have)\b", what)
        return _trimmed(what) if _NO_MORE.match(what) or not is_told else ""
    for pattern in (_ALWAYS, _WHENEVER):
        if (begun := pattern.match(sentence)) and begun["verb"].lower() not in _NO_VERB:
            return _trimmed(begun["what"])
    return ""


def _trimmed(what: str) -> str:
    return what.strip().rstrip(".!")
