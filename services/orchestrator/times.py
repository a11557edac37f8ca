"""Times as nanoseconds since 1970 UTC, 0 where there is none: what folds compare and snapshots save."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from google.protobuf.timestamp_pb2 import Timestamp

_SECOND = 1_000_000_000


def nanoseconds(time: Timestamp) -> int:
    """From the wire; 0 where it is not set."""
    return time.seconds * _SECOND + time.nanos


def timestamp(ns: int) -> Timestamp | None:
    """To the wire; None where there is none."""
    return Timestamp(seconds=ns // _SECOND, nanos=ns % _SECOND) if ns else None


def moment(ns: int) -> datetime:
    """As a datetime in UTC, to the microsecond."""
    return datetime.fromtimestamp(ns / _SECOND, UTC)


def zone(name: str) -> ZoneInfo:
    """A time zone by its IANA name; UTC where there is none of that name."""
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")
