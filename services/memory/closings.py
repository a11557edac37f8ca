"""What else a sentence says to be over: by what was handed back, lost, called off, born, or possible again.

Rules over English sentences, as in ``endings.py``; their patterns are those of ``closing_patterns.py``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from services.memory import closing_patterns as rules
from services.memory.endings import Ending, undated

_THIRD = {"be": "is", "have": "has", "study": "studies", "teach": "teaches"}


def closings(sentence: str) -> Iterator[Ending]:
    """Which job, home, partner, club or thing is over."""
    if rules.HINTS.isdisjoint(sentence.lower().split()):
        return
    plain = undated(sentence)
    for pattern, over in rules.ENDED:
        if match := pattern.match(plain):
            said = _said(match)
            yield from (
                Ending(said["subject"], attribute, value.format_map(said)) for attribute, value in over
            )


def so_no_longer(sentence: str) -> Iterator[tuple[str, str]]:
    """What was so as it is said here, each with its subject."""
    if rules.HINTS.isdisjoint(sentence.lower().split()):
        return
    plain = undated(sentence)
    for pattern, over in rules.SO_NO_LONGER:
        if match := pattern.match(plain):
            said = _said(match)
            yield from ((said["subject"], was.format_map(said)) for was in over)
    if (match := rules.BORN.match(plain)) and not rules.LONG_AGO.search(sentence):
        yield from _expected(match["subject"] or match["mother"])
    if match := rules.LOST.match(plain):
        yield from _lived_with(match["subject"] or match["whose"], (match["who"] or match["who2"]).lower())


def _expected(subject: str) -> Iterator[tuple[str, str]]:
    for who in (subject, *(f"{subject}'s {partner}" for partner in ("wife", "girlfriend", "partner"))):
        yield from ((subject, f"{who} {was}") for was in rules.PREGNANT)


def _lived_with(subject: str, who: str) -> Iterator[tuple[str, str]]:
    for called in next((kin for kin in rules.KIN if who in kin), ()):
        for own in ("their", "his", "her"):
            yield subject, f"{subject} lives with {own} {called}"


def used_to_be(sentence: str) -> str:
    """ "Ana lives here" of "Ana used to live here"; empty of no such."""
    if " used to " not in sentence or not (match := rules.USED_TO.match(undated(sentence))):
        return ""
    verb = match["verb"].lower()
    return f"{match['subject']} {_THIRD.get(verb, f'{verb}s')}{match['rest']}"


def left_alone(sentence: str) -> tuple[str, str] | None:
    """Who has done with what: "Ana" and "Korean"."""
    if " not " not in sentence and " over for " not in sentence:
        return None
    match = rules.UNTOUCHED.match(sentence) or rules.CLOSED.match(undated(sentence))
    return (match["subject"], match["what"]) if match else None


def not_liked(sentence: str) -> tuple[str, str] | None:
    """Who likes what no longer."""
    match = rules.NO_PLEASURE.match(undated(sentence)) if " no longer please" in sentence else None
    return (match["subject"], match["what"]) if match else None


def _said(match: re.Match[str]) -> dict[str, str]:
    """The groups of a match; without a subject it is the user's."""
    said = {name: words or "" for name, words in match.groupdict().items()}
    return {**said, "subject": said.get("subject") or "the user"}
