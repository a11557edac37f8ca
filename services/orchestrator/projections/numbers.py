"""Numbers of events: an application may have appended any, and one that is not a number would stay for good."""

from __future__ import annotations


def within(value: float, low: float, high: float, what: str) -> float:
    """The number, which lies between two others. Raises ValueError where it does not, or is none."""
    # Written so that NaN, which is neither less nor more than anything, fails.
    if not low <= value <= high:
        raise ValueError(f"{what} lies between {low:g} and {high:g}")
    return value
