"""Texts cut to a length."""

from __future__ import annotations

MAX_SHOWN_BYTES = 4 * 1024
"""Of one text among many. What comes by this API is no longer; what an application appended by itself may be."""
MAX_SHOWN_SEQS = 1_000


def beginning(text: str, most: int) -> str:
    """Its first bytes, at most so many, as far as they are whole characters."""
    return text.encode()[:most].decode(errors="ignore")


def shown(text: str) -> str:
    """As it is, or the beginning of a very long one, with an ellipsis."""
    # No character is longer than four bytes: short ones, almost all, need not be encoded.
    if len(text) * 4 <= MAX_SHOWN_BYTES or len(text.encode()) <= MAX_SHOWN_BYTES:
        return text
    return f"{beginning(text, MAX_SHOWN_BYTES)}…"
