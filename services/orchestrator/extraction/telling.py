"""The first person told in the third: "I live in Porto" becomes "The user lives in Porto". Pure."""

from __future__ import annotations

import re

_FIRST = {"am": "is", "are": "is", "have": "has", "do": "does", "were": "was"}
_STAYS = frozenset(
    "is has does was had did can could will would should must may might not never always".split()
)
_SIBILANT = re.compile(r"(?:s|x|z|ch|sh|o)$")
_ADVERB = re.compile(
    r"(?i)(?:\w+ly|also|now|still|just|always|never|often|only|sometimes|so|rather|quite) (?=\w)"
)
_BOTH = re.compile(r"(?i)^(?:both|all) ")
_OWN = (
    (re.compile(r"(?i)\b(?:my|our)\b"), "their"),
    (re.compile(r"(?i)\b(?:me|us)\b"), "them"),
    (re.compile(r"(?i)\b(?:myself|ourselves)\b"), "themselves"),
    (re.compile(r"\b(?:I|i|we) am\b"), "they are"),
    (re.compile(r"\b(?:I|i|we)\b"), "they"),
)
_OF_THE_USER = (
    (re.compile(r"(?i)\b(?:my|our)\b"), "the user's"),
    (re.compile(r"(?i)\b(?:me|us|myself)\b"), "the user"),
    (re.compile(r"\b(?:I|i|we) (?:am|are)\b"), "the user is"),
    (re.compile(r"\b(?:I|i|we)\b"), "the user"),
)


def of_user(predicate: str, *, is_present: bool) -> str:
    """What a person says of themselves after "I" or "we"."""
    for pattern, other in _OWN:
        predicate = pattern.sub(other, predicate)
    return f"The user {_third(_BOTH.sub('', predicate), is_present=is_present)}."


def of_other(subject: str, predicate: str) -> str:
    """What a person says of somebody or something else."""
    for pattern, other in _OF_THE_USER:
        predicate = pattern.sub(other, predicate)
    told = f"{subject} {predicate}".strip()
    return f"{told[0].upper()}{told[1:]}."


def _third(predicate: str, *, is_present: bool) -> str:
    if adverb := _ADVERB.match(predicate):
        return adverb.group() + _third(predicate[adverb.end() :], is_present=is_present)
    verb, space, rest = predicate.partition(" ")
    low = verb.lower()
    if low in _FIRST:
        return f"{_FIRST[low]}{space}{rest}"
    if not is_present or low in _STAYS:
        return predicate
    if low.endswith("y") and low[-2:-1] not in "aeiou":
        return f"{low[:-1]}ies{space}{rest}"
    return f"{low}{'es' if _SIBILANT.search(low) else 's'}{space}{rest}"
