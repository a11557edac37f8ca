"""What a message gives to remember, whether rules or a model found it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services.orchestrator.extraction import names
from services.orchestrator.extraction.facts import Fact, facts
from services.orchestrator.extraction.instructions import directives
from services.orchestrator.extraction.promises import Promise, may_promise, promises

EXPLICIT = 0.95
"""How sure it is that a name was given where it was in so many words."""


@dataclass(frozen=True, slots=True)
class Found:
    """Everything that the workers ask for, in the message's own words."""

    mind_name: str = ""
    mind_name_confidence: float = 0.0
    """From 0 to 1; an adoption counts from 0.9 on."""
    user_name: str = ""
    promises: tuple[Promise, ...] = ()
    instructions: tuple[str, ...] = ()
    facts: tuple[Fact, ...] = ()
    model: str = ""
    """The model that found it; empty: rules."""


def by_rules(text: str, now: datetime, *, is_answer: bool) -> Found:
    """In a person's message, or in an answer, of which only promises are read; due times against the clock ``now``."""
    may = may_promise(text, reminders_only=not is_answer)
    promised = tuple(promises(text, now, reminders_only=not is_answer)) if may else ()
    if is_answer:
        return Found(promises=promised)
    mind_name = names.mind_name(text)
    return Found(
        mind_name=mind_name,
        mind_name_confidence=EXPLICIT if mind_name else 0.0,
        user_name=names.user_name(text),
        promises=promised,
        instructions=tuple(directives(text)),
        facts=tuple(facts(text)),
    )
