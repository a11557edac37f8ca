"""What standing instructions are about, and which of two the newer one leaves nothing of. Pure.

Two contradict each other where they are clearly of the same matter: the language, the length, the units, how
somebody is to be called; or the same words, once bidden and once forbidden. What is bidden for some case only is of
no such matter.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from services.orchestrator.extraction.tongues import TONGUE
from services.orchestrator.extraction.words import stem

_MAX_TEXT = 200
"""Letters of an instruction of which it is asked what it is about."""
_MAX_LEAD = 8
_NO = (
    r"(?P<no>never|don't|dont|do not|mustn't|must not|shouldn't|should not|needn't|not|stop|quit|no more(?! than)"
    r"|no longer|no(?! more than)|avoid|refrain from|without|enough (?:of|with)|drop|skip|lose|ditch"
    r"|under no circumstances|on no account|at no time|in no case)"
)
_LEAD = re.compile(
    rf"(?:{_NO}|please|pls|kindly|just|also|always|ever|only|from now on|(?:you|u)(?: (?:should|must|shall|will|can"
    r"|may|are to))?|need to|have to|be sure to|make sure to|remember to|do(?! not\b))(?![\w'-])[ ,]*",
    re.I,
)
"""What stands before that which is bidden, and whether it is forbidden."""
_LAST = re.compile(
    r"(?:[ ,]+(?:any ?more|any longer|ever again|again|ever|please|pls|always|from now on|instead|now|at all))+$",
    re.I,
)
_DOING = (
    r"(?:answer(?:ing)?|reply(?:ing)?|respond(?:ing)?|speak(?:ing)?|talk(?:ing)?|writ(?:e|ing)|chat(?:ting)?"
    r"|communicat(?:e|ing)|us(?:e|ing)|switch(?:ing)?|chang(?:e|ing)|stick(?:ing)?|go(?:ing)?|keep(?:ing)?"
    r"|stay(?:ing)?|giv(?:e|ing)|be(?:ing)?|mak(?:e|ing)|show(?:ing)?|express(?:ing)?|limit(?:ing)?)"
)
_YOURS = (
    r"(?:back|to|in|with|me|us|it|only|always|everything|things|all|any|every|each|of|your|ur|yourself|answers?|reply"
    r"|replies|responses?|messages?|explanations?|should|must|are|the|exclusively|a|an|my|and|that|is|as|possible)"
)
_FILL = rf"(?:{_DOING}|{_YOURS})"
_LANGUAGE = re.compile(
    rf"(?:{_FILL} ){{0,10}}(?:(?:british|american|australian|canadian|brazilian|mexican) )?(?P<one>{TONGUE})"
    rf"(?: (?:and|or) (?P<other>{TONGUE}))?(?: (?:{_FILL}|language)){{0,6}}"
)
_ADDRESS = re.compile(
    r"(?:call(?:ing)?|address(?:ing)?|refer(?:ring)? to) (?:me|us)(?: by| as)? "
    r"(?P<what>(?!(?:at|on|in|by|back|before|after|when|if|every|tomorrow|later|for|with)\b)[\w'.-]+(?: [\w'.-]+){0,3})"
)
_SHORT = r"(?:short(?:er|ly)?|brief(?:er|ly)?|concise(?:ly)?|terse(?:ly)?|succinct(?:ly)?|to the point)"
_LONG = r"(?:long(?:er)?|lengthy|detail(?:s|ed)?|verbose|thorough(?:ly)?|in depth|elaborate|wordy|exhaustive)"
_HOW = r"(?:more|very|really|so|too|such|nice|sweet|bit|little|rather)"
_LENGTH = re.compile(
    rf"(?:(?:{_FILL}|{_HOW}) ){{0,8}}(?P<less>less )?(?:(?P<short>{_SHORT})|(?P<long>{_LONG}))"
    rf"(?: (?:{_FILL}|{_HOW}|(?(short){_SHORT}|{_LONG}))){{0,6}}"
)
_COUNT = re.compile(
    rf"(?:{_FILL} ){{0,8}}(?:(?P<over>more than|at least|over)|(?:a )?(?:max(?:imum)?(?: of)?|at most|no more than"
    rf"|under|within|fewer than|less than|up to))? ?(?P<count>\d+|an?|one|two|three|four|five|six|ten|a single)"
    rf" (?P<unit>sentence|word|line|paragraph)s?(?: (?:{_FILL}|max|at most|or less|or fewer|long)){{0,5}}"
)
_UNITS = {
    "system": r"metric|imperial|us customary|si",
    "temperature": r"celsius|centigrade|fahrenheit|kelvin",
    "distance": r"kilomet(?:re|er)s|km|miles",
    "weight": r"kilos|kilograms|kg|pounds|lbs",
    "clock": r"24(?:-| )?h(?:our)?s?|12(?:-| )?h(?:our)?s?|am(?: |/)pm",
    "decimal": r"decimal (?:commas?|points?)",
}
_MEASURED = (
    r"(?:units?|system|measurements?|measures?|temperatures?|degrees?|distances?|weights?|lengths?|clock|times?|format"
    r"|for|convert|give|prefer|numbers?)"
)
_IN_UNITS = {
    name: re.compile(
        rf"(?:(?:{_FILL}|{_MEASURED}) ){{0,8}}(?P<unit>{unit})(?: (?:{_FILL}|{_MEASURED})){{0,6}}"
    )
    for name, unit in _UNITS.items()
}
_CASE = re.compile(
    r"\b(?:when|whenever|if|unless|while|until|except|during|every time|each time|other than)\b"
)
_SMALL = frozenset(
    """
    a an the any your ur some all of in to me us with and please use using add adding include
    including put putting give giving have having make making insert inserting tell telling crack cracking write writing
    answer answering answers replying reply replies response responses message messages every each ever
    """.split()
)
"""What says little of that which is bidden."""
_SAME: dict[str, str] = {
    "smiley": "emoji",
    "smileys": "emoji",
    "emoticon": "emoji",
    "emoticons": "emoji",
    "emojis": "emoji",
}
_WORD = re.compile(r"[\w'-]+")
_THINGS = frozenset(map(stem, ("emoji", "joke", "pun")))
"""Where one of these is forbidden, so is whatever holds it."""


@dataclass(frozen=True, slots=True)
class Matter:
    """What an instruction is about."""

    kind: str
    """Empty where it is only known by its words."""
    values: frozenset[str]
    is_denied: bool
    core: frozenset[str]
    """The stems of its words without those that say little."""


@lru_cache(maxsize=4_096)
def matter(text: str) -> Matter:
    """What an instruction is about."""
    body, is_denied = _bidden(" ".join(text[:_MAX_TEXT].lower().replace("’", "'").strip(" .!").split()))
    core = frozenset(stems(body))
    plain = re.sub(r"[,;:]", "", body)
    if not _CASE.search(plain):
        found = _length(plain, is_denied=is_denied) or _language(plain) or _in_units(plain) or _address(plain)
        if found:
            return Matter(*found, is_denied, core)
    return Matter("", frozenset(), is_denied, core)


def outdoes(newer: str, older: str) -> bool:
    """Whether nothing is left of an instruction where a newer one holds."""
    new, old = matter(newer), matter(older)
    if new.kind and new.kind == old.kind:
        return _are_against(new, old)
    if new.is_denied == old.is_denied or not (new.core and old.core):
        return False
    denied, bidden = (new, old) if new.is_denied else (old, new)
    is_banned = len(denied.core) == 1 and denied.core <= _THINGS & bidden.core
    return new.core == old.core or (is_banned and not _CASE.search(older) and not _CASE.search(newer))


def stems(text: str) -> list[str]:
    """The words of a text by which it is told from others."""
    found = (word.group() for word in _WORD.finditer(text.lower()))
    return [stem(_SAME.get(word, word)) for word in found if word not in _SMALL]


def _are_against(new: Matter, old: Matter) -> bool:
    if new.kind == "length":
        is_same_side = ("long" in new.values) == ("long" in old.values)
        return not is_same_side or (new.values != old.values and len(new.values) == len(old.values) > 1)
    if new.is_denied or old.is_denied:
        is_enough = new.kind == "language" and not new.is_denied
        return new.is_denied != old.is_denied and (is_enough or not new.values.isdisjoint(old.values))
    return new.values != old.values


def _bidden(text: str) -> tuple[str, bool]:
    """What is bidden or forbidden, and whether it is forbidden."""
    place, denials = 0, 0
    for _ in range(_MAX_LEAD):
        match = _LEAD.match(text, place)
        if not match:
            break
        place, denials = match.end(), denials + bool(match["no"])
    return _LAST.sub("", text[place:]), denials % 2 == 1


def _language(plain: str) -> tuple[str, frozenset[str]] | None:
    match = _LANGUAGE.fullmatch(plain)
    return ("language", frozenset(one for one in match.groups() if one)) if match else None


def _length(plain: str, *, is_denied: bool) -> tuple[str, frozenset[str]] | None:
    """By its side, or by what is counted: as many as that, or more."""
    if match := _COUNT.fullmatch(plain):
        is_long = bool(match["over"]) != is_denied
        return "length", frozenset({"long"} if is_long else {"short", f"{match['count']} {match['unit']}"})
    if match := _LENGTH.fullmatch(plain):
        is_long = (bool(match["long"]) != bool(match["less"])) != is_denied
        return "length", frozenset({"long" if is_long else "short"})
    return None


def _in_units(plain: str) -> tuple[str, frozenset[str]] | None:
    for name, pattern in _IN_UNITS.items():
        if match := pattern.fullmatch(plain):
            return f"units of {name}", frozenset({match["unit"]})
    return None


def _address(plain: str) -> tuple[str, frozenset[str]] | None:
    match = _ADDRESS.fullmatch(plain)
    return ("address", frozenset({match["what"]})) if match else None
