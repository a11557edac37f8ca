"""What is worth remembering of a message. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Type = Literal["fact", "preference", "event", "relationship"]
USER = "user"


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
