"""How well facts are found in what people labelled: the one place that says when a memory is right.

A memory is a sentence and may hold several labelled facts ("teaches chemistry at a secondary school"), so it is right
where it covers at least one: of the same type, of the same subject, and with the label's object, word for word, in what
it says of the subject. A label is found where some memory covers it. Precision is right over found, recall found over
labelled.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from services.orchestrator.extraction.fact import Fact

SET = Path(__file__).resolve().parents[1] / "data" / "facts.jsonl"


@dataclass(frozen=True, slots=True)
class Score:
    """Counted over the sentences of a set."""

    right: int
    found: int
    covered: int
    labelled: int

    @property
    def precision(self) -> float:
        return self.right / self.found if self.found else 0.0

    @property
    def recall(self) -> float:
        return self.covered / self.labelled


def rows(*, held_out: bool) -> list[dict[str, Any]]:
    """The sentences that the rules were written by, or those that they were not."""
    labelled = [json.loads(line) for line in SET.read_text("utf-8").splitlines()]
    return [row for row in labelled if row["held_out"] == held_out]


def covers(fact: Fact, label: dict[str, str]) -> bool:
    """Whether a memory says what is labelled."""
    of = fact.type == label["type"] and _words(fact.subject) == _words(label["subject"])
    return of and f" {_words(label['object'])} " in f" {_words(fact.object)} "


def score(
    labelled: Iterable[dict[str, Any]], find: Callable[[str, Collection[str]], Sequence[Fact]]
) -> Score:
    """Count what is found in each message, by those who are called as its row says."""
    right = found = covered = expected = 0
    for row in labelled:
        facts, labels = find(row["text"], row.get("called", ())), row["facts"]
        right += sum(any(covers(fact, label) for label in labels) for fact in facts)
        covered += sum(any(covers(fact, label) for fact in facts) for label in labels)
        found, expected = found + len(facts), expected + len(labels)
    return Score(right, found, covered, expected)


def _words(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.lower()))
