"""What a message gives to remember, whether rules or a model found it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from services.orchestrator.extraction import names
from services.orchestrator.extraction.fact import Fact
from services.orchestrator.extraction.facts import facts
from services.orchestrator.extraction.instructions import directive_id, directives
from services.orchestrator.extraction.lifting import Lift, lifts
from services.orchestrator.extraction.promise import Promise, commitment_id
from services.orchestrator.extraction.promises import may_promise, promises
from services.orchestrator.extraction.unnamed import unnamed
from services.orchestrator.extraction.words import key

EXPLICIT = 0.95
"""How sure it is that a name was given where it was in so many words."""
SUGGESTED = 0.85
"""The most that a name counts which was not given in so many words: it is proposed, and not taken."""
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Found:
    """Everything that the workers ask for, in the message's own words."""

    mind_name: str = ""
    mind_name_confidence: float = 0.0
    """From 0 to 1; an adoption counts from 0.9 on."""
    name_taken: str | None = None
    """The name that is taken from the mind; empty where none is named, None where none is taken."""
    user_name: str = ""
    promises: tuple[Promise, ...] = ()
    instructions: tuple[str, ...] = ()
    lifts: tuple[Lift, ...] = ()
    """What takes instructions back."""
    facts: tuple[Fact, ...] = ()


def by_rules(text: str, now: datetime, *, is_answer: bool, called: Collection[str] = ()) -> Found:
    """In a person's message, or in an answer, of which only promises are read; due times against the clock ``now``.

    ``called``: what the mind is called, and who talks to it.
    """
    may = may_promise(text, reminders_only=not is_answer)
    promised = tuple(promises(text, now, reminders_only=not is_answer, names=called)) if may else ()
    if is_answer:
        return Found(promises=promised)
    mind_name = names.mind_name(text, called)
    return Found(
        mind_name=mind_name,
        mind_name_confidence=EXPLICIT if mind_name else 0.0,
        name_taken=None if mind_name else unnamed(text, called),
        user_name=names.user_name(text, called),
        promises=promised,
        instructions=tuple(directives(text, called)),
        lifts=tuple(lifts(text, called)),
        facts=tuple(facts(text, called)),
    )


def combined(rules: Found, model: Found, *, is_english: bool) -> Found:
    """What both found in a message: a model takes nothing away, and adds what the rules are no good at.

    In English these are facts, and a name for the mind, which is only proposed: about names, promises and instructions
    the rules are right where a model may not be. Other languages they do not read.
    """
    if is_english:
        suggested = min(model.mind_name_confidence, SUGGESTED)
        model = Found(mind_name=model.mind_name, mind_name_confidence=suggested, facts=model.facts)
    named = rules if rules.mind_name else model
    return Found(
        mind_name=named.mind_name,
        mind_name_confidence=named.mind_name_confidence,
        name_taken=rules.name_taken,
        user_name=rules.user_name or model.user_name,
        promises=_joined(rules.promises, model.promises, lambda one: commitment_id(one.text)),
        instructions=_joined(rules.instructions, model.instructions, directive_id),
        lifts=rules.lifts,
        facts=rules.facts
        + tuple(one for one in model.facts if not any(_tells(by, one) for by in rules.facts)),
    )


def _tells(one: Fact, other: Fact) -> bool:
    """Whether a fact says what the other does: of the same subject, with its words or some of them."""
    ours, theirs = f" {key(one.object)} ", f" {key(other.object)} "
    return key(one.subject) == key(other.subject) and (ours in theirs or theirs in ours)


def _joined(first: tuple[_T, ...], second: tuple[_T, ...], name: Callable[[_T], str]) -> tuple[_T, ...]:
    """Both, without those of the second that the first names, too."""
    named = set(map(name, first))
    return first + tuple(one for one in second if name(one) not in named)
