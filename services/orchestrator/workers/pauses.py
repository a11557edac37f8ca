"""When a dead letter that waits for another service is tried again."""

from __future__ import annotations

MAX_WAIT_SECONDS = 60.0
"""Between two attempts."""
NEVER_NS = 2**63


def has_come(ns: int, now_ns: int) -> bool:
    """Whether a time to try again has come. One beyond every pause was told by a clock that was set back since."""
    return ns != NEVER_NS and not now_ns < ns <= now_ns + int(MAX_WAIT_SECONDS * 1e9)


def pause_ns(attempts: int) -> int:
    """Before the next attempt: twice as long after each."""
    return int(min(MAX_WAIT_SECONDS, 2.0 ** min(attempts - 1, 10)) * 1e9)
