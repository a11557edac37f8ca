"""Times of the wire as nanoseconds since 1970 UTC in 64 bits, which hold the years 1678 to 2261; time zones."""

from __future__ import annotations

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from google.protobuf.timestamp_pb2 import Timestamp

FIRST_SECOND, LAST_SECOND = -9_214_560_000, 9_214_646_399
"""Of 1678 and of 2261."""
_SECOND = 1_000_000_000


def nanoseconds(time: Timestamp) -> int:
    """0 where it is not set. An application may have appended any: what lies beyond counts as the first or the last."""
    seconds, nanos = time.seconds, time.nanos
    if FIRST_SECOND <= seconds <= LAST_SECOND and 0 <= nanos < _SECOND:
        return seconds * _SECOND + nanos
    return max(FIRST_SECOND, min(LAST_SECOND, seconds)) * _SECOND + max(0, min(_SECOND - 1, nanos))


def zone(name: str) -> ZoneInfo:
    """A time zone by its IANA name; UTC where there is none of that name."""
    return _found(name) or ZoneInfo("UTC")


def is_zone(name: str) -> bool:
    """Whether there is a time zone of that IANA name."""
    return _found(name) is not None


def _found(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name) if name else None
    # Names are looked for among files: one may be a folder, or too long.
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
