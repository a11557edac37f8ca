"""What a fact says of what, where only one thing can hold at a time: enough to see that two facts contradict.

Rules over English sentences, and deliberately few: a wrong contradiction closes a fact that still holds, a missed one
only leaves both to be found, the newer first. What no rule covers is said by whoever records a fact, with
``contradicts``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_SUBJECT = r"(?P<subject>[\w'’. -]{1,60}?)"
_ADVERBS = r"(?:(?:now|currently|still|recently|just) )*"
_STATES = "single|married|divorced|engaged|widowed|separated"
_LIKING = "likes?|loves?|enjoys?|hates?|dislikes?|prefers?"


@dataclass(frozen=True, slots=True)
class Claim:
    """Two facts with the same ``of`` and another ``value`` cannot both hold."""

    of: str
    """The subject and what is said of it, normalized."""
    value: str


_RULES: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (attribute, re.compile(rf"^{_SUBJECT} {_ADVERBS}{pattern}", re.IGNORECASE))
    for attribute, pattern in (
        ("lives", r"(?:lives?|resides?|is living|am living) (?:in|at) (?P<value>.+)"),
        ("lives", r"(?:moved|has moved|have moved|relocated) (?:from .+? )?to (?P<value>.+)"),
        ("works", r"(?:works?|is working|am working) (?:at|for) (?P<value>.+)"),
        ("occupation", r"(?:works?|is working|am working) as (?P<value>.+)"),
        ("name", r"(?:is called|am called|is named|am named) (?P<value>.+)"),
        ("age", r"(?:is|am|are) (?P<value>\d{1,3})(?: years old)?$"),
        ("status", rf"(?:is|am|are) {_ADVERBS}(?P<value>{_STATES})\b.*"),
    )
)
_FAVOURITE = re.compile(
    rf"^{_SUBJECT}(?:['’]s)? (?:favou?rite|preferred) (?P<thing>[\w -]+?) (?:is|are) {_ADVERBS}(?P<value>.+)",
    re.IGNORECASE,
)
_LIKES = re.compile(
    rf"^{_SUBJECT} (?P<negated>(?:do(?:es)?n['’]?t|do(?:es)? not|no longer) )?{_ADVERBS}"
    rf"(?P<verb>{_LIKING}) (?P<thing>.+)",
    re.IGNORECASE,
)
_BEFORE_DATE = re.compile(
    r",? (?:(?:since|in|on|from) (?:\d|january|february|march|april|may|june|july|august|september|october|november"
    r"|december|last|this|early|late)|now\b|these days|at the moment).*$",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W_]+")
_ARTICLES = frozenset({"a", "an", "the"})
_NOT_PLAIN = frozenset(
    "not no longer never if would might may will could should used wants hopes plans to and or who that".split()
)
"""A subject with one of these is more than a subject: the sentence says something else than the rule would read."""


def claim(text: str) -> Claim | None:
    """What the sentence says of what; None where no rule applies."""
    sentence = text.strip().rstrip(".!")
    found = _read(sentence)
    return None if found is None or not _NOT_PLAIN.isdisjoint(found.of.split("\0")[0].split()) else found


def _read(sentence: str) -> Claim | None:
    favourite = _FAVOURITE.match(sentence)
    if favourite:
        return Claim(_key(favourite["subject"], "favourite", favourite["thing"]), _plain(favourite["value"]))
    for attribute, pattern in _RULES:
        match = pattern.match(sentence)
        if match:
            return Claim(_key(match["subject"], attribute), _plain(match["value"]))
    likes = _LIKES.match(sentence)
    if likes:
        gladly = likes["verb"].lower().rstrip("s") not in {"hate", "dislike"}
        value = "no" if gladly == bool(likes["negated"]) else "yes"
        return Claim(_key(likes["subject"], "likes", likes["thing"]), value)
    return None


def _key(*parts: str) -> str:
    return "\0".join(_plain(part) for part in parts)


def _plain(text: str) -> str:
    words = _WORD.findall(_BEFORE_DATE.sub("", text).casefold())
    return " ".join(word for word in words if word not in _ARTICLES)
