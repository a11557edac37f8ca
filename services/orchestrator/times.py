"""Times as nanoseconds since 1970 UTC, 0 where there is none: what folds compare and snapshots save."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo

from google.protobuf.timestamp_pb2 import Timestamp

from services.runtime.times import zone

_SECOND = 1_000_000_000


def timestamp(ns: int) -> Timestamp | None:
    """To the wire; None where there is none."""
    return Timestamp(seconds=ns // _SECOND, nanos=ns % _SECOND) if ns else None


def moment(ns: int, time_zone: tzinfo | None = UTC) -> datetime:
    """As a datetime in a time zone, to the microsecond."""
    return datetime.fromtimestamp(ns / _SECOND, time_zone)


def day(ns: int, time_zone: str) -> str:
    """The day of a moment as a mind in a time zone calls it, such as "08 May 2026"."""
    return f"{moment(ns, zone(time_zone)):%d %b %Y}"
