"""What an operator should look at, from a report of performance. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from services.runtime.performance import PREFIX_CACHE, Report

TURN, SLOW_TURNS_MS = "turn", (10_000, 5_000)
STORAGE, SLOW_STORAGE_MS = ("turn.append", "turn.finish", "ledger.append"), 500
LOW_HIT_RATE = 0.7
MIN_QUERIES = 100
"""A cache that was asked less often is not judged."""


def alerts(report: Report) -> Iterator[str]:
    """In plain words, the worst first."""
    turns = report.stages.get(TURN)
    for bound in SLOW_TURNS_MS if turns else ():
        if turns and (slow := turns.above(bound)):
            seconds = bound // 1000
            yield f"{slow} of {turns.count} turns took longer than {seconds} s: see turn.model and turn.search"
    for stage in STORAGE:
        if stage in report.stages and (slow := report.stages[stage].above(SLOW_STORAGE_MS)):
            yield f"{slow} times {stage} took longer than {SLOW_STORAGE_MS} ms: is the ledger's disk slow or full?"
    for cache, use in sorted(report.caches.items()):
        # A model server that tells nothing of its prefixes has none to make larger.
        is_told = cache != PREFIX_CACHE or use.rate > 0
        if is_told and use.asked >= MIN_QUERIES and use.rate < LOW_HIT_RATE:
            yield f"the cache {cache} has {use.rate:.0%} of what is asked: if it is full, make it larger"
