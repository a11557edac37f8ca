"""What a turn costs beyond its model call, with a mind of a million events beside the others. ``make bench-mind``."""

from __future__ import annotations

from benchmarks import mind
from benchmarks.rows import Row


def run() -> list[Row]:
    """The rows of ``mind``, with ``mind.turn_overhead.1m.ms_p50``, to which the growth then reaches."""
    return mind.measured({**mind.SIZES, "1m": 1_000_000})
