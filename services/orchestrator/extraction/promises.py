"""Promises in a message, with their due times. Pure."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime

from services.orchestrator.extraction.due import WHEN, due

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


@dataclass(frozen=True, slots=True)
class Promise:
    """Something that somebody said would be done."""

    text: str
    due: datetime | None


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
    return WHEN.sub("", text)


def commitment_id(text: str) -> str:
    """The same for the same words, whatever their case and punctuation."""
    plain = " ".join(re.findall(r"\w+", text.lower()))
    return f"c-{hashlib.sha256(plain.encode()).hexdigest()[:12]}"
