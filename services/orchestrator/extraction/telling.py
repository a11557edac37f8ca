"""The first person told in the third: "I live in Porto" becomes "The user lives in Porto". Pure."""

from __future__ import annotations

import re

_FIRST = {"am": "is", "are": "is", "have": "has", "do": "does", "were": "was"}
_STAYS = frozenset(
    "is has does was had did used can could will would should must may might not never always".split()
)
_SIBILANT = re.compile(r"(?:s|x|z|ch|sh|o)$")
_ADVERB = re.compile(
    r"(?i)(?:(?!(?:re|multi|ap|im|sup|com)?p?ply\b|(?:f|re|ral|al|bul|tal)ly\b)\w+ly|also|already|now|still|just|always"
    r"|never|often|only|sometimes|so|rather|quite|ever|no longer) (?=\w)"
)
_BOTH = re.compile(r"(?i)^(?:both|all) ")
_I = r"\b(?:I(?! (?:is|has)\b|,? [A-ZÀ-Þ][a-zß-ÿ])|i|we)\b"
"""The speaker: not the "I" of "I Am Legend", "I, Robot" or "The King and I is long"."""
_MY = r"(?:\b(?:my|MY|our|OUR)\b|^(?:My|Our)\b)"
"""Not that of "I love My Fair Lady"."""
_OWN = (
    (re.compile(_MY), "their"),
    (re.compile(r"\b(?:me|us)\b"), "them"),
    (re.compile(r"\b(?:myself|ourselves)\b"), "themselves"),
    (re.compile(rf"{_I} am\b"), "they are"),
    (re.compile(_I), "they"),
)
_OF_THE_USER = (
    (re.compile(_MY), "the user's"),
    (re.compile(r"\b(?:me|us|myself)\b"), "the user"),
    (re.compile(rf"{_I} (?:am|are)\b"), "the user is"),
    (re.compile(rf"{_I} ((?:really )?(?:love|like|enjoy|hate|dread|eat|drink|listen))\b"), r"the user \1s"),
    (re.compile(_I), "the user"),
)


def of_user(predicate: str, *, is_present: bool) -> str:
    """What a person says of themselves after "I" or "we"."""
    for pattern, other in _OWN:
        predicate = pattern.sub(other, predicate)
    return f"The user {third(_BOTH.sub('', predicate), is_present=is_present)}."


def of_other(subject: str, predicate: str) -> str:
    """What a person says of somebody or something else."""
    for pattern, other in _OF_THE_USER:
        predicate = pattern.sub(other, predicate)
    told = f"{subject} {predicate}".strip()
    return f"{told[0].upper()}{told[1:]}."


def third(predicate: str, *, is_present: bool = True) -> str:
    """The verb that a predicate begins with as it is said of somebody else."""
    if adverb := _ADVERB.match(predicate):
        return adverb.group() + third(predicate[adverb.end() :], is_present=is_present)
    verb, space, rest = predicate.partition(" ")
    low = verb.lower()
    if low in _FIRST:
        return f"{_FIRST[low]}{space}{rest}"
    if not is_present or low in _STAYS:
        return predicate
    if low.endswith("y") and low[-2:-1] not in "aeiou":
        return f"{low[:-1]}ies{space}{rest}"
    return f"{low}{'es' if _SIBILANT.search(low) else 's'}{space}{rest}"
