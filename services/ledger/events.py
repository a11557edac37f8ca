"""Events on their way in and out, in plain terms."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from services.ledger import encoding
from services.ledger.encoding import SALT_BYTES, Header

BIRTHS = frozenset({"mind_created", "mind_imported"})
"""Kinds that make a mind, as its first event and only there."""


@dataclass(frozen=True, slots=True)
class NewEvent:
    """An event that is not yet in the ledger."""

    kind: str
    payload: bytes
    """The serialized body."""
    session_id: str = ""
    actor: str = ""
    causation_seq: int | None = None
    trace_id: str = ""
    remember: bool = True
    idempotency_key: str = ""
    fingerprint: bytes = b""
    """What a retry with the same key must repeat: the request's own bytes, but for the trace."""
    refuse_erased: bool = False
    """Whether a key whose event was erased is refused, rather than taken for the same event again."""


class Appended(msgspec.Struct, frozen=True, gc=False):
    """Where one event stands."""

    seq: int
    position: int
    recorded_ns: int
    hash: bytes
    existed: bool


@dataclass(frozen=True, slots=True)
class Receipt:
    """Where the events of an append stand."""

    events: list[Appended]
    head_seq: int
    prev_hash: bytes = b""
    """Of the head before what was written; empty where there was none, or nothing was written."""


class StoredEvent(msgspec.Struct, frozen=True, gc=False):
    """An event as a reader gets it."""

    header: Header
    hash: bytes
    position: int
    payload: bytes | None
    """None where it was erased."""
    salt: bytes | None


class OpenedRecord(msgspec.Struct, frozen=True, gc=False):
    """A stored record that was read and checked, with what was sealed in it."""

    mind: bytes
    """The mind's id."""
    seq: int
    data: bytes
    """The stored form."""
    salted: bytes | None
    """Salt and payload; None where they were erased."""

    def event(self) -> StoredEvent:
        """The event, decoded."""
        record = encoding.decode_record(self.mind.decode(), self.seq, self.data)
        payload, salt = (
            (None, None) if self.salted is None else (self.salted[SALT_BYTES:], self.salted[:SALT_BYTES])
        )
        return StoredEvent(record.header, record.hash, record.position, payload, salt)


@dataclass(frozen=True, slots=True)
class Selection:
    """Which events a reader wants. Times in ns since 1970 UTC; None where there is no bound."""

    kinds: tuple[str, ...] = ()
    session_ids: tuple[str, ...] = ()
    recorded_from_ns: int | None = None
    recorded_to_ns: int | None = None

    def admits_kind(self, kind: str) -> bool:
        """Whether an event of this kind is wanted."""
        return (
            not self.kinds or kind in self.kinds or ("custom.*" in self.kinds and kind.startswith("custom."))
        )


ANY = Selection()
"""Every event."""
