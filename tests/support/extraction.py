"""How well the rules find what people labelled: the one place that says when something found is right.

- A promise or an instruction is right where its words are those of a label of the same message, in any case and
  whatever the punctuation (their ids are then equal). Words that are missing or too many make it wrong.
- A due time is right where it equals the label to the minute; where no time is named, it must be none.
- A name is right where its letters are those of the label, the mind's and the person's apart.

Precision is right over found, recall right over labelled, F1 their harmonic mean.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from services.orchestrator.extraction.due import due
from services.orchestrator.extraction.instructions import directive_id, directives
from services.orchestrator.extraction.names import mind_name, user_name
from services.orchestrator.extraction.promise import commitment_id
from services.orchestrator.extraction.promises import promises

DATA = Path(__file__).resolve().parents[1] / "data"
NOW = datetime(2026, 5, 6, 12, 0, tzinfo=UTC)
"""The clock where a label does not depend on it: a Wednesday."""

Labels = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Score:
    """How often something was right, found and labelled."""

    right: int
    found: int
    labelled: int

    @property
    def precision(self) -> float:
        return self.right / self.found if self.found else 0.0

    @property
    def recall(self) -> float:
        return self.right / self.labelled if self.labelled else 0.0

    @property
    def f1(self) -> float:
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


def rows(name: str, *, held_out: bool, is_unusual: bool = False) -> list[Labels]:
    """The development part of a set, or the part that no rule was written by.

    ``is_unusual``: of the sentences that say it in as many different ways as their writers could think of.
    """
    folder = DATA / "unusual" if is_unusual else DATA
    labelled = (json.loads(line) for line in (folder / f"{name}.jsonl").read_text("utf-8").splitlines())
    return [row for row in labelled if row["held_out"] == held_out]


def called(row: Labels) -> list[str]:
    """What mind and person are called by then, where it matters; of a promise ``mind`` says it of the mind."""
    mind = [row["mind"]] if "promises" in row and row.get("mind") else []
    return [*mind, *row.get("called", [])]


def found_in(name: str, row: Labels) -> tuple[list[str], list[str]]:
    """What the rules find in a message of a set, and what is labelled, in a form in which equal is right."""
    return _SETS[name](row)


def score(name: str, labelled: Iterable[Labels]) -> Score:
    """Count over messages; what is found twice is right once."""
    right = found = expected = 0
    for row in labelled:
        ours, theirs = found_in(name, row)
        right += sum((Counter(ours) & Counter(theirs)).values())
        found += len(ours)
        expected += len(theirs)
    return Score(right, found, expected)


def _commitments(row: Labels) -> tuple[list[str], list[str]]:
    made = promises(row["text"], NOW, reminders_only=row["speaker"] == "user", names=called(row))
    return [commitment_id(one.text) for one in made], [commitment_id(text) for text in row["promises"]]


def _due_times(row: Labels) -> tuple[list[str], list[str]]:
    """Each message counts: that it names no time is an answer, too."""
    when = due(row["text"], datetime.fromisoformat(row["said_at"]).replace(tzinfo=UTC))
    return [when.strftime("%Y-%m-%dT%H:%M") if when else ""], [row["due"]]


def _names(row: Labels) -> tuple[list[str], list[str]]:
    ours = {"mind": mind_name(row["text"], called(row)), "user": user_name(row["text"], called(row))}
    return _given(ours), _given(row)


def _given(names: Labels) -> list[str]:
    return [f"{who}: {names[who]}" for who in ("mind", "user") if names[who]]


def _instructions(row: Labels) -> tuple[list[str], list[str]]:
    ours = [directive_id(text) for text in directives(row["text"], called(row))]
    return ours, [directive_id(text) for text in row["directives"]]


_SETS: dict[str, Callable[[Labels], tuple[list[str], list[str]]]] = {
    "commitments": _commitments,
    "due_times": _due_times,
    "names": _names,
    "instructions": _instructions,
}
SETS = tuple(_SETS)
