"""What rules alone find in a message, measured on the labelled sentences of ``tests/data``, and how long they take.

What counts as right is said in ``tests/support/extraction.py``; the held-out third is what no rule was written by.
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
CLOCK = datetime(2026, 5, 6, 12, 0, tzinfo=UTC)


def run() -> list[Row]:
    """Rows ``extraction.<set>.<part>.precision`` and so on, in shares, and ``extraction.<set>.us_per_message``."""
    measured: list[Row] = []
    for name in SETS:
        for part, held_out in (("development", False), ("held_out", True)):
            labelled = rows(name, held_out=held_out)
            found = score(name, labelled)
            for what, value in (("precision", found.precision), ("recall", found.recall), ("f1", found.f1)):
                measured.append(Row(f"extraction.{name}.{part}.{what}", value, "share", len(labelled), 0.0))
        everything = rows(name, held_out=False) + rows(name, held_out=True)
        times = [_microseconds(name, everything) for _ in range(ROUNDS)]
        measured.append(row(f"extraction.{name}.us_per_message", times, "µs"))
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
