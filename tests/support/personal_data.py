"""The labelled sentences with personal data, and how well the guard does on them."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from services.orchestrator.guard import find

DATA = Path(__file__).resolve().parents[1] / "data"


@dataclass
class Score:
    """Findings that are right, wrong and missing, by class."""

    right: Counter[str] = field(default_factory=lambda: Counter())
    wrong: Counter[str] = field(default_factory=lambda: Counter())
    missing: Counter[str] = field(default_factory=lambda: Counter())

    def recall(self, *classes: str) -> float:
        """Of what was labelled, how much was found; over all classes where none is named."""
        return _share(_sum(self.right, classes), _sum(self.missing, classes))

    def precision(self, *classes: str) -> float:
        """Of what was found, how much was labelled."""
        return _share(_sum(self.right, classes), _sum(self.wrong, classes))


def sentences(*, held_out: bool) -> list[str]:
    """The texts of one part of the set."""
    return [row["text"] for row in _rows(DATA) if row["held_out"] is held_out]


def score(*, held_out: bool, is_unusual: bool = False) -> Score:
    """A finding is right where one of its class was labelled at a place that it overlaps.

    ``is_unusual``: of the sentences that say it in as many different ways as their writers could think of.
    """
    total = Score()
    for row in _rows(DATA / "unusual" if is_unusual else DATA):
        if row["held_out"] is held_out:
            _count(total, row["text"], row["found"])
    return total


def _count(total: Score, text: str, labels: list[dict[str, str]]) -> None:
    found = find(text)
    wanted: list[tuple[str, int, int]] = []
    at: Counter[tuple[str, str]] = Counter()
    for label in labels:
        key = (label["class"], label["value"])
        start = text.index(label["value"], at[key])
        at[key] = start + len(label["value"])
        wanted.append((label["class"], start, at[key]))
    for name, start, end in wanted:
        hit = any(span.name == name and span.start < end and start < span.end for span in found)
        (total.right if hit else total.missing)[name] += 1
    for span in found:
        if not any(
            span.name == name and span.start < end and start < span.end for name, start, end in wanted
        ):
            total.wrong[span.name] += 1


def _rows(folder: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (folder / "personal_data.jsonl").read_text("utf-8").splitlines()]


def _sum(counts: Counter[str], classes: tuple[str, ...]) -> int:
    return sum(counts[name] for name in classes) if classes else counts.total()


def _share(right: int, other: int) -> float:
    return right / (right + other) if right + other else 1.0
