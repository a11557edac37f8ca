"""What rules alone find in a message, measured on the labelled sentences of ``tests/data``, and how long they take.

What counts as right is said in ``tests/support/extraction.py``; the held-out third is what no rule was written by.
Some sentences say it in as many different ways as their writers could think of; they are counted apart.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime

from benchmarks.rows import Row, row
from services.orchestrator.extraction.due import due
from services.orchestrator.extraction.instructions import directives
from services.orchestrator.extraction.names import mind_name, user_name
from services.orchestrator.extraction.promises import promises
from tests.support.extraction import SETS, Labels, rows, score

ROUNDS = 5
UNUSUAL = ("names", "instructions")
"""Sets that have such sentences."""
CLOCK = datetime(2026, 5, 6, 12, 0, tzinfo=UTC)


def run() -> list[Row]:
    """Rows ``extraction.<set>.<part>.precision`` and so on, in shares, ``extraction.<set>.unusual.<part>.precision``
    and so on where there are such sentences, and ``extraction.<set>.us_per_message``.
    """
    measured: list[Row] = []
    for name in SETS:
        for is_unusual in (False, True) if name in UNUSUAL else (False,):
            measured += _quality(name, is_unusual=is_unusual)
        everything = rows(name, held_out=False) + rows(name, held_out=True)
        times = [_microseconds(name, everything) for _ in range(ROUNDS)]
        measured.append(row(f"extraction.{name}.us_per_message", times, "µs"))
    return measured


def _quality(name: str, *, is_unusual: bool) -> list[Row]:
    measured: list[Row] = []
    for part, held_out in (("development", False), ("held_out", True)):
        labelled = rows(name, held_out=held_out, is_unusual=is_unusual)
        found, key = score(name, labelled), f"{name}.unusual" if is_unusual else name
        for what, value in (("precision", found.precision), ("recall", found.recall), ("f1", found.f1)):
            measured.append(Row(f"extraction.{key}.{part}.{what}", value, "share", len(labelled), 0.0))
    return measured


def _microseconds(name: str, labelled: list[Labels]) -> float:
    began = time.perf_counter()
    for one in labelled:
        match name:
            case "commitments":
                promises(one["text"], CLOCK, reminders_only=one["speaker"] == "user")
            case "due_times":
                due(one["text"], CLOCK)
            case "names":
                mind_name(one["text"])
                user_name(one["text"])
            case _:
                directives(one["text"])
    return (time.perf_counter() - began) / len(labelled) * 1e6
