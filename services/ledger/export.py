"""Exports: JSON Lines, an event a line, exact bytes and salts, so that an auditor needs none of our code."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated

import msgspec
from msgspec import Meta

from services.ledger import encoding
from services.ledger.encoding import Header
from services.ledger.errors import BrokenExport
from services.ledger.events import BIRTHS, StoredEvent
from services.runtime.errors import Violation

_Seq = Annotated[int, Meta(ge=1, le=2**63 - 1)]
_Hash = Annotated[str, Meta(pattern=r"\A[0-9a-f]{64}\Z")]
_Id = Annotated[str, Meta(pattern=r"\A[A-Za-z0-9._-]{1,128}\Z")]
_OptionalId = Annotated[str, Meta(pattern=r"\A[A-Za-z0-9._-]{0,128}\Z")]


class _Line(msgspec.Struct, omit_defaults=True):
    """One event. Bytes are base64, hashes hex, times nanoseconds since 1970 UTC."""

    mind_id: _Id
    seq: _Seq
    kind: _Id
    recorded_at_ns: Annotated[int, Meta(ge=0, le=2**63 - 1)]
    session_id: _OptionalId
    actor: _OptionalId
    causation_seq: _Seq | None
    trace_id: Annotated[str, Meta(pattern=r"\A([0-9a-f]{32})?\Z")]
    remember: bool
    payload_digest: _Hash
    prev_hash: _Hash
    hash: _Hash
    redacted: bool = False
    payload: bytes | None = None
    salt: Annotated[bytes, Meta(min_length=32, max_length=32)] | None = None


_decoder = msgspec.json.Decoder(_Line)
_encoder = msgspec.json.Encoder()


def line(event: StoredEvent) -> bytes:
    """One event as a line, ending in a newline."""
    header = event.header
    fields = _Line(
        header.mind_id,
        header.seq,
        header.kind,
        header.recorded_ns,
        header.session_id,
        header.actor,
        header.causation_seq,
        header.trace_id,
        header.remember,
        header.payload_digest.hex(),
        header.prev_hash.hex(),
        event.hash.hex(),
        event.payload is None,
        event.payload,
        event.salt,
    )
    return _encoder.encode(fields) + b"\n"


def events(lines: Iterable[bytes], mind_id: str) -> Iterator[StoredEvent]:
    """The events of an export, each checked against the one before. Raises BrokenExport at the first bad one."""
    previous: StoredEvent | None = None
    for number, text in enumerate(lines, 1):
        event = _parse(text, number)
        if wrong := _wrong(event, previous, mind_id):
            raise broken(number, event.header.seq, wrong)
        previous = event
        yield event
    if previous is None:
        raise broken(1, 0, "the export holds no event")


def broken(number: int, seq: int, why: str) -> BrokenExport:
    """The error for a line that is not as it was exported."""
    error = BrokenExport([Violation("lines", f"line {number}: {why}")])
    error.metadata.update({"line": str(number), "seq": str(seq)})
    return error


def _parse(text: bytes, number: int) -> StoredEvent:
    try:
        found = _decoder.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise broken(number, 0, "it is not an event") from None
    if found.redacted == (found.payload is not None) or (found.payload is None) != (found.salt is None):
        raise broken(number, found.seq, "it must have payload and salt, or be redacted")
    header = Header(
        found.mind_id,
        found.seq,
        found.kind,
        found.recorded_at_ns,
        found.session_id,
        found.actor,
        found.causation_seq,
        found.trace_id,
        found.remember,
        bytes.fromhex(found.payload_digest),
        bytes.fromhex(found.prev_hash),
    )
    return StoredEvent(header, bytes.fromhex(found.hash), 0, found.payload, found.salt)


def _wrong(event: StoredEvent, previous: StoredEvent | None, mind_id: str) -> str:
    """What speaks against an event after the one before it; empty when nothing does."""
    header = event.header
    seq = previous.header.seq + 1 if previous else 1
    checks = (
        (header.mind_id == mind_id, f"it belongs to mind {header.mind_id!r}: restore it under that name"),
        (header.seq == seq, f"its seq should be {seq}"),
        (
            header.prev_hash == (previous.hash if previous else encoding.GENESIS),
            "its prev_hash is not the hash of the event before",
        ),
        (encoding.header_hash(header) == event.hash, "its hash is not the hash of its header"),
        (
            event.payload is None
            or event.salt is None
            or encoding.payload_digest(event.salt, event.payload) == header.payload_digest,
            "its payload does not match payload_digest",
        ),
        (
            (header.kind in BIRTHS) == (seq == 1),
            "a mind begins with mind_created or mind_imported, only there",
        ),
        (
            not previous or header.recorded_ns >= previous.header.recorded_ns,
            "it was recorded before the event before it",
        ),
    )
    return next((why for holds, why in checks if not holds), "")
