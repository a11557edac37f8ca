"""The time by which something is due, in the words that name it. Pure."""

from __future__ import annotations

import re
from datetime import datetime

_DAYS = "monday|tuesday|wednesday|thursday|friday|saturday|sunday"
_MONTHS = "january|february|march|april|may|june|july|august|september|october|november|december"
WHEN = re.compile(
    rf"(?i)\b(?:(?:by|on|before|until|at|in|this|next)\s+)*(?:"
    rf"(?:today|tonight|tomorrow)(?:\s+(?:morning|afternoon|evening|night))?(?:\s+at\s+[\d:]+\s*(?:am|pm)?)?"
    rf"|(?:next\s+|this\s+)?(?:{_DAYS})(?:\s+at\s+[\d:]+\s*(?:am|pm)?)?"
    rf"|in\s+(?:a|an|one|two|three|four|five|six|seven|ten|\d+)\s+(?:minutes?|hours?|days?|weeks?|months?)"
    rf"|next\s+(?:week|month|year)"
    rf"|(?:the\s+)?\d{{1,2}}(?:st|nd|rd|th)?\s+(?:of\s+)?(?:{_MONTHS})(?:,?\s+\d{{4}})?"
    rf"|(?:{_MONTHS})\s+\d{{1,2}}(?:st|nd|rd|th)?(?:,?\s+\d{{4}})?"
    rf"|\d{{4}}-\d{{2}}-\d{{2}}"
    rf")\b"
)
_LEADING = re.compile(r"(?i)^(?:(?:by|on|before|until|at|this)\s+)+")


def due(text: str, now: datetime) -> datetime | None:
    """The time by which something is due, where the words name one. A day without an hour ends at its end."""
    match = WHEN.search(text)
    if match is None:
        return None
    import dateparser

    words = _LEADING.sub("", match.group())
    settings = {
        "RELATIVE_BASE": now.replace(tzinfo=None),
        "PREFER_DATES_FROM": "future",
        "RETURN_AS_TIMEZONE_AWARE": False,
    }
    plain = re.sub(r"(?i)\bnext (?=" + _DAYS + r")|\bthe \b|\bof \b", "", words)
    parsed = dateparser.parse(plain, languages=["en"], settings=settings)  # type: ignore[arg-type]
    if parsed is None:
        return None
    if not re.search(r"(?i)\bat\b|minutes?|hours?|\d:\d", words):
        parsed = parsed.replace(hour=23, minute=59, second=59, microsecond=0)
    return parsed.replace(tzinfo=now.tzinfo)
