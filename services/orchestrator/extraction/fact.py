"""What is worth remembering of a message. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Literal

Type = Literal["fact", "preference", "event", "relationship"]
USER = "user"
_THE_USER = re.compile(r"\b[Tt]he user\b")


@dataclass(frozen=True, slots=True)
class Fact:
    """Something worth remembering that a message says."""

    type: Type
    subject: str
    """"user", a name, or what somebody is to the user: "sister"."""
    object: str
    """What is said of the subject, in the message's words."""
    text: str
    """The same as a sentence that stands by itself."""
    when: str = ""
    """The words that say when it was or will be, or since when it is."""
    importance: float = 0.5
    """From 0 (trivia) to 1 (vital)."""
    model: str = ""
    """The model that found it; empty: rules."""


def told_by(speaker: str, fact: Fact) -> Fact:
    """What somebody else said of themselves, in the place of the user: "The user's sister" is "Ana's sister"."""
    subject = speaker if fact.subject == USER else fact.subject
    return replace(fact, subject=subject, text=_THE_USER.sub(lambda _: speaker, fact.text))
