"""Clauses in other words as plain ones: "I jacked in Lidl" as "I left Lidl". For English. Pure.

What is read is a clause of the speaker's, with contractions written out and with the capitals of names. The rules for
facts need know each thing in one way only.
"""

from __future__ import annotations

import re

from services.orchestrator.extraction import idiom_rules as rules
from services.orchestrator.extraction.organisations import is_employer_only, is_organisation
from services.orchestrator.extraction.places import is_place


def in_plain_words(clause: str, *, is_mine: bool) -> str:
    """A clause as it is, or in the words of which the rules know most. ``is_mine``: where it says not of whom it is."""
    for pattern, plain in (*rules.OTHERS, *rules.OF_MINE):
        if (match := pattern.match(clause)) and (is_mine or match.groupdict(default="").get("me", "I")):
            return _filled(plain, match)
    if (match := rules.GAVE_UP.match(clause)) and (match["me"] or is_mine) and is_organisation(match["x"]):
        return f"I left {match['x']}{match['when']}"
    return _of_employers(clause)


def _of_employers(clause: str) -> str:
    """Of whom only the name says that they are employers."""
    if match := rules.NEW_EMPLOYER.match(clause):
        employer = next(filter(None, match.groupdict().values()))
        is_there = match["x"] is None or is_employer_only(employer)
        if is_there and is_organisation(employer) and not rules.SCHOOL.search(employer):
            return f"I work at {employer}"
    if match := rules.NO_EMPLOYER.match(clause):
        employer = match["x"] or match["y"]
        return f"I left {employer}" if is_organisation(employer) else clause
    if (match := rules.NO_LONGER_IN.match(clause)) and is_place(match["x"] or match["y"]):
        return f"I no longer live in {match['x'] or match['y']}"
    if match := rules.SWAPPED.match(clause):
        return _swapped(match["x"], match["y"])
    return clause


def _swapped(was: str, now: str) -> str:
    if is_organisation(now):
        return f"I work at {now}"
    if is_place(now):
        return f"I live in {now}"
    return f"I gave up {was}"


def _filled(plain: str, match: re.Match[str]) -> str:
    return plain.format_map(
        {"x": "", "y": "", "z": ""} | {name: said or "" for name, said in match.groupdict().items()}
    )
