"""Names that are given in so many words: to the mind, or by a person as their own. Pure."""

from __future__ import annotations

import re

_NAME = r"(?P<name>[A-Z][\w'-]*(?: [A-Z][\w'-]*){0,2})"
_END = r"(?=\s*(?:[.,!?;:)\"]|$|\b(?:from now on|now|please|and|okay|ok)\b))"
_MIND_NAMED = [
    re.compile(rf"\b(?i:your (?:new )?name (?:is|shall be|will be)(?: now)?) {_NAME}{_END}"),
    re.compile(rf"\b(?i:(?:please )?call yourself) {_NAME}{_END}"),
    re.compile(rf"\b(?i:i(?:'ll| will| shall| want to| would like to|'d like to) call you) {_NAME}{_END}"),
    re.compile(rf"\b(?i:i(?:'ll| will)? name you) {_NAME}{_END}"),
    re.compile(rf"\b(?i:you are (?:now )?(?:called|named)) {_NAME}{_END}"),
]
_USER_NAMED = [
    re.compile(
        rf"\b(?i:my name is|my name's|i am called|i'm called|people call me|(?:please |you can )?call me) {_NAME}{_END}"
    ),
]
_NEGATED = re.compile(r"(?i)\b(?:not|never|n't|isn't|don't|used to|if|would)\b")
_NOT_NAMES = frozenset(
    (
        "I",
        "You",
        "He",
        "She",
        "It",
        "We",
        "They",
        "The",
        "A",
        "An",
        "Later",
        "Back",
        "Tomorrow",
        "Today",
        "When",
        "If",
    )
)


def mind_name(text: str) -> str:
    """The name that a message gives the mind, in so many words; empty where it gives none."""
    return _named(text, _MIND_NAMED)


def user_name(text: str) -> str:
    """The name that a person says is theirs; empty where none is said."""
    return _named(text, _USER_NAMED)


def _named(text: str, patterns: list[re.Pattern[str]]) -> str:
    for pattern in patterns:
        for match in pattern.finditer(text):
            sentence = re.split(r"[.!?]", text[: match.start()])[-1]
            first = match["name"].split()[0]
            if first not in _NOT_NAMES and not _NEGATED.search(sentence):
                return match["name"]
    return ""
