"""What rules alone find in a message: names that are given, and promises with their due times. Pure."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime

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

_WHAT = r"(?P<what>[^.!?;\n]{3,300})"
_PROMISE = re.compile(
    r"(?i)(?:^|[.!?;,]\s+|\b(?:and|so|then|ok|okay|sure|yes)\s+)(?:I(?:'ll| will| promise to| shall)) "
    + _WHAT
)
_REMIND = re.compile(
    r"(?i)\b(?:remind me|don't let me forget|do not let me forget|make sure I remember)"
    r"(?: to| that I (?:need|have) to) " + _WHAT
)
_NO_PROMISE = re.compile(
    r"(?i)^(?:not|never|be (?:happy|glad|here|there|able)|see|have to|need to|admit|bet|say|assume|guess|try not"
    r"|probably|maybe|remember that|miss|always|love|wait|pass)\b"
)
_DAYS = "monday|tuesday|wednesday|thursday|friday|saturday|sunday"
_MONTHS = "january|february|march|april|may|june|july|august|september|october|november|december"
_WHEN = re.compile(
    rf"(?i)\b(?:(?:by|on|before|until|at|in|this|next)\s+)*(?:"
    rf"(?:today|tonight|tomorrow)(?:\s+(?:morning|afternoon|evening|night))?(?:\s+at\s+[\d:]+\s*(?:am|pm)?)?"
    rf"|(?:next\s+|this\s+)?(?:{_DAYS})(?:\s+at\s+[\d:]+\s*(?:am|pm)?)?"
    rf"|in\s+(?:a|an|one|two|three|four|five|six|seven|ten|\d+)\s+(?:minutes?|hours?|days?|weeks?|months?)"
    rf"|next\s+(?:week|month|year)"
    rf"|(?:the\s+)?\d{{1,2}}(?:st|nd|rd|th)?\s+(?:of\s+)?(?:{_MONTHS})(?:,?\s+\d{{4}})?"
    rf"|(?:{_MONTHS})\s+\d{{1,2}}(?:st|nd|rd|th)?(?:,?\s+\d{{4}})?"
    rf"|\d{{4}}-\d{{2}}-\d{{2}}"
    rf")\b"
)
_LEADING = re.compile(r"(?i)^(?:(?:by|on|before|until|at|this)\s+)+")


@dataclass(frozen=True, slots=True)
class Promise:
    """Something that somebody said would be done."""

    text: str
    due: datetime | None


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


def may_promise(text: str, *, reminders_only: bool) -> bool:
    """Whether a closer look is worth its time."""
    return bool(_REMIND.search(text) or (not reminders_only and _PROMISE.search(text)))


def promises(text: str, now: datetime, *, reminders_only: bool) -> list[Promise]:
    """Promises in a message, or only what a person asks to be reminded of; due times against the clock ``now``."""
    patterns = [_REMIND] if reminders_only else [_PROMISE, _REMIND]
    found: dict[str, Promise] = {}
    for pattern in patterns:
        for match in pattern.finditer(text):
            what = match["what"].strip(" ,")
            if not _NO_PROMISE.search(what):
                found.setdefault(commitment_id(what), Promise(what, due(what, now)))
    return list(found.values())


def without_time(text: str) -> str:
    """A promise without the words that say when."""
    return _WHEN.sub("", text)


def due(text: str, now: datetime) -> datetime | None:
    """The time by which something is due, where the words name one. A day without an hour ends at its end."""
    match = _WHEN.search(text)
    if match is None:
        return None
    import dateparser

    words = _LEADING.sub("", match.group())
    settings = {
        "RELATIVE_BASE": now.replace(tzinfo=None),
        "PREFER_DATES_FROM": "future",
        "RETURN_AS_TIMEZONE_AWARE": False,
    }
    plain = re.sub(r"(?i)\bnext (?=" + _DAYS + r")|\bthe \b|\bof \b", "", words)
    parsed = dateparser.parse(plain, languages=["en"], settings=settings)  # type: ignore[arg-type]
    if parsed is None:
        return None
    if not re.search(r"(?i)\bat\b|minutes?|hours?|\d:\d", words):
        parsed = parsed.replace(hour=23, minute=59, second=59, microsecond=0)
    return parsed.replace(tzinfo=now.tzinfo)


def commitment_id(text: str) -> str:
    """The same for the same words, whatever their case and punctuation."""
    plain = " ".join(re.findall(r"\w+", text.lower()))
    return f"c-{hashlib.sha256(plain.encode()).hexdigest()[:12]}"
