"""How well what a person says ends what they said before: the one place that says when it does.

It ends it where a fact that is drawn from the one cannot hold beside a fact that is drawn from the other. Precision is
right over ended, recall right over labelled.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from services.memory.claims import Claim, claims, contradicts
from services.orchestrator.extraction.facts import facts
from tests.support.extraction import Score

DATA = Path(__file__).resolve().parents[1] / "data"


def rows(*, held_out: bool, is_unusual: bool = False) -> list[dict[str, Any]]:
    """What was said before, what is said now, and whether that ends it.

    ``is_unusual``: in as many different ways as their writers could think of.
    """
    folder = DATA / "unusual" if is_unusual else DATA
    labelled = [json.loads(line) for line in (folder / "endings.jsonl").read_text("utf-8").splitlines()]
    return [row for row in labelled if row["held_out"] == held_out]


def ends(before: str, text: str) -> bool:
    """Whether what was said before is over by what is said now."""
    held = [one for one in _claimed(before, is_now=False) if not one.is_over]
    return any(contradicts(new, old) for new in _claimed(text, is_now=True) for old in held)


def score(labelled: Iterable[dict[str, Any]]) -> Score:
    """Count over pairs."""
    pairs = [(ends(row["before"], row["text"]), row["ends"]) for row in labelled]
    right = sum(found and wanted for found, wanted in pairs)
    return Score(right, sum(found for found, _ in pairs), sum(wanted for _, wanted in pairs))


def _claimed(text: str, *, is_now: bool) -> list[Claim]:
    """What happened stays so: it ends something, and is ended by nothing."""
    drawn = [fact for fact in facts(text) if is_now or fact.type != "event"]
    return [one for fact in drawn for one in claims(fact.text)]
